-- Objects of the shape of the RFC's own sample and selftests, unchanged: their configuration by the name that they give it,
-- their tracepoint, their prog_init. And what a program meets that asks about a cgroup that is gone. On a kernel that has one
-- of the two interfaces itself, the other's objects are refused.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"
local host = require "memlua.host"
local policy = require "memlua.policy"
local ramdisk = require "memlua.machine.ramdisk"
local worker = require "memlua.worker"

local objects <const> = host.executable():match "^(.*)/" .. "/tests/"
local session = assert(cgroup.create("session", { ["memory.max"] = "96M", ["memory.swap.max"] = 0 }))
local high, low = assert(cgroup.create "session/high"), assert(cgroup.create("session/low", { ["memory.max"] = "24M" }))
local disk <const> = assert(ramdisk.make(160 << 20))

local function touch(cg, size)
  local w <close> = assert(worker.spawn(cg, { size = size }))
  return w:wait(60)
end

-- How long LOW stalled while it took 4 MB, in ms: a delay is memory pressure by whatever way.
local function stalled()
  local before = low:pressure("memory").some.total
  touch(low, "4M")
  return (low:pressure("memory").some.total - before) / 1000
end

local DELAY <const>, FEW <const> = 40, 8 -- ms, and how many of them LOW sleeps at least

local native <const> = host.interface() -- nil: a stock kernel, with memlua's module

local function refused(object, role, callback)
  local p, why = policy.attach(object, { [role] = low })
  tap.ok(p == nil and why:find(callback, 1, true), native .. ": the other one's object is refused by name", why)
end

-- ---- v6 -------------------------------------------------------------------------------------------------------------

local rfc_v6 <const>, rfc_v7 <const> = objects .. "rfc_v6.bpf.o", objects .. "rfc_v7.bpf.o"

local function try_v6()
  local described = assert(policy.describe(rfc_v6))
  local names = {}
  for i, member in ipairs(described.config) do names[i] = member.name end
  tap.is(names, { "threshold", "high_cgroup_id", "use_below_low", "use_below_min", "over_high_ms" },
    "v6's shape: what its loader fills in is the policy's configuration")
  local p <close> = assert(policy.attach(rfc_v6, { high_mcg_ops = high, low_mcg_ops = low,
    config = { threshold = 256, high_cgroup_id = high:id(), use_below_low = true, over_high_ms = DELAY } }))
  local undelayed = stalled()
  tap.ok(undelayed < DELAY, "LOW isn't delayed before HIGH does anything", undelayed)
  touch(high, "2M")
  local delayed = stalled()
  tap.ok(delayed >= FEW * DELAY, "and is once HIGH has taken more pages than the threshold", delayed)
  tap.ok(p:configure { over_high_ms = 0 } and p:config().over_high_ms == 0, "the configuration can be changed meanwhile")
end

-- ---- v7 -------------------------------------------------------------------------------------------------------------

local function read_file(config)
  local attached <close> = assert(policy.attach(rfc_v7, { high_mcg_ops_below_low = high, low_mcg_ops_async = low, config = config }))
  local before = low:events().max
  local w <close> = assert(worker.spawn(low, { kind = "file", file = disk .. "/data", size = "48M", passes = 1 }))
  tap.is(w:wait(120).ended, "done", "a file of twice LOW's limit is read")
  ramdisk.drop_caches()
  return low:events().max - before, attached:stats()
end

local function try_v7()
  local p, why = policy.attach(rfc_v7, { low_mcg_ops_async = low })
  tap.ok(p == nil and why:find("rfc_v7: prog_init: Invalid argument", 1, true), "v7's shape: its prog_init may refuse the configuration", why)
  local reached, stats = read_file { low_cgroup_id = low:id(), async_trigger_bytes = 1 << 40 }
  tap.ok(reached > 50 and stats.reclaimed == 0, "without background reclaim LOW meets its limit", reached, stats)
  reached, stats = read_file { low_cgroup_id = low:id(), async_trigger_bytes = 12 << 20 }
  tap.is({ stats.inits, reached }, { 1, 0 }, "with it never: prog_init has made the worker ready, once")
  tap.ok(stats.reclaimed >= (24 << 20) / 4096, "which has reclaimed what doesn't fit", stats.reclaimed)
  local attached <close> = assert(policy.attach(rfc_v7, { high_mcg_ops = high, low_mcg_ops_high_delay = low,
    config = { low_cgroup_id = low:id(), over_high_ms = DELAY } }))
  local delayed = stalled()
  tap.ok(attached and delayed >= FEW * DELAY, "other roles of the same object share its programs", delayed)
end

if native == "RFC v7" then refused(rfc_v6, "low_mcg_ops", "get_high_delay_ms") else try_v6() end
if native == "RFC v6" then refused(rfc_v7, "low_mcg_ops_high_delay", "bpf_try_to_free_mem_cgroup_pages") else try_v7() end

local p, why = policy.attach(objects .. "tracepoint.bpf.o", { tenant = low })
tap.ok(p == nil and why:find("on_nowhere: no tracepoint memcg/nowhere below /sys/kernel/tracing", 1, true),
  "a tracepoint that the kernel hasn't is named", why)

-- ---- a cgroup that is gone --------------------------------------------------------------------------------------------

if native == "RFC v6" then
  refused(objects .. "gone.bpf.o", "tenant", "bpf_try_to_free_mem_cgroup_pages")
else
  local gone, stays = assert(cgroup.create "session/gone"), assert(cgroup.create "session/stays")
  local looking <close> = assert(policy.attach(objects .. "gone.bpf.o", { tenant = { gone, stays } }))
  local w <close> = assert(worker.spawn(gone, { kind = "exec", argv = { "dd", "if=/dev/zero", "of=/dev/shm/outlives", "bs=1M", "count=8" },
                                                output = "/dev/null" }))
  tap.is(w:wait(60).ended, "done", "a cgroup is charged for what will outlive it")
  looking:configure { look = 1 }
  local before = looking:stats()
  tap.ok(before.looks == 3 and before.memcgs == 3 and before.usage >= 8 << 20, "a program looks at it", before)
  tap.ok(gone:remove(), "it is removed")
  for look = 2, 4 do looking:configure { look = look } end
  local after = looking:stats()
  tap.is(after.looks, 6, "the program still has the cgroup")
  tap.ok(after.memcgs == 3 or after.usage >= 8 << 20, "and finds no memcg any more, or the one that is still charged", after)
  os.remove "/dev/shm/outlives"
  looking:configure { look = 5 }
  after = looking:stats()
  tap.ok(after.looks == 7 and after.reclaimed >= 0, "also when the last of its memory has gone", after)
end
tap.is(require "shell".output "dmesg | grep -E 'WARNING: |BUG: |Oops' | grep -v 'taints kernel'", "", "without a complaint of the kernel's")
ramdisk.drop()
tap.done()
