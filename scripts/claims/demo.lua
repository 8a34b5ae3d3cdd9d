-- The README's demo, baseline beside protected: the figures of its table.
-- takes 2m, quick 30s
local scenario = require "memlua.scenario"

local function tenant(name, role) return { name = name, cgroup = name .. "_session", role = role, workload = { size = "256M", hold = "5s" } } end
local function row(tenant_, strategy, figure) return { "README.md", ("    %-7s %-9s "):format(tenant_, strategy), figure } end

scenario.run {
  name = "claims-demo", about = "the README's demo", runs = 7,
  limits = { ["memory.max"] = "544M", ["memory.swap.max"] = 0 },
  tenants = { tenant("high", "high"), tenant("low_1", "low"), tenant("low_2", "low") },
  strategies = {
    { name = "baseline" },
    { name = "protected", policy = { name = "priority", config = { delay_ms = 2000, threshold = 0, window_ms = 1000 } } },
  },
  claims = {
    { name = "lost", "without protection HIGH is lost", tenant = "high", metric = "kept", under = "baseline", below = 0.7 },
    { name = "in time", "protected HIGH ends after that time", tenant = "high", under = "protected", between = { "5.4s", "5.7s" },
      stated = row("high", "protected", "5.54 s") },
    { name = "unharmed", "which is that of HIGH alone", tenant = "high", under = "protected", against = "solo", below = 1.02,
      stated = row("high", "protected", "1.00") },
    { name = "waits", "low_1 waits for it", tenant = "low_1", under = "protected", between = { "11.5s", "12.8s" },
      stated = row("low_1", "protected", "12.13 s") },
    { name = "waits too", "so does low_2", tenant = "low_2", under = "protected", between = { "11.5s", "12.8s" },
      stated = row("low_2", "protected", "12.12 s") },
  },
}
