-- "Memory and swap together": one limit for what a tenant has in memory and in swap, as cgroup v1's memsw was.
--   memlua wishes/memory-and-swap --runs 6
-- cgroup v2 limits each for itself. With room in swap a tenant's memory.max never stops it: it has a multiple of that, and its swap, here
-- compressed memory, is memory of everybody's. The policy delays it while both together are over the limit.
local option = require "memlua.option"
local policy = require "memlua.policy"
local scenario = require "memlua.scenario"

local options = option.parse {
  name = "memory-and-swap", about = "A tenant of which most is in swap: limited by memory.max, or by memory and swap together?",
  options = { { "size", "size", default = "48M", help = "what the tenant takes" },
              { "limit", "limit", default = "16M", help = "its memory.max" },
              { "both", "size", default = "24M", help = "its memory and swap together" } },
}

local together = policy.lua {
  name = "together", about = "memory and swap of a tenant together have a limit, over which it is delayed",
  config = { delay_ms = { 500, unit = "ms", about = "delay of 64 pages" } },
  roles = { tenant = {
    settings = { both = { 0, unit = "bytes", about = "limit of memory and swap together" } },
    counters = { over = "charges delayed" },
    state = { taken = 0 },
    charged = function(memcg, me, config, pages) -- page by page at memory.max
      if memcg.usage + memcg.swap <= me.both then return 0 end
      me.taken = me.taken + pages
      if me.taken < 64 then return 0 end
      me.taken, me.over = 0, me.over + 1
      return config.delay_ms
    end,
  } },
}

-- What the tenant had after so long, of what it wants: what the policy's delays have kept it from.
local function footprint(run)
  local taken = 0
  for _, point in ipairs(run.tenants[1].progress) do if point[1] <= 2 then taken = point[2] end end
  return taken
end

local function kept(run)
  local taken = footprint(run)
  if run.strategy ~= "together" then return taken == options.size, ("%d bytes after 2 s"):format(taken) end
  return taken < options.both + (6 << 20), ("%d bytes after 2 s"):format(taken)
end

local folder = scenario.run {
  name = "memory-and-swap", options = options, about = "memory and swap together", solo = false, warmup = 0,
  limits = { ["memory.max"] = "max" }, swap = 3 * options.size,
  tenants = { { name = "tenant", role = "tenant", limits = { ["memory.max"] = options.limit }, policy = { both = options.both },
                workload = { kind = "anon", size = options.size } } },
  strategies = { { name = "none" }, { name = "together", policy = { name = together } } },
  expect = { { "after 2 s it has all without the policy, and with it no more than the limit and what came in delayed", kept } },
}
for _, run in ipairs(folder.runs) do
  print(("%s: %.1fM after 2 s, peak of memory %.1fM"):format(run.strategy, footprint(run) / (1 << 20), run.tenants[1].peak / (1 << 20)))
end
