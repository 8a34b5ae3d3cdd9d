--- memlua.results.summary: what many runs say together, per strategy and tenant. Runs in which a tenant was lost
--- are counted apart: their survivors had the memory that the lost ones gave up.
local attribution = require "memlua.results.attribution"
local effects = require "memlua.results.effects"
local estimates = require "memlua.results.estimate"
local memlua = require "memlua"
local metrics = require "memlua.results.metrics"
local percentiles = require "memlua.base.percentiles"
local pressure = require "memlua.results.pressure"
local rates = require "memlua.results.rates"
local slowdown = require "memlua.results.slowdown"
local stopping = require "memlua.results.stopping"
local stats = require "memlua.stats"
local units = require "memlua.units"
local work = require "memlua.results.work"

local summary = {}

local estimate <const> = estimates.of

local LATENCIES <const>, PS <const> = { "p50", "p95", "p99" }, { 0.50, 0.95, 0.99 }

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

local function collect(cases, key, condition)
  local values = {}
  for _, case in ipairs(cases) do
    local value = case.tenant[key]
    if value and (not condition or condition(case)) then values[#values + 1] = value end
  end
  return values
end

-- Those of a lost tenant end where it did: the slow ones that were to come are missing.
local function latency_of(cases)
  local histograms = collect(cases, "latency", function(case) return is_done(case.tenant) end)
  local cut_off = #histograms == 0
  if cut_off then histograms = collect(cases, "latency") end
  local merged = stats.merge(histograms)
  if not merged or merged.count == 0 then return nil end
  local result = { unit = merged.unit, count = merged.count, max = merged.max, cut_off = cut_off or nil, of_runs = {} }
  for k, one in ipairs(percentiles.of(histograms, PS)) do
    result[LATENCIES[k]], result.of_runs[LATENCIES[k]] = one.median, one
  end
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
local function workloads_of(cases)
  if not cases[1].tenant.workloads then return nil end
  local list = {}
  for i, first in ipairs(cases[1].tenant.workloads) do
    local parts, ended = {}, {}
    for k, case in ipairs(cases) do
      local part = case.tenant.workloads[i]
      parts[k], ended[part.ended] = { tenant = part }, (ended[part.ended] or 0) + 1
    end
    list[i] = { name = first.name, completion = estimate(collect(parts, "completion_s")), ended = ended }
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

-- What is done without a time of its own was there for the others.
local function is_service(all)
  local done = done_in(all)
  return done > 0 and #collect(all, "completion_s", function(case) return is_done(case.tenant) end) == 0
end

-- How long it took without the hold, as completion of the runs that lost nobody, or of survivors where all lost somebody.
local function working_of(all)
  local values, beside = {}, {}
  for _, case in ipairs(all) do
    local list = case.intact and values or beside
    list[#list + 1] = work.moving(case.tenant)
  end
  return estimate(#values > 0 and values or beside)
end

local function tenant_summary(all)
  local first, cases = all[1].tenant, unmixed(all, intact)
  return {
    name = first.name, role = first.role, rank = first.rank, runs = #all, finished = done_in(all),
    service = is_service(all) or nil,
    lost = losses_of(all),
    completion = estimate(collect(all, "completion_s", intact)),
    completion_beside_losses = estimate(collect(all, "completion_s", damaged)),
    ended_at = estimate(collect(all, "ended_at")),
    reached = estimate(collect(all, "reached")), peak = estimate(collect(all, "peak")),
    working = working_of(all),
    alloc = estimate(collect(cases, "alloc_s")), read_bytes = estimate(collect(cases, "read_bytes")),
    latency = latency_of(cases), stat = medians(cases, "stat"), stalled_us = medians(cases, "stalled_us"), load = medians(cases, "load"),
    events_local = medians(cases, "events_local"), workloads = workloads_of(all), metrics = metrics.of(cases), rate = rates.over(cases),
  }
end

--- Seconds from when a run's first tenant was due to the finish of the last; nil unless all of them finished.
function summary.makespan(result)
  local first, last = math.huge, 0
  for _, tenant in ipairs(result.tenants) do
    if tenant.finish then first, last = math.min(first, tenant.delay or 0), math.max(last, tenant.finish) end
  end
  return is_intact(result) and last > 0 and last - first or nil
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

local function strategy_summary(name, runs)
  local result = { name = name, solo = runs[1].solo, runs = #runs, intact = 0, tenants = {} }
  local spans, failed = {}, 0
  for _, one in ipairs(runs) do
    if has_only_failed(one) then failed = failed + 1 end
    if is_intact(one) then result.intact = result.intact + 1 end
    spans[#spans + 1] = summary.makespan(one)
  end
  result.makespan, result.failed = estimate(spans), failed > 0 and failed or nil
  result.pressure, result.controller, result.paid = pressure.of(runs), attribution.controller(runs), attribution.payers(runs)
  local order, by_name = cases_by_tenant(runs)
  for i, tenant in ipairs(order) do result.tenants[i] = tenant_summary(by_name[tenant]) end
  return result
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

-- The strategies of one folder as effects.of takes them.
local function compared(strategies, folder)
  local series = {}
  for _, strategy in ipairs(strategies) do
    if not strategy.solo then series[#series + 1] = { label = strategy.name, strategy = strategy, folder = folder } end
  end
  return #series > 1 and effects.of(series) or nil
end

--- The summary of a folder (from memlua.run.load or a running scenario): { name, strategies = list of { name, solo, runs,
--- intact, failed (runs that only a tenant's own failure spoiled, or nil), makespan, pressure (memlua.results.pressure), controller, paid (memlua.results.attribution), tenants =
--- list of { name, role, rank, runs, finished, lost, completion = { n, median, low, high, level, values }, times_solo =
--- the same of the ratios to the solo runs of the same block, times_work = of those without the hold, slowdown =
--- times_solo's median, latency = { unit, count, max, p50, p95, p99 (medians of the runs'), of_runs = { p50, p95, p99 },
--- cut_off (true: all were lost, the slow ones to come are missing) }, metrics = { name = the same as completion, with unit,
--- better, times_solo = how many times as bad as alone }, rate = rates.over's, ..., workloads = list of { name, completion,
--- ended = {how = runs} } where there are several } }, effects = effects.of's or nil, skipped = list of { name, reason }
--- or nil, expected = judge.expected's or nil }. Times in seconds; the ratio of tenants that work for a fixed time is
--- that of the times per byte.
function summary.of(folder)
  local by_strategy, strategies = {}, {}
  for _, result in ipairs(folder.runs) do
    by_strategy[result.strategy] = by_strategy[result.strategy] or {}
    table.insert(by_strategy[result.strategy], result)
  end
  for i, name in ipairs(ordered(folder)) do strategies[i] = strategy_summary(name, by_strategy[name]) end
  slowdown.add(strategies, by_strategy, folder.manifest.solo_of)
  stopping.widen(strategies, folder.manifest)
  return { schema_version = folder.manifest.schema_version, name = folder.manifest.name, strategies = strategies,
           effects = compared(strategies, folder), skipped = folder.manifest.skipped, expected = folder.manifest.expected }
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
--- format, scale, time = bool }. Tenants that work for a fixed time are compared by what they read in it, the others,
--- and those of a kind that counts no reading, by the time that they take.
function summary.metric(folder)
  if folder.manifest.scenario.tenants[1].workloads[1].duration and work.has_read(folder.runs) then
    return { name = "read", heading = "Read by each tenant in its time", axis = "MiB read", scale = 1 / (1 << 20),
             caption = ("What each tenant read in its time: %s."):format(estimates.SAID),
             format = units.format_size, of = function(tenant) return tenant.read_bytes end }
  end
  return {
    name = "completion", heading = "Completion time of each tenant", time = true, scale = 1, format = units.format_duration,
    axis = "seconds from a tenant's start to its end; hatched with a cross: killed then",
    caption = ("From a tenant's start to its end: %s. Pale: the time in which it only held its memory. Hatched, with a "
      .. "cross: lost then, so it has no completion time."):format(estimates.SAID),
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
  return memlua.named(strategy.tenants, name)
end

return summary
