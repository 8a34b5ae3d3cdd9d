-- A policy with settings per tenant: one stays below its soft limit, the other one goes over it and is delayed.
local scenario = require "memlua.scenario"

-- What the policy kept about each tenant is in the tenant's `callbacks`.
local function counted(run)
  local greedy, modest = run.tenants[1].callbacks.active, run.tenants[2].callbacks.active
  return greedy > 0 and modest == 0, ("greedy %d, modest %d delays"):format(greedy, modest)
end

scenario.run {
  name = "own-policy",
  about = "a soft limit of one's own",
  limits = { ["memory.max"] = "256M", ["memory.swap.max"] = 0 },
  tenants = {
    { name = "greedy", role = "tenant", workload = { kind = "anon", size = "48M" }, policy = { soft = "32M" } },
    { name = "modest", role = "tenant", workload = { kind = "anon", size = "24M" }, policy = { soft = "32M" } },
  },
  strategies = { { name = "soft", policy = { name = "template", config = { ms_per_mb = 20 } } } },
  expect = { { "only the greedy one is delayed", counted } },
}
