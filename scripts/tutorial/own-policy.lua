-- A policy in Lua: each tenant has a soft limit of its own, and over it every charge is delayed. One tenant stays below, one doesn't.
local policy = require "memlua.policy"
local scenario = require "memlua.scenario"

local soft = policy.lua {
  name = "soft",
  about = "tenants over their soft limit are delayed",
  config = { ms_per_mb = { 20, unit = "ms", about = "delay per MB over the soft limit" } },
  roles = { tenant = {
    settings = { soft = { 0, unit = "bytes", about = "soft limit" } },
    counters = { active = "times delayed" },
    charged = function(memcg, me, config)
      local over = memcg.usage - me.soft
      if over <= 0 then return 0 end
      me.active = me.active + 1
      return (over >> 20) * config.ms_per_mb
    end,
  } },
}

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
  strategies = { { name = "soft", policy = { name = soft, config = { ms_per_mb = 20 } } } },
  expect = { { "only the greedy one is delayed", counted } },
}
