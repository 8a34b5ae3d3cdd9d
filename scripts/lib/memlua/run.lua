--- memlua.run: a run's folder: never seen half done, read again later.
---   manifest.json  scenario, options, seed, schema_version, the list of runs
---   host.json      kernel, CPU, memory, clock, accelerator, way; what ran (memlua.machine.ran)
---   script.lua     the script as it was
---   runs/NNN-STRATEGY/run.json   everything measured in one run, raw samples included
---   summary.json   what the table shows; claims.json: what became of the claims
---   plots/         pictures with their gnuplot scripts and data
---   MANIFEST.sha256  the digests of all of these, written last (memlua.results.seal)
local file = require "memlua.results.file"
local handback = require "memlua.base.handback"
local host = require "memlua.host"
local json = require "memlua.json"
local memlua = require "memlua"
local printable = require "memlua.base.printable"
local format = require "memlua.results.format"
local samples = require "memlua.results.samples"
local sys = require "memlua.base.sys"

local run = {}

--- Version of what the files mean; folders of another version are not read.
run.SCHEMA = 2

local Folder = {}
Folder.__index = Folder

--- The facts of the machine and how it is used: host.facts(), the way (native, module), the clock (host, kvm, tcg,
--- virtual) and the microVM's accelerator, the kernel's command line. Call it once host.enter() has returned.
function run.facts()
  local facts = host.facts()
  facts.way = host.enter()
  facts.clock = os.getenv "MEMLUA_GUEST_CLOCK" or "host"
  facts.accel = os.getenv "MEMLUA_GUEST_ACCEL"
  facts.memlua = host.version
  facts.cmdline = sys.first_line "/proc/cmdline"
  return facts
end

--- $XDG_STATE_HOME/memlua (or ~/.local/state/memlua): the folder of the runs' folders.
function run.state_folder()
  local state = os.getenv "XDG_STATE_HOME"
  if not state or state == "" then state = (os.getenv "HOME" or "/tmp") .. "/.local/state" end
  return state .. "/memlua"
end

--- The folder of an interactive session's runs where it isn't run.state_folder(): see memlua.experiment.session. Nil elsewhere.
run.session_folder = os.getenv "MEMLUA_SESSION"

--- NAME-TIMESTAMP in run.state_folder(), or in that of the session: where a run goes without --out.
function run.default_path(name)
  return ("%s/%s-%s"):format(run.session_folder or run.state_folder(), name, os.date("%Y%m%dT%H%M%S", sys.time()))
end

--- The time as a manifest's `written` says it: "2026-01-31T12:00:00Z".
function run.now() return os.date("!%Y-%m-%dT%H:%M:%SZ", sys.time()) end

-- Keeps a folder from other runs until its lock is closed.
local function lock(path)
  local held, _, errno = host.lock(path)
  if not held and errno == 11 then -- EWOULDBLOCK
    memlua.fail(memlua.status.misuse, "%s: another run is being written there; name another folder with --out", path)
  end
  return held
end

-- What a memlua that was killed leaves in a folder: files beside their names, what was being unpacked.
local LEFT <const> = "cd %s && rm -rf -- .incoming .results.* .writable manifest.json.*.new host.json.*.new script.lua.*.new summary.json.*.new claims.json.*.new MANIFEST.sha256.*.new"

