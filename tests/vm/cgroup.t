-- memlua.cgroup on a real kernel: knobs, files, the tree, and that nothing is left.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"
local worker = require "memlua.worker"

local function exists(path)
  local file <close> = io.open(path .. "/cgroup.procs")
  return file ~= nil
end

-- ---- the root and its tree ------------------------------------------------------------------------------
-- ROOT/session (memory.max) -- high, low -- low/inner

local root = assert(cgroup.root())
tap.ok(exists(root), "memlua's own root is made", root)
tap.is(cgroup.root(), root, "once")
local session = assert(cgroup.create("session", { ["memory.max"] = "64M", ["memory.swap.max"] = 0 }))
local high = assert(cgroup.create "session/high")
local low = assert(cgroup.create("session/low", { ["memory.high"] = 32 << 20, ["cpu.weight"] = "50" }))

tap.is({ session:get "memory.max", session:get "memory.swap.max", low:get "memory.high", low:get "cpu.weight" },
  { "67108864", "0", "33554432", "50" }, "knobs are set, sizes and numbers")
tap.is(high:get "memory.max", "max", "a knob that is not given stays as the kernel has it")
tap.is({ high:name(), high:path(), tostring(high) }, { "session/high", root .. "/session/high", "cgroup session/high" }, "names")
tap.ok(math.type(high:id()) == "integer" and high:id() ~= low:id(), "each has an id of its own", high:id(), low:id())
tap.is(high:set("memory.low", "16M"), true, "a knob is changed")
tap.is(high:get "memory.low", "16777216", "and read back")

-- ---- files ----------------------------------------------------------------------------------------------

local events = high:events()
tap.is({ events.low, events.high, events.max, events.oom, events.oom_kill }, { 0, 0, 0, 0, 0 }, "memory.events")
tap.is(high:events_local().oom_kill, 0, "memory.events.local")
local stat = high:stat()
tap.ok(stat.file == 0 and stat.inactive_file == 0 and stat.pgfault == 0, "memory.stat, keys by their whole name", stat)
tap.is(stat.no_such_key, nil, "a key that the kernel does not give is absent")
for _, resource in ipairs { "memory", "cpu", "io" } do
  local pressure = high:pressure(resource)
  tap.ok(pressure.some.avg10 == 0 and pressure.full.total == 0, resource .. ".pressure", pressure)
