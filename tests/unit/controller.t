-- A controller in user space, without cgroups: how a scenario is checked, what its loop does, what its results must be like.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local attribution = require "memlua.results.attribution"
local controllers = require "memlua.report.controllers"
local format = require "memlua.results.format"
local host = require "memlua.host"
local loop = require "memlua.experiment.controller.loop"
local spec = require "memlua.experiment.spec"
local watch = require "memlua.watch"
local worker = require "memlua.worker"

-- ---- the scenario ---------------------------------------------------------------------------------------------------

local function checked(controller)
  return spec.check({ name = "x", limits = { ["memory.max"] = "100M" }, tenants = { { name = "a", workload = { size = "10M" } } },
                      strategies = { { name = "s", controller = controller } } }, host.settings)
end
local function law() end
tap.ok(checked(law).strategies[1].controller == law, "a strategy may have a controller")
tap.fails(function() checked "memory.high" end, "strategies.s.controller: a function is needed, not a string", "which must be a function", 1)

local ready = require "memlua.controllers"
for _, name in ipairs { "agents", "low", "limit", "freeze", "reserve", "kill", "senpai", "stall" } do
  tap.is(type(ready[name]()), "function", name .. " is one")
  local key = name == "stall" and "hold" or "period"
  tap.fails(function() ready[name] { [key .. "s"] = 1 } end, ("controllers.%s: %ss; did you mean '%s'?"):format(name, key, key), "  an unknown option", 1)
  tap.fails(function() ready[name] { [key] = "soon" } end, ("controllers.%s: %s: "):format(name, key), "  a bad one", 1)
end
tap.fails(function() ready.agents { usage = 85 } end, "usage: 85 is above the most possible, 1", "a share is one of 1", 1)

-- ---- waiting -------------------------------------------------------------------------------------------------------

local scratch <close> = assert(host.scratch())
local folder <const> = scratch:path()
local function write(name, text)
  local file <close> = assert(io.open(folder .. "/" .. name, "w"))
  file:write(text)
end
local _, why, code = watch.open(folder .. "/memory.events")
tap.ok(code == 2 and why:find "memory.events: No such file", "what isn't there can't be watched", why)
_, why, code = watch.open(folder .. "/memory.pressure", "some 1 2")
tap.ok(code == 2 and why:find "memory.pressure: No such file", "with a trigger neither", why)
tap.is(watch.wait({}, 0), {}, "nothing to wait for: the time passes")
tap.fails(function() watch.wait({ 1 }, 0) end, "item 1 is not an open watch", "not a watch")
write("quiet", "")
local quiet = assert(watch.open(folder .. "/quiet"))
quiet:close()
quiet:close()
tap.fails(function() watch.wait({ quiet }, 0) end, "item 1 is not an open watch", "one that was closed")

-- ---- steps that began before -----------------------------------------------------------------------------------------

local function run(f)
  local w <close> = assert(worker.spawn(nil, { kind = "lua", run = f }))
  return assert(w:wait(100)), w:progress()
end
local r, progress = run(function(step, mark)
  step(7, host.monotonic() - 5)
  mark(9)
end)
tap.ok(r.latency.count == 1 and r.latency.min >= 5e9 and r.latency.max < 60e9, "a step's time counts from when it is said to have begun", r.latency)
tap.is(progress, 9, "a mark shows and is no step")
tap.ok(run(function(step) step(1, host.monotonic() + 9) end).error:find "must be a time that is past" ~= nil, "not from a time to come")
tap.ok(run(function(_, mark) mark(-1) end).error:find "must be 0 or more" ~= nil, "no mark below 0")

-- ---- the loop -------------------------------------------------------------------------------------------------------

write("memory.current", "4096\n")
write("memory.stat", "anon 12\nfile 3\n")
write("memory.events", "low 0\nhigh 5\n")
write("memory.pressure", "some avg10=1.50 avg60=0.00 avg300=0.00 total=77\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=8\n")
write("memory.high", "max\n")
local SEEN <const> = { tenants = { { name = "a", path = folder } }, session = { name = "(session)", path = folder },
                       limits = { ["memory.max"] = 100 << 20 }, kills = folder .. "/kills" }