-- Nil, or what of the folder `path` is finished: { runs, cells }, as many as there are; one that can't be told counts.
local function finished(path)
  if not host.kind(path .. "/manifest.json") then return nil end
  local ok, manifest = pcall(run.manifest, path)
  if not ok then return { runs = 1, cells = 0 } end
  if manifest.cells and #manifest.runs == 0 then return nil end
  return { runs = #manifest.runs, cells = #(manifest.cells or {}) }
end

local function refuse_finished(path)
  local there = finished(path)
  if not there then return end
  local more = there.runs < there.cells and ("; --resume goes on with it: %d of %d runs are made"):format(there.runs, there.cells) or ""
  memlua.fail(memlua.status.misuse, "%s: holds a run already; name another folder with --out, or remove it%s", path, more)
end

-- As root a folder that somebody else can write is no place: what is written may go through a link of theirs.
local function refuse_foreign(path)
  local own, why = host.is_private(path)
  if host.is_root() and not own then
    memlua.fail(memlua.status.misuse, "%s: %s; as root memlua writes where nobody else does: name another folder with --out", path, why)
  end
end

--- Makes the folder `path` for a new run, and keeps it from others until discard_unfinished() or the process's end; or
--- fails naming what to do about it. One in which no run was finished is taken
--- over, with `goes_on` any; what a memlua that was killed left there goes.
function run.create(path, goes_on)
  local made, why = host.mkdir(path)
  if made == "exists" then refuse_foreign(path) end
  local held = made and lock(path)
  if not goes_on then refuse_finished(path) end
  if made == "exists" then
    os.execute(LEFT:format(sys.quote(path)))
  end
  local probe = path .. "/.writable"
  local file = made and io.open(probe, "wb")
  if not file then
    memlua.fail(memlua.status.misuse, "%s; name a folder that can be written with --out",
      why or path .. ": not writable")
  end
  file:close()
  os.remove(probe)
  return setmetatable({ path = path, lock = held }, Folder)
end

--- The folder `path` as it is, to write pictures into.
function run.at(path) return setmetatable({ path = path }, Folder) end

-- Where `name` is written; it is remembered as this run's own.
local function own(self, name)
  self.own = self.own or {}
  self.own[#self.own + 1] = name
  return self.path .. "/" .. name
end

--- Writes a value as JSON under `name`, a path inside the folder.
function Folder:json(name, value)
  local path = own(self, name)
  memlua.must(host.mkdir(path:match "^(.*)/"))
  memlua.must(json.write(path, value))
end

--- Writes text under `name`, beside it first, then renamed.
function Folder:text(name, content)
  local path = own(self, name)
  memlua.must(host.mkdir(path:match "^(.*)/"))
  memlua.must(host.save(path, content))
end

--- The folder of the run `id`, which begins.
function Folder:begin(id)
  self.begun = self.path .. "/runs/" .. id
  return self.begun
end

-- The files that a series writes before its first run is finished.
local STARTED <const> = { "manifest.json", "host.json", "script.lua" }

--- Marks the folder as that of a series which is under way: whoever finds it can tell what is missing. The machine has it at
--- once, also from a microVM.
function Folder:start(manifest)
  self:json("manifest.json", manifest)
  handback.send(self.path, self.own, {})
end

--- Keeps the result of the run `id`, whose files won't change any more, and the manifest that lists it.
function Folder:finish(id, result, manifest)
  self:json(("runs/%s/run.json"):format(id), result)
  self:json("manifest.json", manifest)
  handback.send(self.path, { "runs/" .. id, "manifest.json" }, { "runs/" .. id })
end

--- Removes the run that was begun and not finished, and where none was finished all that was written, and the folder if
--- it is empty then: nothing is measured in it. What others wrote there stays. The folder is no longer kept from others.
function Folder:discard_unfinished()
  if self.begun and not sys.exists(self.begun .. "/run.json") then os.execute("rm -rf -- " .. sys.quote(self.begun)) end
  local held <close> = self.lock
  self.lock = nil
  if finished(self.path) then return end
  local is_started = host.kind(self.path .. "/manifest.json") -- maybe by the microVM
  for _, name in ipairs(is_started and STARTED or {}) do os.remove(self.path .. "/" .. name) end
  for _, name in ipairs(self.own or {}) do os.remove(self.path .. "/" .. name) end
  os.remove(self.path .. "/runs")
  os.remove(self.path)
end

--- Keeps a copy of the running script.
function Folder:keep_script()
  local content = arg and arg[0] and sys.read(arg[0])
  if content then self:text("script.lua", content) end
end

--- The contents of a file in a folder that may have come from anywhere: memlua.results.file's.
run.contents = file.contents

-- The value in a JSON file, `decoded` by a function and checked by one of memlua.results.format.
local function read(path, decoded, checked, ...)
  local value, fault = decoded(run.contents(path), path)
  if value == nil then memlua.fail(memlua.status.misuse, "%s: not JSON: %s", path, fault) end
  return printable.value(checked(value, path, ...), path)
end

--- Whether a list of runs has one to show: solo runs alone tell nothing.
function run.has_result(runs)
  for _, result in ipairs(runs) do if not result.solo then return true end end
  return false
end

--- The strategy of the run `id`.
function run.strategy_of(id) return id:match "^%d+%-(.*)$" end

-- Of the planned runs those that this kernel can do: their number, and their strategies in order of appearance.
local function planned(manifest)
  local skipped, names, seen, n = {}, {}, {}, 0
  for _, one in ipairs(manifest.skipped or {}) do skipped[one.name] = true end
  for _, id in ipairs(manifest.cells or {}) do
    local name = run.strategy_of(id)
    if not skipped[name] then
      n = n + 1
      if not seen[name] then names[#names + 1] = name end
      seen[name] = true
    end
  end
  return n, names
end

--- That not all planned runs were made: "ended early: 6 of 21 runs were made, none of reserve". Nil where they were,
--- and of a cell, which is one run by itself.
function run.shortfall(manifest)
  local n, names = planned(manifest)
  if manifest.cell or #(manifest.runs or {}) >= n then return nil end
  local made, without = {}, {}
  for _, id in ipairs(manifest.runs or {}) do made[run.strategy_of(id)] = true end
  for _, name in ipairs(names) do if not made[name] then without[#without + 1] = name end end
  return ("%s: %d of %d runs were made%s"):format(manifest.missing and "incomplete" or "ended early",
    #manifest.runs, n, #without > 0 and ", none of " .. table.concat(without, ", ") or "")
end

--- The script of the run's folder `path`, nil where there is none.
function run.script(path)
  local file = path .. "/script.lua"
  return host.kind(file) and run.contents(file) or nil
end

-- What an earlier memlua wrote, or a later one, is not damaged.
local function versioned(value, path)
  local version = type(value) == "table" and value.schema_version or nil
  if version == run.SCHEMA then return format.manifest(value, path) end
  memlua.fail(memlua.status.misuse, "%s: written by another memlua: schema_version %s, this one reads %d; run it again",
    path:match "^(.*)/", version == nil and "missing" or tostring(version), run.SCHEMA)
end

--- The manifest of the run's folder `path`. Fails with status 1 when there is none, or one that can't be read.
function run.manifest(path)
  if not host.kind(path .. "/manifest.json") then
    memlua.fail(memlua.status.misuse, "%s: not a run's folder: it has no manifest.json", path)
  end
  return read(path .. "/manifest.json", json.decode, versioned)
end

--- The summary that lies in the folder `path`, nil where there is none.
function run.summary(path)
  if not host.kind(path .. "/summary.json") then return nil end
  return read(path .. "/summary.json", json.decode, format.summary)
end

--- The facts of the machine that the folder `path` tells. Fails as run.manifest does.
function run.machine(path) return read(path .. "/host.json", json.decode, format.host) end

local function result_file(path, id) return ("%s/runs/%s/run.json"):format(path, id) end

--- The result of the run `id` of the folder `path` with this manifest. Fails with status 1 where it isn't whole.
function run.result(path, id, manifest) return read(result_file(path, id), json.decode, format.result, manifest) end

-- The folder `path`, its results read by a function like run.result.
local function opened(path, result)
  local folder = setmetatable({ path = path, runs = {} }, Folder)
  folder.manifest = run.manifest(path)
  folder.host = run.machine(path)
  for i, id in ipairs(folder.manifest.runs) do folder.runs[i] = result(path, id, folder.manifest) end
  return folder
end

--- Opens the folder of an earlier run, or of a part of one: { path, manifest, host, runs = { run, ... } }. It may have come
--- from anywhere: what it holds is checked (memlua.results.format). Fails with status 1 when it isn't one, or a file of it
--- can't be read, naming file and key.
function run.open(path) return opened(path, run.result) end

-- As run.result, but the series of its tenants are read when they are asked for.
local function lean_result(path, id, manifest) return read(result_file(path, id), samples.decode, format.result, manifest) end

--- Opens the folder of an earlier run as run.open does, to show it: the series of a tenant (memlua.results.samples) are read from
--- their file when they are first asked for; next() doesn't tell of them. Fails with status 1 also when it holds no finished
--- run, or its files contradict each other.
function run.load(path)
  local folder = opened(path, lean_result)
  if not run.has_result(folder.runs) then
    memlua.fail(memlua.status.misuse, "%s: holds no finished run: nothing to analyse", path)
  end
  local files = {}
  for i, id in ipairs(folder.manifest.runs) do files[i] = result_file(path, id) end
  format.together(folder, files)
  return folder
end

return run
