-- An interruption, by a signal or by --timeout, ends the script wherever it is and whatever it catches; what is to be
-- closed is closed; and it decides the exit status.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local quote <const> = require "memlua.base.sys".quote

-- Runs Lua code; returns what it says on standard output, its exit status (137: not within a minute), and its complaint.
-- Signals that the tests' caller ignores, as nohup does, would be ignored.
local function run(code, options)
  local complaint = os.tmpname()
  local pipe <close> = io.popen(("env --default-signal timeout --foreground -s KILL 60 %s %s -e %s 2>%s; echo $?"):format(quote(host.executable()), options or "", quote(code), complaint))
  local said, status = pipe:read "a":match "^(.-)(%d+)\n$"
  local file <close> = io.open(complaint)
  os.remove(complaint)
  return said, tonumber(status), file:read "a"
end

-- `open` is closed when the block ends; `signal` sends one to memlua itself; `spin` is the endless work.
local PRELUDE <const> = [[
  local host, worker = require "memlua.host", require "memlua.worker"
  local function opened(name) return setmetatable({}, { __close = function() print(name .. " closed") end }) end
  local function spin() while true do end end
  local function signal(name) io.popen("kill -" .. (name or "TERM") .. " $PPID"):close() end
  local open <close> = opened "outer"
]]

local CLOSED <const> = "outer closed\n"

-- ---- nothing catches it ----------------------------------------------------------------------------------------

local work = {
  { "a busy script", "signal() spin()" },
  { "a coroutine", "coroutine.wrap(function() signal() spin() end)()" },
  { "a coroutine in a coroutine", "coroutine.wrap(function() coroutine.wrap(function() signal() spin() end)() end)() spin()" },
  { "one that is resumed", "coroutine.resume(coroutine.create(function() signal() spin() end)) spin()" },
  { "one that is resumed again", "local co = coroutine.create(function() coroutine.yield() spin() end) coroutine.resume(co) signal 'TERM' coroutine.resume(co) spin()" },
  { "what coroutine.close closes", "local co = coroutine.create(function() local x <close> = setmetatable({}, { __close = function() signal() spin() end }) coroutine.yield() end) coroutine.resume(co) coroutine.close(co) spin()" },
  { "pcall", "pcall(function() signal() spin() end) print 'went on' spin()" },
  { "pcall after pcall", "while true do pcall(function() signal() spin() end) end" },
  { "pcall in a coroutine", "coroutine.wrap(function() pcall(function() signal() spin() end) print 'went on' end)() print 'went on' spin()" },
  { "pcall around a coroutine", "pcall(coroutine.wrap(function() signal() spin() end)) print 'went on' spin()" },
  { "xpcall", "xpcall(function() signal() spin() end, function() return 'mine' end) print 'went on' spin()" },
  { "load", "load(function() signal() spin() end) pcall(print, 'went on') spin()" },
  { "a pcall that yielded", "local f = coroutine.wrap(function() pcall(function() coroutine.yield() signal() spin() end) print 'went on' end) f() f() spin()" },
  { "a sleep", "signal() pcall(host.sleep, 600) print 'went on' host.sleep(600)" },
  { "a wait for a worker", "local w <close> = worker.spawn(nil, { size = 4096, hold = 600 }) signal() w:wait() print 'went on'" },
  { "an error of the script's own", "pcall(function() signal() spin() end) error 'mine'" },
  { "os.exit", "local late <close> = setmetatable({}, { __close = function() os.exit(0) end }) signal() spin()" },
}
for _, case in ipairs(work) do
  local said, status = run(PRELUDE .. case[2], "--timeout 60")
  tap.is({ said, status }, { CLOSED, 5 }, "SIGTERM ends " .. case[1])
end
for _, case in ipairs { work[1], work[2], work[6], work[7], work[9], work[11], work[12], work[14], work[15] } do
  local code = case[2]:gsub("signal%b()", "") -- the time comes to its end anyway
  local said, status, why = run(PRELUDE .. code, "--timeout 300ms")
  tap.is({ said, status, why }, { CLOSED, 124, "memlua: timed out (--timeout)\n" }, "--timeout ends " .. case[1])
end

-- ---- what is to be closed ---------------------------------------------------------------------------------------

