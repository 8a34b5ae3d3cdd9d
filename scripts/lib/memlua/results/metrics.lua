--- memlua.results.metrics: figures of the workloads' own over several runs.
local estimate = require "memlua.results.estimate"

local metrics = {}

--- Of the runs of one tenant (list of { tenant }): { name = an estimate with unit and better }, nil where there are none.
function metrics.of(cases)
  local result = {}
  for _, case in ipairs(cases) do
    for name, figure in pairs(case.tenant.metrics or {}) do
      result[name] = result[name] or { unit = figure.unit, better = figure.better, values = {} }
      table.insert(result[name].values, figure.value)
    end
  end
  for _, one in pairs(result) do
    for key, value in pairs(estimate.of(one.values)) do one[key] = value end
  end
  return next(result) and result or nil
end

--- The figure `name` of a run's tenant. nil where it wasn't measured, or is 0: nothing can be set against it.
function metrics.value(tenant, name)
  local figure = (tenant.metrics or {})[name]
  return figure and figure.value > 0 and figure.value or nil
end

--- What it costs: the larger, the worse. nil as of metrics.value.
function metrics.cost(tenant, name)
  local value = metrics.value(tenant, name)
  return value and tenant.metrics[name].better == "higher" and 1 / value or value
end

return metrics
