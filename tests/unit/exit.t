-- How memlua ends: os.exit() leaves nothing open, and what could not be written is no success.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local quote <const> = require "memlua.base.sys".quote

-- Runs Lua code; returns what it says on both streams, and its exit status.
local function run(code, rest)
  local pipe <close> = io.popen(("{ %s -e %s %s; echo $?; } 2>&1"):format(quote(host.executable()), quote(code), rest or ""))
  local said, status = pipe:read "a":match "^(.-)(%d+)\n$"
  return said, tonumber(status)
end

local OPEN <const> = "local open <close> = setmetatable({}, { __close = function() print 'closed' end }) "
for call, status in pairs { ["os.exit()"] = 0, ["os.exit(7)"] = 7, ["os.exit(true)"] = 0, ["os.exit(false)"] = 1,
                            ["os.exit(7, true)"] = 7, ["coroutine.wrap(function() os.exit(6) end)()"] = 6 } do
  local said, got = run(OPEN .. call)
  tap.is({ said, got }, { "closed\n", status }, call .. " closes what is open")
end
tap.is({ run(OPEN .. "os.exit(7, false)") }, { "", 7 }, "unless it is told not to")
tap.is({ run "setmetatable({}, { __gc = function() print 'collected' end }) os.exit(3)" }, { "collected\n", 3 }, "handles are collected")

-- ---- time ------------------------------------------------------------------------------------------------------

local BUSY <const>, ASLEEP <const> = OPEN .. "while true do end", OPEN .. "require 'memlua.host'.sleep(600)"
for name, code in pairs { busy = BUSY, asleep = ASLEEP } do
  local said, got = run(code, "--timeout 1s 2>&1")
  tap.ok(got == 124 and said:find "timed out" and said:find "closed", "--timeout ends a script that is " .. name .. ", in order", said, got)
end
tap.is({ run [[local o = require "memlua.option".parse({ name = "x", common = "report", options = { { "timeout", "duration" } } },
  { "--timeout", "1ms" }) require "memlua.host".sleep(0.05) print(o.timeout)]] }, { "0.001\n", 0 }, "a script's own --timeout is its own")
tap.is({ run("print(require 'memlua.host'.give_up_after(0) > 500)", "--timeout 600") }, { "true\n", 0 }, "one that is done in time isn't")
tap.is({ run("require 'memlua.option'.parse({ name = 'x' }, { '--timeout', '1s' }) " .. ASLEEP, "2>/dev/null") }, { "closed\n", 124 },
  "given behind the script's name, too")

tap.is({ run("print 'x'", ">/dev/full") }, { "memlua: standard output: No space left on device\n", 3 }, "output that is lost is a failure")
local said = run("for i = 1, 1e5 do print(i) end", "| head -n 1")
tap.is(said, "1\n", "a reader who has had enough is no reason to complain")

tap.done()
