-- With a strategy beside it: the BPF policy `priority` lets the low ones wait while the high one lives.
local scenario = require "memlua.scenario"

local workload = { kind = "anon", size = "32M", hold = "1s" }

scenario.run {
  name = "tutorial",
  about = "three tenants, room for two, with and without a policy",
  limits = { ["memory.max"] = "68M", ["memory.swap.max"] = 0 },
  tenants = {
    { name = "high", role = "high", workload = workload },
    { name = "low_1", role = "low", workload = workload },
    { name = "low_2", role = "low", workload = workload },
  },
  strategies = {
    { name = "none" },
    { name = "priority", policy = { name = "priority", config = { delay_ms = 2000 } } },
  },
}
