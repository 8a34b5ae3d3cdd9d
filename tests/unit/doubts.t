-- memlua.results.doubts and memlua.experiment.kernel: what makes a run untrustworthy, as lines and as the exit status.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local doubts = require "memlua.results.doubts"
local kernel = require "memlua.experiment.kernel"

local function run(id, events, more)
  local result = { id = id, strategy = "none", parent = { events = events }, tenants = { { name = "web", completion_s = 2 }, { name = "job", completion_s = 2 } } }
  for key, value in pairs(more or {}) do result[key] = value end
  return result
end

local leapt = { doubts = { { gate = "leap", text = "web waited" } } }
tap.ok(pcall(doubts.refuse, { run("001", { max = 1 }) }), "a run under pressure without doubts is trusted")
tap.fails(function() doubts.refuse { run("001", { max = 1 }), run("002", { max = 1 }, leapt) } end,
  "002: web waited: not trustworthy", "a doubt is status 7, and named with its run", 7)
tap.ok(pcall(doubts.refuse, { run("001", { max = 0, high = 0 }) }), "what is only measured need not be under pressure")
local priority = { strategy = "priority", policy = { name = "priority" } }
tap.fails(function() doubts.refuse { run("001", { max = 0 }, priority) } end, "no run was under memory pressure",
  "a policy is tried under pressure or not at all", 7)
tap.fails(function() doubts.refuse { run("001", { max = 0, high = 0 }), run("002", { max = 0 }, { strategy = "limits" }) } end, "no run was under memory pressure",
  "where nothing was under pressure nothing was tested", 7)
tap.ok(pcall(doubts.refuse, { run("001", { max = 0 }), run("002", { max = 3 }) }), "one run under pressure is a test")
tap.ok(pcall(doubts.refuse, { run("001", { max = 0 }, { strategy = "priority", policy = { name = "priority" }, tenants = { { name = "web", completion_s = 2 } } }) }),
  "alone nobody need be under pressure")
tap.ok(pcall(doubts.refuse, { { id = "old", tenants = {} } }), "runs without counters are taken as they are")
tap.is(doubts.of({ run("001", {}), run("002", {}, leapt) }, "none"), { "not trustworthy: in 1 of 2 runs web waited" }, "the report counts the runs")
tap.is(doubts.of({ run("001", {}, { tenants = { { name = "web", completion_s = 2, host_wait = { idle_s = 0.01, in_flight_s = 1 } } } }) }, "none"),
  { "waited for files of the host, at most: web 0.5 %" }, "and tells what was waited")

-- ---- the kernel's log ------------------------------------------------------------------------------------------------

local LOG <const> = [[
<6>[    1.000000] Booting
<4>[    2.000000] WARNING: CPU: 0 PID: 1 at old.c:1 old+0x1/0x2
<4>[    5.000000] WARNING: CPU: 0 PID: 7 at mm/x.c:12 charge+0x1/0x2
<0>[    6.500000] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [gcc:12]
<12>[    7.000000] WARNING: CPU: 0 says a program
<3>[    8.000000] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
<6>[    9.000000] memlua: BUG: not at the line's beginning
]]
tap.is(kernel.complaints(LOG, 2), { "WARNING: CPU: 0 PID: 7 at mm/x.c:12 charge+0x1/0x2",
  "watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [gcc:12]", "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:" },
  "the kernel's own complaints since then, and nobody else's")
tap.is(kernel.complaints("", 0), {}, "an empty log has none")

tap.done()
