-- Of the gallery: memcached beside a batch job, as redis is.
-- takes 9m, quick none
local scenario = require "memlua.scenario"

local FIGURES <const> = { batch = "1.33G", price = "156M", below_low = "156M" }

scenario.vary("gallery-redis.lua", { "--cache", "memcached" }, function(plan)
  for _, claim in ipairs(plan.claims) do
    local page, row = table.unpack(claim.stated)
    claim.stated = { page, (row:gsub("redis", "memcached")), FIGURES[claim.name] }
  end
end)
