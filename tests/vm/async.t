-- Background reclaim by the policy `async`: a file of 64 MB is written and read below a limit of 32 MB.
-- The claim of RFC v7: memory.max is never reached, where without the policy it is all the time.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"
local policy = require "memlua.policy"
local ramdisk = require "memlua.machine.ramdisk"
local worker = require "memlua.worker"

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
ramdisk.drop()
tap.done()
