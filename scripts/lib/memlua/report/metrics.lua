--- memlua.report.metrics: the table of the workloads' own figures.
local figures = require "memlua.base.figures"
local memlua = require "memlua"
local summary = require "memlua.results.summary"
local text = require "memlua.base.text"

local metrics = {}

local COLUMNS <const> = { { "TENANT" }, { "FIGURE" }, { "STRATEGY" }, { "VALUE", align = "right" }, { "X SOLO", align = "right", drop = 1 } }

--- The names of the figures that programs of a tenant have under any of the series (summary.series), sorted.
function metrics.names(series, tenant)
  local names = {}
  for _, s in ipairs(series) do
    for name in pairs((summary.find(s.strategy, tenant) or {}).metrics or {}) do names[name] = true end
  end
  return memlua.keys(names)
end

--- A row for each figure of each tenant under each of the series (summary.series), as text; nil where there are none. X SOLO: how
--- many times as bad as alone.
function metrics.text(series)
  local rows = {}
  for _, tenant in ipairs(summary.tenants(series)) do
    for _, name in ipairs(metrics.names(series, tenant)) do
      for _, s in ipairs(series) do
        local one = ((summary.find(s.strategy, tenant) or {}).metrics or {})[name]
        if one then
          rows[#rows + 1] = { tenant, name, s.label, figures.text(one, figures.as_printed(one.unit)),
                              one.times_solo and figures.text(one.times_solo, figures.ratio) or "-" }
        end
      end
    end
  end
  return #rows > 0 and text.render(COLUMNS, rows) or nil
end

return metrics
