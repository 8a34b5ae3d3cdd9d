-- The policy reserve on a real kernel: what it refuses, and that claims which fit alone never end in an OOM kill.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"
local host = require "memlua.host"
local policy = require "memlua.policy"
local worker = require "memlua.worker"

-- session (96M, no swap) -- t1 ... t8
local session = assert(cgroup.create("session", { ["memory.max"] = "96M", ["memory.swap.max"] = 0 }))
local cgroups = {}
for i = 1, 8 do cgroups[i] = assert(cgroup.create("session/t" .. i)) end
local a, b = cgroups[1], cgroups[2]

if policy.native() then
  local p, why = policy.attach("reserve", { tenant = { { a, rank = 1, claim = "40M" }, { b, rank = 2, claim = "40M" } } })
  tap.ok(p == nil and why:find("needs MEMCG_BPF_HOLD", 1, true) and why:find("what it promises would not hold", 1, true),
    "it promises nothing where no task can be held", why)
  return tap.done()
end

-- ---- what can't work is refused before it starts ------------------------------------------------------------

local function refused(reason, tenants, what, config)
  local p, why, code = policy.attach("reserve", { tenant = tenants, config = config })
  tap.ok(p == nil and why:find(reason, 1, true) and math.type(code) == "integer", what, why or "attached", code)
  if p then p:detach() end
end
refused("reserve: tenant: session/t2: claim: 98304K and a margin of 4608K exceed the limit of 98304K",
  { { a, rank = 1, claim = "40M" }, { b, rank = 2, claim = "96M" } }, "a claim that doesn't fit the limit alone")
refused("exceed the limit of 32768K", { { a, rank = 1, claim = "40M" } }, "or the configured one", { limit = "32M" })
refused("exceed the limit of 98304K", { { a, rank = 1, claim = "96M" } }, "which can't be more than the parent's", { limit = "1G" })
refused("session/t1: rank: 1 is taken by another tenant", { { a, rank = 1, claim = "40M" }, { b, rank = 1, claim = "40M" } }, "a rank twice")
refused("session/t1: rank: missing", { { a, claim = "40M" } }, "no rank")
refused("session/t1: claim: missing", { { a, rank = 1 } }, "no claim")
refused("session/t1: rank: missing", { a }, "no settings at all")
session:set("memory.max", "max")
refused("limit: 0, and the parent has no memory.max", { { a, rank = 1, claim = "40M" } }, "no limit")
session:set("memory.max", "96M")

-- ---- changes while it runs ----------------------------------------------------------------------------------

do
  local p <close> = assert(policy.attach("reserve", { tenant = { { a, rank = 1, claim = "40M" }, { b, rank = 2, claim = "40M" } } }))
  tap.is({ p:tenant(a).rank, p:tenant(b).claim, p:tenant(a).gone }, { 1, 40 << 20, false }, "settings are as given")
  tap.is(p:set(b, { claim = "50M" }), true, "a claim is changed")
  tap.is(p:tenant(b).claim, 50 << 20, "and read back")
  local ok, why = p:set(b, { claim = "95M" })
  tap.ok(not ok and why:find("session/t2: claim: 97280K and a margin", 1, true), "a claim that doesn't fit is refused", why)
  ok, why = p:set(b, { rank = 1 })
  tap.ok(not ok and why:find("rank: 1 is taken", 1, true), "so is a rank that is taken", why)
  tap.is({ p:tenant(b).claim, p:tenant(b).rank }, { 50 << 20, 2 }, "and nothing has changed")
  ok, why = p:configure { slack = "60M" }
  tap.ok(not ok and why:find("exceed the limit", 1, true), "a configuration that leaves a claim no room is refused", why)
  tap.is(p:config().slack, 4 << 20, "and the old one stays")
  tap.fails(function() p:set(b, { claim = "12X" }) end, "reserve: claim: 12X", "a claim that is no size")
  tap.fails(function() p:set(b, { clam = 1 }) end, "did you mean 'claim'?", "an unknown setting")
  p:drop(b)
  ok, why = p:set(b, { claim = "50M" })
  tap.ok(not ok and why == "reserve: the tenant was dropped", "a dropped tenant has no settings", why)
  assert(os.execute("rmdir " .. a:path())) -- by somebody else: a:remove() would drop it
  for _ = 1, 200 do -- the kernel gets to it a moment later
    if p:tenants()[1].gone then break end
    host.sleep(0.01)
  end
  tap.is(p:tenants()[1].gone, true, "a removed cgroup gives its claim up")
