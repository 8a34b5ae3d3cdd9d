-- The RFC's case of an idle HIGH, with the run alone that its table lacks.
--   memlua reviewers/idle-high --runs 6
-- HIGH fills its page cache once and idles; LOW then uses more than is left. What does HIGH's protection cost LOW, if it is always
-- there, and if it is there only while HIGH is active?
local scenario = require "memlua.scenario"

local function priority(only_active)
  return { name = "priority", roles = { high = { "high" } }, config = { trigger = "growth", window_ms = 500, only_active = only_active } }
end

scenario.run {
  name = "idle-high", about = "an idle HIGH", shares = "equal",
  limits = { ["memory.max"] = "32M", ["memory.swap.max"] = 0 },
  tenants = {
    { name = "high", role = "high", workload = { kind = "file", size = "16M", passes = 1, hold = 6 } },
    { name = "low", start = 2, workload = { kind = "file", size = "24M", duration = 3 } },
  },
  strategies = {
    { name = "none" }, { name = "memory.low", tenants = { high = { limits = { ["memory.low"] = "20M" } } } },
    { name = "always", policy = priority(false) }, { name = "only_active", policy = priority(true) },
  },
  answer = { tenant = "low", under = "only_active", against = "always" },
}
