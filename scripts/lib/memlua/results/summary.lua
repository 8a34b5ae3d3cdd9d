--- memlua.results.summary: what many runs say together, per strategy and tenant. Runs in which a tenant was lost
--- are counted apart: their survivors had the memory that the lost ones gave up.
local stats = require "memlua.stats"
local units = require "memlua.units"

local summary = {}

local LATENCIES = { p50 = 0.50, p95 = 0.95, p99 = 0.99 }

local function is_done(tenant) return tenant.ended == "done" end

local function is_intact(result)
  for _, tenant in ipairs(result.tenants) do if not is_done(tenant) then return false end end
  return true
end

-- A tenant failed by itself, and none was taken from it: who fails beside a loss may do so for it.
local function has_only_failed(result)
  local failed = false
  for _, tenant in ipairs(result.tenants) do
    if not is_done(tenant) and tenant.ended ~= "failed" then return false end
    failed = failed or tenant.ended == "failed"
  end
  return failed
end

--- { n, median, low, high, values } of a list of numbers, nil for an empty one; low and high bound the
--- median's bootstrap interval, absent for a single value.
function summary.estimate(values, seed)
  if #values == 0 then return nil end
  local low, high = stats.interval(values, stats.median, { seed = seed })
  return { n = #values, median = stats.median(values), low = low, high = high, values = values }
end

local estimate = summary.estimate

local function collect(cases, key, condition)
  local values = {}
  for _, case in ipairs(cases) do
    local value = case.tenant[key]
    if value and (not condition or condition(case)) then values[#values + 1] = value end
  end
  return values
end

local function latency_of(cases)
  local histograms = collect(cases, "latency")
  local merged = stats.merge(histograms)
  if not merged or merged.count == 0 then return nil end
  local result = { unit = merged.unit, count = merged.count, max = merged.max }
  for name, p in pairs(LATENCIES) do result[name] = stats.percentile(merged, p) end
  return result
end

local function losses_of(cases)
  local lost = {}
  for _, case in ipairs(cases) do
    if not is_done(case.tenant) then lost[case.tenant.ended] = (lost[case.tenant.ended] or 0) + 1 end
  end
  return lost
end

local function medians(cases, group)
  local columns, result = {}, {}
  for _, case in ipairs(cases) do
    for key, value in pairs(case.tenant[group] or {}) do
      columns[key] = columns[key] or {}
      table.insert(columns[key], value)
    end
  end
  for key, values in pairs(columns) do result[key] = stats.median(values) end
  return next(result) and result or nil
end

local function intact(case) return case.intact end
local function damaged(case) return not case.intact and is_done(case.tenant) end

-- Of a tenant of several workloads: { name, completion, ended = { how = count } } of each. Nil where there is one.
local function workloads_of(cases, seed)
  if not cases[1].tenant.workloads then return nil end
  local list = {}
  for i, first in ipairs(cases[1].tenant.workloads) do
    local parts, ended = {}, {}
    for k, case in ipairs(cases) do
      local part = case.tenant.workloads[i]
      parts[k], ended[part.ended] = { tenant = part }, (ended[part.ended] or 0) + 1
    end
    list[i] = { name = first.name, completion = estimate(collect(parts, "completion_s"), seed), ended = ended }
  end
  return list
end

-- The items that `condition` holds for, or all where it holds for none.
local function unmixed(list, condition)
  local kept = {}
  for _, item in ipairs(list) do if condition(item) then kept[#kept + 1] = item end end
  return #kept > 0 and kept or list
end

--- Of the runs of one strategy those that lost nobody; where all lost somebody, all. The two are never taken together:
--- survivors had the memory that the lost gave up.
function summary.unmixed(runs) return unmixed(runs, is_intact) end

-- A program that failed by itself has an end of its own, too, but has not finished.
local function done_in(cases)
  local n = 0
  for _, case in ipairs(cases) do n = n + (is_done(case.tenant) and 1 or 0) end
  return n
end

local function tenant_summary(all, seed)
  local first, cases = all[1].tenant, unmixed(all, intact)
  return {
    name = first.name, role = first.role, rank = first.rank, runs = #all, finished = done_in(all),
    lost = losses_of(all),
    completion = estimate(collect(all, "completion_s", intact), seed),
    completion_beside_losses = estimate(collect(all, "completion_s", damaged), seed),
    ended_at = estimate(collect(all, "ended_at"), seed),
    reached = estimate(collect(all, "reached"), seed), peak = estimate(collect(all, "peak"), seed),
    alloc = estimate(collect(cases, "alloc_s"), seed), read_bytes = estimate(collect(cases, "read_bytes"), seed),
    latency = latency_of(cases), stat = medians(cases, "stat"), stalled_us = medians(cases, "stalled_us"),
    events_local = medians(cases, "events_local"), workloads = workloads_of(all, seed),
  }
end

-- The finish of the last tenant, where all of them finished.
local function makespan(result)
  local last = 0
  for _, tenant in ipairs(result.tenants) do last = math.max(last, tenant.finish or 0) end
  return is_intact(result) and last or nil
end

local function cases_by_tenant(runs)
  local order, by_name = {}, {}
  for _, result in ipairs(runs) do
    for _, tenant in ipairs(result.tenants) do
      if not by_name[tenant.name] then
        by_name[tenant.name] = {}
        order[#order + 1] = tenant.name
      end
      table.insert(by_name[tenant.name], { tenant = tenant, intact = is_intact(result) })
    end
  end
  return order, by_name
end

local function strategy_summary(name, runs, seed)
  local result = { name = name, solo = runs[1].solo, runs = #runs, intact = 0, tenants = {} }
  local spans, failed = {}, 0
  for _, one in ipairs(runs) do
    if has_only_failed(one) then failed = failed + 1 end
    if is_intact(one) then result.intact = result.intact + 1 end
    spans[#spans + 1] = makespan(one)
  end
  result.makespan, result.failed = estimate(spans, seed), failed > 0 and failed or nil
  local order, by_name = cases_by_tenant(runs)
  for i, tenant in ipairs(order) do result.tenants[i] = tenant_summary(by_name[tenant], seed) end
  return result
end

-- ---- against the solo runs ---------------------------------------------------------------------------------------

-- What a tenant's work took: its time, or, where it works for a fixed time, the time per byte.
local function cost(tenant)
  if not is_done(tenant) then return nil end
  local workload = tenant.workload or tenant.workloads and tenant.workloads[1].workload
  if not workload or not workload.duration then return tenant.completion_s end
  return tenant.read_bytes and tenant.read_bytes > 0 and 1 / tenant.read_bytes or nil
end

-- What it took alone, by block, and the median of all blocks.
local function costs_alone(runs)
  local by_block, values = {}, {}
  for _, result in ipairs(runs or {}) do
    local value = cost(result.tenants[1])
    if value then by_block[result.block or #values + 1], values[#values + 1] = value, value end
  end
  return by_block, stats.median(values)
end

-- The solo run of the same block is the measure, since what drifts, drifts in both.
local function ratios(runs, name, by_block, median, intact_only)
  local values = {}
  for _, result in ipairs(runs) do
    for _, tenant in ipairs(result.tenants) do
      local value = tenant.name == name and is_intact(result) == intact_only and cost(tenant)
      if value then values[#values + 1] = value / (by_block[result.block] or median) end
    end
  end
  return values
end

-- Every tenant beside its solo run: a policy that only slows the others must not look good.
local function add_slowdown(tenant, runs, solo, solo_runs, seed)
  tenant.solo_s = solo.tenants[1].completion and solo.tenants[1].completion.median
  local by_block, median = costs_alone(solo_runs)
  if not median then return end
  local values = ratios(runs, tenant.name, by_block, median, true)
  if #values == 0 then values = ratios(runs, tenant.name, by_block, median, false) end
  tenant.times_solo = estimate(values, seed)
  tenant.slowdown = tenant.times_solo and tenant.times_solo.median
end

local function add_slowdowns(strategies, runs_of, solo_of, seed)
  local by_name = {}
  for _, strategy in ipairs(strategies) do by_name[strategy.name] = strategy end
  for _, strategy in ipairs(strategies) do
    for _, tenant in ipairs(strategy.tenants) do
      local solo = (solo_of or {})[tenant.name]
      if by_name[solo] then add_slowdown(tenant, runs_of[strategy.name], by_name[solo], runs_of[solo], seed) end
    end
  end
end

-- The names of the strategies that were run: as the scenario lists them, so that a strategy keeps its place and colour
-- whatever order a block was shuffled into; those that it doesn't list, solo runs above all, come first.
local function ordered(folder)
  local listed, names, seen = {}, {}, {}
  for _, strategy in ipairs((folder.manifest.scenario or {}).strategies or {}) do listed[strategy.name] = true end
  for _, result in ipairs(folder.runs) do
    if not seen[result.strategy] and not listed[result.strategy] then names[#names + 1] = result.strategy end
    seen[result.strategy] = true
  end
  for _, strategy in ipairs((folder.manifest.scenario or {}).strategies or {}) do
    if seen[strategy.name] then names[#names + 1] = strategy.name end
  end
  return names
end

--- The summary of a folder (from memlua.run.load or a running scenario): { name, strategies = list of
--- { name, solo, runs, intact, failed (runs that only a tenant's own failure spoiled, or nil), makespan, tenants = list of { name, role, runs, finished, lost,
--- completion = {n, median, low, high, values}, times_solo = the same of the ratios to the solo runs of the same
--- block, slowdown = its median, latency, ..., workloads = list of { name, completion, ended = {how = runs} } where
--- there are several } }, skipped = list of { name, reason } or nil, expected =
--- judge.expected's or nil }. Times in seconds; the ratio of tenants that work
--- for a fixed time is that of the times per byte.
function summary.of(folder)
  local by_strategy, strategies = {}, {}
  for _, result in ipairs(folder.runs) do
    by_strategy[result.strategy] = by_strategy[result.strategy] or {}
    table.insert(by_strategy[result.strategy], result)
  end
  for i, name in ipairs(ordered(folder)) do
    strategies[i] = strategy_summary(name, by_strategy[name], folder.manifest.seed)
  end
  add_slowdowns(strategies, by_strategy, folder.manifest.solo_of, folder.manifest.seed)
  return { schema_version = folder.manifest.schema_version, name = folder.manifest.name, strategies = strategies,
           skipped = folder.manifest.skipped, expected = folder.manifest.expected }
end

-- ---- folders -> series: one per strategy that isn't a solo run ----------------------------------------------

local function unique(label, folder, taken)
  if taken[label] then label = label .. " " .. (folder.path:match "([^/]+)/*$" or folder.path) end
  taken[label] = true
  return label
end

--- The strategies of several folders side by side: list of { label, strategy (of summary.of), folder }.
--- Among several folders, one with one strategy lends it its name.
function summary.series(folders)
  local list, taken = {}, {}
  for _, folder in ipairs(folders) do
    folder.summary = folder.summary or summary.of(folder)
    local measured = {}
    for _, strategy in ipairs(folder.summary.strategies) do
      if not strategy.solo then measured[#measured + 1] = strategy end
    end
    for _, strategy in ipairs(measured) do
      local label = #folders > 1 and #measured == 1 and folder.manifest.name or strategy.name
      list[#list + 1] = { label = unique(label, folder, taken), strategy = strategy, folder = folder }
    end
  end
  return list
end

--- What the tenants of a folder compete in: { name, heading, axis, caption, of = function(tenant) -> estimate,
--- format, scale, time = bool }. Tenants that work for a fixed time are compared by what they read in it, the others by
--- the time that they take.
function summary.metric(folder)
  if folder.manifest.scenario.tenants[1].workloads[1].duration then
    return { name = "read", heading = "Read by each tenant in its time", axis = "MiB read", scale = 1 / (1 << 20),
             caption = "What each tenant read in its time: the median of the runs, with a 95 % bootstrap interval "
               .. "where there are several.",
             format = units.format_size, of = function(tenant) return tenant.read_bytes end }
  end
  return {
    name = "completion", heading = "Completion time of each tenant", time = true, scale = 1, format = units.format_duration,
    axis = "seconds from a tenant's start to its end; hatched with a cross: killed then",
    caption = "From a tenant's start to its end: the median of the runs, with a 95 % bootstrap interval where there "
      .. "are several. Hatched, with a cross: lost then, so it has no completion time.",
    of = function(tenant) return tenant.completion or tenant.completion_beside_losses end,
  }
end

--- The tenants' names over all series, in order of appearance.
function summary.tenants(series)
  local order, seen = {}, {}
  for _, s in ipairs(series) do
    for _, tenant in ipairs(s.strategy.tenants) do
      if not seen[tenant.name] then
        seen[tenant.name] = true
        order[#order + 1] = tenant.name
      end
    end
  end
  return order
end

--- A strategy's summary of the tenant `name`, or nil.
function summary.find(strategy, name)
  for _, tenant in ipairs(strategy.tenants) do if tenant.name == name then return tenant end end
end

return summary
