-- Background reclaim by the policy `async`: a file of 64 MB is written and read below a limit of 32 MB.
-- The claim of RFC v7: memory.max is never reached, where without the policy it is all the time.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"
local host = require "memlua.host"
local policy = require "memlua.policy"
local ramdisk = require "memlua.machine.ramdisk"
local worker = require "memlua.worker"

if host.interface() == "RFC v6" then
  local p, why = policy.attach("async", { tenant = assert(cgroup.create "session") })
  tap.ok(p == nil and why:find("bpf_try_to_free_mem_cgroup_pages(), which this kernel lacks", 1, true),
    "it is refused where the kernel has no function to reclaim by", why)
  return tap.done()
end

local MB <const> = 1 << 20
local session = assert(cgroup.create "session")
local disk = assert(ramdisk.make(192 * MB))

local function run(name, config)
  local cg = assert(cgroup.create("session/" .. name, { ["memory.max"] = "32M", ["memory.swap.max"] = 0 }))
  local p = config and assert(policy.attach("async", { tenant = cg, config = config }))
  local w <close> = assert(worker.spawn(cg, { kind = "file", file = disk .. "/" .. name, size = "64M", passes = 2 }))
  local result = w:wait(120)
  local seen = { ended = result.ended, max = cg:events().max, stalled = cg:pressure("memory").some.total, read = result.read_bytes,
                 stats = p and p:stats(), tenant = p and p:tenant(cg), peak = cg:peak() }
  if p then p:detach() end
  cg:remove()
  ramdisk.drop_caches()
  return seen
end

local without = run "without"
tap.is({ without.ended, without.read }, { "done", 128 * MB }, "without the policy it is written and read")
tap.ok(without.max > 100, "and memory.max was reached all the time", without.max)

local with = run("with", { start_percent = 70, stop_percent = 50 })
tap.is({ with.ended, with.read }, { "done", 128 * MB }, "with it, too")
tap.is(with.max, 0, "memory.max is never reached", with)
tap.ok(with.peak < 32 * MB, "nor is it at the peak", with.peak)
tap.ok(with.stats.started > 0 and with.stats.reclaimed >= 32 * MB, "what doesn't fit was reclaimed in the background", with.stats)
tap.is({ with.tenant.reclaimed, with.tenant.work_ns }, { with.stats.reclaimed, with.stats.work_ns },
  "and counted as the tenant's, with the time that it took")
tap.ok(with.tenant.work_ns > 0, "which is some", with.tenant.work_ns)
print(("# stalled %d us without, %d us with; worker %d us; max %d without"):format(without.stalled, with.stalled, with.stats.work_ns // 1000, without.max))

-- ---- refused, and a cgroup that goes while it is worked on ---------------------------------------------------------

local cg = assert(cgroup.create("session/other", { ["memory.max"] = "32M", ["memory.swap.max"] = 0 }))
local p, why = policy.attach("async", { tenant = cg, config = { start_percent = 50, stop_percent = 60 } })
tap.ok(p == nil and why:find("stop_percent 60, start_percent 50", 1, true), "thresholds that cross are refused", why)
p, why = policy.attach("async", { tenant = { cg, start = "8M", stop = "9M" } })
tap.ok(p == nil and why:find("stop: 9216K is above start, 8192K", 1, true), "so are a tenant's own", why)

p = assert(policy.attach("async", { tenant = { cg, start = "4M", stop = "1M" } }))
local w = assert(worker.spawn(cg, { kind = "file", file = disk .. "/other", size = "24M", duration = "60s" }))
w:wait(0.5)
tap.ok(p:stats().started > 0, "a tenant's own threshold", p:stats())
tap.is({ cg:remove(), #p:tenants() }, { true, 0 }, "removed while it is reclaimed from")
p:detach()
w:wait(10)

-- ---- triggers beside the usage ----------------------------------------------------------------------------------------

-- A tenant with 16 MB of page cache, which a start of more than its limit never lets the usage start for.
local kept = assert(cgroup.create("session/kept", { ["memory.max"] = "48M", ["memory.swap.max"] = 0 }))

local function fill()
  local dd <close> = assert(worker.spawn(kept, { kind = "exec", output = "/dev/null",
    argv = { "dd", "if=/dev/zero", "of=" .. disk .. "/kept", "bs=1M", "count=16", "conv=fsync" } }))
  assert(dd:wait(60).ended == "done")
end

local function attach_with(settings)
  settings.start_percent, settings.stop_percent = 100, 100
  return assert(policy.attach("async", { tenant = { kept, start = "1G", stop = "4M" }, config = settings }))
end

-- 8 MB are touched and given back, each second.
local function faulting(settings)
  fill()
  local attached <close> = attach_with(settings)
  for _ = 1, 4 do
    local touching <close> = assert(worker.spawn(kept, { size = "8M" }))
    touching:wait(60)
    host.sleep(1)
  end
  return attached:stats(), attached:tenant(kept)
end

local stats, tenant = faulting { trigger = "faults", start_faults = 200, stop_faults = 100 }
tap.ok(stats.triggered > 0 and stats.started == stats.triggered, "faults start it, with the usage below start", stats)
tap.ok(stats.reclaimed >= 8 * MB and kept:usage() < 8 * MB, "and it goes down to stop", stats, kept:usage())
tap.ok(tenant.rate > 500 and tenant.rate < 5000, "their rate is the tenant's", tenant.rate)
stats = faulting { trigger = "faults", start_faults = 1000000 }
tap.is({ stats.started, stats.reclaimed }, { 0, 0 }, "fewer don't")
stats = faulting {}
tap.is({ stats.started, stats.reclaimed }, { 0, 0 }, "nor do they where the usage is the trigger")

local function stalling(start_pressure)
  local attached <close> = attach_with { trigger = "pressure", start_pressure = start_pressure, stop_pressure = 1 }
  local reader <close> = assert(worker.spawn(kept, { kind = "file", file = disk .. "/stalls", size = "64M", duration = "5s" }))
  reader:wait(120)
  return attached:stats()
end
stats = stalling(2)
tap.ok(stats.triggered > 0 and stats.reclaimed > 8 * MB, "so does pressure", stats, kept:pressure "memory")
stats = stalling(100)
tap.is(stats.started, 0, "a tenant that is always stalled is never seen")

for _, bad in ipairs { { trigger = "pressure", start_pressure = 1 }, { trigger = "faults", start_faults = 1 } } do
  local refused, reason = policy.attach("async", { tenant = kept, config = bad })
  tap.ok(refused == nil and reason:find("at most start_pressure, start_faults", 1, true), bad.trigger .. ": thresholds that cross are refused", reason)
end

ramdisk.drop()
tap.done()
