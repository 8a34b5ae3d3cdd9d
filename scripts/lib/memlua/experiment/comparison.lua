--- memlua.experiment.comparison: what memlua.scenario does. See memlua.experiment.spec for how the table is checked,
--- memlua.experiment.cell for what is measured in one run, and memlua.experiment.series for the order of things.
local calibrate = require "memlua.calibrate"
local cell = require "memlua.experiment.cell"
local effects = require "memlua.results.effects"
local host = require "memlua.host"
local json = require "memlua.json"
local judge = require "memlua.results.judge"
local log = require "memlua.base.log"
local memlua = require "memlua"
local option = require "memlua.option"
local order = require "memlua.experiment.order"
local per_kernel = require "memlua.experiment.per_kernel"
local series = require "memlua.experiment.series"
local spec = require "memlua.experiment.spec"

local comparison = {}

-- ---- writing -------------------------------------------------------------------------------------------

local function plain(value)
  if type(value) == "function" or type(value) == "userdata" then return nil end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, item in pairs(value) do copy[key] = plain(item) end
  return copy
end

-- What the manifest says of the plan itself goes into its own keys.
local APART <const> = { "expect", "hooks", "solo_of", "options", "notes", "report", "calibration", "skipped", "claims", "stopping" }

local function described(plan, results)
  local scenario_table = plain(plan)
  for _, key in ipairs(APART) do scenario_table[key] = nil end
  -- a function can't be written; that there is one tells the strategy from one that does nothing
  for i, strategy in ipairs(plan.strategies) do scenario_table.strategies[i].controller = strategy.controller and (plain(strategy.controller) or true) end
  return {
    notes = json.array(plan.notes), scenario = scenario_table, calibration = plan.calibration, skipped = plan.skipped,
    solo_of = plan.solo_of, expected = judge.expected(results),
  }
end

-- ---- what this kernel can do -----------------------------------------------------------------------------------

-- Why this kernel can't do a strategy, nil if it can.
local function obstacle(plan, strategy)
  local ok, why = pcall(cell.rehearse, plan, strategy)
  if ok then return nil end
  if type(why) == "table" and why.status == memlua.status.unsupported then return why.message end
  error(why, 0)
end

local function is_among(cells, strategy)
  for _, c in ipairs(cells) do if c.case == strategy then return true end end
end

-- A strategy that this kernel can't do is left out, and its reason told; that none is left is the end.
local function impossible(plan, cells)
  local skipped, left_out, tried = {}, {}, 0
  for _, strategy in ipairs(plan.strategies) do
    local is_wanted = is_among(cells, strategy)
    local why = is_wanted and obstacle(plan, strategy)
    tried = tried + (is_wanted and 1 or 0)
    if why then
      log.warn("%s: skipped: %s", strategy.name, why)
      skipped[#skipped + 1], left_out[strategy] = { name = strategy.name, reason = why }, true
    end
  end
  if tried > 0 and #skipped == tried then
    memlua.fail(memlua.status.unsupported, "%s: %s", skipped[1].name, skipped[1].reason)
  end
  plan.skipped = #skipped > 0 and skipped or nil
  return left_out
end

-- The cells that this kernel can do. They keep their numbers: an id means the same everywhere.
local function possible(plan, cells)
  local left_out, left = impossible(plan, cells), {}
  for _, c in ipairs(cells) do if not left_out[c.case] then left[#left + 1] = c end end
  return left
end

-- ---- its runs --------------------------------------------------------------------------------------------------

-- With --calibrate, the scenario in the size at which it tells something.
local function calibrate_first(self)
  local value, steps = calibrate.run(self.plan.calibrate, self.settings)
  local scaled = spec.check(value, self.settings)
  scaled.calibration = json.array(steps)
  series.replan(self, scaled)
end

-- The size that one run finds is not that of another.
local function check_calibration(plan, settings)
  if plan.calibrate and settings.cell then
    memlua.fail(memlua.status.misuse, "--cell with --calibrate: each machine would find a size of its own; calibrate first, "
      .. "then give the sizes that it found")
  end
  if plan.calibrate and settings.resume then
    memlua.fail(memlua.status.misuse, "--resume with --calibrate: the size might come out different; give the sizes that it found")
  end
end

-- Known before any run: of how much their scatter is, only runs tell.
local function foreseen(plan)
  local f = effects.foreseen(#plan.strategies, #plan.tenants, plan.runs)
  if not f then return nil end
  local of = ("%d comparison%s"):format(f.count, f.count > 1 and "s" or "")
  if not f.shows then return ("%d runs of each are too few for %s; %d can show a difference"):format(plan.runs, of, f.needs) end
  return ("%d runs of each show, among %s, a difference from %.1f standard deviations of a strategy's runs on, with a chance of 80 %%")
    :format(plan.runs, of, f.shows)
end

local KIND <const> = {
  foreseen = foreseen, figures = effects.figures,
  check = check_calibration, cases = order.strategies, to_warm = order.to_warm,
  measure = cell.run, described = described,
  asked = function(plan, result) return judge.ask(plan.expect, result) end,
  prepare = function(self)
    if self.plan.calibrate then calibrate_first(self) end
    self.cells = possible(self.plan, self.cells)
  end,
  is_shown = function() return true end, -- what was lost, or isn't to be trusted, is told with the figures
  published = function() end,
  trust = judge.trust, judge = judge.results,
}

--- Runs a scenario: see scenario.run. `settings`: memlua.host.settings.
function comparison.run(value, settings)
  local plan = spec.check(value, settings)
  option.ensure(plan)
  if not plan.kernels or settings.kernel or settings.dry_run or host.in_guest then return series.run(plan, KIND) end
  return per_kernel.run(plan, settings)
end

return comparison
