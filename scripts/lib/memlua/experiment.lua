--- memlua.experiment: the frame of a measurement that is no scenario of competing tenants: options and kernel, a
--- run folder with all raw results, a table, charts, and what was expected of the figures.
local claims_spec = require "memlua.experiment.spec.claims"
local judge = require "memlua.results.judge"
local memlua = require "memlua"
local series = require "memlua.experiment.series"

local experiment = {}

local function check_expectations(e, summary)
  local failed = {}
  for _, expectation in ipairs(e.expect or {}) do
    local holds, detail = expectation[2](summary)
    if not holds then failed[#failed + 1] = ("expected: %s; %s"):format(expectation[1], detail) end
  end
  if #failed > 0 then memlua.fail(memlua.status.assertion, "%s", table.concat(failed, "\nmemlua: ")) end
end

local function measure(e, case)
  local result = e.measure(case)
  result.case = case.name
  return result
end

local KIND <const> = {
  check = function() end,
  cases = function(e) return e.cases end,
  to_warm = function(e) return { e.cases[1] } end,
  measure = measure,
  asked = function() end, -- what is expected is about all runs together
  described = function(e) return { warmup = e.warmup } end,
  foreseen = function() end, prepare = function() end,
  -- a table of anything less would be about something else; what ended the runs has been said
  is_shown = function(runs, cells) return #runs == #cells and pcall(judge.experiment, runs) end,
  published = check_expectations,
  trust = judge.experiment, judge = judge.experiment,
}

--- Runs an experiment, which may mean that the same script runs in the microVM and this call doesn't return. With --cell
--- it measures that one only, unless --out has it already, and shows nothing (memlua.experiment.sweep).
--- `e` is a table:
---   name, about, options   as of a scenario
---   cases     list of { name = ..., ... }: what is measured, each once per block
---   runs      blocks, unless --runs says; warmup: runs of the first case before them that don't count
---   measure   f(case) -> table: one run, raw values and all; kept in runs/ID/run.json with case, block and id
---   report    the name of what sums up and shows the folder (memlua.report.kinds)
---   claims    as of a scenario; metric is a number of what measure returns, under and against are cases
---   expect    list of { "what", f(summary) -> holds, detail }: status 2 where one doesn't hold. They are about all
---             cells, so one alone, and those that memlua merge puts together, are held to none
function experiment.run(e)
  local plan = {}
  for key, value in pairs(e) do plan[key] = value end
  plan.runs, plan.warmup = plan.runs or 1, plan.warmup or 0
  plan.claims = claims_spec.of_experiment(plan.claims, plan.cases)
  return series.run(plan, KIND)
end

return experiment
