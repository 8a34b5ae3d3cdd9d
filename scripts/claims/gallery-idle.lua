-- Of the gallery: a tenant that sleeps, and what its protection costs the one that works.
-- takes 10m, quick none
local scenario = require "memlua.scenario"

local function row(strategy, figure) return { "scripts/gallery/README.md", ("| %s"):format(strategy), figure } end

scenario.vary("../gallery/idle-but-important.lua", {}, {
  runs = 10,
  claims = {
    { name = "price", "memory.low for a sleeper costs the job nine tenths of its throughput", tenant = "job", metric = "read", under = "memory.low",
      between = { "450M", "900M" }, stated = row("`memory.low` for high", "632M") },
    { name = "while active", "protecting it while it is active costs the job nothing", tenant = "job", metric = "read", under = "while-active", above = "6G",
      stated = row("`priority`, only while", "6.63G") },
    { name = "wakes", "without protection it wakes slowly", tenant = "high", metric = "p99", under = "none", against = "solo", above = 5, stated = row("`none`", "25.6") },
    { name = "kept", "with memory.low it doesn't", tenant = "high", metric = "p99", under = "memory.low", against = "solo", below = 5,
      stated = row("`memory.low` for high", "2.14") },
  },
})
