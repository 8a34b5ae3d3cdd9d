-- The same as a scenario: a table in, a table of results out, and a folder with everything that was measured.
local scenario = require "memlua.scenario"

local workload = { kind = "anon", size = "32M", hold = "1s" }

scenario.run {
  name = "tutorial",
  about = "three tenants, room for two",
  limits = { ["memory.max"] = "68M", ["memory.swap.max"] = 0 },
  tenants = {
    { name = "high", role = "high", workload = workload },
    { name = "low_1", role = "low", workload = workload },
    { name = "low_2", role = "low", workload = workload },
  },
  strategies = { { name = "none" } },
}
