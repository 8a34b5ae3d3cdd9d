-- Pages that are used over and over by more tenants than fit: below_low spares HIGH's, on both LRUs and with swap.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local cell = require "memlua.experiment.cell"
local host = require "memlua.host"
local lru = require "memlua.machine.lru"
local pages = require "memlua.report.refaults"
local spec = require "memlua.experiment.spec"
local worker = require "memlua.worker"
local zram = require "memlua.machine.zram"

host.enter()
if not host.in_guest then return tap.done "RAM disk, swap and LRU are switched in the microVM only" end

local protected = { name = "below_low", policy = { name = "priority", roles = { high = { "high" } },
                    config = { trigger = "always", use_below_low = true } } }

local function tenant(name, role, size, kind, start)
  local workload = { kind = kind, size = size, duration = role == "high" and 0.5 or 1 }
  return { name = name, role = role, start = start, workload = workload }
end

-- The LOWs were there first and fill all of it. Three alike may fall into step, each reclaiming another's, and HIGH none
-- of whose pages go: they differ in size.
local function plan_of(kind)
  return spec.check {
    name = "cache", solo = false, shares = "equal", strategies = { { name = "none" }, protected },
    limits = { ["memory.max"] = "20M", ["memory.swap.max"] = kind == "anon" and "max" or 0 },
    tenants = { tenant("high", "high", "8M", kind, 0.3), tenant("low_1", "low", "9M", kind, 0),
                tenant("low_2", "low", "15M", kind, 0) },
  }
end

local function refaults(plan, strategy)
  local run, counts = cell.run(plan, strategy), {}
  for i, t in ipairs(run.tenants) do counts[i] = pages.of(run, t).refaults end
  return counts[1], counts[2] + counts[3], run
end

local function compare(what, kind)
  local plan = plan_of(kind)
  local high, low = refaults(plan, plan.strategies[1])
  local high_then, low_then, run = refaults(plan, plan.strategies[2])
  tap.ok(high > 100, what .. ": with no policy HIGH's pages must come back", high, low)
  tap.ok(high_then <= high / 100, what .. ": with below_low they need not", high, high_then)
  tap.ok(low_then > 100, what .. ": the LOWs' do", low_then)
  tap.ok(run.policy.stats.below_low_active > 0 and run.tenants[1].callbacks and not run.tenants[2].callbacks,
    what .. ": the policy was asked, for HIGH only", run.policy.stats)
end

-- ---- protection only while HIGH is active ------------------------------------------------------------------------------

-- HIGH reads its file once and idles, then the LOWs come and use more than there is. How much of it HIGH still has in the end.
local function kept(only_active, trigger)
  local plan = spec.check {
    name = "idle", solo = false, shares = "equal", limits = { ["memory.max"] = "16M", ["memory.swap.max"] = 0 },
    tenants = { { name = "high", role = "high", workload = { kind = "file", size = "8M", passes = 1, hold = 4 } },
                { name = "low", start = 1.5, workload = { kind = "file", size = "24M", duration = 3 } } },
    strategies = { { name = "s", policy = { name = "priority", roles = { high = { "high" } }, config = { trigger = trigger,
                     growth = 1 << 20, window_ms = 500, only_active = only_active } } } },
  }
  local run, last = cell.run(plan, plan.strategies[1]), nil
  for _, sample in ipairs(run.tenants[1].memory) do if sample[1] < run.tenants[1].finish - 0.1 then last = sample[2] end end
  return last, run.policy.stats
end
local all, asked = kept(false, "growth")
local idle, gated = kept(true, "growth")
tap.ok(all > 7 << 20 and asked.below_low_calls == asked.below_low_active, "by default an idle HIGH keeps its pages", all, asked)
tap.ok(idle < all * 0.7 and gated.below_low_calls > gated.below_low_active, "with only_active it gives them up", idle, gated)
local present, always = kept(true, "always")
tap.ok(present > 7 << 20 and always.below_low_calls == always.below_low_active, "unless it always counts as active", present, always)

tap.is(lru.get(), "mglru", "Debian's kernel starts with the multi-gen LRU")
compare("page cache", "file")
tap.ok(lru.set "classic", "the other LRU")
tap.is(lru.get(), "classic", "is used then")
compare("page cache, classic LRU", "file")
lru.set "mglru"

tap.is(host.facts().swap, 0, "no swap")
tap.ok(zram.make(64 << 20), "swap on zram")
tap.ok(host.facts().swap > 60 << 20, "is there", host.facts().swap)
compare("swap", "anon")
tap.ok(zram.drop(), "and goes")
tap.is(host.facts().swap, 0, "without a trace")
tap.is(zram.drop(), true, "twice is fine")

-- ---- the anonymous worker that touches its memory again ----------------------------------------------------------

local w <close> = assert(worker.spawn(nil, { size = "1M", chunk = "256K", passes = 3 }))
local result = w:wait()
tap.is({ result.passes_done, result.read_bytes, result.reached, result.latency.count }, { 3, 3 << 20, 1 << 20, 16 },
  "three passes after the allocation")
tap.is({ worker.spawn(nil, { size = "1M", passes = 1, duration = 1 }) },
  { nil, "worker: passes and duration: give one of them", 22 }, "passes and duration contradict each other")

tap.done()
