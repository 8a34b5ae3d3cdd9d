-- Of the gallery: PostgreSQL beside a job that sorts.
-- takes 12m, quick none
local scenario = require "memlua.scenario"

local function row(strategy, figure) return { "scripts/gallery/README.md", ("| %s"):format(strategy), figure } end

scenario.vary("../gallery/database-beside-analytics.lua", {}, {
  runs = 10,
  claims = {
    { name = "sorts", "so fast is the sort without protection of the database", tenant = "sort", metric = "sorts_per_s", under = "none", between = { 1.8, 2.2 },
      stated = row("`none`", "1.98") },
    { name = "price", "with memory.low it loses two thirds", tenant = "sort", metric = "sorts_per_s", under = "memory.low", between = { 0.3, 1.2 },
      stated = row("`memory.low` for the database", "0.71") },
    { name = "below_low", "under the policy even more", tenant = "sort", metric = "sorts_per_s", under = "below_low", between = { 0.25, 0.5 },
      stated = row("`priority`'s below_low", "0.35") },
  },
})
