-- Tenants whose processes are one or more levels below the attached cgroup, as a container's are: policies judge the
-- attached cgroup, not the one that is charged.
local root = arg[0]:match "^(.*)tests/[^/]*/[^/]*$"
package.path = root .. "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"
local host = require "memlua.host"
local memlua = require "memlua"
local policy = require "memlua.policy"
local scenario = require "memlua.scenario"
local shell = require "shell"
local sys = require "memlua.base.sys"
local units = require "memlua.units"
local worker = require "memlua.worker"

-- session (96M, no swap) -- first            -- app
--                        -- second -- pod    -- app
local has_hold <const> = not host.interface() -- the module has it
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

if has_hold then -- reserve: what the first may claim is left to it
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

if has_hold then -- reserve: the claim is the attached cgroup's, children's memory together
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

-- ---- calls: children that come and go, each with a hint -------------------------------------------------------------

-- session/third -- agent, and calls as they come
local third = assert(cgroup.create("session/third", { ["memory.max"] = "64M" }))
local function call(name, hint) return assert(cgroup.create("session/third/" .. name, { ["memory.low"] = hint })) end
local function hold(cg, size)
  local w = assert(worker.spawn(cg, { size = size, hold = 120 }))
  wait_for(function() return w:progress() >= units.size(size) end)
  return w
end
do
  local p <close> = assert(policy.attach("calls", { session = { third, soft = "16M" }, config = { delay_ms = 40 } }))
  local function now() return p:tenant(third) end
  local agent, modest, greedy = call("agent", "max"), call("modest", "8M"), call("greedy", "2M")
  tap.is({ now().online, now().offline }, { 3, 0 }, "calls: those that come below the session are counted")
  local below = assert(cgroup.create "session/third/greedy/below")
  tap.is(now().online, 3, "those below a call aren't calls")
  local own <close> = hold(agent, "20M")
  tap.is({ now().delayed, now().spared > 0 }, { 0, true }, "over the soft limit: who says that it needs all never waits")
  touch(modest, "6M")
  tap.is(now().delayed, 0, "nor who is within its hint")
  local first <close> = hold(below, "6M")
  local state = now()
  tap.ok(state.delayed > 0 and state.victim == greedy:id() and state.victims == 1, "who is over it is the victim, two levels below, too", state)
  tap.near(state.over >> 20, 4, 1, "by how much the parent can read")
  local before = now().delayed
  touch(modest, "11M") -- over by 3M at most, greedy by 4M
  tap.is({ now().delayed, now().victim }, { before, greedy:id() }, "another that is over its hint by less goes on")
  touch(modest, "14M")
  tap.ok(now().victim == modest:id() and now().delayed > before, "over by more, it becomes the victim", now())
  first:kill()
  first:wait(10)
  tap.ok(below:remove() and greedy:remove() and modest:remove(), "calls end")
  wait_for(function() return now().offline == 2 end) -- the kernel does it a moment later
  tap.is({ now().offline, now().victim, now().over }, { 2, 0, 0 }, "and are forgotten: nobody is the victim")
  own:kill()
  own:wait(10)
  agent:remove()
  tap.is(p:stats().strangers, 0, "all were known")
  -- the module stays for the script, whose sessions are its own
  local text, status = shell.output(("%s -q %sscripts/calls.lua"):format(host.executable(), root))
  local function row(name) return text:match("\n" .. name .. "[^\n]*") or "" end
  tap.ok(status == 0 and row "greedy":find "oom%-killed.*done.*yes$", "calls.lua: the greedy call is lost without the policy, and done with it, having waited", text)
  for _, name in ipairs { "agent", "read", "tests", "search" } do
    local without, with = row(name):match "done, ([%d.]+) s +done, ([%d.]+) s +%-$"
    tap.ok(with and with / without < 1.1, name .. " is as fast as without, and never the one that waits", row(name))
  end
  tap.like(text, "came 5, that went 5", "all of them came and went")
end

-- ---- of a scenario ---------------------------------------------------------------------------------------------------

-- The call takes more than its cgroup may; the runtime beside it, in the same tenant, doesn't notice. The tenant's memory.low holds
-- for what lies below it: of 20M none is taken while the other tenant reads its file over and over.
host.settings.quiet, host.settings.out = true, os.getenv "TMPDIR" .. "/nested"
local PLACE <const> = { kind = "exec", name = "place", cgroup = "calls", argv = { "cat", "/proc/self/cgroup" } }
local ok, result = pcall(scenario.run, {
  name = "nested", session = "nested", limits = { ["memory.max"] = "48M", ["memory.swap.max"] = 0 }, solo = false, warmup = 0, shares = "equal",
  tenants = {
    { name = "agent", role = "high", limits = { ["memory.low"] = "32M" }, cgroups = { calls = { ["memory.max"] = "8M" } }, workloads = {
      { kind = "file", name = "runtime", cgroup = "runtime", size = "20M", passes = 1, hold = "3s" }, PLACE,
      { name = "call", cgroup = "calls", size = "16M", background = true } } },
    { name = "job", start = "1s", workload = { kind = "file", size = "60M", passes = 2 } },
  },
})
local folder = ok and result or result.status == memlua.status.untrustworthy and require "memlua.run".load(host.settings.out) or error(result, 0)
local agent = folder.runs[1].tenants[1]
tap.like(sys.read(("%s/runs/%s/agent.place.out"):format(folder.path, folder.runs[1].id)), "/nested/agent/calls\n", "a workload runs below its tenant's cgroup")
tap.is({ agent.workloads[1].ended, agent.workloads[2].ended, agent.workloads[3].ended }, { "done", "done", "oom-killed" },
  "the limit of a cgroup below the tenant's is its own")
tap.is({ agent.ended, agent.events.oom_kill, folder.runs[1].oom[1].tenant }, { "oom-killed", 1, "agent" }, "and the tenant's is the loss")
-- its file goes with it: a sample of that moment tells nothing
local held
for _, sample in ipairs(agent.memory) do
  if sample[1] < agent.workloads[1].finish then held = sample end
end
tap.ok(held[2] > 20 << 20, "memory.low of the tenant protects what is below it", held)

tap.done()
