--- memlua.experiment.measurement: what memlua.experiment does: how a measurement differs from other series of runs.
local claims_spec = require "memlua.experiment.spec.claims"
local judge = require "memlua.results.judge"
local memlua = require "memlua"
local series = require "memlua.experiment.series"

local measurement = {}

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

--- Runs a measurement: see experiment.run.
function measurement.run(e)
  local plan = {}
  for key, value in pairs(e) do plan[key] = value end
  plan.runs, plan.warmup = plan.runs or 1, plan.warmup or 0
  plan.claims = claims_spec.of_experiment(plan.claims, plan.cases)
  return series.run(plan, KIND)
end

return measurement
