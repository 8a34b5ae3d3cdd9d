-- Tenants whose processes are one or more levels below the attached cgroup, as a container's are: policies judge the
-- attached cgroup, not the one that is charged.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"
local host = require "memlua.host"
local policy = require "memlua.policy"
local worker = require "memlua.worker"

-- session (96M, no swap) -- first            -- app
--                        -- second -- pod    -- app
local session = assert(cgroup.create("session", { ["memory.max"] = "96M", ["memory.swap.max"] = 0 }))
local first = assert(cgroup.create "session/first")
local second = assert(cgroup.create "session/second")
local near = assert(cgroup.create "session/first/app")
local pod = assert(cgroup.create "session/second/pod")
local far = assert(cgroup.create "session/second/pod/app")

local function touch(cg, size) -- charge `size` to a cgroup and give it back
  local w <close> = assert(worker.spawn(cg, { size = size }))
  return w:wait(60)
end

local function wait_for(condition)
  for _ = 1, 1000 do
    if condition() then return true end
    host.sleep(0.01)
  end
end

do -- reserve: what the first may claim is left to it
  local p <close> = assert(policy.attach("reserve", { tenant = { { first, rank = 1, claim = "60M" }, { second, rank = 2, claim = "60M" } } }))
  local late <close> = assert(worker.spawn(far, { size = "50M" }))
  tap.ok(wait_for(function() return p:tenant(second).active > 20 or late:ended() end) and p:tenant(second).active > 0,
    "reserve: two levels below, it is held", p:tenant(second))
  tap.ok(late:progress() < 36 << 20, "with the first one's claim left free", late:progress())
  tap.is(touch(near, "50M").ended, "done", "the first one gets it, one level below")
  tap.is(p:tenant(first).active, 0, "without being held once")
  tap.is(p:stats().strangers, 0, "both were known")
  p:drop(first)
  tap.is(late:wait(60).ended, "done", "then the other goes on")
end

do -- reserve: the claim is the attached cgroup's, children's memory together
  local p <close> = assert(policy.attach("reserve", { tenant = { { first, rank = 1, claim = "8M" }, { second, rank = 2, claim = "8M" } } }))
  local beside = assert(cgroup.create "session/first/beside")
  local keep <close> = assert(worker.spawn(beside, { size = "6M", hold = 60 }))
  wait_for(function() return keep:progress() >= 6 << 20 end)
  touch(near, "6M")
  tap.ok(p:tenant(first).over_claim > 0, "reserve: two children of 6M are over a claim of 8M", p:tenant(first))
  keep:kill()
  keep:wait(10)
  beside:remove()
end

do -- priority: LOW's own memory.high, its siblings' headroom
  local p <close> = assert(policy.attach("priority", { high = first, low = second, config =
    { trigger = "always", delay_ms = 20, only_over_high = true } }))
  touch(far, "8M")
  tap.is(p:stats().delay_active, 0, "only_over_high: below the tenant's memory.high there is no delay")
  second:set("memory.high", "4M")
  touch(far, "6M")
  tap.ok(p:stats().delay_active > 0, "above there is, whatever the child's is", p:stats())
  second:set("memory.high", "max")
  p:configure { only_over_high = false, graded = true, headroom_max = "192M", delay_ms = 100 }
  local before = p:stats()
  touch(far, "1M") -- 96M of 192M are left: half the delay
  local s = p:stats()
  tap.ok(s.delay_active > before.delay_active, "graded: the headroom is that of the tenant's parent", s)
  tap.near((s.delay_ms - before.delay_ms) / (s.delay_active - before.delay_active), 50, 3, "and the delay in proportion")
end

do -- template: the soft limit is the tenant's
  local p <close> = assert(policy.attach("template", { tenant = { { second, soft = "8M" } }, config = { ms_per_mb = 15 } }))
  local beside = assert(cgroup.create "session/second/beside")
  local keep <close> = assert(worker.spawn(beside, { size = "6M", hold = 60 }))
  wait_for(function() return keep:progress() >= 6 << 20 end)
  touch(far, "5M")
  tap.ok(p:tenant(second).active > 0, "template: children of 6M and 5M are over a soft limit of 8M", p:tenant(second))
  keep:kill()
  keep:wait(10)
  beside:remove()
end

tap.done()
