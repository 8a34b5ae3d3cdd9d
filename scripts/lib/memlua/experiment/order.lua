--- memlua.experiment.order: which runs a scenario makes, in which order, and what warms up before them.
local memlua = require "memlua"
local stats = require "memlua.stats"

local order = {}

-- What workloads do, but not how they are called.
local function fingerprint(tenant)
  local parts = {}
  for _, workload in ipairs(tenant.workloads) do
    for _, key in ipairs(memlua.keys(workload)) do
      local value = key == "argv" and table.concat(workload.argv, "\0") or tostring(workload[key])
      if key ~= "name" then parts[#parts + 1] = key .. "=" .. value end
    end
  end
  return table.concat(parts, " ")
end

-- One solo strategy per distinct workload (alone, a rank means nothing); tenants that are alike share it. Second: tenant's
-- name -> its strategy's.
local function solo_strategies(plan)
  local seen, list, solo_of = {}, {}, {}
  for _, tenant in ipairs(plan.tenants) do
    local key = fingerprint(tenant)
    if not seen[key] and not tenant.background then
      seen[key] = "solo-" .. tenant.name
      list[#list + 1] = { name = seen[key], only = { tenant.name }, limits = {}, tenants = {} }
    end
    solo_of[tenant.name] = seen[key]
  end
  return list, solo_of
end

--- The cells of a checked scenario, a list of { id, strategy, block }: blocks of all strategies and of the tenants alone,
--- each block in an order of its own, so that no drift favours one of them: the baseline is measured like the rest. Sets
--- plan.solo_of: tenant's name -> the strategy that runs it alone.
function order.cells(plan)
  local random, cells, all = stats.random(plan.seed), {}, {}
  if plan.solo then all, plan.solo_of = solo_strategies(plan) end
  table.move(plan.strategies, 1, #plan.strategies, #all + 1, all)
  for block = 1, plan.runs do
    for _, strategy in ipairs(stats.shuffle(table.move(all, 1, #all, 1, {}), random)) do
      cells[#cells + 1] = { strategy = strategy, block = block }
    end
  end
  for i, c in ipairs(cells) do c.id = ("%03d-%s"):format(i, c.strategy.name) end
  return cells
end

--- The strategies that run before the cells, uncounted: each distinct tenant that they have, alone; and where there are
--- services, which aren't run alone, all together.
function order.to_warm(plan, cells)
  local solo, list, alone, together = solo_strategies(plan), {}, {}, nil
  for _, c in ipairs(cells) do
    if c.strategy.only then alone[c.strategy.name] = true else together = together or c.strategy end
  end
  for _, strategy in ipairs(solo) do
    if together or alone[strategy.name] then list[#list + 1] = strategy end
  end
  for _, tenant in ipairs(plan.tenants) do
    if tenant.background and together then
      list[#list + 1] = together
      break
    end
  end
  return list
end

return order
