-- The standing contest: doing nothing, the knobs, user space and BPF on one workload, in randomised blocks: the plan's three tenants
-- and a service, at a quarter of the plan's size so that many runs fit into minutes.
--   memlua scripts/contest.lua --runs 14 --strategy user-reserve --strategy bpf-reserve
-- A strategy that this machine can't do is left out, and the table says why.
local controllers = require "memlua.controllers"
local host = require "memlua.host"
local option = require "memlua.option"
local scenario = require "memlua.scenario"

-- In the order of the table; "user-" are controllers in user space, "bpf-" policies.
local NAMES = { "none", "static-max", "static-low", "user-low", "user-limit", "user-agents", "user-freeze", "user-stall",
                "user-reserve", "bpf-priority", "bpf-reserve" }
-- On demand: Senpai and oomd's rule act on what can be reclaimed, and here nothing can; a low tenant above its memory.high that
-- can't be reclaimed from is slowed for ever, so that its run ends at the deadline, with status 124.
local MORE = { "user-senpai", "user-kill", "static-high" }

local ALL = table.move(MORE, 1, #MORE, #NAMES + 1, table.move(NAMES, 1, #NAMES, 1, {}))

local options = option.parse {
  name = "contest", about = "BPF against user space, against the knobs, against alone.",
  options = {
    { "limit", "limit", default = "176M", help = "memory.max of the session" },
    { "size", "size", default = "64M", help = "of each of the three tenants" },
    { "hold", "duration", default = "5s", help = "how long a tenant keeps its memory" },
    { "rate", "number", default = 20, help = "requests a second to the service" },
    { "slo", "duration", default = "50ms", help = "what the service's P99 is to stay below" },
    { "strategy", ALL, many = true, help = "may be repeated (all but user-senpai, user-kill and static-high)" },
  },
}
if #(options.strategy or {}) == 0 then options.strategy = NAMES end

local BLOCK <const>, BLOCKS <const> = 128 << 10, 32 -- bytes; the service's working set is 4M
local SERVICE <const> = 40 << 20                    -- bytes, what it takes at most: its garbage and Lua itself, too
local WARM <const> = 3                              -- seconds after which its working set is there, and the others start

-- Each request replaces a part of the working set: memory that is freed and charged again. By pages, which takes little CPU: that
-- isn't what they fight for.
local held, page = {}, ("x"):rep(host.page_size)
local function request(i)
  held[i % BLOCKS + 1] = page:rep(BLOCK // host.page_size)
  return #held[i % BLOCKS + 1] == BLOCK
end

local function batch(name, role, rank) return { name = name, role = role, rank = rank, start = WARM, workload = { kind = "anon", size = options.size, hold = options.hold } } end

local tenants = {
  batch("high", "high"),
  { name = "service", role = "high", background = true, slo = { metric = "p99", below = options.slo },
    workload = { kind = "lua", request = request, rate = options.rate, duration = 8 * options.hold, size = SERVICE } },
  batch("low_1", "low", 3), batch("low_2", "low", 4),
}

-- What is left for each of the low ones where the others have theirs.
local rest = options.limit ~= "max" and math.max(1 << 20, (options.limit - options.size - SERVICE) // 2) or "max"

local function low_ones(limits) return { tenants = { low_1 = { limits = limits }, low_2 = { limits = limits } } } end
local function protected(bytes) return { limits = { ["memory.low"] = bytes, ["memory.min"] = bytes } } end

local KNOWN = {
  none = {},
  ["static-max"] = low_ones { ["memory.max"] = rest },
  ["static-high"] = low_ones { ["memory.high"] = rest },
  ["static-low"] = { tenants = { high = protected(options.size + (4 << 20)), service = protected(SERVICE) } },
  ["bpf-priority"] = { policy = { name = "priority", config = { trigger = "growth" } } },
  ["bpf-reserve"] = { policy = { name = "reserve" } },
  -- Senpai's and oomd's constants are for hosts that run for days; the contest lasts seconds.
  ["user-senpai"] = { controller = controllers.senpai { period = "500ms", probe = 0.05, floor = "4M" } },
  ["user-kill"] = { controller = controllers.kill { period = "200ms", duration = "1s", delay = "2s" } },
}
for _, law in ipairs { "low", "limit", "agents", "freeze", "stall", "reserve" } do KNOWN["user-" .. law] = { controller = controllers[law]() } end

local strategies = {}
for i, name in ipairs(options.strategy) do
  strategies[i] = KNOWN[name]
  strategies[i].name = name
end

scenario.run {
  name = "contest", about = "BPF against user space, against the knobs, against alone", options = options,
  limits = { ["memory.max"] = options.limit, ["memory.swap.max"] = 0 },
  tenants = tenants, strategies = strategies, runs = 12, report = "contest", deadline = 40 * options.hold,
}
