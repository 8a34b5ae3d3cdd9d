--- memlua.experiment.sweep: the runs of a scenario or an experiment one by one, on one machine or many, and put together again.
--- A run is a cell then, named by its id. With --cell ID only that one is measured, into DIR/ID, a run's folder that
--- holds one run; memlua merge makes one folder of several. What an id means depends on the script, its options and the
--- seed alone, so the seed must be given.
local comparable = require "memlua.results.comparable"
local differences = require "memlua.base.differences"
local host = require "memlua.host"
local json = require "memlua.json"
local judge = require "memlua.results.judge"
local log = require "memlua.base.log"
local memlua = require "memlua"
local option = require "memlua.option"
local run = require "memlua.run"
local seal = require "memlua.results.seal"
local sys = require "memlua.base.sys"

local sweep = {}

-- ---- which cell ----------------------------------------------------------------------------------------------

local function refuse(fmt, ...) memlua.fail(memlua.status.misuse, fmt, ...) end

local function check_settings(settings, seed)
  if not seed then
    refuse("--cell %s: give --seed N too: the order of the runs, and so what an id means, depends on it", settings.cell)
  end
  if not settings.out then
    refuse("--cell %s: give --out DIR too, the same for all cells: each goes into a folder of its own there",
      settings.cell)
  end
  if settings.json then refuse("--json: one cell has no summary; memlua merge --json writes that of all") end
end

-- Of one cell: DIR/ID, which --out may say already, in the microVM it does.
local function folder_for(out, id) return out:match "([^/]+)/*$" == id and out or out .. "/" .. id end

--- What to run of `cells`, a list of { id, ... }: all of them, or where the settings have a cell that one. Second: its folder,
--- DIR/ID; that of all is as --out says, or nil. `seed` is nil where none was given. Fails with status 1 on an id that isn't
--- in the list, naming the nearest.
function sweep.chosen(settings, cells, seed)
  local ids = {}
  if not settings.cell then return cells, settings.out end
  check_settings(settings, seed)
  for i, cell in ipairs(cells) do
    ids[i] = cell.id
    if cell.id == settings.cell then return { cell }, folder_for(settings.out, cell.id) end
  end
  refuse("--cell %s: no run has this id; --dry-run with the same options and seed lists them%s", settings.cell,
    host.nearest(settings.cell, ids) and memlua.hint(settings.cell, ids) or "")
end

--- The ids of a list of { id, ... }.
function sweep.ids(cells)
  local ids = {}
  for i, cell in ipairs(cells) do ids[i] = cell.id end
  return json.array(ids)
end

-- ---- whether two manifests are of one sweep --------------------------------------------------------------------

-- What may differ between cells of one sweep: when and what was run, and what came of it.
local OWN = { "runs", "written", "notes", "missing", "skipped", "expected", "cell", "calibration" }

local function copy_without(t, names)
  local copy = {}
  for key, value in pairs(t or {}) do copy[key] = value end
  for _, name in ipairs(names) do copy[name] = nil end
  return copy
end

-- As it would be read again, so that it can be compared with what was.
local function identity(manifest)
  local kept = copy_without(manifest, OWN)
  kept.options = copy_without(kept.options, option.common_names()) -- where and how it runs; host.json tells
  return json.decode(json.encode(kept))
end

local MOST = 4 -- another scenario differs in everything

