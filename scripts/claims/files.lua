-- Page cache, which below_low does protect: what plan.md says of `--kind file`.
-- takes 6m, quick 1m
local scenario = require "memlua.scenario"

local function reader(name, role, start, duration)
  return { name = name, role = role, start = start, workload = { kind = "file", size = "70M", duration = duration } }
end
local function row(strategy, figure) return { "scripts/plan.md", ("| `%s.lua --kind file` |"):format(strategy), figure } end

scenario.run {
  name = "claims-files", about = "page cache, baseline beside protected", runs = 6, solo = false, warmup = 0, shares = "equal",
  limits = { ["memory.max"] = "160M", ["memory.swap.max"] = 0 },
  tenants = { reader("high", "high", "3s", "4s"), reader("low_1", "low", 0, "11s"), reader("low_2", "low", 0, "11s") },
  strategies = {
    { name = "baseline" },
    { name = "protected", policy = { name = "priority", config = { delay_ms = 0, threshold = 0, window_ms = 1000 } } },
  },
  claims = {
    { name = "starved", "unprotected HIGH reads that much", tenant = "high", metric = "read", under = "baseline", between = { "200M", "600M" },
      stated = row("baseline", "292M") },
    { name = "protected", "protected HIGH reads that much", tenant = "high", metric = "read", under = "protected", between = { "2.7G", "3.3G" },
      stated = row("protected", "**3.04G**") },
  },
}
