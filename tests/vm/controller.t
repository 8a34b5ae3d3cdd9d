-- A controller in user space as a strategy: it is called, changes tenants, is ended with the run, and what it changed is put back.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local json = require "memlua.json"
local report = require "memlua.report"
local run = require "memlua.run"
local scenario = require "memlua.scenario"
local sys = require "memlua.base.sys"

host.enter()
host.settings.quiet = true

local LIMITS <const> = { ["memory.max"] = "100M", ["memory.swap.max"] = 0 }
local runs = 0

-- The folder of one run of each strategy: two tenants that write into 32M over and over, for 2 s; high's limit is
-- felt, so that something is tested.
local function series(strategies, more)
  runs = runs + 1
  host.settings.out = ("%s/controller-%d"):format(os.getenv "TMPDIR", runs)
  local value = { name = "controller", limits = LIMITS, solo = false, shares = "equal", warmup = 0, strategies = strategies, tenants = {
    { name = "high", role = "high", limits = { ["memory.high"] = "32M" }, workload = { kind = "anon", size = "32M", duration = 2 } },
    { name = "low", workload = { kind = "anon", size = "32M", duration = 2 } } } }
  for key, item in pairs(more or {}) do value[key] = item end
  return scenario.run(value)
end
local function tried(f, more)
  local folder = series({ { name = "tried", controller = f } }, more)
  return folder.runs[1].controller, folder.runs[1], folder
end

-- The knobs of the tenants when all was measured.
local left
local LOOK <const> = { teardown = function(self)
  left = {}
  for _, t in ipairs(self.tenants) do
    for _, knob in ipairs { "memory.high", "memory.low", "cgroup.freeze" } do left[t.spec.name .. " " .. knob] = t.cg:get(knob) end
  end
end }
local UNTOUCHED <const> = { ["high memory.high"] = tostring(32 << 20), ["high memory.low"] = "0", ["high cgroup.freeze"] = "0",
                            ["low memory.high"] = "max", ["low memory.low"] = "0", ["low cgroup.freeze"] = "0" }

-- ---- called by the clock, by events, by pressure ------------------------------------------------------------------

local c, result, folder = tried(function(c)
  local low, n = c:tenant "low", 0
  c:every("100ms", function()
    n = n + 1
    if n == 5 then low:set("memory.high", "50%") end
    if n == 6 then c:tenant "high":set("memory.low", 16 << 20) end
    print(n, low:usage(), low:stat().anon, low:get "memory.high", low:pressure().some.total, c.session:usage())
  end)
end, { hooks = LOOK })
tap.is(c.ended, "done", "a controller by the clock ends with the run", c.error)
local due = result.duration_s / 0.1
tap.ok(c.reactions.count > 0.7 * due and c.reactions.count < 1.1 * due + 1 and c.wakeups >= c.reactions.count, "it is called every 100 ms",
  due, c.reactions.count, c.wakeups)
tap.ok(c.cpu_s > 0 and c.cpu_s < result.duration_s, "its CPU time is told", c.cpu_s)
tap.is(c.put_back, { high = { ["memory.low"] = tostring(16 << 20) }, low = { ["memory.high"] = tostring(50 << 20) } }, "what it changed is told")
tap.is(left, UNTOUCHED, "and put back before the end")
local printed = sys.read(("%s/runs/%s/%s"):format(folder.path, result.id, c.output))
local usage, anon, high = printed:match "\n10\t(%d+)\t(%d+)\t(%d+)\t%d+\t%d+\n"
tap.ok(tonumber(usage) > 30 << 20 and tonumber(anon) > 30 << 20 and tonumber(high) == 50 << 20, "what it saw, it printed", printed)
tap.is({ result.tenants[1].ended, result.tenants[2].ended }, { "done", "done" }, "the tenants were done")
tap.is(json.decode(sys.read(("%s/runs/%s/run.json"):format(folder.path, result.id))).controller.wakeups, c.wakeups, "run.json has it")
tap.ok(result.paid.threads.kworkers_s > 0 and result.paid.threads.others_s >= 0, "the kernel's threads are told apart", result.paid)
tap.is(report.summarise(folder).strategies[1].controller.wakeups.median, c.wakeups, "the summary has it")
tap.is(folder.manifest.scenario.strategies[1].controller, true, "the manifest says that there is one")
local text = report.text { run.load(folder.path) }
tap.ok(text:find "\ntried +[%d.]+ ms .* ms\n" ~= nil, "so does the table of who pays", text)
tap.ok(text:find "tried: controller: .* of CPU, %d+ wake%-ups; %d+ calls, from event to effect" ~= nil, "and a line below the table", text)

