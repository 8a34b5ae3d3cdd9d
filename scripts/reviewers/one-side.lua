-- Does it take both sides: is protection in one cgroup alone worth anything, or delaying the others alone?
--   memlua reviewers/one-side --runs 6
-- HIGH reads its file at a rate that a third of the CPU can keep, beside two that want more than there is: with below_low for HIGH and
-- nothing for the others, with the others delayed and nothing for HIGH, and with both.
local scenario = require "memlua.scenario"

local LOW <const> = { kind = "file", size = "16M", duration = 3 }
local BOTH <const> = { high = { "high" }, low = { "low_1", "low_2" } }

local function priority(roles, use_below_low)
  return { name = "priority", roles = roles, config = { trigger = "always", use_below_low = use_below_low, delay_ms = 50 } }
end

scenario.run {
  name = "one-side", about = "protection, delay, or both?", shares = "equal",
  limits = { ["memory.max"] = "40M", ["memory.swap.max"] = 0 },
  tenants = {
    { name = "high", role = "high", start = "500ms", workload = { kind = "file", size = "16M", rate = 4000, duration = 2 } },
    { name = "low_1", role = "low", workload = LOW }, { name = "low_2", role = "low", workload = LOW },
  },
  strategies = {
    { name = "none" }, { name = "protection", policy = priority({ high = { "high" } }, true) },
    { name = "delay", policy = priority(BOTH, false) }, { name = "both", policy = priority(BOTH, true) },
  },
  answer = { tenant = "high", under = "both", against = "protection" },
}
