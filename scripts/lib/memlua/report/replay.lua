--- memlua.report.replay: what replay.lua reports beside the general table: survival with its interval, completion against
--- the solo run of the same block, how far behind its trace's clock a tenant fell, and how long its rises took.
local estimate = require "memlua.results.estimate"
local figures = require "memlua.base.figures"
local intervals = require "memlua.base.intervals"
local memlua = require "memlua"
local percentiles = require "memlua.base.percentiles"
local report = require "memlua.report"
local summary = require "memlua.results.summary"
local text = require "memlua.base.text"
local units = require "memlua.units"

local replay = {}

--- The summary of a folder: that of any scenario, memlua.results.summary's.
function replay.summarise(folder) return summary.of(folder) end

replay.several = true -- one report for several folders

-- ---- picking ---------------------------------------------------------------------------------------------------

local function runs_of(folder, strategy)
  local runs = {}
  for _, result in ipairs(folder.runs) do
    if result.strategy == strategy then runs[#runs + 1] = result end
  end
  return runs
end

local function survivors(runs, name)
  local n = 0
  for _, result in ipairs(runs) do
    local all = true
    for _, tenant in ipairs(result.tenants) do
      all = all and (tenant.ended == "done" or name and tenant.name ~= name)
    end
    n = n + (all and 1 or 0)
  end
  return n
end

-- Completion over that of the solo run of the same block: what drifts, drifts in both.
local function ratios(folder, strategy, name)
  local alone, list = {}, {}
  for _, result in ipairs(runs_of(folder, (folder.manifest.solo_of or {})[name])) do
    alone[result.block] = result.tenants[1].completion_s
  end
  for _, result in ipairs(summary.unmixed(runs_of(folder, strategy))) do
    local tenant = memlua.named(result.tenants, name)
    if tenant.completion_s and alone[result.block] then list[#list + 1] = tenant.completion_s / alone[result.block] end
  end
  return list
end

-- ---- survival --------------------------------------------------------------------------------------------------

local function proportion(successes, n)
  local low, high = intervals.share(successes, n)
  return ("%d of %d [%.0f, %.0f] %%"):format(successes, n, low * 100, high * 100)
end

--- Who survived: per strategy how many runs lost nobody, and per tenant how many it finished, with Clopper
--- and Pearson's 95 % intervals. A text table.
function replay.survival(folder)
  local columns, rows = { { "STRATEGY" }, { "ALL SURVIVED" } }, {}
  for _, tenant in ipairs(folder.manifest.scenario.tenants) do columns[#columns + 1] = { tenant.name, drop = 1 } end
  for _, strategy in ipairs(folder.manifest.scenario.strategies) do
    local runs = runs_of(folder, strategy.name)
    local row = { strategy.name, #runs > 0 and proportion(survivors(runs), #runs) or nil }
    for t, tenant in ipairs(#runs > 0 and folder.manifest.scenario.tenants or {}) do
      row[2 + t] = proportion(survivors(runs, tenant.name), #runs)
    end
    rows[#rows + 1] = row
  end
  return text.render(columns, rows)
end

-- ---- slowdown and latency --------------------------------------------------------------------------------------

local PS <const> = { 0.50, 0.95, 0.99 }

local function ratio(x) return ("%.3f"):format(x) end
local function milliseconds(ns) return (ns < 1e9 and "%.3g" or "%.0f"):format(ns * 1e-6) end

local function shown(values, format) return figures.text(estimate.of(values), format) end

local function histograms_of(folder, strategy, name)
  local list = {}
  for _, result in ipairs(runs_of(folder, strategy)) do
    -- tenants that are alike share a solo run, under the name of one of them
    local tenant = result.solo and result.tenants[1] or memlua.named(result.tenants, name)
    list[#list + 1] = tenant and tenant.latency
  end
  return list
end

-- The latencies of the tenant `name`: list of { strategy, histograms = one per run }, alone first.
local function latencies_of(folder, name)
  local solo, list = (folder.manifest.solo_of or {})[name], {}
  local histograms = histograms_of(folder, solo, name)
  if #histograms > 0 then list[1] = { strategy = "alone", histograms = histograms } end
  for _, strategy in ipairs(folder.manifest.scenario.strategies) do
    histograms = histograms_of(folder, strategy.name, name)
    if #histograms > 0 then list[#list + 1] = { strategy = strategy.name, histograms = histograms } end
  end
  return list
end

-- The greatest of a single run is what repeats; the greatest of all grows with their number.
local function greatest(histograms)
  local values = {}
  for _, h in ipairs(histograms) do values[#values + 1] = h.max end
  return shown(values, milliseconds)
end

local function lags(folder, strategy, name)
  local list = {}
  for _, result in ipairs(summary.unmixed(runs_of(folder, strategy))) do
    list[#list + 1] = memlua.named(result.tenants, name).lag_max_s
  end
  return list
end

local function row_of(folder, name, series)
  local row = { name, series.strategy }
  local lag = series.strategy ~= "alone" and lags(folder, series.strategy, name) or {}
  row[3] = series.strategy == "alone" and "1" or shown(ratios(folder, series.strategy, name), ratio)
  row[4] = shown(lag, units.format_duration)
  for k, p in ipairs(percentiles.of(series.histograms, PS) or {}) do
    row[4 + k] = figures.text(p, milliseconds)
  end
  row[8] = greatest(series.histograms)
  return row
end

local COLUMNS = {
  { "TENANT" }, { "STRATEGY" }, { "X SOLO", align = "right" }, { "BEHIND", align = "right", drop = 5 },
  { "P50 ms", align = "right", drop = 3 }, { "P95 ms", align = "right", drop = 2 },
  { "P99 ms", align = "right", drop = 1 }, { "MAX ms", align = "right", drop = 4 },
}

--- Slowdown, lag and the latency of the rises, alone and by strategy, with the medians' intervals. A text table.
function replay.latency(folder)
  local rows = {}
  for _, tenant in ipairs(folder.manifest.scenario.tenants) do
    for _, series in ipairs(latencies_of(folder, tenant.name)) do
      rows[#rows + 1] = row_of(folder, tenant.name, series)
    end
  end
  return text.render(COLUMNS, rows)
end

-- ---- the document ------------------------------------------------------------------------------------------------

-- A replay that can't keep up even alone tells about the CPU, not about memory.
local TOO_LATE <const> = 0.1

local function too_fast(folder)
  local lines = {}
  for _, tenant in ipairs(folder.manifest.scenario.tenants) do
    local alone = runs_of(folder, (folder.manifest.solo_of or {})[tenant.name])[1]
    local t = alone and alone.tenants[1]
    if t and t.lag_max_s and t.completion_s and t.lag_max_s > TOO_LATE * t.completion_s then
      lines[#lines + 1] = ("warning: %s falls %s behind its trace's clock even alone: at this speed the tenants fight for "
        .. "CPU; choose a lower --speed\n"):format(tenant.name, units.format_duration(t.lag_max_s))
    end
  end
  return table.concat(lines)
end

local LEGEND = "x solo: completion over that of the solo run of the same block; behind: the greatest lag of a run behind "
  .. "its\ntrace's clock; latencies: of the rises from one sample to the next, a run's percentiles and its greatest; all as "
  .. "the\nmedian of the runs, in brackets its interval with the level that it achieves\n"

--- The document for run folders of replay.lua; `pictured` as of report.text.
function replay.text(folders, pictured)
  local parts = { report.text(folders, pictured) }
  for _, folder in ipairs(folders) do
    parts[#parts + 1] = replay.survival(folder)
    parts[#parts + 1] = replay.latency(folder) .. text.paragraph(LEGEND) .. text.flow(too_fast(folder), 2)
  end
  return table.concat(parts, "\n")
end

--- The pictures of any scenario: report.pictures.
replay.pictures = report.pictures

return replay
