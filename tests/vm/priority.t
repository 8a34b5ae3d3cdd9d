-- The policy priority on a real kernel: when HIGH counts as active, and what LOW is delayed for it. tests/vm/policy_twins.t runs
-- this with the policy in Lua, too.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local pair = require "pair"
local policy = require "memlua.policy"
local ramdisk = require "memlua.machine.ramdisk"
local worker = require "memlua.worker"

local session, a, b, touch = pair.new()

do -- always: while there is a HIGH
  local p <close> = assert(policy.attach("priority", { high = a, low = b, config = { delay_ms = 50 } }))
  touch(b, "2M")
  local s, low = p:stats(), p:tenant(b)
  tap.ok(s.delay_calls >= 8 and s.delay_active == s.delay_calls, "always: each charge of LOW is delayed", s)
  tap.is({ low.calls, low.active, low.delay_ms }, { s.delay_calls, s.delay_active, 50 * s.delay_active }, "LOW's own counters say the same")
  p:drop(a)
  touch(b, "2M")
  tap.is(p:stats().delay_active, s.delay_active, "once HIGH is dropped, LOW runs free")
  tap.ok(p:stats().delay_calls > s.delay_calls, "though it is still asked")
  local got, why = pcall(p.configure, p, { trigger = "always" })
  tap.ok(got, "the trigger may change to one without a program", why)
  got, why = p:configure { trigger = "faults", threshold = 5 }
  tap.ok(not got and why:find "priority: this configuration needs the program [%l_]*fault", "but not to one that needs a program", why)
  tap.is(p:config().trigger, "always", "then nothing changes")
end

do -- faults
  local p <close> = assert(policy.attach("priority", { high = a, low = b, config = { delay_ms = 50, threshold = 1000, window_ms = 1000 } }))
  touch(b, "2M")
  tap.is({ p:stats().delay_active, p:stats().faults }, { 0, 0 }, "faults: LOW's own faults don't count")
  touch(a, "16M")
  local s = p:stats()
  tap.ok(s.faults >= 4096 and s.faults < 4096 * 1.2, "HIGH's faults are counted, one per page", s.faults)
  tap.is(p:tenant(a).faults, s.faults, "HIGH's own counter says the same")
  touch(b, "512K")
  tap.ok(p:stats().delay_active > 0, "over the threshold LOW is delayed", p:stats())
  host.sleep(1.1)
  s = p:stats()
  touch(b, "512K")
  tap.is(p:stats().delay_active, s.delay_active, "for one window")
  tap.is(p:stats().triggered, s.triggered, "and it stays closed")
end

do -- growth
  local p <close> = assert(policy.attach("priority", { high = a, low = b, config = { delay_ms = 50, trigger = "growth", growth = "4M", window_ms = 500 } }))
  touch(b, "1M")
  tap.is(p:stats().delay_active, 0, "growth: HIGH is idle, LOW runs free")
  local w <close> = assert(worker.spawn(a, { size = "16M", hold = 30 }))
  while w:progress() < 16 << 20 do host.sleep(0.01) end
  touch(b, "512K")
  local s = p:stats()
  tap.ok(s.delay_active > 0 and s.triggered >= 1, "HIGH has grown, LOW is delayed", s)
  tap.is(s.faults, 0, "without a program run per fault")
  host.sleep(0.6)
  touch(b, "512K")
  tap.is(p:stats().delay_active, s.delay_active, "HIGH is large, but grows no more: LOW runs free")
end

-- refaults, pressure: HIGH reads over and over what doesn't fit it; the kernel counts both every 2 s
local disk <const> = assert(ramdisk.make(40 << 20))
a:set("memory.max", "12M")
for _, config in ipairs { { trigger = "refaults", refaults = 100 }, { trigger = "pressure", pressure = 1 } } do
  config.delay_ms = 50
  local p <close> = assert(policy.attach("priority", { high = a, low = b, config = config }))
  touch(b, "512K")
  tap.is(p:stats().delay_active, 0, config.trigger .. ": HIGH is idle, LOW runs free")
  local reader <close> = assert(worker.spawn(a, { kind = "file", file = disk .. "/again", size = "24M", duration = "6s" }))
  for _ = 1, 5 do
    host.sleep(1)
    touch(b, "512K")
  end
  local s = p:stats()
  tap.ok(s.delay_active > 0 and s.triggered >= 1, "HIGH lacks memory, LOW is delayed", s)
  reader:wait(60)
  for _ = 1, 2 do -- what was counted last is seen, and its window passes
    host.sleep(2.5)
    s = p:stats()
    touch(b, "512K")
  end
  tap.is(p:stats().delay_active, s.delay_active, "HIGH is there, but lacks nothing any more: LOW runs free")
end
a:set("memory.max", "max")
ramdisk.drop()

do -- graded, only_over_high
  local p <close> = assert(policy.attach("priority", { high = a, low = b, config = { delay_ms = 1000, graded = true, headroom_max = "64M" } }))
  touch(b, "2M")
  tap.is(p:stats().delay_active, 0, "graded: with headroom there is no delay")
  p:configure { headroom_max = "512M" } -- 256M of them are left: half the delay
  touch(b, "512K")
  local s = p:stats()
  tap.ok(s.delay_active > 0, "with less there is some", s)
  tap.near(s.delay_ms / s.delay_active, 500, 20, "in proportion to what is missing")
  p:configure { graded = false, only_over_high = true, delay_ms = 50 }
  touch(b, "2M")
  tap.is(p:stats().delay_active, s.delay_active, "only_over_high: below memory.high there is none")
  b:set("memory.high", "1M")
  touch(b, "2M")
  tap.ok(p:stats().delay_active > s.delay_active, "above there is", p:stats())
  b:set("memory.high", "max")
end

do -- protection: reclaim in session weighs a and b
  local p <close> = assert(policy.attach("priority", { high = a, low = b, config = { trigger = "growth", use_below_min = true } }))
  local keep <close> = assert(worker.spawn(a, { size = "8M", hold = 60 }))
  while keep:progress() < 8 << 20 do host.sleep(0.01) end
  session:set("memory.reclaim", "1M") -- nothing to take without swap: it may fail
  local s = p:stats()
  tap.ok(s.below_min_calls > 0 and s.below_min_active == s.below_min_calls, "below_min is asked and answered", s)
  tap.is(p:tenant(a).below_min, s.below_min_active, "HIGH's own counter says the same")
  p:configure { use_below_min = false }
  session:set("memory.reclaim", "1M")
  s = p:stats()
  tap.ok(s.below_low_calls > 0 and s.below_low_active > 0, "so is below_low", s)
  p:configure { use_below_low = false }
  session:set("memory.reclaim", "1M")
  tap.is(p:stats().below_low_active, s.below_low_active, "switched off it protects nothing")
  tap.ok(p:stats().below_low_calls > s.below_low_calls, "though it is still asked")
end

tap.done()
