--- memlua.report.refaults: what cache.lua reports: per strategy and tenant, how often pages had to come back, how many reclaim
--- looked at, what the tenant held and how fast it went through its pages while all competed.
local effects = require "memlua.report.effects"
local estimate = require "memlua.results.estimate"
local figures = require "memlua.base.figures"
local plot = require "memlua.plot"
local plot_memory = require "memlua.report.charts.memory"
local remarks = require "memlua.report.remarks"
local report = require "memlua.report"
local stats = require "memlua.stats"
local summary = require "memlua.results.summary"
local text = require "memlua.base.text"
local units = require "memlua.units"

local pages = {}

-- ---- one run ---------------------------------------------------------------------------------------------------

-- The time in which all compete: from when HIGH has had all its pages once to the end of the first of them.
local function window_of(run)
  local high, to = run.tenants[1], math.huge
  for _, tenant in ipairs(run.tenants) do
    if not tenant.finish then return nil end
    to = math.min(to, tenant.finish)
  end
  local from = high.alloc_s and high.spawned + high.delay + high.alloc_s
  if from and from < to then return from, to end
end

-- Linear between the samples { {time, value}, ... }; what lies outside takes the nearest.
local function at(samples, time)
  local before
  for _, sample in ipairs(samples) do
    if sample[1] >= time then
      if not before then return sample[2] end
      return before[2] + (sample[2] - before[2]) * (time - before[1]) / (sample[1] - before[1])
    end
    before = sample
  end
  return before and before[2]
end

local function within(samples, from, to)
  local values = {}
  for _, sample in ipairs(samples) do
    if sample[1] >= from and sample[1] <= to then values[#values + 1] = sample[2] end
  end
  return values
end

--- What one tenant of one run did: { refaults, scanned (pages, its whole life), held (bytes, median of
--- memory.current), rate (bytes a second) }, the last two while all were using their pages; absent when that never was.
function pages.of(run, tenant)
  local kind = tenant.workload.kind
  local result = { refaults = tenant.stat["workingset_refault_" .. kind], scanned = tenant.stat.pgscan }
  local from, to = window_of(run)
  if not from then return result end
  local done, start = at(tenant.progress, to), at(tenant.progress, from)
  result.held = stats.median(within(tenant.memory, from, to))
  result.rate = done and start and (done - start) / (to - from)
  return result
end

-- ---- all runs --------------------------------------------------------------------------------------------------

local KEYS = { "refaults", "scanned", "held", "rate" }

local function estimates(cases)
  local result = {}
  for _, key in ipairs(KEYS) do
    local values = {}
    for _, case in ipairs(cases) do values[#values + 1] = case[key] end
    result[key] = estimate.of(values)
  end
  return result
end

--- The rows of the table, strategies of one tenant together, in the order of the scenario: list of
--- { tenant, strategy, refaults, scanned, held, rate }, the last four as memlua.results.estimate's.
function pages.rows(folder)
  local cases = {}
  for _, run in ipairs(folder.runs) do
    for _, tenant in ipairs(run.tenants) do
      local key = tenant.name .. "/" .. run.strategy
      cases[key] = cases[key] or {}
      table.insert(cases[key], pages.of(run, tenant))
    end
  end
  local rows = {}
  for _, tenant in ipairs(folder.manifest.scenario.tenants) do
    for _, strategy in ipairs(folder.manifest.scenario.strategies) do
      local measured = cases[tenant.name .. "/" .. strategy.name]
      if measured then -- else it was skipped, or its cells are missing
        local row = estimates(measured)
        row.tenant, row.strategy = tenant.name, strategy.name
        rows[#rows + 1] = row
      end
    end
  end
  return rows
end

-- ---- the table ---------------------------------------------------------------------------------------------------

--- The summary of a folder: that of any scenario, memlua.results.summary's.
function pages.summarise(folder) return summary.of(folder) end

local function count(n) return ("%.0f"):format(n) end
local function rate(n) return units.format_size(n) .. "/s" end

local COLUMNS = { { "TENANT" }, { "STRATEGY" }, { "REFAULTS", align = "right" },
                  { "SCANNED", align = "right", drop = 3 }, { "HELD", align = "right", drop = 2 }, { "RE-USED", align = "right", drop = 1 } }

--- The document: table and legend, for the one folder in `folders`.
function pages.text(folders)
  local folder, lines = folders[1], {}
  for i, row in ipairs(pages.rows(folder)) do
    lines[i] = { row.tenant, row.strategy, figures.text(row.refaults, count), figures.text(row.scanned, count),
                 figures.text(row.held, units.format_size), figures.text(row.rate, rate) }
  end
  return table.concat { report.title(folder), text.render(COLUMNS, lines),
    text.flow("\nrefaults and scanned in pages over a tenant's life; held (memory.current) and re-used while all "
      .. "competed\n"),
    text.flow(remarks.standing(folder) .. effects.of(summary.series(folders)), 2) }
end

-- ---- the charts ----------------------------------------------------------------------------------------------------

local CHARTS = {
  { "refaults", "Pages that had to come back", "refaults", 1, count,
    ("Pages that a tenant used again after the kernel had taken them, over its life: %s. Less is better."):format(estimate.SAID) },
  { "rate", "How fast each tenant uses its pages again while all compete", "MiB a second", 1 / (1 << 20), rate,
    ("What a tenant used a second while all competed: %s. More is better."):format(estimate.SAID) },
}

-- A strategy has one colour on both LRUs: "none-mglru" is "none", too.
local function colours(strategies)
  local colour, known, count = {}, {}, 0
  for _, strategy in ipairs(strategies) do
    local base = strategy.name:match "^[^-]*"
    if not known[base] then count, known[base] = count + 1, count + 1 end
    colour[strategy.name] = known[base]
  end
  return colour
end

local function draw(folder, path, chart)
  local key, heading, axis, scale, format, caption = table.unpack(chart)
  local bars, colour = {}, colours(folder.manifest.scenario.strategies)
  for _, row in ipairs(pages.rows(folder)) do
    local e = row[key]
    if e then
      bars[#bars + 1] = { group = row.tenant, series = colour[row.strategy], label = row.strategy, note = format(e.median),
                          length = e.median * scale, low = (e.low or e.median) * scale, high = (e.high or e.median) * scale, runs = plot.singles(e, scale) }
    end
  end
  plot.grouped(path, key, { heading = heading, axis = axis, setting = report.setting(folder), caption = caption }, bars)
end

--- Writes the charts of the one folder in `folders` into the folder `path`.
function pages.pictures(folders, path)
  for _, chart in ipairs(CHARTS) do draw(folders[1], path, chart) end
  plot_memory.write(path, summary.series(folders), report.setting(folders[1]))
end

return pages
