-- memcg_bpf_ops of RFC v6 and of v7 on one module, or of one of them on a kernel that has it: objects of both, what v7's
-- callbacks are told, and what is refused.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"
local host = require "memlua.host"
local policy = require "memlua.policy"
local ramdisk = require "memlua.machine.ramdisk"
local worker = require "memlua.worker"

local objects = host.executable():match "^(.*)/" .. "/tests/"
local PAGE <const> = 4096

-- session (64M) -- a, b: what doesn't fit is page cache, which reclaim weighs
local session = assert(cgroup.create("session", { ["memory.max"] = "64M", ["memory.swap.max"] = 0 }))
local a = assert(cgroup.create("session/a", { ["memory.min"] = "8M" }))
local b = assert(cgroup.create "session/b")

local disk = assert(ramdisk.make(128 << 20))

local function touch(cg, size)
  local w <close> = assert(worker.spawn(cg, { size = size }))
  return w:wait(60)
end

local function read(cg, size) -- more than the session has room for
  local w <close> = assert(worker.spawn(cg, { kind = "file", size = size, file = disk .. "/data", passes = 1 }))
  return w:wait(60)
end

local native <const> = host.interface() -- nil: a stock kernel, with memlua's module

local function refused(object, role, says, what)
  local p, why = policy.attach(objects .. object .. ".bpf.o", { [role] = a })
  tap.ok(p == nil and why:find(says, 1, true), what, why or "attached")
  if p then p:detach() end
end

local function lacks(object, role, callback)
  refused(object, role, ("the callback %s is one that memcg_bpf_ops (%s) lacks"):format(callback, native), "what it lacks is named")
end

-- ---- objects built for either, unchanged --------------------------------------------------------------------------

if native == "RFC v7" then
  lacks("foreign_v6", "low_ops", "get_high_delay_ms")
else
  local p <close> = assert(policy.attach(objects .. "foreign_v6.bpf.o", { low_ops = b, high_ops = a }))
  touch(b, "16M")
  local calls = p:stats().delay_calls
  tap.ok(calls >= 64 and calls <= 72, "v6: get_high_delay_ms is asked once per 64 pages", calls)
end
if native == "RFC v6" then
  lacks("foreign_v7", "low_ops", "memcg_charged")
  lacks("uncharged", "strict", "memcg_uncharged")
else
  local p <close> = assert(policy.attach(objects .. "foreign_v7.bpf.o", { low_ops = b, high_ops = a }))
  touch(b, "16M")
  local stats = p:stats()
  tap.ok(stats.charged_calls >= 64 and stats.charged_calls <= 72, "v7: so is memcg_charged", stats.charged_calls)
  tap.is(stats.charged, stats.charged_calls * 64, "with the pages of the batch")
  tap.ok(stats.uncharged >= (16 << 20) / PAGE and stats.uncharged <= stats.charged + 64,
    "memcg_uncharged tells of what the worker's end gave back", stats.uncharged, stats.charged)
  local before = p:stats().uncharged
  touch(a, "4M")
  local more = p:stats().uncharged - before
  tap.ok(more <= 64, "but not of another cgroup's: its own last stock at most", more)
end
if native ~= "RFC v6" then -- below_min with emin and usage
  local ram <close> = assert(worker.spawn(a, { size = "12M", hold = "60s" }))
  for _ = 1, 500 do
    if ram:progress() >= 12 << 20 then break end
    host.sleep(0.02)
  end
  local p <close> = assert(policy.attach(objects .. "foreign_v7.bpf.o", { high_ops = a }))
  read(b, "96M")
  local stats = p:stats()
  tap.ok(stats.min_calls > 0, "reclaim weighs the protected one", stats)
  tap.is(stats.emin, (8 << 20) / PAGE, "and tells its effective memory.min in pages")
  tap.ok(stats.usage * PAGE >= 12 << 20 and stats.usage * PAGE <= 16 << 20, "and its usage", stats.usage * PAGE)
end
do -- one source for all
  local p <close> = assert(policy.attach(objects .. "uncharged.bpf.o", { [native == "RFC v6" and "lenient" or "strict"] = b }))
  touch(b, "4M")
  local stats = p:stats()
  tap.is(stats.charged, stats.calls * 64, "charged_pages() is what the interface tells, or the size of a batch")
  tap.is(stats.uncharged > 0, native ~= "RFC v6", "memcg_uncharged again, after it was off in between, or left out as optional")
end

-- ---- refused ------------------------------------------------------------------------------------------------------

refused("sleepable", "sleepable", "sleepable: the kernel refused it: Invalid argument", "a callback that may sleep")
refused("sleepable", "greedy", "doesn't have 3-th argument", "a callback that reads an argument that there is not")
refused("early", "tenant", native == "RFC v6" and "calls bpf_try_to_free_mem_cgroup_pages(), which this kernel lacks"
  or "program must be sleepable to call sleepable kfunc", "reclaim in a charge, which may not sleep")

-- ---- what programs may call ------------------------------------------------------------------------------------------

if native == "RFC v6" then
  refused("kfuncs", "tenant", "bpf_try_to_free_mem_cgroup_pages(), which this kernel lacks", "reclaim by a program is v7's")
else
  local cg = assert(cgroup.create("session/kfuncs", { ["memory.max"] = "24M" }))
  local reader <close> = assert(worker.spawn(cg, { kind = "file", file = disk .. "/kfuncs", size = "32M", duration = "60s" }))
  local w <close> = assert(worker.spawn(cg, { size = "8M", hold = "60s" }))
  for _ = 1, 500 do -- until the worker is done and the reader has met the limit
    if w:progress() >= 8 << 20 and cg:events().max > 0 then break end
    host.sleep(0.02)
  end
  local p <close> = assert(policy.attach(objects .. "kfuncs.bpf.o", { tenant = cg }))
  local stats, stat = p:stats(), cg:stat()
  tap.is(stats.anon, stat.anon, "page_state is memory.stat's figure")
  tap.ok(stats.max > 0 and stats.max <= cg:events().max, "memory_events that of memory.events", stats.max, cg:events().max)
  tap.ok(stats.faults > 0 and stats.faults <= stat.pgfault, "so is vm_events", stats.faults, stat.pgfault)
  tap.ok(stats.usage > 8 << 20 and stats.usage <= 24 << 20, "the usage in bytes", stats.usage)
  tap.is({ stats.bad_event, stats.bad_state, stats.bad_memory_event }, { true, true, true }, "what isn't counted is -1")
  tap.is(stats.bad_swappiness, -22, "a swappiness beyond 201 is EINVAL")
  tap.ok(stats.reclaimed >= 1024, "page cache is reclaimed", stats.reclaimed)
end

ramdisk.drop()
tap.done()