c, result = tried(function(c)
  c:tenant "low":set("memory.high", "16M")
  c:on_event("low", function(t) print("event", t.name, t:events().high) end)
  c:on_pressure("low", "some", "20ms", "500ms", function(t)
    print("pressure", t.name)
    t:set("memory.high", "max")
  end)
end, { hooks = LOOK })
local function output() return sys.read(("%s/runs/%s/controller.out"):format(host.settings.out, result.id)) or "" end
tap.is(c.ended, "done", "a controller by events and pressure", c.error)
tap.ok(tonumber(output():match "event\tlow\t(%d+)") > 0, "memory.events wake it", output())
tap.ok(output():find "pressure\tlow" ~= nil, "so does a trigger of PSI", output())
tap.ok(c.wakeups < 1000, "and nothing else", c.wakeups)
tap.is(left, UNTOUCHED, "all is as before")

-- ---- what it does to tenants -----------------------------------------------------------------------------------------

c, result = tried(function(c)
  local low, n = c:tenant "low", 0
  c:every("100ms", function()
    n = n + 1
    if n == 3 then low:freeze() end
    if n == 13 then low:thaw() end
    if n == 14 then print("reclaim", c:tenant "high":reclaim(64 << 20, { swappiness = 60 })) end
  end)
end)
tap.is(c.ended, "done", "freezing, thawing, reclaiming", c.error)
tap.ok(output():find "reclaim\tfalse" ~= nil, "EAGAIN is an answer", output())
tap.is(result.tenants[2].ended, "done", "what was thawed is done")

c, result = tried(function(c) c:every("500ms", function() c:tenant "low":kill() end) end)
tap.is({ c.ended, result.tenants[2].ended, result.tenants[1].ended }, { "done", "killed", "done" }, "one that it kills is lost")
tap.is(c.killed, { "low" }, "and not from outside")

local both = series({ { name = "both", policy = { name = "priority" }, controller = function(c) c:every("100ms", function() end) end } }).runs[1]
tap.is({ both.policy.name, both.controller.ended }, { "priority", "done" }, "beside a BPF policy")
tap.ok(both.controller.reactions.count > 10, "both are there", both.controller.reactions.count)
local asked = both.paid.programs.low_charged
tap.ok(asked.calls == both.policy.stats.delay_calls and asked.calls > 0 and asked.time_s > 0, "the programs' calls and time are told", both.paid, both.policy.stats)

-- ---- the ready-made ones ------------------------------------------------------------------------------------------------

-- high grows for 2 s, up to 48M, and keeps that for 4 s; low has 40M: together more than 85 % of the session.
local FIGHT <const> = { hooks = LOOK, tenants = {
  { name = "high", role = "high", workload = { kind = "trace", curve = { { 0, 1 << 20 }, { 2, 48 << 20 }, { 6, 48 << 20 } } } },
  { name = "low", workload = { kind = "anon", size = "40M", duration = 4 } } } }
local controllers = require "memlua.controllers"
local ALONE <const> = { ["high memory.high"] = "max", ["high memory.low"] = "0", ["high cgroup.freeze"] = "0",
                        ["low memory.high"] = "max", ["low memory.low"] = "0", ["low cgroup.freeze"] = "0" }
-- What it was seen to set, by a second look at the knobs from beside it.
local function observed(law, period)
  local seen
  c, result = tried(function(k)
    law(k)
    k:every("50ms", function(it)
      local high, low = it:tenant "high", it:tenant "low"
      print(high:get "memory.low", low:get "memory.high", low:get "cgroup.freeze")
    end)
  end, FIGHT)
  seen = output()
  tap.is({ c.ended, result.tenants[1].ended, left }, { "done", "done", ALONE }, period .. ": ends well, all is put back")
  return "\n" .. seen
end
local said = observed(controllers.agents(), "agents")
tap.ok(said:find(("\n%d\t%d\t0\n"):format(80 << 20, 50 << 20)) and said:find "\n0\tmax\t0\n", "  80 % low, 50 % high, and back", said)
said = observed(controllers.freeze(), "freeze")
tap.ok(said:find "\nmax\tmax\t1\n" and said:find "\nmax\tmax\t0\n", "  low is frozen while high grows, and thawed", said)
local stalling = { hooks = LOOK, tenants = { { name = "high", role = "high", limits = { ["memory.high"] = "32M" }, workload = {
  kind = "anon", size = "33M", duration = 3 } }, FIGHT.tenants[2] } }
