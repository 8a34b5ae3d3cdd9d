-- Who reclaims? A tenant writes and reads a file that is larger than its memory.max.
--   memlua scripts/async.lua
-- Strategies: none: it reclaims by itself, at memory.max; high: by itself as well, at a memory.high where the policy would
-- start; async: the BPF policy has a thread of the kernel's do it in the background. The claim of RFC v7 for the last:
-- memory.max is never reached. What the thread took is in the policy's work_ns, since no cgroup is charged for it.
local option = require "memlua.option"
local scenario = require "memlua.scenario"

local NAMES = { "none", "high", "async" }

local options = option.parse {
  name = "async", about = "Page cache beyond the limit: reclaimed by the tenant itself, or in the background?",
  options = {
    { "limit", "limit", default = "32M", help = "memory.max of the tenant" },
    { "size", "size", default = "64M", help = "of the file" },
    { "start", "count", default = 70, arg = "PERCENT", help = "of the limit: where reclaim starts" },
    { "stop", "count", default = 50, arg = "PERCENT", help = "of the limit: down to which it goes in the background" },
    { "strategy", NAMES, many = true, help = "may be repeated (all)" },
  },
}

local KNOWN = {
  none = {},
  high = { tenants = { writer = { limits = { ["memory.high"] = options.limit * options.start // 100 } } } },
  async = { policy = { name = "async", config = { start_percent = options.start, stop_percent = options.stop } } },
}

local strategies = {}
for i, name in ipairs(#(options.strategy or {}) > 0 and options.strategy or NAMES) do
  strategies[i] = { name = name, tenants = KNOWN[name].tenants, policy = KNOWN[name].policy }
end

local function never_full(run)
  local max = run.tenants[1].events.max
  return max == 0, ("%d times"):format(max)
end

scenario.run {
  name = "async", options = options, about = "a file larger than the limit",
  limits = { ["memory.swap.max"] = 0 },
  tenants = { { name = "writer", role = "tenant", limits = { ["memory.max"] = options.limit },
                workload = { kind = "file", size = options.size, passes = 2 } } },
  strategies = strategies, solo = false, warmup = 0,
  expect = { { "in the background memory.max is never reached", never_full, under = "async" } },
}
