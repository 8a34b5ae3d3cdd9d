--- memlua.report.charts.metrics: the chart of what programs say of themselves: a panel for each figure of each tenant, a point with
--- its interval for each strategy.
local estimate = require "memlua.results.estimate"
local figures = require "memlua.base.figures"
local report = require "memlua.report.metrics"
local plot = require "memlua.plot"
local summary = require "memlua.results.summary"

local metrics = {}

-- More panels are no picture any more; the table has all.
local MOST <const> = 12

-- Of a panel's axis this share stays free for the notes behind the points.
local NOTES <const> = 0.42

-- The points of a figure: list of { series, estimate }.
local function points_of(series, tenant, name)
  local points = {}
  for i, s in ipairs(series) do
    local one = ((summary.find(s.strategy, tenant) or {}).metrics or {})[name]
    if one then points[#points + 1] = { i, one } end
  end
  return points
end

-- From where to where its axis goes, the notes included.
local function range_of(points)
  local low, high = math.huge, -math.huge
  for _, point in ipairs(points) do
    local one = point[2]
    low, high = math.min(low, one.low or one.median, table.unpack(one.values)), math.max(high, one.high or one.median, table.unpack(one.values))
  end
  local span = math.max(high - low, 0.1 * math.abs(high), 1e-9)
  return low - 0.08 * span, low + span / (1 - NOTES)
end

local function panels_of(series)
  local panels = {}
  for _, tenant in ipairs(summary.tenants(series)) do
    for _, name in ipairs(report.names(series, tenant)) do
      local points = points_of(series, tenant, name)
      local unit, better = points[1][2].unit, points[1][2].better
      panels[#panels + 1] = { points = points, title = ("%s: %s%s, %s is better"):format(plot.short(tenant), plot.short(name),
                              unit and unit ~= "" and " in " .. unit or "", better) }
    end
  end
  return panels
end

-- The table has all digits, and the title the unit.
local function said(x) return ("%.4g"):format(x) end

-- The rows of the points, then, as a second block, those of single runs; gnuplot wants a block to hold something.
local function rows_of(panels)
  local rows, dots = {}, { { -9, -1, 0 } }
  for p, panel in ipairs(panels) do
    for _, point in ipairs(panel.points) do
      local i, one = table.unpack(point)
      rows[#rows + 1] = { p, i, one.median, one.low or one.median, one.high or one.median, figures.text(one, said) }
      for _, value in ipairs(plot.singles(one, 1)) do dots[#dots + 1] = { p, i, value } end
    end
  end
  rows[#rows + 1], rows[#rows + 2] = {}, {}
  return table.move(dots, 1, #dots, #rows + 1, rows)
end

--- Writes plots/metrics.gp into the folder `path` for the `series` (summary.series); nothing where no workload has figures of its own.
--- `setting`: the chart's second line.
function metrics.write(path, series, setting)
  local panels = panels_of(series)
  if #panels == 0 then return end
  local left = #panels - MOST
  for i = #panels, MOST + 1, -1 do panels[i] = nil end
  local names, titles, from, to, margin = {}, {}, {}, {}, 8
  for i, s in ipairs(series) do
    local label = plot.short(s.label)
    margin = math.max(margin, utf8.len(label) + 3)
    names[i] = label:gsub("%%", "%%%%") -- a tic's label is a format
  end
  for p, panel in ipairs(panels) do
    titles[p] = panel.title
    from[p], to[p] = range_of(panel.points)
  end
  plot.write(path, "metrics", "metrics", {
    heading = "What the programs say of themselves", setting = setting, panels = #panels, series = #series, names = names, titles = titles,
    from = from, to = to, margin = margin,
    caption = "The workloads' own figures, each in its unit: " .. estimate.SAID .. ". The axes don't begin at 0."
      .. (left > 0 and (" %d more figures stand in the table."):format(left) or ""),
  }, rows_of(panels))
end

return metrics