FIGHT.tenants, ALONE["high memory.high"] = stalling.tenants, tostring(32 << 20)
said = observed(controllers.limit(), "limit")
tap.ok(said:find "\n0\t%d+\t0\n" ~= nil, "  low is limited while high stalls", said)

-- ---- those that end badly ----------------------------------------------------------------------------------------------

local function in_third(c, f)
  local n = 0
  c:every("100ms", function()
    n = n + 1
    if n == 3 then
      c:tenant "low":freeze()
      c:tenant "low":set("memory.high", "64M")
      f()
    end
  end)
end
local BAD <const> = {
  { "one that fails", function() error "no idea" end, "failed", "no idea" },
  { "one that leaves", function() os.exit(0) end, "failed", "ended by itself" },
  { "one that hangs", function() while true do end end, "hung", "didn't return within 10 s" },
  { "one that eats memory", function()
    local t = {}
    for i = 1, math.huge do t[i] = ("x"):rep(1 << 20) .. i end
  end, "oom-killed", "64M" },
  { "one that floods its output", function() while true do print(("x"):rep(1 << 16)) end end, "killed", "1048576 bytes" },
}
for _, case in ipairs(BAD) do
  c, result, folder = tried(function(k) in_third(k, case[2]) end, { hooks = LOOK })
  tap.is(c.ended, case[3], case[1], c.error)
  tap.ok((c.error or ""):find(case[4], 1, true) ~= nil and c.after_s > 0, "  the result says why and when", c.error, c.after_s)
  tap.is({ result.tenants[1].ended, result.tenants[2].ended }, { "done", "done" }, "  the run goes on: what was frozen goes on")
  tap.is(left, UNTOUCHED, "  all knobs are as before")
  text = report.text { folder }
  tap.ok(text:find("its controller", 1, true) ~= nil and text:find("in 1 of 1 runs", 1, true) ~= nil, "  the report tells it", text)
end

-- ---- what is refused, before anything is measured ------------------------------------------------------------------------

local function nothing() end
local REFUSED <const> = {
  { "an unknown tenant", function(c) c:tenant "hihg" end, "no tenant 'hihg'; did you mean 'high'?" },
  { "itself", function(c) c:tenant "controller":freeze() end, "a controller can't freeze, limit or kill itself" },
  { "an unknown knob", function(c) c:tenant "low":set("memory.hihg", 1) end, "did you mean 'memory.high'?" },
  { "a knob that isn't a limit", function(c) c:tenant "low":set("cgroup.procs", 1) end, "cgroup.procs; known:" },
  { "a value that is none", function(c) c:tenant "low":set("memory.high", "much") end, "much" },
  { "a value that the kernel refuses", function(c) c:tenant "low":set("cpu.weight", 0) end, "low: the kernel refuses cpu.weight = 0" },
  { "a knob that this kernel lacks", function(c) c:tenant "low":get "memory.lukewarm" end, "not supported here: low: this kernel has no memory.lukewarm", 4 },
  { "pressure that is switched off", function(c)
    local low = c:tenant "low"
    local file <close> = io.open(low.path .. "/cgroup.pressure", "w")
    file:write "0"
    file:flush()
    c:on_pressure("low", "some", "150ms", "1s", nothing)
  end, "not supported here: low: this kernel has no memory.pressure (or has it switched off)", 4 },
  { "a window that is too short", function(c) c:on_pressure("low", "some", "1ms", "100ms", nothing) end, "the kernel takes 500ms to 10s" },
  { "a threshold above it", function(c) c:on_pressure("low", "some", "2s", "1s", nothing) end, "at most the window" },
  { "an unknown kind", function(c) c:on_pressure("low", "ful", "1s", "1s", nothing) end, "did you mean 'full'?" },
  { "no period", function(c) c:every(0, nothing) end, "below the least possible, 1ms" },
  { "no function", function(c) c:on_event "low" end, "c:on_event: a function is needed, not a nil" },
  { "an error of its own", function() error "my own" end, "my own" },
}
for _, case in ipairs(REFUSED) do
  local ok, why = pcall(tried, case[2])
  local message = tostring(why)
  tap.ok(not ok and message:find(case[3], 1, true) ~= nil and message:find "^tried: strategies%.tried%.controller: " ~= nil
    or not ok and message:find(case[3], 1, true) ~= nil and message:find "^strategies%.tried%.controller: " ~= nil, "refused: " .. case[1], message)
  if not ok then tap.is(type(why) == "table" and why.status, case[4] or 1, "  with its status") end
end

tap.done()
