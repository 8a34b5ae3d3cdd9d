-- Of the gallery: two agents and their tool calls.
-- takes 10m, quick none
local scenario = require "memlua.scenario"

local function row(strategy, figure) return { "scripts/gallery/README.md", ("| %s"):format(strategy), figure } end

scenario.vary("../gallery/agent-host.lua", {}, {
  runs = 10,
  claims = {
    { name = "kept", "under the policy nobody is lost", metric = "kept", under = "priority", above = 0.5, stated = row("`priority`, trigger growth", "6 of 6") },
    { name = "served", "and the first is served as if alone", tenant = "first", metric = "p99", under = "priority", against = "solo", below = 1.05,
      stated = row("`priority`, trigger growth", "0.74") },
    { name = "price", "the second pays", tenant = "second", under = "priority", between = { "5.5s", "8s" }, stated = row("`priority`, trigger growth", "6.26 s") },
  },
})
