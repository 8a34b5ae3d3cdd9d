--- memlua.results.objective: what tenants must keep to, and whether they did.
local figures = require "memlua.base.figures"
local intervals = require "memlua.base.intervals"
local memlua = require "memlua"
local stopping = require "memlua.results.stopping"
local units = require "memlua.units"

local objective = {}

-- What is seen of it: an estimate, and how it is written.
local function seen_of(tenant, name)
  local own = tenant.metrics and tenant.metrics[name]
  if own then return own, figures.as_printed(own.unit) end
  return figures.scaled(tenant.latency and tenant.latency.of_runs[name], 1e-9), units.format_duration
end

--- The objectives of a strategy's tenants: list of { tenant, name, bound, above (true: it is to stay above), share (of the runs that
--- are to keep to it, or nil), seen (an estimate, or nil), format }.
function objective.all(folder, strategy)
  local list = {}
  for _, spec in ipairs(folder.manifest.scenario.tenants or {}) do
    local tenant = memlua.named(strategy.tenants, spec.name)
    for _, slo in ipairs(tenant and spec.slo or {}) do
      local seen, format = seen_of(tenant, slo.metric)
      list[#list + 1] = { tenant = spec.name, name = slo.metric, bound = slo.below or slo.above, above = slo.above ~= nil,
                          share = slo.share, parts = stopping.parts(folder.manifest), seen = seen, format = format }
    end
  end
  return list
end

-- What a tenant could be held to.
local function known_figures(tenant)
  local names = memlua.keys(tenant.metrics or {})
  for name in pairs(tenant.latency and tenant.latency.of_runs or {}) do names[#names + 1] = name end
  return names
end

--- Fails with status 1 at an objective on a figure that a tenant, though it was kept, has under no strategy of the folder (with its `summary`).
function objective.refuse(folder)
  for _, spec in ipairs((folder.manifest.scenario or {}).tenants or {}) do
    for _, slo in ipairs(spec.slo or {}) do
      local is_there, names = false, nil
      for _, strategy in ipairs(folder.summary.strategies) do
        local tenant = not strategy.solo and strategy.intact > 0 and memlua.named(strategy.tenants, spec.name)
        if tenant then
          names = names or known_figures(tenant)
          is_there = is_there or seen_of(tenant, slo.metric) ~= nil
        end
      end
      if names and not is_there then
        memlua.fail(memlua.status.misuse, "tenants.%s.slo.metric: %s: no run has such a figure%s", spec.name, slo.metric, memlua.hint(slo.metric, names))
      end
    end
  end
end

local function keeps(o, value) return o.above and value > o.bound or not o.above and value < o.bound end

-- So many of all runs are to keep to it.
local function word_of_share(o)
  local kept, n = 0, #(o.seen.values or {})
  for _, value in ipairs(o.seen.values or {}) do kept = kept + (keeps(o, value) and 1 or 0) end
  if n == 0 then return ("keeps all; %s has no %s of single runs, so its objective is not judged"):format(o.tenant, o.name:upper()) end
  local low, high = intervals.share(kept, n, 1 - 0.10 / (o.parts or 1))
  local said = ("%s's %s is %s %s in %d of %d runs"):format(o.tenant, o.name:upper(), o.above and "above" or "below", o.format(o.bound), kept, n)
  if high < o.share then return ("keeps all, but misses an objective: %s"):format(said) end
  return low < o.share and ("inconclusive: %s, which shows %.0f %% or more, not %.0f %%"):format(said, low * 100, o.share * 100) or nil
end

--- What an objective of objective.all forbids to say "protects", or nil.
function objective.word_of(o)
  if not o.seen then return ("keeps all; %s has no %s, so its objective is not judged"):format(o.tenant, o.name:upper()) end
  if o.share then return word_of_share(o) end
  local side, other = o.above and "above" or "below", o.above and "below" or "above"
  local said, bound = ("%s's %s of %s"):format(o.tenant, o.name:upper(), figures.text(o.seen, o.format)), o.format(o.bound)
  if not o.seen.low then return ("inconclusive: %s; too few runs to set against %s"):format(said, bound) end
  if not keeps(o, o.seen.low) and not keeps(o, o.seen.high) then
    return ("keeps all, but misses an objective: %s is %s %s"):format(said, other, bound)
  end
  if not (keeps(o, o.seen.low) and keeps(o, o.seen.high)) then return ("inconclusive: %s isn't surely %s %s"):format(said, side, bound) end
end

return objective
