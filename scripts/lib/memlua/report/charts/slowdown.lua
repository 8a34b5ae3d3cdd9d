--- memlua.report.charts.slowdown: the chart of how many times as long as alone each tenant takes, a dot per tenant and strategy.
--- What was lost has no such time: it gets a cross at the margin.
local estimate = require "memlua.results.estimate"
local figures = require "memlua.base.figures"
local plot = require "memlua.plot"

local slowdown = {}

-- From this range on a linear axis would press the small slowdowns together.
local LOGARITHMIC <const> = 8

-- A narrower linear axis would make much of small differences.
local LEAST_SPAN <const> = 0.5

local DONE <const>, BESIDE_LOSSES <const>, LOST <const> = 0, 1, 2

local function fate_of(tenant)
  if tenant.finished == 0 then return LOST end
  return tenant.completion and DONE or BESIDE_LOSSES
end

local function note_of(tenant, seen)
  if tenant.finished == 0 then
    local how = plot.loss(tenant)
    return tenant.runs == 1 and how or how .. " in all runs"
  end
  local said = figures.text(seen, figures.ratio)
  if not tenant.completion then said = said .. ", others lost" end
  return said .. plot.losses(tenant)
end

-- A lost tenant's place on the axis is the template's affair.
local function row_of(place, index, tenant, label)
  local fate, seen = fate_of(tenant), tenant.times_solo
  if not seen and fate ~= LOST then return nil end
  local middle, low, high = 1, 1, 1
  if fate ~= LOST then middle, low, high = seen.median, seen.low or seen.median, seen.high or seen.median end
  return { place, index, middle, low, high, fate, note_of(tenant, seen), label,
           runs = fate ~= LOST and plot.singles(seen, 1) or nil }
end

-- From where to where the axis goes; 1 is always on it.
local function axis_of(rows, margin)
  local low, high, marks = 1, 1, {}
  for _, row in ipairs(rows) do
    low, high = math.min(low, row[4], table.unpack(row.runs or {})), math.max(high, row[5], table.unpack(row.runs or {}))
  end
  local logarithmic = high / low > LOGARITHMIC
  local scale = logarithmic and math.log or function(x) return x end
  local span = math.max(scale(high) - scale(low), logarithmic and 0 or LEAST_SPAN)
  local from = scale(low) - 0.06 * span
  for i, row in ipairs(rows) do marks[i] = { scale(row[5]) - from, ("  %s: %s"):format(row[8], row[7]) } end
  local to = from + math.max(plot.room(marks, margin), 1.15 * span)
  if logarithmic then return 1, math.exp(from), math.exp(to) end
  return 0, from, to
end

local function has_solo(series)
  for _, s in ipairs(series) do
    for _, tenant in ipairs(s.strategy.tenants) do if tenant.solo_s then return true end end
  end
  return false
end

--- Writes plots/slowdown.gp into the folder `path` for the `series` (summary.series); nothing where there are no solo
--- runs to compare with. `setting`: the chart's second line.
function slowdown.write(path, series, setting)
  if not has_solo(series) then return end
  local rows, axis = plot.lanes(series, row_of)
  if #rows == 0 then return end
  local logarithmic, from, to = axis_of(rows, axis.margin)
  plot.write(path, "slowdown", "slowdown", {
    heading = "Slowdown of each tenant against running alone", setting = setting, series = #series,
    labels = axis.labels, at = axis.at, margin = axis.margin, places = axis.places, logarithmic = logarithmic, from = from, to = to,
    caption = "How many times as long as alone a tenant takes, each run against the solo run of its block: " .. estimate.SAID
      .. ". Hollow: others were lost, with the memory that the lost gave up. A cross at the margin: lost, so it has no "
      .. "slowdown.",
  }, plot.with_dots(rows))
end

return slowdown
