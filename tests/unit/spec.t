-- memlua.experiment.spec: a scenario is checked whole, and every complaint names the place in the table.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local spec = require "memlua.experiment.spec"

-- A good scenario, with `change` applied to it.
local function scenario(change)
  local s = {
    name = "test",
    limits = { ["memory.max"] = "512M", ["memory.swap.max"] = 0 },
    tenants = {
      { name = "high", role = "high", limits = { ["memory.low"] = "50%" }, workload = { size = "256M", hold = "5s" } },
      { name = "low", workload = { kind = "anon", size = "1.5G", chunk = "2M" }, start = "200ms" },
    },
    strategies = {
      { name = "none" },
      { name = "high", tenants = { low = { limits = { ["memory.high"] = "25%" } } } },
      { name = "priority", policy = { name = "priority", config = { delay_ms = 100 } } },
    },
  }
  if change then change(s) end
  return s
end

local plan = spec.check(scenario())
local high, low = plan.tenants[1], plan.tenants[2]
tap.is(plan.limits["memory.max"], 512 << 20, "sizes become bytes")
tap.is(high.limits["memory.low"], 256 << 20, "a percentage is one of the parent's limit")
tap.is(plan.strategies[2].tenants.low.limits["memory.high"], 128 << 20, "a strategy's percentages too")
tap.is({ high.workloads[1].hold, low.start, high.start }, { 5.0, 0.2, 0 }, "durations become seconds")
tap.is({ high.rank, low.rank, low.role, low.cgroup }, { 1, 2, "low", "low" }, "ranks, roles and cgroups have defaults")
tap.is({ high.workloads[1].kind, plan.runs, plan.session }, { "anon", 1, "session" }, "so have kinds, runs and the session")
tap.is(plan.strategies[3].policy.roles, { high = { "high" }, low = { "low" } }, "the policy's roles are the tenants'")

local before = scenario()
spec.check(before)
tap.is(before.tenants[1].workload.size, "256M", "the given table is left alone")

local function refused(pattern, name, change)
  tap.fails(function() spec.check(scenario(change)) end, pattern, name, 1)
end
local function tenant(pattern, name, change)
  refused(pattern, name, function(s) change(s.tenants[1]) end)
end

refused("tenant: unknown key; did you mean 'tenants'?", "an unknown key", function(s) s.tenant = {} end)
refused("limits: missing", "no limits", function(s) s.limits = nil end)
refused("tenants: none; at least one", "no tenants", function(s) s.tenants = {} end)
refused("tenants: two of them have the name 'high'", "two tenants of one name", function(s) s.tenants[2].name = "high" end)
refused("tenants: two of them have the cgroup 'x'", "two tenants in one cgroup",
  function(s) s.tenants[1].cgroup, s.tenants[2].cgroup = "x", "x" end)
refused("tenants: two of them have the rank '2'", "a rank twice", function(s) s.tenants[1].rank, s.tenants[2].rank = 2, 2 end)
refused("tenants: 'high' stands in a list", "a map where a list belongs", function(s) s.tenants = { high = {} } end)
refused('limits["memory.max"]: 100 is less than one page', "a limit below a page",
  function(s) s.limits["memory.max"] = 100 end)
refused('limits["memory.mx"]: memory.mx; did you mean', "an unknown limit", function(s) s.limits["memory.mx"] = 1 end)
refused('limits["memory.max"]: 50% of what?', "a share of nothing", function(s) s.limits["memory.max"] = "50%" end)
refused("runs: 0 is below the least possible, 1", "no runs", function(s) s.runs = 0 end)
refused("runs: 1.5: not a whole number", "half a run", function(s) s.runs = 1.5 end)
refused("shares: rankd; did you mean 'ranked'?", "unknown shares", function(s) s.shares = "rankd" end)
refused("hooks.stup: unknown key; did you mean 'setup'?", "an unknown hook", function(s) s.hooks = { stup = print } end)
refused("hooks.setup: a function is needed, not a string", "a hook that can't be called",
  function(s) s.hooks = { setup = "x" } end)
refused("expect[1]: { \"what\", function(run) ... end } is needed, not a string", "an expectation that is no table",
  function(s) s.expect = { "x", print } end)
