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

--- What the figure `name` of a run's tenant costs: the larger, the worse. nil where it wasn't measured, or is 0: nothing can be
--- set against it.
function metrics.cost(tenant, name)
  local figure = (tenant.metrics or {})[name]
  if not figure or figure.value <= 0 then return nil end
  return figure.better == "higher" and 1 / figure.value or figure.value
end

return metrics
