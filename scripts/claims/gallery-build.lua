-- Of the gallery: a compile beside a node service.
-- takes 10m, quick none
local scenario = require "memlua.scenario"

local function row(strategy, figure) return { "scripts/gallery/README.md", ("| %s"):format(strategy), figure } end

scenario.vary("../gallery/build-farm.lua", {}, {
  runs = 10,
  claims = {
    { name = "unprotected", "the build gets by with what is left", tenant = "build", under = "none", against = "solo", below = 1.2, stated = row("`none`", "1.07") },
    { name = "memory.low", "with memory.low, too", tenant = "build", under = "memory.low", against = "solo", below = 1.2, stated = row("`memory.low` for the service", "1.06") },
    { name = "below_low", "and under the policy", tenant = "build", under = "below_low", against = "solo", below = 1.2, stated = row("`priority`'s below_low", "1.06") },
  },
})