refused("expect[1][2]: a function is needed, not a nil: { \"what\",", "an expectation that can't be checked", function(s) s.expect = { { "x" } } end)

refused("expect[1]: strategy: unknown; beside what and the function there is under", "or with what it doesn't have", function(s) s.expect = { { "x", print, strategy = "none" } } end)
refused("expect[1].under.nobody: nobody; known: ", "or of an unknown strategy", function(s) s.expect = { { "x", print, under = "nobody" } } end)

tenant("tenants.high.workload.size: 12X: not a size", "12X", function(t) t.workload.size = "12X" end)
tenant("tenants.high.workload.size: 0: nothing", "size 0", function(t) t.workload.size = 0 end)
tenant("tenants.high.workload.size: -1", "a negative size", function(t) t.workload.size = -1 end)
tenant("tenants.high.workload.size: 8192T is more than the memory of ", "more than the machine",
  function(t) t.workload.size = "8192T" end)
tenant("tenants.high.workload.size: missing", "no size", function(t) t.workload.size = nil end)
tenant("tenants.high.workload.sze: unknown key; did you mean 'size'?", "a misspelt size", function(t) t.workload.sze = 1 end)
tenant("tenants.high.workload.kind: anno; did you mean 'anon'?", "an unknown kind", function(t) t.workload.kind = "anno" end)
tenant("tenants.high.workload.argv: this workload is of kind anon; kind = \"exec\" takes it", "a key of another kind",
  function(t) t.workload.argv = {} end)
tenant("tenants.high.workload.output: this workload is of kind anon; kind = \"exec\" or \"lua\" takes it",
  "a key of two other kinds", function(t) t.workload.output = "x" end)
tenant("tenants.high.workload.hold: -5", "a negative hold", function(t) t.workload.hold = -5 end)
tenant("tenants.high.start: 5x", "a start that is none", function(t) t.start = "5x" end)
tenant("tenants.high.rank: 0 is below", "rank 0", function(t) t.rank = 0 end)
tenant("tenants.high.workload: missing", "no workload", function(t) t.workload = nil end)
tenant("tenants[1].name: missing", "no name", function(t) t.name = nil end)
tenant("tenants[1].name: an empty name", "an empty name", function(t) t.name = "" end)
tenant("tenants.a/../b.name: 'a/../b' leaves its place", "a name that climbs", function(t) t.name = "a/../b" end)
tenant("tenants./abs.name: '/abs' leaves its place", "an absolute name", function(t) t.name = "/abs" end)
tenant("a name of 300 characters", "a name of 300 characters", function(t) t.name = ("x"):rep(300) end)

-- ---- several workloads ------------------------------------------------------------------------------------------

local function several(...)
  local list = { ... }
  return spec.check(scenario(function(s) s.tenants[1].workload, s.tenants[1].workloads = nil, list end)).tenants[1]
end
local f = function() end
local mixed = several({ size = "1M" }, { size = "2M", start = "1s" }, { kind = "exec", argv = { "sh" }, size = "3M", background = true })
tap.is({ mixed.workloads[1].name, mixed.workloads[2].name, mixed.workloads[3].name }, { "anon", "anon_2", "exec" }, "workloads are called after their kind")
tap.is({ mixed.size, mixed.workloads[2].start, mixed.workload }, { 6 << 20, 1.0 }, "the tenant's size is that of all of them")
tap.is(several({ size = "1M" }, { kind = "lua", run = f, name = "mine" }).size, nil, "and unknown where one of them is")
tap.is(several({ kind = "lua", run = f, name = "mine" }).workloads[1].run, f, "a function stays what it is")
tap.is(high.workloads[1].name, "anon", "one workload is a list of one")

local function badly(pattern, name, list)
  tenant(pattern, name, function(t) t.workload, t.workloads = nil, list end)
end
local exec = { kind = "exec", argv = { "sh" } }
local function reserved(workload, own)
  return spec.check(scenario(function(s)
    s.strategies[3], s.tenants[1].workload, s.tenants[1].policy = { name = "reserve", policy = { name = "reserve" } }, workload, own
  end)).strategies[3].policy.settings.high.claim
