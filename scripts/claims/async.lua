-- What the README says of background reclaim on one CPU: it takes as long.
-- takes 2m, quick 30s
local scenario = require "memlua.scenario"

scenario.vary("../async.lua", { "--strategy", "none", "--strategy", "async" }, {
  runs = 7,
  claims = {
    { name = "time", "in the background it takes that time", tenant = "writer", under = "async", between = { "1.2s", "1.4s" },
      stated = { "README.md", "`memlua async` takes", "1.29 s" } },
    { name = "no gain", "which is what it takes without", tenant = "writer", under = "async", against = "none", between = { 0.95, 1.05 } },
  },
})
