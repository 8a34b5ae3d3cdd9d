-- Every strategy on one workload: each tenant alone first, then all strategies in randomised blocks.
--   memlua scripts/compare.lua --runs 5 --strategy none --strategy reserve --size 256M --size 128M
-- The first size is the best-ranked tenant's.
local option = require "memlua.option"
local scenario = require "memlua.scenario"

local NAMES = { "none", "max", "low", "high", "priority", "reserve" }

local options = option.parse {
  name = "compare", about = "The strategies against memory contention, side by side.",
  options = {
    { "limit", "limit", default = "512M", help = "memory.max of the session" },
    { "size", "size", many = true, help = "of one tenant, best rank first; may be repeated (256M three times)" },
    { "hold", "duration", default = "5s", help = "how long a tenant keeps its memory" },
    { "strategy", NAMES, many = true, help = "may be repeated (all)" },
  },
}
local sizes = #(options.size or {}) > 0 and options.size or { 256 << 20, 256 << 20, 256 << 20 }
local names = #(options.strategy or {}) > 0 and options.strategy or NAMES

local tenants = {}
for i, size in ipairs(sizes) do
  local name = i == 1 and "high" or "low_" .. i - 1
  local workload = { kind = "anon", size = size, hold = options.hold }
  tenants[i] = { name = name, role = i == 1 and "high" or "low", rank = i, workload = workload }
end

-- The same limit for each of some tenants.
local function each(from, limits)
  local map = {}
  for i = from, #tenants do map[tenants[i].name] = { limits = limits } end
  return map
end

local rest = #tenants > 1 and math.max(4096, (options.limit - sizes[1]) // (#tenants - 1)) or "max"
local known = {
  none = {},
  max = { tenants = each(1, { ["memory.max"] = options.limit // #tenants }) },
  low = { tenants = { high = { limits = { ["memory.low"] = sizes[1], ["memory.min"] = sizes[1] } } } },
  high = { tenants = each(2, { ["memory.high"] = rest }) },
  priority = { policy = { name = "priority", config = { trigger = "always" } } },
  reserve = { policy = { name = "reserve" } },
}

local strategies = {}
for i, name in ipairs(names) do
  strategies[i] = known[name]
  strategies[i].name = name
end

scenario.run {
  name = "compare", about = "strategies against memory contention", options = options,
  limits = { ["memory.max"] = options.limit, ["memory.swap.max"] = 0 },
  tenants = tenants, strategies = strategies, runs = 5,
}