end
tap.is(reserved { size = "100M" }, (100 << 20) + (1 << 20) + (2 << 20), "a claim is the size and what is charged beside it")
for _, seen in ipairs { { 10, 12.33 }, { 40, 45.75 }, { 120, 134.75 } } do
  local claim = reserved { kind = "file", size = seen[1] << 20 } / (1 << 20)
  tap.ok(claim >= seen[2] and claim < 1.08 * seen[2], ("that of a file of %dM holds the %.1fM that were charged for one"):format(seen[1], seen[2]), claim)
end
tap.fails(function() reserved(exec) end, "tenants.high: reserve needs its claim, .* give the workload a size", "of a program it is unknown", 1)
tap.is(reserved(exec, { claim = 5 }), 5, "unless it is given")
exec.size = "100M"
tap.is(reserved(exec), reserved { size = "100M" }, "or the program's size is")

refused("tenants: all run in the background", "nothing but services", function(s)
  for _, t in ipairs(s.tenants) do t.background = true end
end)
tap.is(spec.check(scenario(function(s) s.tenants[1].background = true end)).tenants[1].background, true, "a tenant may be a service")

tap.is(spec.check(scenario(function(s) s.tenants[1].slo = { metric = "p99", below = "10ms" } end)).tenants[1].slo, { { metric = "p99", below = 0.01 } }, "a tenant may have an objective")
refused("tenants.high.slo[1]: one of below and above is needed", "an objective without a bound", function(s) s.tenants[1].slo = { metric = "p99" } end)
refused("tenants.high.slo[1].above: a latency is to be below", "a latency that is to be long", function(s) s.tenants[1].slo = { metric = "p99", above = 1 } end)
refused("tenants.high.slo[1].metric: missing", "an objective of nothing", function(s) s.tenants[1].slo = { below = 1 } end)
refused("tenants.high.slo[1].below", "an objective that is no number", function(s) s.tenants[1].slo = { metric = "rps", below = "5ms" } end)
refused("tenants.high.workloads.anon.ready: a service is stopped when the others are done", "a service in the foreground",
  function(s) s.tenants[1].workload.ready = { port = 1 } end)
refused("by what? one of port, socket, line, file, when is needed", "ready by nothing",
  function(s) s.tenants[1].workload.ready = { within = 1 } end)
refused("tenants.high.workload.stop.signal: KILL", "a signal that can't be handled", function(s) s.tenants[1].workload.stop = "KILL" end)
refused("no background, no ready", "a preparation that stays", function(s) s.tenants[1].prepare = { size = 1, background = true } end)

-- ---- cgroups below a tenant's ------------------------------------------------------------------------------------

local function below(change)
  return function(s)
    local t = s.tenants[1]
    t.workload, t.cgroups = nil, { calls = { ["memory.high"] = "25%" } }
    t.workloads = { { size = "1M", cgroup = "calls" }, { size = "1M", cgroup = "runtime" } }
    s.strategies[2].tenants = { high = { cgroups = { calls = { ["memory.high"] = "16M" } } } }
    if change then change(t, s) end
  end
end
local nested = spec.check(scenario(below()))
tap.is(nested.tenants[1].cgroups, { calls = { ["memory.high"] = 128 << 20 }, runtime = {} }, "those that workloads name, and their limits, shares of the session's")
tap.is(nested.strategies[2].tenants.high.cgroups.calls, { ["memory.high"] = 16 << 20 }, "a strategy has its own")
refused("tenants.high.cgroups.call: call; did you mean 'calls'?", "limits of a cgroup in which nothing runs", below(function(t) t.cgroups = { call = {} } end))
refused("strategies.high.tenants.high.cgroups.runtme: runtme; did you mean 'runtime'?", "nor may a strategy have such",
  below(function(_, s) s.strategies[2].tenants.high.cgroups = { runtme = {} } end))
refused("tenants.high: its workload anon_2 has no cgroup and others have one", "a process between the levels",
  below(function(t) t.workloads[2].cgroup = nil end))
refused("tenants.high: its workload prepare has no cgroup", "one that prepares, too", below(function(t) t.prepare = { size = "1M" } end))
refused("tenants.high.workloads[1].cgroup: 'a/../b' leaves its place", "a name that climbs", below(function(t) t.workloads[1].cgroup = "a/../b" end))

