--- memlua.experiment.order: which runs a series makes, in which order, and of a scenario what warms up before them.
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

--- The cells of a series, a list of { id, block, case }: `runs` blocks of all `cases`, a list of { name, ... }, each block
--- in an order of its own, so that no drift favours one of them. Equal seeds, equal order.
function order.blocks(cases, runs, seed)
  local random, cells = stats.random(seed), {}
  for block = 1, runs do
    for _, case in ipairs(stats.shuffle(table.move(cases, 1, #cases, 1, {}), random)) do
      cells[#cells + 1] = { id = ("%03d-%s"):format(#cells + 1, case.name), block = block, case = case }
    end
  end
  return cells
end

--- What a block of a checked scenario has: the tenants alone, and all strategies: the baseline is measured like the rest.
--- Sets plan.solo_of: tenant's name -> the strategy that runs it alone.
function order.strategies(plan)
  local all = {}
  if plan.solo then all, plan.solo_of = solo_strategies(plan) end
  return table.move(plan.strategies, 1, #plan.strategies, #all + 1, all)
end

--- The strategies that run before the cells, uncounted: each distinct tenant that they have, alone; and where there are
--- services, which aren't run alone, all together.
function order.to_warm(plan, cells)
  local solo, list, alone, together = solo_strategies(plan), {}, {}, nil
  for _, c in ipairs(cells) do
    if c.case.only then alone[c.case.name] = true else together = together or c.case end
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
