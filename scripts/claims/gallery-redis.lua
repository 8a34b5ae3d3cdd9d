-- Of the gallery: redis beside a batch job.
-- takes 9m, quick none
local scenario = require "memlua.scenario"

local function row(strategy, figure) return { "scripts/gallery/README.md", ("| redis | %s |"):format(strategy), figure } end

scenario.vary("../gallery/cache-beside-batch.lua", {}, {
  runs = 10,
  claims = {
    { name = "batch", "so much the batch job uses without protection of the cache", tenant = "batch", metric = "read", under = "none", between = { "1.1G", "1.7G" },
      stated = row("`none`", "1.32G") },
    { name = "price", "with memory.low it loses nine tenths", tenant = "batch", metric = "read", under = "memory.low", between = { "100M", "250M" },
      stated = row("`memory.low` for it", "156M") },
    { name = "below_low", "under the policy as well", tenant = "batch", metric = "read", under = "below_low", between = { "100M", "250M" },
      stated = row("`priority`'s below_low", "155M") },
  },
})
