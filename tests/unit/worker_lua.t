-- The worker that runs a function of the script: what it sees, what it measures, how it ends, and that it can't end
-- what the script began.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"
local host = require "memlua.host"
local sys = require "memlua.base.sys"
local worker = require "memlua.worker"

local MB <const> = 1 << 20
local SECONDS <const> = 60 -- only a hang reaches it
local path = os.tmpname()

-- Runs a function; returns its result and what it wrote.
local function run(f, more)
  local spec = { kind = "lua", run = f, output = path, name = "f" }
  for key, value in pairs(more or {}) do spec[key] = value end
  local w <close> = assert(worker.spawn(nil, spec))
  return assert(w:wait(SECONDS)), sys.read(path)
end

-- ---- what it sees -----------------------------------------------------------------------------------------------

local shared = { 5 }
local r, text = run(function()
  print("hello", shared[1])
  shared[1] = 6
  io.stderr:write "trouble\n"
end)
tap.is({ r.ended, r.exit_code, r.kind, r.error }, { "done", 0, "lua" }, "it ends well")
tap.is(text, "hello\t5\ntrouble\n", "it has what the script has, and its output is kept")
tap.is(shared[1], 5, "what it changes is its own")
tap.ok(r.completion_s and r.spawned <= r.start and r.start <= r.finish, "its times are known", r)
tap.is({ r.latency, r.progress, r.reached, r.alloc_s }, {}, "a function that tells nothing measures nothing")
tap.is(select(2, run(function() print(io.read "l") end)), "nil\n", "there is nothing to read")

io.stdout:write "# held back in the script's buffer\n"
tap.is(select(2, run(function() print "own" end)), "own\n", "what the script's buffer holds back stays the script's")

local inside
coroutine.wrap(function() inside = select(2, run(function() print "inside" end)) end)()
tap.is(inside, "inside\n", "a coroutine can start one")

-- ---- what it measures -------------------------------------------------------------------------------------------

r = run(function(step)
  local held = {}
  for i = 1, 8 do
    held[i] = ("x"):rep(MB)
    step(i * MB)
  end
end, { size = "8M" })
tap.is({ r.reached, r.latency.count, #r.progress, r.progress[8][2] }, { 8 * MB, 8, 8, 8 * MB }, "steps are counted")
tap.ok(r.alloc_s > 0 and r.alloc_s <= r.completion_s, "and tell when all was there", r.alloc_s, r.completion_s)
tap.ok(r.latency.sum <= r.completion_s * 1e9, "a step lasts from the last one", r.latency.sum)
r = run(function(step) step(MB) step() end)
tap.is({ r.reached, r.latency.count, r.progress[2][2] }, { MB, 2, MB }, "a step without bytes leaves them as they were")
r = run(function(step) step(-1) end)
tap.is({ r.ended, (r.error:find "must be 0 or more bytes") ~= nil }, { "failed", true }, "negative bytes are refused")

-- ---- how it ends ------------------------------------------------------------------------------------------------

r, text = run(function() local nothing = nil; print "begun"; nothing.x = 1 end)
tap.is({ r.ended, r.exit_code, r.signal }, { "failed", 1 }, "an error fails it")
tap.like(r.error, "worker_lua.t:%d+: attempt to index a nil value", "with its message")
tap.like(text, "^begun\n.*stack traceback:\n.*worker_lua%.t", "and the traceback beside its output")
r = run(function() error { status = 3, message = "out of patience" } end)
tap.is(r.error, "out of patience", "an error that is a table gives its message")
tap.is(run(function() error() end).error, "nil", "so does no message at all")
r = run(function() print "bye"; os.exit(3) end)
tap.is({ r.ended, r.exit_code, r.error, sys.read(path) }, { "failed", 3, "exit status 3", "bye\n" }, "os.exit ends it, and it only")
tap.is({ run(function() os.exit() end).ended, run(function() os.exit(true) end).ended, run(function() os.exit(false) end).exit_code },
  { "done", "done", 1 }, "os.exit takes what it always takes")
local exit <const> = os.exit -- the script's own
local closed <close> = setmetatable({}, { __close = function() io.stderr:write "closed\n" end })
r, text = run(function() exit(0) end)
tap.is({ r.ended, text, r.completion_s ~= nil }, { "done", "", true }, "even by the script's os.exit it closes nothing of the script's")
local kept = os.tmpname()
run(function() io.open(kept, "w"):write "left open" end)
tap.is(sys.read(kept), "left open", "a file that it leaves open is written")
os.remove(kept)
do
  local w <close> = assert(worker.spawn(nil, { kind = "lua", run = function() while true do end end }))
  w:kill "stopped"
  tap.is({ w:wait(SECONDS).ended, w:wait(SECONDS).signal }, { "stopped", 9 }, "it can be stopped")
end

-- ---- what it can't end -------------------------------------------------------------------------------------------

local sleeper <close> = assert(worker.spawn(nil, { kind = "exec", argv = { "sleep", "600" } }))
local holder = { assert(worker.spawn(nil, { kind = "exec", argv = { "sleep", "600" } })) }
local REFUSED <const> = "belong to the script, not to a function that runs as a tenant"
for name, f in pairs {
  ["kill a worker"] = function() sleeper:kill() end,
  ["start a worker"] = function() worker.spawn(nil, {}) end,
  ["make a cgroup"] = function() cgroup.create "x" end,
  ["choose a way"] = function() host.enter() end,
} do
  r = run(f)
  tap.is({ r.ended, (r.error:find(REFUSED, 1, true)) ~= nil }, { "failed", true }, "it can't " .. name)
end
r, text = run(function()
  holder[1] = nil
  collectgarbage()
  local closed <close> = sleeper
  print "collected"
end)
tap.is({ r.ended, text }, { "done", "collected\n" }, "it may forget and close the script's handles")
tap.is({ sleeper:ended(), holder[1]:ended() }, { false, false }, "but what they stand for lives on")

local finalized = setmetatable({}, { __gc = function() io.stdout:write "# finalized\n" io.stdout:flush() end })
finalized = nil -- garbage, when the next function starts
text = select(2, run(function() collectgarbage() print "alone" end))
tap.is(text, "alone\n", "the script's garbage is collected before, by the script")

-- ---- misuse -----------------------------------------------------------------------------------------------------

tap.fails(function() worker.spawn(nil, { kind = "lua" }) end, "run: must be a function, not a nil", "no function raises")
tap.fails(function() worker.spawn(nil, { kind = "lua", run = "f" }) end, "run: must be a function, not a string", "a name is no function")
tap.like(run(function() end, { output = "/nowhere/x" }).error, "^/nowhere/x: No such file or directory", "output that can't be written")

os.remove(path)
tap.done()