end
tap.is(high:pressure(), high:pressure "memory", "memory unless told")
tap.is({ high:usage(), high:peak(), #high:procs() }, { 0, 0, 0 }, "an empty cgroup has used nothing")
tap.is({ high:get "memory.nope" }, { nil, "session/high: memory.nope: no such file; this kernel does not have it, or its " ..
  "controller is off here", 2 }, "a file that the kernel lacks")
tap.is({ select(3, high:get "../low/memory.max") }, { 22 }, "a path is no file of the cgroup")
tap.fails(function() high:pressure "disk" end, "invalid option 'disk'", "pressure of memory, cpu or io")

do
  local w <close> = assert(worker.spawn(high, { size = "8M", hold = 600 }))
  while w:progress() < 8 << 20 do worker.wait({ w }, 0.01) end
  tap.is(high:procs(), { w:pid() }, "a worker is in its cgroup")
  tap.ok(high:usage() >= 8 << 20 and high:peak() >= high:usage() and session:usage() >= high:usage(),
    "and charged to it and its parent", high:usage(), high:peak(), session:usage())
  tap.ok(high:stat().anon >= 8 << 20 and low:usage() == 0, "as anonymous memory, and to nobody else", high:stat().anon, low:usage())
end

-- ---- what is refused --------------------------------------------------------------------------------------

local function refused(name, path, knobs, pattern, code)
  local cg, why, errno = cgroup.create(path, knobs)
  tap.ok(cg == nil and why:find(pattern, 1, true) and errno == code, name, why, errno)
end

refused("a name twice", "session/high", {}, "session/high: exists already; every cgroup (tenant) needs a name of its own", 17)
refused("no parent", "nobody/high", {}, 'nobody/high: its parent does not exist; create "nobody" first', 2)
refused("a bad limit", "session/bad", { ["memory.max"] = "12X" }, "session/bad: memory.max = 12X: Invalid argument; the kernel takes bytes", 22)
refused("a negative limit", "session/bad", { ["memory.max"] = -1 }, "memory.max = -1: Invalid argument", 22)
refused("less than a page", "session/bad", { ["memory.max"] = "4095" }, "memory.max = 4095: less than one page (4096 bytes)", 22)
refused("a limit of 0", "session/bad", { ["memory.high"] = 0 }, "memory.high = 0: less than one page", 22)
refused("an unknown knob", "session/bad", { ["memory.maximum"] = 1 }, "session/bad: memory.maximum: no such file", 95) -- not supported here
refused("a path as knob", "session/bad", { ["../high/memory.max"] = 1 }, "not the name of a cgroup file", 22)
refused("of two bad knobs the first by name", "session/bad", { ["memory.max"] = "x", ["memory.high"] = "y" }, "memory.high = y", 22)
refused("a weight out of range", "session/bad", { ["cpu.weight"] = 20000 }, "cpu.weight = 20000: Numerical result out of range", 34)
tap.ok(not exists(root .. "/session/bad"), "after a failure nothing is left behind")
local page = assert(cgroup.create("page", { ["memory.max"] = 4096 }))
tap.is(page:get "memory.max", "4096", "one page is a limit")
tap.ok(cgroup.create(("x"):rep(255)), "255 bytes are a name")
tap.is({ select(2, high:set("memory.max", "12X")) },
  { 'session/high: memory.max = 12X: Invalid argument; the kernel takes bytes (K, M, G) or "max"', 22 }, "set says what was refused")
tap.is(select(3, worker.spawn(session, { size = 1 })), 16, "a cgroup with children takes no worker")
tap.like(select(2, worker.spawn(session, { size = 1 })), "session: takes no processes, because it has children", "and says so")
do
  local w <close> = assert(worker.spawn(high, { size = 1, hold = 600 }))
  refused("children below processes", "session/high/x", {}, "session/high: processes live in it", 16)
end

-- ---- open -------------------------------------------------------------------------------------------------

local again = assert(cgroup.open(session:path()))
tap.is({ again:id(), again:get "memory.max" }, { session:id(), "67108864" }, "an existing cgroup, by its absolute path")
local mount = root:match "^(.*)/[^/]*$"
tap.is(cgroup.open(root:sub(#mount + 2) .. "/session/high"):id(), high:id(), "relative to the mount")
tap.is(cgroup.open(root:sub(#mount + 1) .. "/session/high"):id(), high:id(), "as /proc/PID/cgroup says it")
tap.is({ select(2, again:remove()) }, { session:path() .. ": opened, not created; memlua removes only what it made", 1 },
  "what was opened is not removed")
getmetatable(again).__close(again)
tap.ok(exists(session:path()), "nor when it is closed")
tap.is({ cgroup.open "no/such" }, { nil, "no/such: no such cgroup; cgroups are looked up below " .. mount, 2 }, "no such cgroup")
tap.like(select(2, cgroup.open "../proc"), '".." leads elsewhere', "a way out")
tap.like(select(2, cgroup.open(mount)), "empty", "the top of the hierarchy is nobody's tenant")

-- ---- the end ----------------------------------------------------------------------------------------------

local w1, w2 = assert(worker.spawn(low, { size = "1M", hold = 600 })), assert(worker.spawn(low, { size = "1M", hold = 600 }))
tap.is(low:kill(), true, "kill")
tap.is({ w1:wait(30).ended, w2:wait(30).ended }, { "killed", "killed" }, "ends all of a cgroup")
tap.is(low:procs(), {}, "which is empty then")

w1 = assert(worker.spawn(low, { size = "1M", hold = 600 }))
tap.is(session:remove(), true, "remove, with cgroups below and a process in one of them")
tap.ok(not exists(root .. "/session"), "takes all away")
tap.is(w1:wait(30).ended, "killed", "and ends what ran there")
tap.is({ session:remove(), low:remove() }, { true, true }, "twice is fine, and of one that went with its parent")
tap.is({ high:get "memory.max" }, { nil, "session/high: gone (the cgroup was removed)", 19 }, "reading what is gone")
tap.is({ high:set("memory.max", 1) }, { nil, "session/high: gone (the cgroup was removed)", 19 }, "writing it")
tap.is(high:kill(), true, "killing it")
tap.is({ worker.spawn(high, { size = 1 }) }, { nil, "session/high: gone (the cgroup was removed)", 19 }, "starting a worker in it")

local second = assert(cgroup.create "session")
getmetatable(session).__gc(session)
tap.ok(exists(second:path()), "an old handle does not remove a new cgroup of the same name")
tap.fails(function() session:get "memory.max" end, "this cgroup is closed", "use after close is an error")
do
  local scoped <close> = assert(cgroup.create "session/scoped")
  tap.ok(exists(scoped:path()), "a cgroup lives")
end
tap.ok(not exists(second:path() .. "/scoped"), "and goes with its scope")
do
  local w <close> = assert(worker.spawn(second, { size = 1 }))
  tap.is(w:wait(30).ended, "done", "its parent, without children again, takes processes")
end
assert(cgroup.create "session/forgotten")
collectgarbage()
collectgarbage()
tap.ok(not exists(second:path() .. "/forgotten"), "a forgotten one is collected")

tap.done()
