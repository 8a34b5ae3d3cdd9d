--- memlua.experiment: the frame of a measurement that is no scenario of competing tenants: options and kernel, a
--- run folder with all raw results, a table, charts, and what was expected of the figures.
local entry = require "memlua.experiment.entry"
local host = require "memlua.host"
local json = require "memlua.json"
local judge = require "memlua.results.judge"
local kinds = require "memlua.report.kinds"
local live = require "memlua.base.live"
local log = require "memlua.base.log"
local memlua = require "memlua"
local resume = require "memlua.experiment.resume"
local run = require "memlua.run"
local stats = require "memlua.stats"
local sweep = require "memlua.experiment.sweep"
local sys = require "memlua.base.sys"
local way = require "memlua.machine.way"

local experiment = {}

local function settings_of(e)
  local settings = host.settings
  return { seed = settings.seed or resume.seed() or sys.time(), runs = settings.runs or e.runs or 1,
           warmup = settings.warmup or e.warmup or 0 }
end

-- Blocks of all cases, each in an order of its own: no drift favours one of them.
local function ordered(e, set)
  local random, cells = stats.random(set.seed), {}
  for block = 1, set.runs do
    for _, case in ipairs(stats.shuffle(table.move(e.cases, 1, #e.cases, 1, {}), random)) do
      cells[#cells + 1] = { id = ("%03d-%s"):format(#cells + 1, case.name), block = block, case = case }
    end
  end
  return cells
end

local function show_plan(e, set, cells)
  log.say("%s: would make %d runs, seed %d, results in %s", e.name, #cells, set.seed, host.settings.out)
  for _, c in ipairs(cells) do print(c.id) end
  memlua.fail(memlua.status.done, "")
end

local function manifest_of(e, set, all, ids)
  return { schema_version = run.SCHEMA, name = e.name, about = e.about, report = e.report, seed = set.seed,
           warmup = set.warmup, options = e.options, cells = sweep.ids(all), cell = host.settings.cell, runs = json.array(ids),
           written = run.now() }
end

local function warm_up(e, set)
  local view <close> = live.runs(set.warmup, "warm-up run")
  for i = 1, set.warmup do
    view:begin(i, e.cases[1].name)
    e.measure(e.cases[1])
  end
end

-- The ids in `done`, in the order of the cells.
local function in_order(cells, done)
  local ids = {}
  for _, c in ipairs(cells) do if done[c.id] then ids[#ids + 1] = c.id end end
  return ids
end

-- `done`: results that there are already, by id.
local function measure_all(e, set, all, cells, folder, done)
  folder:start(manifest_of(e, set, all, in_order(cells, done)))
  if resume.is_complete(cells, done) then return end
  warm_up(e, set)
  local view <close> = live.runs(#cells)
  for i, c in ipairs(cells) do
    if host.interrupted() then memlua.fail(memlua.status.signal, "interrupted") end
    view:begin(i, c.case.name)
    if not done[c.id] then
      local result = e.measure(c.case)
      result.case, result.block, result.id = c.case.name, c.block, c.id
      done[c.id] = result
      folder:finish(c.id, result, manifest_of(e, set, all, in_order(cells, done)))
    end
  end
end

local function check_expectations(e, folder)
  local failed = {}
  for _, expectation in ipairs(e.expect or {}) do
    local holds, detail = expectation[2](folder.summary)
    if not holds then failed[#failed + 1] = ("expected: %s; %s"):format(expectation[1], detail) end
  end
  if #failed > 0 then memlua.fail(memlua.status.assertion, "%s", table.concat(failed, "\nmemlua: ")) end
end

-- On the host even when the microVM did the runs: resampling is slow there. One cell has nothing to compare.
local function publish(e, cells, out)
  if host.settings.cell then
    local there, cell = pcall(run.open, out)
    if there then judge.experiment(cell.runs) end
    return sweep.tell(out)
  end
  local ok, folder = pcall(run.load, out)
  if not ok or #folder.runs < #cells then return end -- what ended the runs early has been said
  judge.experiment(folder.runs)
  kinds.publish(folder)
  check_expectations(e, folder)
end

-- Whether --out holds the chosen cell already.
local function is_finished(e, set, all)
  local folder = sweep.finished(manifest_of(e, set, all, {}))
  if not folder then return false end
  if not pcall(judge.experiment, folder.runs) then
    sweep.forget()
    return false
  end
  log.say("%s: measured already, in %s", host.settings.cell, folder.path)
  return true
end

local function measure(e, set, all, cells)
  local kept = resume.kept(manifest_of(e, set, all, {}))
  if not host.in_guest and resume.is_complete(cells, kept) then return publish(e, cells, host.settings.out) end
  local folder = run.create(host.settings.out, host.settings.resume)
  local tidy <close> = setmetatable({}, { __close = function() folder:discard_unfinished() end })
  entry.enter { out = host.settings.out, after = function(out) publish(e, cells, out) end }
  local facts = run.facts()
  resume.check_machine(facts, kept)
  folder:json("host.json", facts)
  folder:keep_script()
  measure_all(e, set, all, cells, folder, kept)
  if not way.hands_back then publish(e, cells, folder.path) end
end

--- Runs an experiment, which may mean that the same script runs in the microVM and this call doesn't return. With --cell
--- it measures that one only, unless --out has it already, and shows nothing (memlua.experiment.sweep).
--- `e` is a table:
---   name, about, options   as of a scenario
---   cases     list of { name = ..., ... }: what is measured, each once per block
---   runs      blocks, unless --runs says; warmup: runs of the first case before them that don't count
---   measure   f(case) -> table: one run, raw values and all; kept in runs/ID/run.json with case, block and id
---   report    the name of what sums up and shows the folder (memlua.report.kinds)
---   expect    list of { "what", f(summary) -> holds, detail }: status 2 where one doesn't hold. They are about all
---             cells, so one alone, and those that memlua merge puts together, are held to none
function experiment.run(e)
  local set = settings_of(e)
  local all = ordered(e, set)
  local cells = sweep.chosen(all, host.settings.seed)
  host.settings.out = host.settings.out or run.default_path(e.name)
  if host.settings.dry_run then show_plan(e, set, cells) end
  if not is_finished(e, set, all) then measure(e, set, all, cells) end
end

return experiment