--- What differs between the manifests `a` and `b`, called so in the text, that makes them different sweeps: "seed: 1 in
--- A, 2 in B; ...", or nil.
function sweep.difference(a, b, name_a, name_b)
  local list, said = differences.of(identity(a), identity(b)), {}
  for i = 1, math.min(#list, MOST) do
    said[i] = ("%s: %s in %s, %s in %s"):format(list[i][1], differences.shown(list[i][2]), name_a, differences.shown(list[i][3]), name_b)
  end
  if #list > MOST then said[#said + 1] = ("and %d more"):format(#list - MOST) end
  return #list > 0 and table.concat(said, "; ") or nil
end

-- ---- a cell that is there already --------------------------------------------------------------------------------

local function script_of(folder) return run.script(folder.path) end
local function running_script() return arg and arg[0] and sys.read(arg[0]) or nil end

--- Forgets what a cell's folder holds, so that it can be measured again.
function sweep.forget(path) os.remove(path .. "/manifest.json") end

--- A cell's folder (memlua.run.open) where it holds the cell of this manifest already, else nil: it isn't there, not
--- whole, or was only begun, since its machine died. Fails with status 1 when the folder belongs to another sweep, naming what differs.
function sweep.finished(path, manifest)
  if not sys.exists(path .. "/manifest.json") then return nil end
  local there = json.decode(run.contents(path .. "/manifest.json"))
  if type(there) == "table" and there.schema_version ~= run.SCHEMA then run.open(path) end -- says so
  local whole, folder = pcall(run.open, path)
  if not whole or #folder.runs == 0 then return sweep.forget(path) end
  local why = sweep.difference(folder.manifest, manifest, path, "this command")
  if not why and script_of(folder) ~= running_script() then why = "the script has changed since" end
  if why then refuse("%s: holds a cell of another sweep: %s; name another folder with --out", path, why) end
  return folder
end

--- Says that the result of the part `id` (of a cell: its id) is in the folder `path`, if it is, in place of a table.
function sweep.tell(path, id)
  if sys.exists(path .. "/manifest.json") then log.say("%s: %s", id, path) end
end

-- ---- putting cells together ---------------------------------------------------------------------------------------

-- Folders that a machine left before its first result are no error: their cells are missing.
local function open_all(paths)
  local folders = {}
  for _, path in ipairs(paths) do
    if sys.exists(path .. "/manifest.json") then
      seal.check(path, "leave it out, or measure it again")
      folders[#folders + 1] = run.open(path)
      if not folders[#folders].manifest.cells then
        refuse("%s: its manifest doesn't list the cells of its sweep: an earlier memlua wrote it", path)
      end
    elseif not sys.exists(path) then
      refuse("%s: no such folder", path)
    else
      log.warn("%s: holds no result: left out", path)
    end
  end
  if #folders == 0 then refuse("nothing to merge: no folder holds a result") end
  return folders
end

-- What differs between two folders beside what comparable.mismatches finds.
local function unlike(first, other)
  local list = { sweep.difference(first.manifest, other.manifest, first.path, other.path) }
  if script_of(first) ~= script_of(other) then
    list[#list + 1] = ("script.lua: not the same in %s and %s"):format(first.path, other.path)
  end
  local here, there = first.host.memlua, other.host.memlua
  if here ~= there then
    list[#list + 1] = ("memlua: %s in %s, %s in %s"):format(differences.shown(here), first.path, differences.shown(there), other.path)
  end
  return list
end

local function check_alike(folders)
  local list = comparable.mismatches(folders)
  for i = 2, #folders do table.move(unlike(folders[1], folders[i]), 1, 3, #list + 1, list) end
  if #list > 0 then refuse("these are not cells of one sweep: %s", table.concat(list, "; ")) end
end

-- The same kernel on another processor: times of the real clock tell of both.
local function warn_of_machines(folders)
  local first = folders[1]
  for i = 2, first.host.clock == "virtual" and 0 or #folders do
    for _, key in ipairs { "cpu", "cpus", "memory" } do
      local here, there = first.host[key], folders[i].host[key]
      if here ~= there then
        return log.warn("cells of unlike machines: %s: %s in %s, %s in %s", key, differences.shown(here), first.path, differences.shown(there),
          folders[i].path)
      end
    end
  end
end

local function folder_of(folder, id) return ("%s/runs/%s"):format(folder.path, id) end

-- id -> the folder that has it.
local function owners(folders)
  local owner = {}
  for _, folder in ipairs(folders) do
    for _, id in ipairs(folder.manifest.runs) do
      local known = owner[id]
      if known and run.contents(folder_of(known, id) .. "/run.json") ~= run.contents(folder_of(folder, id) .. "/run.json") then
        refuse("%s: measured twice, in %s and in %s; leave one of them out", id, known.path, folder.path)
      end
      owner[id] = known or folder
    end
  end
  return owner
end

-- All plain files of a run as they are, nothing is decoded and written anew; beside them the facts of its machine.
local function copy_run(from, id, to)
  local own = folder_of(from, id) .. "/host.json"
  local facts = run.contents(host.kind(own) and own or from.path .. "/host.json")
  for _, name in ipairs(sys.names(folder_of(from, id))) do
    local path = folder_of(from, id) .. "/" .. name
    if host.kind(path) == "file" then to:text(("runs/%s/%s"):format(id, name), run.contents(path))
    else log.warn("%s: no plain file: left out", path) end
  end
  to:text(("runs/%s/host.json"):format(id), facts)
end

local function check_result(folders)
  for _, folder in ipairs(folders) do if run.has_result(folder.runs) then return end end
  refuse("nothing to merge: all cells are of tenants alone")
end

-- One list of what the folders' manifests say under `key`, each once.
local function joined(folders, key, name_of)
  local list, seen = {}, {}
  for _, folder in ipairs(folders) do
    for _, item in ipairs(folder.manifest[key] or {}) do
      local name = name_of(item)
      if not seen[name] then list[#list + 1] = item end
      seen[name] = true
    end
  end
  return #list > 0 and list or nil
end

local function results_of(ids, owner)
  local results = {}
  for i, id in ipairs(ids) do
    for k, other in ipairs(owner[id].manifest.runs) do
      if other == id then results[i] = owner[id].runs[k] end
    end
  end
  return results
end

local function manifest_of(folders, owner)
  local manifest = copy_without(folders[1].manifest, { "cell" })
  manifest.skipped = joined(folders, "skipped", function(skipped) return skipped.name end)
  local skipped, here, missing = {}, {}, {}
  for _, one in ipairs(manifest.skipped or {}) do skipped[one.name] = true end
  for _, id in ipairs(manifest.cells) do
    if owner[id] then here[#here + 1] = id elseif not skipped[run.strategy_of(id)] then missing[#missing + 1] = id end
  end
  manifest.runs, manifest.missing = json.array(here), #missing > 0 and missing or nil
  manifest.expected = judge.expected(results_of(here, owner))
  manifest.written = run.now()
  return manifest
end

--- Makes the run's folder `path` of the folders `paths`, which hold cells of one sweep: raw results are copied as they
--- are, each with the facts of its machine beside it. Returns the folder as memlua.run.load does; its manifest's
--- `missing` lists the ids of cells that no folder holds (nil: none). Fails with status 1 where schema, kernel, clock,
--- way, memlua, script, scenario, options or seed differ, or one cell has two results, naming what and where.
function sweep.merge(path, paths)
  local folders = open_all(paths)
  check_alike(folders)
  warn_of_machines(folders)
  local owner = owners(folders)
  check_result(folders)
  local manifest = manifest_of(folders, owner)
  local folder = run.create(path)
  folder:text("host.json", run.contents(folders[1].path .. "/host.json"))
  local script = script_of(folders[1])
  if script then folder:text("script.lua", script) end
  for _, id in ipairs(manifest.runs) do copy_run(owner[id], id, folder) end
  folder:json("manifest.json", manifest)
  return run.load(path)
end

return sweep
