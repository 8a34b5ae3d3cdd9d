-- "Why the same cannot be achieved by dynamically changing protection?"
--   memlua reviewers/dynamic-protection --runs 6
-- Three tenants use more page cache than there is. HIGH is protected by the policy's below_low, or by a controller in user space that
-- sets memory.low by its working set (controllers.low), or by a memory.low that was told how much HIGH needs, or not at all.
local controllers = require "memlua.controllers"
local scenario = require "memlua.scenario"

local function tenant(name, role, start, duration)
  return { name = name, role = role, start = start, workload = { kind = "file", size = "16M", duration = duration } }
end

scenario.run {
  name = "dynamic-protection", about = "why can't the same be achieved by dynamically changing protection?", shares = "equal",
  limits = { ["memory.max"] = "40M", ["memory.swap.max"] = 0 },
  tenants = { tenant("high", "high", "500ms", 2), tenant("low_1", "low", 0, 3), tenant("low_2", "low", 0, 3) },
  strategies = {
    { name = "none" },
    { name = "memory.low", tenants = { high = { limits = { ["memory.low"] = "20M" } } } },
    { name = "user-low", controller = controllers.low() },
    { name = "below_low", policy = { name = "priority", roles = { high = { "high" } }, config = { trigger = "always" } } },
  },
  answer = { tenant = "high", under = "below_low", against = "user-low" },
}
