-- The README's table of none, priority and reserve on the plan's workload to the letter, but for memory.high.
-- takes 4m, quick 40s
local scenario = require "memlua.scenario"

local function tenant(name, rank)
  return { name = name, role = rank == 1 and "high" or "low", rank = rank, workload = { size = "256M", hold = "5s" } }
end
local function row(strategy, figure) return { "README.md", ("| `%s` | "):format(strategy), figure } end

scenario.run {
  name = "claims-compare", about = "none, priority and reserve", runs = 10,
  limits = { ["memory.max"] = "512M", ["memory.swap.max"] = 0 },
  tenants = { tenant("high", 1), tenant("low_1", 2), tenant("low_2", 3) },
  strategies = {
    { name = "none" }, { name = "priority", policy = { name = "priority", config = { trigger = "always" } } },
    { name = "reserve", policy = { name = "reserve" } },
  },
  claims = {
    { name = "none", "without a policy somebody is lost", metric = "kept", under = "none", below = 0.5, stated = row("none", "0 of 10") },
    { name = "priority", "with priority, too", metric = "kept", under = "priority", below = 0.5, stated = row("priority", "0 of 10") },
    { name = "protected", "but not HIGH", tenant = "high", metric = "kept", under = "priority", above = 0.5 },
    { name = "reserve", "with reserve nobody is", metric = "kept", under = "reserve", above = 0.5, stated = row("reserve", "**10 of 10**") },
    { name = "first", "reserve: HIGH ends first", tenant = "high", under = "reserve", between = { "5.4s", "5.7s" }, stated = row("reserve", "**5.54 s**") },
    { name = "second", "low_1 follows", tenant = "low_1", under = "reserve", between = { "10.3s", "11.2s" }, stated = row("reserve", "10.75 s") },
    { name = "third", "low_2 is last", tenant = "low_2", under = "reserve", between = { "15.4s", "16.5s" }, stated = row("reserve", "15.95 s") },
  },
}
