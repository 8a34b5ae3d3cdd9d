-- Every strategy on one workload: each tenant alone first, then all strategies in randomised blocks.
--   memlua scripts/compare.lua --runs 5 --strategy none --strategy reserve --size 256M --size 128M
-- The first size is the best-ranked tenant's.
local calibrate = require "memlua.calibrate"
local host = require "memlua.host"
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
    { "calibrate", "flag", help = "raise limit or sizes until short trials show pressure, and reserve loses nobody" },
  },
}
if #(options.size or {}) == 0 then options.size = { 256 << 20, 256 << 20, 256 << 20 } end
if #(options.strategy or {}) == 0 then options.strategy = NAMES end

local function tenants_of(sizes)
  local tenants = {}
  for i, size in ipairs(sizes) do
    local name = i == 1 and "high" or "low_" .. i - 1
    local workload = { kind = "anon", size = size, hold = options.hold }
    tenants[i] = { name = name, role = i == 1 and "high" or "low", rank = i, workload = workload }
  end
  return tenants
end

-- The same limits for the tenants from the one at `first` on.
local function each(tenants, first, limits)
  local map = {}
  for i = first, #tenants do map[tenants[i].name] = { limits = limits } end
  return map
end

-- What each low tenant may have where the high one is to keep its size.
local function share_of_rest(limit, tenants)
  if limit == "max" or #tenants == 1 then return "max" end
  return math.max(host.page_size, (limit - tenants[1].workload.size) // (#tenants - 1))
end

local function strategies_of(limit, tenants)
  local size, equal = tenants[1].workload.size, limit == "max" and "max" or limit // #tenants
  local known = {
    none = {},
    max = { tenants = each(tenants, 1, { ["memory.max"] = equal }) },
    low = { tenants = { high = { limits = { ["memory.low"] = size, ["memory.min"] = size } } } },
    high = { tenants = each(tenants, 2, { ["memory.high"] = share_of_rest(limit, tenants) }) },
    priority = { policy = { name = "priority", config = { trigger = "always" } } },
    reserve = { policy = { name = "reserve" } },
  }
  local list = {}
  for i, name in ipairs(options.strategy) do
    list[i] = known[name]
    list[i].name = name
  end
  return list
end

-- Of these only reserve promises to lose nobody.
local function survivor()
  for _, name in ipairs(options.strategy) do if name == "reserve" then return name end end
end

local function experiment(scale)
  local o = calibrate.scaled(options, scale)
  local tenants = tenants_of(o.size)
  return {
    name = "compare", about = "strategies against memory contention", options = options,
    limits = { ["memory.max"] = o.limit, ["memory.swap.max"] = 0 },
    tenants = tenants, strategies = strategies_of(o.limit, tenants), runs = 5,
    calibrate = options.calibrate and experiment or nil, survives = survivor(),
  }
end

scenario.run(experiment())
