-- The figures of the README's demo.
-- takes 2m, quick 30s
local scenario = require "memlua.scenario"

local function row(tenant_, strategy, figure) return { "README.md", ("    %-7s %-9s "):format(tenant_, strategy), figure } end

scenario.vary("../demo.lua", {}, {
  name = "claims-demo", runs = 7,
  claims = {
    { name = "lost", "without protection HIGH is lost", tenant = "high", metric = "kept", under = "baseline", below = 0.7 },
    { name = "in time", "protected HIGH ends after that time", tenant = "high", under = "protected", between = { "5.4s", "5.7s" },
      stated = row("high", "protected", "5.55 s") },
    { name = "unharmed", "which is that of HIGH alone", tenant = "high", under = "protected", against = "solo", below = 1.02,
      stated = row("high", "protected", "1.00") },
    { name = "waits", "low_1 waits for it", tenant = "low_1", under = "protected", between = { "11.5s", "12.8s" },
      stated = row("low_1", "protected", "12.11 s") },
    { name = "waits too", "so does low_2", tenant = "low_2", under = "protected", between = { "11.5s", "12.8s" },
      stated = row("low_2", "protected", "12.12 s") },
  },
})
