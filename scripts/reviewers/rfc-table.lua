-- The table in the RFC's cover letter, which was made once and has no run alone: two stress-ng that want more than there is.
--   memlua reviewers/rfc-table --runs 10           both at work: none, memory.low, below_low
--   memlua reviewers/rfc-table --runs 10 --idle    HIGH has filled its memory and sleeps
-- There: 10 CPUs, 2 GB, 3 GB each, swap on a disk. Here: one CPU, a 32nd of the sizes, swap on zram.
local option = require "memlua.option"
local scenario = require "memlua.scenario"

local options = option.parse {
  name = "rfc-table", about = "The RFC's five rows, with intervals and the run alone.",
  options = {
    { "limit", "limit", default = "64M", help = "memory.max of the session" },
    { "size", "size", default = "96M", help = "of each of the two" },
    { "time", "duration", default = "8s", help = "how long they work" },
    { "idle", "flag", help = "HIGH sleeps once it has its memory" },
  },
}

local function stress(...)
  return { kind = "exec", size = options.size, metrics = "stress-ng",
           argv = { "stress-ng", "--vm", "1", "--vm-bytes", tostring(options.size), "--vm-method", "inc-nybble", "--metrics", "--timeout", options.time .. "s", ... } }
end

local function priority(only_active)
  return { name = "priority", roles = { high = { "high" } },
           config = { trigger = "growth", window_ms = 500, use_below_low = true, only_active = only_active } }
end

local high = options.idle and stress("--vm-hang", "0") or stress("--vm-keep")
scenario.run {
  name = options.idle and "rfc-table-idle" or "rfc-table", about = "the RFC's table" .. (options.idle and ", HIGH idle" or ""),
  options = options, shares = "equal",
  limits = { ["memory.max"] = options.limit, ["memory.swap.max"] = "max" }, swap = 4 * options.size,
  tenants = {
    { name = "high", role = "high", workload = high },
    { name = "low", start = options.idle and 2 or 0, workload = stress "--vm-keep" },
  },
  strategies = {
    { name = "none" }, { name = "memory.low", tenants = { high = { limits = { ["memory.low"] = options.limit } } } },
    { name = "below_low", policy = priority(false) },
    options.idle and { name = "only_active", policy = priority(true) } or nil,
  },
  answer = options.idle and { tenant = "low", under = "only_active", against = "memory.low", metric = "bogo_ops_per_s" }
    or { tenant = "high", under = "below_low", against = "memory.low", metric = "bogo_ops_per_s" },
}
