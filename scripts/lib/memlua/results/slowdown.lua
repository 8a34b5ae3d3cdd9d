--- memlua.results.slowdown: every tenant beside its solo run: a policy that only slows the others must not look good.
local estimate = require "memlua.results.estimate"
local memlua = require "memlua"
local metrics = require "memlua.results.metrics"
local stats = require "memlua.stats"
local work = require "memlua.results.work"

local slowdown = {}

local function is_intact(result)
  for _, tenant in ipairs(result.tenants) do if tenant.ended ~= "done" then return false end end
  return true
end

-- What it took alone, by block, and the median of all blocks.
local function costs_alone(runs, cost)
  local by_block, values = {}, {}
  for _, result in ipairs(runs or {}) do
    local value = cost(result.tenants[1])
    if value then by_block[result.block or #values + 1], values[#values + 1] = value, value end
  end
  return by_block, stats.median(values)
end

-- The solo run of the same block is the measure, since what drifts, drifts in both.
local function ratios(runs, name, alone, cost, intact_only)
  local values = {}
  for _, result in ipairs(runs) do
    local tenant = is_intact(result) == intact_only and memlua.named(result.tenants, name)
    local value = tenant and cost(tenant)
    if value then values[#values + 1] = value / (alone.by_block[result.block] or alone.median) end
  end
  return values
end

-- The runs that lost nobody; where all did, those.
local function against(runs, name, solo_runs, cost)
  local alone = {}
  alone.by_block, alone.median = costs_alone(solo_runs, cost)
  if not alone.median then return nil end
  local values = ratios(runs, name, alone, cost, true)
  if #values == 0 then values = ratios(runs, name, alone, cost, false) end
  return estimate.of(values)
end

local function add(tenant, runs, solo, solo_runs)
  tenant.solo_s = solo.tenants[1].completion and solo.tenants[1].completion.median
  tenant.times_solo = against(runs, tenant.name, solo_runs, work.whole)
  tenant.times_work = against(runs, tenant.name, solo_runs, work.moving)
  for name, figure in pairs(tenant.metrics or {}) do
    figure.times_solo = against(runs, tenant.name, solo_runs, function(one) return metrics.cost(one, name) end)
  end
  tenant.slowdown = tenant.times_solo and tenant.times_solo.median
end

--- Adds to the tenants of the strategies' summaries solo_s, times_solo, times_work and slowdown (memlua.results.summary).
--- `runs_of`: strategy's name -> its runs; `solo_of`: tenant's name -> the strategy that runs it alone.
function slowdown.add(strategies, runs_of, solo_of)
  local by_name = {}
  for _, strategy in ipairs(strategies) do by_name[strategy.name] = strategy end
  for _, strategy in ipairs(strategies) do
    for _, tenant in ipairs(strategy.tenants) do
      local solo = (solo_of or {})[tenant.name]
      if by_name[solo] then add(tenant, runs_of[strategy.name], by_name[solo], runs_of[solo]) end
    end
  end
end

return slowdown
