-- Who keeps its pages? One high and two low tenants use the same pages over and over, more than fit; the low ones
-- were there first. Page cache of files on a RAM block device, or (--kind anon) anonymous memory with swap on zram.
--   memlua scripts/cache.lua --lru both
-- Strategies: none; low: the kernel's memory.low for HIGH; below_low, below_min: the BPF policy's answers.
-- All tenants have equal CPU shares, so that what differs between strategies is memory alone.
local lru = require "memlua.machine.lru"
local memlua = require "memlua"
local option = require "memlua.option"
local scenario = require "memlua.scenario"

local NAMES = { "none", "low", "below_low", "below_min" }

local options = option.parse {
  name = "cache", about = "Page cache (or swap) contention: who keeps its pages under which protection?",
  options = {
    { "kind", { "file", "anon" }, default = "file", help = "pages of files, or anonymous ones with swap on zram" },
    { "lru", { "mglru", "classic", "both" }, default = "mglru", help = "how the kernel finds old pages" },
    { "limit", "limit", default = "80M", help = "memory.max of the session" },
    { "size", "size", default = "35M", help = "what each of the three tenants uses" },
    { "hold", "duration", default = "3s", help = "for how long HIGH uses it" },
    { "start", "duration", default = "1s", help = "how much later HIGH starts: it finds the limit reached" },
    { "low", "size", help = "memory.low of HIGH, for the strategy low, which must be told how much HIGH needs: page "
      .. "tables, inodes and read-ahead come on top of the size (a quarter more than the size)" },
    { "strategy", NAMES, many = true, help = "may be repeated (all)" },
  },
}
local names = #(options.strategy or {}) > 0 and options.strategy or NAMES
local lrus = options.lru == "both" and { "mglru", "classic" } or { options.lru }

-- The low ones go on for longer than HIGH, which takes its time until it has its pages.
local function tenant(name, role, start)
  local duration = role == "high" and options.hold or options.hold + 2 * options.start
  local workload = { kind = options.kind, size = options.size, duration = duration }
  return { name = name, role = role, start = start, workload = workload }
end

local told = { high = { limits = { ["memory.low"] = options.low or options.size * 5 // 4 } } }

local function answering(below_low)
  return { name = "priority", roles = { high = { "high" } },
           config = { trigger = "always", use_below_low = below_low, use_below_min = not below_low } }
end

local KNOWN = {
  none = function() return {} end,
  low = function() return { tenants = told } end,
  below_low = function() return { policy = answering(true) } end,
  below_min = function() return { policy = answering(false) } end,
}

-- "none", or "none-classic" where both ways are asked for; lru_of tells the way of each.
local strategies, lru_of = {}, {}
for _, way in ipairs(lrus) do
  for _, name in ipairs(names) do
    local strategy = KNOWN[name]()
    strategy.name = #lrus > 1 and name .. "-" .. way or name
    strategies[#strategies + 1], lru_of[strategy.name] = strategy, way
  end
end

local function prepare(run) memlua.must(lru.set(lru_of[run.strategy.name])) end

scenario.run {
  name = "cache", options = options,
  about = (options.kind == "anon" and "swap on zram" or "page cache") .. ", " .. table.concat(lrus, " and "),
  limits = { ["memory.max"] = options.limit, ["memory.swap.max"] = options.kind == "anon" and "max" or 0 },
  swap = options.kind == "anon" and 3 * options.size or nil,
  tenants = { tenant("high", "high", options.start), tenant("low_1", "low", 0), tenant("low_2", "low", 0) },
  strategies = strategies, solo = false, shares = "equal", warmup = 0,
  hooks = { setup = prepare }, report = "pages",
}