tap.is({ run(PRELUDE .. [[coroutine.resume(coroutine.create(function()
  local inner <close> = opened "inner"
  pcall(function() local innermost <close> = opened "innermost" signal() spin() end)
end))]]) }, { "innermost closed\ninner closed\nouter closed\n", 5, "memlua: ended by Terminated\n" }, "all is closed, from the inside out, in coroutines, too")
tap.is({ run(PRELUDE .. [[do
  local slow <close> = setmetatable({}, { __close = function()
    signal()
    for i = 1, 1e5 do pcall(math.abs, i) end
    print("closed", pcall(error, "caught"))
  end })
end spin()]]) }, { "closed\tfalse\tcaught\nouter closed\n", 5, "memlua: ended by Terminated\n" }, "a closer that has begun ends undisturbed, and may catch errors")
tap.is({ run(PRELUDE .. [[local scope = require "memlua.base.scope".new()
  for _, name in ipairs { "first", "second" } do scope:add(opened(name)) end
  local owned <close> = scope
  signal() spin()]]) }, { "second closed\nfirst closed\nouter closed\n", 5, "memlua: ended by Terminated\n" }, "a scope closes all that it owns")
tap.is({ run(PRELUDE .. [[local hung <close> = setmetatable({}, { __close = function() signal() spin() end }) signal() spin()]]) },
  { CLOSED, 5, "memlua: ended by Terminated\n" }, "a closer that hangs is broken off by another signal")

-- ---- the status --------------------------------------------------------------------------------------------------

for name, status in pairs { INT = 5, TERM = 5, HUP = 5, ALRM = 124 } do
  tap.is(select(2, run(PRELUDE .. ("signal '%s' pcall(spin)"):format(name))), status, ("SIG%s: %d"):format(name, status))
end
tap.is(select(2, run(PRELUDE .. "signal 'TERM' signal 'ALRM' spin()")), 5, "the first one counts")
tap.is({ run(PRELUDE .. "print(host.until_signal(function() signal() spin() end), host.interrupted())") }, { "true\tfalse\n" .. CLOSED, 0, "" },
  "a script that is to be ended so goes on")
tap.is({ run(PRELUDE .. "print(host.until_signal(function(x) print(x) end, 'x'))") }, { "x\nfalse\n" .. CLOSED, 0, "" }, "or hears that it wasn't")
tap.is({ run(PRELUDE .. "print(pcall(host.until_signal, error, 'mine'))") }, { "false\tmine\n" .. CLOSED, 0, "" }, "errors pass")
tap.is(select(2, run(PRELUDE .. "host.until_signal(spin)", "--timeout 300ms")), 124, "the end of the time can't be answered")

-- ---- as Lua's own, otherwise --------------------------------------------------------------------------------------

tap.is({ pcall(error, "x", 0) }, { false, "x" }, "pcall")
tap.is({ xpcall(function(...) error(..., 0) end, function(why) return why .. "!" end, "x") }, { false, "x!" }, "xpcall")
tap.is({ load("return 1 +") }, { nil, '[string "return 1 +"]:1: unexpected symbol near <eof>' }, "load")
local co = coroutine.create(function(...) return "end", coroutine.yield(...) end)
tap.is({ coroutine.resume(co, 1, 2) }, { true, 1, 2 }, "resume")
tap.is({ coroutine.resume(co, 3) }, { true, "end", 3 }, "and again")
tap.is({ coroutine.resume(co) }, { false, "cannot resume dead coroutine" }, "but not for ever")
local f = coroutine.wrap(function() return pcall(function() return coroutine.yield(1) end) end)
tap.is({ f(), f(2) }, { 1, true, 2 }, "a yield across pcall")
tap.fails(coroutine.wrap(function() error "x" end), "interrupt.t:%d+: x", "an error in what wrap returned")
tap.fails(function() coroutine.resume(1) end, "bad argument #1 to 'resume'", "no coroutine")
local depth = 0
local function nest()
  depth = depth + 1
  return pcall(nest)
end
nest()
tap.ok(depth > 80, "pcalls nest", depth)

-- ---- the look and the wait: a signal between them is seen ------------------------------------------------------------

-- Signals in quick succession, each at another moment of a short wait: one that fell between the look and the wait
-- would leave the wait to its ten minutes.
for name, wait in pairs { ["host.sleep"] = "host.sleep(600)", ["w:wait"] = "w:wait()" } do
  local said, status = run(PRELUDE .. ([[
    local w <close> = worker.spawn(nil, { size = 4096, hold = 600 })
    for i = 1, 60 do
      local pid = io.open("/proc/self/stat"):read "n"
      host.until_signal(function() local k <close> = io.popen("sleep 0.00" .. i %% 10 .. "; kill -INT " .. pid) %s end)
      if host.interrupted() then error "not answered" end
    end print "all"]]):format(wait), "--timeout 300")
  tap.is({ said, status }, { "all\nouter closed\n", 0 }, name .. " never misses a signal")
end

tap.done()
