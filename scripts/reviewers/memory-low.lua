-- "memory.low ... have you tried that?"
--   memlua reviewers/memory-low --runs 6
-- HIGH's page cache beside two that want more than there is: with a memory.low that was told what HIGH needs, with half of that, and
-- with the policy's below_low, which needs not be told.
local scenario = require "memlua.scenario"

local function tenant(name, role, start, duration)
  return { name = name, role = role, start = start, workload = { kind = "file", size = "16M", duration = duration } }
end
local function told(size) return { high = { limits = { ["memory.low"] = size } } } end

scenario.run {
  name = "memory-low", about = "memory.low: have you tried that?", shares = "equal",
  limits = { ["memory.max"] = "40M", ["memory.swap.max"] = 0 },
  tenants = { tenant("high", "high", "500ms", 2), tenant("low_1", "low", 0, 3), tenant("low_2", "low", 0, 3) },
  strategies = {
    { name = "none" }, { name = "memory.low", tenants = told "20M" }, { name = "half", tenants = told "10M" },
    { name = "below_low", policy = { name = "priority", roles = { high = { "high" } }, config = { trigger = "always" } } },
  },
  answer = { tenant = "high", under = "below_low", against = "memory.low" },
}
