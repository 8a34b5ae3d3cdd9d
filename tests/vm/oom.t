-- memlua.oom on a real kernel: each kill is one event, with whose limit it was and what the victim had.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"
local worker = require "memlua.worker"
local oom = require "memlua.oom"
local host = require "memlua.host"

local SECONDS <const> = 120 -- only a hang reaches it

local function below_mount(cg) return cg:path():sub(#cgroup.root():match "^(.*)/" + 1) end

local log <close> = assert(oom.open())
tap.is(log:read(), {}, "a log begins with its opening")

-- ---- one tenant beyond its parent's limit -------------------------------------------------------------------

local session = assert(cgroup.create("session", { ["memory.max"] = "16M", ["memory.swap.max"] = 0 }))
local low = assert(cgroup.create "session/low (a, b)")
local before = host.monotonic()
local w = assert(worker.spawn(low, { size = "32M", name = "low) (" }))
local result = assert(w:wait(SECONDS))
local events = log:read()
tap.is({ #events, events.lost }, { 1 }, "one kill is one event")
local event = events[1]
tap.is({ event.pid, event.comm }, { w:pid(), "low) (" }, "the victim, by pid and name")
tap.is({ event.constraint, event.oom_memcg, event.task_memcg }, { "CONSTRAINT_MEMCG", below_mount(session), below_mount(low) },
  "whose limit, and whose process")
-- a worker is a copy of us: as long as it writes nothing there, it shares our pages
local shared = tonumber(io.open "/proc/self/status":read "a":match "RssAnon:%s*(%d+)") << 10
tap.ok(event.anon_rss > result.reached - (1 << 20) and event.anon_rss < result.reached + shared + (1 << 20),
  "what it held is what it says to have reached", event.anon_rss, result.reached, shared)
tap.ok(event.time > before - 1 and event.time < host.monotonic() + 1, "the time is that of our clock, about", before, event.time)
tap.is(log:read(), {}, "told once")

-- ---- a group ------------------------------------------------------------------------------------------------

local group = assert(cgroup.create("group", { ["memory.max"] = "16M", ["memory.swap.max"] = 0, ["memory.oom.group"] = 1 }))
local member = assert(worker.spawn(group, { size = "4M", hold = 1e6, name = "member" }))
while member:progress() < 4 << 20 do host.sleep(0.01) end
local victim = assert(worker.spawn(group, { size = "32M", name = "victim" }))
tap.is({ victim:wait(SECONDS).ended, member:wait(SECONDS).ended }, { "oom-killed", "oom-killed" }, "memory.oom.group kills all of it")
events = log:read()
local pids = {}
for i, e in ipairs(events) do pids[i] = e.pid end
tap.is(pids, { victim:pid(), member:pid() }, "one event each")
tap.is({ events[1].oom_memcg, events[2].oom_memcg }, { below_mount(group), below_mount(group) }, "by the same limit")

-- ---- many -----------------------------------------------------------------------------------------------

local killed, reported = 0, 0
for i = 1, 20 do -- more than the kernel's rate limit lets through with a summary
  local tenant <close> = assert(cgroup.create("tenant" .. i, { ["memory.max"] = "1M", ["memory.swap.max"] = 0 }))
  local greedy = assert(worker.spawn(tenant, { size = "2M", name = "greedy" .. i }))
  killed = killed + (greedy:wait(SECONDS).ended == "oom-killed" and 1 or 0)
end
local without = 0
for _, e in ipairs(log:read()) do
  reported = reported + (e.comm:match "^greedy%d+$" and 1 or 0)
  without = without + (e.oom_memcg and 0 or 1)
end
tap.is({ killed, reported }, { 20, 20 }, "of twenty quick kills none is missed")
tap.ok(without > 0, "though the kernel left out the summary of some", without)

-- ---- a log that runs over ------------------------------------------------------------------------------------

if not host.in_guest then
  tap.skip("a log that runs over", "would flood the machine's log: only in the microVM (--vm)")
else
  assert(os.execute [[dmesg -n 1; { echo on > /proc/sys/kernel/printk_devkmsg; } 2>/dev/null # it may be on for good
    line=$(printf '%0800d' 0) && for i in $(seq 3000); do echo "<7>$line" > /dev/kmsg || exit 1; done]])
  events = log:read()
  tap.is({ #events, events.lost }, { 0, true }, "what was overwritten before it was read is reported as lost")
  tap.is(log:read().lost, nil, "once")
end

-- ---- no kill ------------------------------------------------------------------------------------------------

w = assert(worker.spawn(low, { size = "1M", hold = 1e6 }))
low:kill()
tap.is({ w:wait(SECONDS).ended, #log:read() }, { "killed", 0 }, "a SIGKILL is no OOM event")
log:close()
tap.fails(function() log:read() end, "this log is closed", "use after close is an error")
log:close()

tap.done()
