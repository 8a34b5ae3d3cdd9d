--- memlua.report.tenants: the table of what became of each tenant under each strategy, and the bars below it.
local figures = require "memlua.base.figures"
local schema = require "memlua.results.schema"
local summary = require "memlua.results.summary"
local text = require "memlua.base.text"
local timed = require "memlua.results.timed"
local units = require "memlua.units"

local tenants = {}

local duration, size = units.format_duration, units.format_size

-- ---- cells ---------------------------------------------------------------------------------------------------

--- How a tenant ended, over all runs: "done", "oom-killed at 1.20 s", "2 of 10 oom-killed".
function tenants.fate(tenant)
  local parts = {}
  for _, how in ipairs(schema.LOSSES) do
    local n = tenant.lost[how]
    if n and tenant.runs == 1 then
      parts[#parts + 1] = how .. (tenant.ended_at and " at " .. duration(tenant.ended_at.median) or "")
    elseif n then
      parts[#parts + 1] = ("%d of %d %s"):format(n, tenant.runs, how)
    end
  end
  return #parts > 0 and table.concat(parts, ", ") or "done"
end

local function completion(tenant)
  local estimate = tenant.completion or tenant.completion_beside_losses
  if not estimate then return nil end
  return figures.text(estimate, duration) .. (tenant.completion and "" or " *")
end

local function refaults(tenant)
  local stat = tenant.stat or {}
  local n = stat.workingset_refault_file
  return n and ("%.0f"):format(n)
end

-- Of one that was lost in all runs the slow ones to come are missing: it would look better than it was.
local function percentile(tenant, name)
  return tenant.latency and not tenant.latency.cut_off and duration(tenant.latency[name] * 1e-9)
end

local function ratio(estimate) return estimate and figures.ratio(estimate.median) or "-" end

local COLUMNS = {
  { "TENANT" }, { "STRATEGY" }, { "COMPLETION", align = "right" }, { "X SOLO", align = "right", drop = 1 },
  { "X WORK", align = "right", drop = 4 },  { "ALLOCATION", align = "right", drop = 4 }, { "P99/CHUNK", align = "right", drop = 6 },
  { "STALLED", align = "right", drop = 5 }, { "PEAK", align = "right", drop = 3 },
  { "READ", align = "right", drop = 2 }, { "REFAULTS", align = "right", drop = 2 }, { "ENDED", wrap = true },
}

local function row_of(tenant, label)
  local stalled = tenant.stalled_us and tenant.stalled_us.some
  local fate = tenants.fate(tenant)
  return {
    tenant.name, label, completion(tenant) or "-", ratio(tenant.times_solo), ratio(tenant.times_work),
    tenant.alloc and duration(tenant.alloc.median) or "-", percentile(tenant, "p99") or "-",
    stalled and duration(stalled * 1e-6) or "-", tenant.peak and size(tenant.peak.median) or "-",
    tenant.read_bytes and size(tenant.read_bytes.median) or "-", refaults(tenant) or "-", fate,
    colour = fate ~= "done" and "red" or nil,
  }
end

-- Only worth a column when there is any: reads and refaults are nothing to tenants of anonymous memory.
local ONLY_IF_ANY = { READ = true, REFAULTS = true }

local function tells(cell, column) return cell ~= "-" and not (ONLY_IF_ANY[column[1]] and cell == "0") end

--- A row for each tenant under each of the series (summary.series), as a text table.
function tenants.text(series)
  local rows = {}
  for _, name in ipairs(summary.tenants(series)) do
    for _, s in ipairs(series) do
      local tenant = summary.find(s.strategy, name)
      if tenant then rows[#rows + 1] = row_of(tenant, s.label) end
    end
  end
  return text.render(text.without_empty(timed.columns(COLUMNS, series), rows, tells))
end

-- ---- bars ------------------------------------------------------------------------------------------------------

-- One bar: what the metric says, or, for a tenant that never made it, when it was lost.
local function bar_of(tenant, label, metric)
  local estimate, lost = metric.of(tenant), tenant.finished == 0
  local value = estimate and estimate.median
  if lost then value = metric.time and tenant.ended_at and tenant.ended_at.median end
  local note = lost and tenants.fate(tenant) or figures.text(estimate, metric.format)
  return { ("%s  %s"):format(tenant.name, label), value, note, hatched = lost, colour = lost and "red" or nil }
end

--- A bar for each of them, of what summary.metric names, as text.
function tenants.bars(series, metric)
  local list = {}
  for _, name in ipairs(summary.tenants(series)) do
    for i, s in ipairs(series) do
      local tenant = summary.find(s.strategy, name)
      if tenant and (metric.of(tenant) or tenant.finished == 0) then -- a service has no time
        list[#list + 1] = bar_of(tenant, s.label, metric)
        list[#list].gap = i == 1
      end
    end
  end
  return metric.heading .. "\n\n" .. text.bars(list)
end

return tenants
