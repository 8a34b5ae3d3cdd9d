--- memlua.experiment.again: the experiment of a run's folder run again here, under the settings that it had, and what both came to side by
--- side.
local claims = require "memlua.results.claims"
local differences = require "memlua.base.differences"
local effects = require "memlua.results.effects"
local host = require "memlua.host"
local log = require "memlua.base.log"
local memlua = require "memlua"
local run = require "memlua.run"
local shown = require "memlua.report.effects"
local summary = require "memlua.results.summary"
local sweep = require "memlua.experiment.sweep"
local sys = require "memlua.base.sys"

local again = {}

-- ---- the same command ------------------------------------------------------------------------------------------------------

-- What tells where and how much of it runs, not what: by its name, whether a word of its own follows.
local LEFT_OUT <const> = { ["--out"] = true, ["-o"] = true, ["--json"] = true, ["--cell"] = true, ["--timeout"] = true, ["--until"] = true, ["--blocks"] = true, ["--resume"] = false, ["--dry-run"] = false }

--- The `words` of a script's command line without those that say where its results go and how much of it runs.
function again.kept(words)
  local kept, i = {}, 1
  while words[i] do
    local name = words[i]:match "^%-%-[%w-]+" or words[i]:match "^%-%a"
    local takes = LEFT_OUT[name]
    if takes == nil then kept[#kept + 1] = words[i] end
    if takes and words[i] == name then i = i + 1 end
    i = i + 1
  end
  return kept
end

-- So many blocks were planned.
local function blocks_of(manifest)
  local first, n = run.strategy_of(manifest.cells[1]), 0
  for _, id in ipairs(manifest.cells) do n = n + (run.strategy_of(id) == first and 1 or 0) end
  return n
end

--- The words of the command that makes the series of `folder` (memlua.run.load) again into the folder `out`, but for memlua itself. Fails with
--- status 1 where the folder doesn't tell.
function again.words(folder, out)
  local facts, manifest = folder.host, folder.manifest
  local asked = facts.asked
  if not (asked and next(manifest.cells or {}) and run.script(folder.path)) then
    memlua.fail(memlua.status.misuse, "%s: --again: an earlier memlua made it, which kept no command line", folder.path)
  end
  local words = { "--out", out, "--seed", tostring(manifest.seed), "--runs", tostring(blocks_of(manifest)) }
  local function add(name, value) if value then table.move({ "--" .. name, tostring(value) }, 1, 2, #words + 1, words) end end
  add("warmup", manifest.warmup or (manifest.scenario or {}).warmup)
  if facts.accel then
    words[#words + 1] = "--vm"
    add("accel", facts.accel)
    add("clock", facts.clock == "virtual" and "virtual" or "real")
    add("cpus", facts.cpus)
    for _, name in ipairs { "kernel", "headers", "memory", "disk" } do add(name, asked[name]) end
  else
    words[#words + 1] = "--host"
  end
  words[#words + 1] = folder.path .. "/script.lua"
  return table.move(again.kept(asked.words or {}), 1, #(asked.words or {}), #words + 1, words)
end

local SHOWS <const> = { [0] = true, [2] = true, [7] = true } -- statuses of a series that came to an end

local function make(folder, out)
  local words = { sys.quote(host.executable()) }
  for _, word in ipairs(again.words(folder, out)) do words[#words + 1] = sys.quote(word) end
  io.stdout:flush()
  log.say("running it again: %s", table.concat(words, " "))
  local _, _, status = os.execute(table.concat(words, " ") .. " >/dev/null")
  if not SHOWS[status] then memlua.fail(status, "--again: the experiment ended with status %d", status) end
  return run.load(out)
end

-- ---- side by side -----------------------------------------------------------------------------------------------------------

local MUST <const> = { "release", "clock", "way", "accel", "cpus" }

-- When it ended was no part of what was measured.
local function without_end(manifest)
  local copy = {}
  for key, value in pairs(manifest) do copy[key] = value end
  copy.stopping = nil
  return copy
end

--- Why the figures of two folders can't be compared, "release: X there, Y here; ...", or nil.
function again.obstacle(there, here)
  local list = { sweep.difference(without_end(there.manifest), without_end(here.manifest), "there", "here") }
  for _, key in ipairs(MUST) do
    local a, b = there.host[key], here.host[key]
    if a ~= b then list[#list + 1] = ("%s: %s there, %s here"):format(key, differences.shown(a), differences.shown(b)) end
  end
  return #list > 0 and table.concat(list, "; ") or nil
end

-- What both make of each claim, a line each, and how many are confirmed by the one and refuted by the other.
local function claims_twice(there, here)
  local lines, differ, found = {}, 0, claims.of(here)
  for i, claim in ipairs(claims.of(there) or {}) do
    local other = found[i].verdict
    local contradict = claim.verdict ~= other and claim.verdict ~= "inconclusive" and other ~= "inconclusive"
    lines[i] = ("claim %s: %s there, %s here\n"):format(claim.name, claim.verdict, other)
    differ = differ + (contradict and 1 or 0)
  end
  return table.concat(lines), differ
end

--- What the folders `there` and `here` came to, one series made twice and so with the same claims, as text; second: how many figures differ, and
--- claims contradict.
function again.compare(there, here)
  for _, folder in ipairs { there, here } do folder.summary = folder.summary or summary.of(folder) end
  local list, differ = effects.again(there, here), 0
  for _, c in ipairs(list) do differ = differ + (c.told == "different" and 1 or 0) end
  local claimed, contradict = claims_twice(there, here)
  return shown.again(list) .. claimed, differ + contradict
end

--- Makes the series of `folder` (memlua.run.load) again into `out` (nil: where runs go). Returns { path, text (how the two compare), differ (in
--- how many figures and claims) }. Fails with status 4 where this machine can't give it the same settings.
function again.run(folder, out)
  if not folder.manifest.scenario then memlua.fail(memlua.status.misuse, "%s: --again: an experiment without tenants is not compared", folder.path) end
  local here = make(folder, out or run.default_path(folder.manifest.name .. "-again"))
  local why = again.obstacle(folder, here)
  if why then memlua.fail(memlua.status.unsupported, "%s: --again: not the same settings: %s; the figures are not compared", folder.path, why) end
  local text, differ = again.compare(folder, here)
  return { path = here.path, text = text, differ = differ }
end

return again