end
cgroups[1] = assert(cgroup.create "session/t1")

-- ---- everybody finishes -------------------------------------------------------------------------------------

-- Runs one worker per size at the same time, rank = index, and drops those that have ended.
-- Returns how each ended, the order in which they did, and the policy's statistics.
local function run(sizes, with_policy)
  local tenants, workers, ended, order = {}, {}, {}, {}
  for i, size in ipairs(sizes) do tenants[i] = { cgroups[i], rank = i, claim = (size + 2) << 20 } end
  local p <close> = with_policy and assert(policy.attach("reserve", { tenant = tenants })) or nil
  for i, size in ipairs(sizes) do workers[i] = assert(worker.spawn(cgroups[i], { size = size << 20, hold = 1 })) end
  for _ = 1, #sizes do
    local i = worker.wait(workers, 120)
    if not i then break end
    ended[i], order[#order + 1] = workers[i]:wait().ended, i
    if p then p:drop(cgroups[i]) end
  end
  local stats = p and p:stats()
  for _, w in ipairs(workers) do w:kill() end
  return ended, order, stats
end

local function count(list, value)
  local n = 0
  for _, item in pairs(list) do if item == value then n = n + 1 end end
  return n
end

-- The plan's ratio: each tenant half the limit.
local ended = run { 48, 48, 48 }
tap.ok(count(ended, "oom-killed") >= 1, "without the policy some of three are killed", ended)
local before = session:events().oom_kill
local order, stats
ended, order, stats = run({ 48, 48, 48 }, true)
tap.is(ended, { "done", "done", "done" }, "with it all three finish")
tap.is(session:events().oom_kill, before, "and the kernel has killed nobody")
tap.is(order, { 1, 2, 3 }, "in the order of their ranks")
tap.ok(stats.delay_active > 0 and stats.delay_active < stats.delay_calls, "some charges were held, some not", stats)
tap.is({ stats.over_claim, stats.strangers }, { 0, 0 }, "within their claims, and all of them known")

-- Less is left than the margin (4M and 256K for each), and yet nobody waits for what all can have.
ended, _, stats = run({ 56, 34 }, true)
tap.is({ ended, stats.delay_active }, { { "done", "done" }, 0 }, "a tenant whose whole claim fits isn't held at the margin")

-- Mixed sizes, four times the limit together, each fits alone.
ended, order = run({ 80, 20, 70, 40, 64, 30, 50, 30 }, true)
tap.is(count(ended, "done"), 8, "eight of mixed sizes finish")
tap.is(session:events().oom_kill, before, "again nobody was killed")
tap.is(order[1] == 1 or order[1] == 2, true, "the best-ranked first, or one small enough to fit beside it")

-- The best-ranked never waits.
do
  local p <close> = assert(policy.attach("reserve", { tenant = { { cgroups[1], rank = 1, claim = "80M" }, { cgroups[2], rank = 2, claim = "60M" } } }))
  local late <close> = assert(worker.spawn(cgroups[2], { size = "50M", hold = 1 }))
  late:wait(0.5) -- takes what the first one's claim leaves
  local first <close> = assert(worker.spawn(cgroups[1], { size = "78M" }))
  tap.is(first:wait(60).ended, "done", "the best-ranked gets all of its claim")
  tap.is(p:tenant(cgroups[1]).active, 0, "without being held once")
  tap.ok(p:tenant(cgroups[2]).active > 0, "the other one was", p:tenants())
  p:drop(cgroups[1])
  tap.is(late:wait(60).ended, "done", "and finishes after it")
end

-- ---- many -----------------------------------------------------------------------------------------------------

local many, tenants = {}, {}
for i = 1, 64 do
  many[i] = assert(cgroup.create("session/m" .. i))
  tenants[i] = { many[i], rank = i, claim = "4M" }
end
do
  local p <close> = assert(policy.attach("reserve", { tenant = tenants }))
  local workers, done = {}, 0
  for i = 1, 64 do workers[i] = assert(worker.spawn(many[i], { size = "2M", hold = 0.2 })) end
  for _ = 1, 64 do
    local i = worker.wait(workers, 120)
    if not i then break end
    if workers[i]:wait().ended == "done" then done = done + 1 end
    p:drop(many[i])
  end
  tap.is(done, 64, "64 tenants of 2M under 96M finish")
  tap.is(session:events().oom_kill, before, "and nobody was killed")
end

tap.done()