badly("tenants.high.workloads: none; at least one", "an empty list of workloads", {})
badly("tenants.high.workloads: all run in the background", "nothing but background", { { size = 1, background = true } })
badly("tenants.high.workloads: two of them have the name 'x'", "two workloads of one name",
  { { name = "x", size = 1 }, { name = "x", size = 1 } })
badly("tenants.high.workloads[2].size: missing", "a workload in a list", { { size = 1 }, {} })
badly("tenants.high.workloads.two.argv[1]: no-such-program-at-all: no such program in the PATH of ", "a program that isn't there",
  { { name = "one", size = 1 }, { name = "two", kind = "exec", argv = { "no-such-program-at-all" } } })
tenant("tenants.high.workload.argv[1]: /no/such/program: no such program here", "a path of none",
  function(t) t.workload = { kind = "exec", argv = { "/no/such/program" } } end)
tenant("tenants.high.workload.argv[1]: missing", "no program", function(t) t.workload = { kind = "exec", argv = {} } end)
tap.ok(pcall(spec.check, scenario(function(s)
  s.tenants[1].workload, s.hooks = { kind = "exec", argv = { "./made-by-a-hook" } }, { setup = print }
end)), "a program that a hook may make is waited for")
badly("tenants.high.workloads.web.argv: missing", "a named workload in a list", { { name = "web", kind = "exec" } })
badly("tenants.high.workloads[1].run: a function is needed, not a string", "a function's name", { { kind = "lua", run = "f" } })
badly("tenants.high.workloads[1].background: a boolean is needed", "background = 1", { { size = 1, background = 1 } })
tenant("tenants.high.workloads: beside workload; put all", "both forms", function(t) t.workloads = { t.workload } end)

local function policy(pattern, name, change)
  refused(pattern, name, function(s) change(s.strategies[3].policy) end)
end
policy("prioritty", "an unknown policy", function(p) p.name = "prioritty" end)
policy("strategies.priority.policy.config.delay_m: delay_m; did you mean 'delay_ms'?", "an unknown setting",
  function(p) p.config = { delay_m = 1 } end)
policy("strategies.priority.policy.config.delay: delay; did you mean 'delay_ms'?", "the beginning of one",
  function(p) p.config = { delay = 1 } end)
policy("strategies.priority.policy.config.trigger: unknown value 'fault'; did you mean 'faults'?",
  "an unknown word in a setting", function(p) p.config = { trigger = "fault" } end)
policy("strategies.priority.policy.config.threshold: -1 is negative", "a number out of range",
  function(p) p.config = { delay_ms = 5, threshold = -1 } end)
policy("strategies.priority.policy.config.window_ms: 5x", "a duration that is none",
  function(p) p.config = { window_ms = "5x" } end)
tenant("tenants.high.policy: priority: high: high: unknown key 'claim'", "what a tenant tells a policy that doesn't know it",
  function(t) t.policy = { claim = "100M" } end)
refused("strategies.priority.tenants.low.policy: priority: low: calls: -1 is negative", "a wrong value for one tenant",
  function(s) s.strategies[3].tenants = { low = { policy = { calls = -1 } } } end)

local function notes_of(delay)
  return spec.check(scenario(function(s) s.strategies[3].policy.config = { delay_ms = delay } end)).notes
end
tap.is(notes_of "5s", { "warning: strategies.priority.policy.config.delay_ms: 5000: the kernel clamps a sleep to 2000 ms" },
  "a delay that the kernel will clamp is taken with a warning")
tap.is(notes_of(2000), {}, "the longest that it takes without one")

policy("strategies.priority.policy.roles.hgh: hgh; did you mean 'high'?", "an unknown role",
  function(p) p.roles = { hgh = { "high" } } end)
refused("survives.nne: nne; did you mean 'none'?", "a survivor that is no strategy", function(s) s.survives = "nne" end)
policy("strategies.priority.policy.roles.high.hi", "an unknown tenant in a role", function(p) p.roles = { high = { "hi" } } end)
refused("strategies: two of them have the name 'none'", "two strategies of one name",
  function(s) s.strategies[2].name = "none" end)
refused("strategies.high.tenants.lo: lo; did you mean 'low'?", "a strategy for an unknown tenant",
  function(s) s.strategies[2].tenants = { lo = {} } end)
refused("role", "a tenant whose role the policy doesn't know", function(s) s.tenants[2].role = "middle" end)

tap.done()