local function looped(f, is_rehearsal)
  local w <close> = assert(worker.spawn(nil, { kind = "lua", run = function(step, mark) loop.run(f, SEEN, step, mark, is_rehearsal) end }))
  local begun = host.monotonic()
  local function is_called() return w:progress() >= 9 and w:progress() < loop.SETTING_UP end -- busy with the 4th wake-up
  while not is_called() and not w:ended() and host.monotonic() - begun < 60 do host.sleep(0.01) end
  w:stop "TERM"
  return assert(w:wait(60)), w:progress()
end
r, progress = looped(function(c) c:every("10ms", function(it) assert(it == c and c:tenant "a":usage() == 4096) end) end)
tap.is({ r.ended, r.exit_code, r.error }, { "stopped", 0 }, "it ends when it is asked to")
tap.ok(r.latency.count >= 3 and progress % 2 == 0, "and was called before", r.latency.count, progress)
r = looped(function(c)
  local a = c:tenant(c.tenants[1])
  local p = a:pressure()
  assert(a:stat().anon == 12 and a:events().high == 5 and p.some.avg10 == 1.5 and p.full.total == 8)
  a:set("memory.high", "50%")
  assert(a:get "memory.high" == tostring(50 << 20))
  a:set("memory.high", 4096.7)
  assert(a:get "memory.high" == "4096")
end, true)
tap.is({ r.ended, r.error }, { "done" }, "a rehearsal ends by itself, with all that files say")
r = looped(function(c) c:every("10ms", function() error "no idea" end) end)
tap.ok(r.ended == "failed" and r.error:find "no idea" ~= nil, "an error ends it", r.ended, r.error)

r = looped(ready.freeze(), true)
tap.is(r.error, "controllers.freeze: no tenant has the role high; it needs high ones and low ones", "a ready one needs somebody to protect")
write("memory.max", "104857600\n")
r = looped(ready.reserve(), true)
tap.like(r.error, 'controllers.reserve: a: its claim, .* isn\'t known; give claims = { a = "100M" }', "reserve needs to know what tenants will take")
r = looped(ready.reserve { claims = { b = "1M" } }, true)
tap.like(r.error, "no tenant 'b'", "and of whom that is said")

-- ---- the results ---------------------------------------------------------------------------------------------------

local function result(controller)
  return { strategy = "s", controller = controller, tenants = { { name = "a", rank = 1, ended = "done" } } }
end
local MANIFEST <const> = { scenario = {} }
local GOOD <const> = { ended = "hung", error = "x", after_s = 1.5, cpu_s = 0.1, wakeups = 3, put_back = { a = { ["memory.high"] = "max" } }, killed = { "a" } }
tap.ok(format.result(result(GOOD), "run.json", MANIFEST), "what a file may say of it")
local WRONG <const> = { ended = 1, wakeups = -1, cpu_s = "x", put_back = { a = 1 }, killed = "a", reactions = {} }
for key, value in pairs(WRONG) do
  local bad = {}
  for k, v in pairs(GOOD) do bad[k] = v end
  bad[key] = value
  tap.fails(function() format.result(result(bad), "run.json", MANIFEST) end, "controller." .. key, "and must not: " .. key, 1)
end

local lines, runs = {}, {}
local ENDS <const> = { "done", "hung", "done" }
for i = 1, 3 do
  runs[i] = result { ended = ENDS[i], error = i == 2 and "a call didn't return", cpu_s = i / 10, wakeups = 10 * i,
                     reactions = worker.histogram { 1000000 * i }, put_back = { a = { ["memory.high"] = "1" } } }
end
local found = attribution.controller(runs)
tap.is({ found.cpu_s.median, found.wakeups.values, found.reactions.count, found.ended }, { 0.2, { 10, 20, 30 }, 3, { done = 2, hung = 1 } }, "what it came to")
tap.ok(found.reactions.p50 >= 0.002 and found.reactions.p50 < found.reactions.p99 and found.reactions.p99 < 0.004, "how fast it was", found.reactions)
tap.is(attribution.controller { { tenants = {} } }, nil, "where there is none nothing is said")
controllers.add({ label = "law", strategy = { name = "s", controller = found }, folder = { runs = runs } }, lines)
tap.ok(lines[1]:find "^law: controller: 200 ms of CPU, 20 wake%-ups; 3 calls" ~= nil and lines[1]:find "; put back: a: memory.high$" ~= nil,
  "the line below the table", lines[1])
tap.is(lines[2], "law: its controller hung in 1 of 3 runs, which went on without it: a call didn't return", "and how it ended")

tap.done()
