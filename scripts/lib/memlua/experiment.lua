--- memlua.experiment: the frame of a measurement that is no scenario of competing tenants: options and kernel, a
--- run folder with all raw results, a table, charts, and what was expected of the figures.
local host = require "memlua.host"
local json = require "memlua.json"
local log = require "memlua.log"
local memlua = require "memlua"
local report = require "memlua.report"
local run = require "memlua.run"
local stats = require "memlua.stats"
local way = require "memlua.way"

local experiment = {}

local function settings_of(e)
  local settings = host.settings
  settings.out = settings.out or run.default_path(e.name)
  return { seed = settings.seed or os.time(), runs = settings.runs or e.runs or 1,
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

local function show_plan(e, cells)
  log.say("%s: would make %d runs, results in %s", e.name, #cells, host.settings.out)
  for _, c in ipairs(cells) do print(c.id) end
  memlua.fail(memlua.status.done, "")
end

local function manifest_of(e, set, ids)
  return { schema_version = run.SCHEMA, name = e.name, about = e.about, report = e.report, seed = set.seed,
           options = e.options, runs = json.array(ids), written = os.date "!%Y-%m-%dT%H:%M:%SZ" }
end

local function measure_all(e, set, cells, folder)
  for _ = 1, set.warmup do e.measure(e.cases[1]) end
  local ids = {}
  for i, c in ipairs(cells) do
    if host.interrupted() then memlua.fail(memlua.status.signal, "interrupted") end
    log.progress("run %d of %d: %s", i, #cells, c.case.name)
    local result = e.measure(c.case)
    result.case, result.block, result.id = c.case.name, c.block, c.id
    ids[i] = c.id
    folder:json("runs/" .. c.id .. "/run.json", result)
    folder:json("manifest.json", manifest_of(e, set, ids))
  end
end

local function judge(e, folder)
  local failed = {}
  for _, expectation in ipairs(e.expect or {}) do
    local holds, detail = expectation[2](folder.summary)
    if not holds then failed[#failed + 1] = ("expected: %s; %s"):format(expectation[1], detail) end
  end
  if #failed > 0 then memlua.fail(memlua.status.assertion, "%s", table.concat(failed, "\nmemlua: ")) end
end

-- On the host even when the microVM did the runs: resampling is slow there.
local function publish(e, cells)
  local ok, folder = pcall(run.load, host.settings.out)
  if not ok or #folder.runs < #cells then return end -- what ended the runs early has been said
  report.publish(folder)
  judge(e, folder)
end

--- Runs an experiment, which may mean that the same script runs in the microVM and this call doesn't return.
--- `e` is a table:
---   name, about, options   as of a scenario
---   cases     list of { name = ..., ... }: what is measured, each once per block
---   runs      blocks, unless --runs says; warmup: runs of the first case before them that don't count
---   measure   f(case) -> table: one run, raw values and all; kept in runs/ID/run.json with case, block and id
---   report    the name of what sums up and shows the folder (memlua.report)
---   expect    list of { "what", f(summary) -> holds, detail }: status 2 where one doesn't hold
function experiment.run(e)
  local set = settings_of(e)
  local cells = ordered(e, set)
  if host.settings.dry_run then show_plan(e, cells) end
  local folder = run.create(host.settings.out)
  local tidy <close> = setmetatable({}, { __close = function() folder:discard_if_empty() end })
  way.after = function() publish(e, cells) end
  host.enter()
  folder:json("host.json", run.facts())
  folder:keep_script()
  measure_all(e, set, cells, folder)
  if not host.in_guest then publish(e, cells) end
end

return experiment
