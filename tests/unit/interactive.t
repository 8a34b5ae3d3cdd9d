-- memlua -i: what is shown, what is completed, and a session over a pipe and on a terminal.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local interactive = require "memlua.cli.interactive"

host.setenv("COLUMNS", "60")

-- ---- showing ----------------------------------------------------------------------------------------------------

local show = interactive.show
tap.is(show(5), "5", "a number")
tap.is(show "a\nb\0", [["a\nb\0"]], "a string, as one would write it")
tap.is(show {}, "{}", "an empty table")
tap.is(show { 1, "x", { true } }, '{ 1, "x", { true } }', "a list in one line")
tap.is(show { b = 1, a = 2, [3] = "three", ["not a name"] = 4 }, '{ [3] = "three", a = 2, b = 1, ["not a name"] = 4 }', "keys sorted, names bare")
tap.is(show { 1, 2, [4] = 4 }, "{ 1, 2, [4] = 4 }", "a hole is seen")
tap.is(show { a = ("x"):rep(30), b = ("y"):rep(30) },
  '{\n  a = "' .. ("x"):rep(30) .. '",\n  b = "' .. ("y"):rep(30) .. '"\n}', "what doesn't fit stands in lines")
local loop = { name = "loop" }
loop.self = loop
tap.is(show(loop), '{ name = "loop", self = (above) }', "a table in itself ends")
local shared = { 1 }
tap.is(show { shared, shared }, "{ { 1 }, { 1 } }", "one that is twice in it is shown twice")
local deep = {}
for _ = 1, 50 do deep = { deep } end
tap.like(show(deep), "{...}", "too deep is cut")
local long = {}
for i = 1, 1000 do long[i] = i end
tap.is({ select(2, show(long):gsub("%d+", "")), (show(long):find "%.%.%.") ~= nil }, { 64, true }, "too long is cut and says so")
tap.is(show(setmetatable({}, { __tostring = function() return "own words" end })), "own words", "what has own words uses them")
tap.ok(pcall(show, setmetatable({}, { __index = error, __pairs = error, __len = error })), "no metamethod is called")

-- ---- completing ---------------------------------------------------------------------------------------------------

thing = { alpha = 1, also = print, sub = { x = 1 }, [1] = true }
handle = setmetatable({}, { __index = { wait = print, kill = print } })
local function completes(line, word, ...) tap.is(interactive.complete(line, word), { ... }, ("%s%s<TAB>"):format(line, word)) end
completes("", "thi", "thing")
completes("x = ", "thing.al", "thing.alpha", "thing.also")
completes("", "thing:", "thing:also")
completes("", "thing.sub.", "thing.sub.x")
completes("", "handle:w", "handle:wait")
completes("", "nothing.at.all.")
completes("", "whi", "while")
completes("", "string.form", "string.format")
completes('local c = require "', "memlua.cg", "memlua.cgroup")
completes("require(\"", "memlua.uni", "memlua.units")
tap.ok(#interactive.complete('require "', "memlua.") > 20, "all modules are offered")
for _, name in ipairs(interactive.complete('require "', "memlua")) do
  if not pcall(require, name) then tap.ok(false, name .. " is offered but isn't there") end
end

-- ---- a session over a pipe ------------------------------------------------------------------------------------------

local function session(lines)
  local path = os.tmpname()
  io.open(path, "w"):write(lines):close()
  local text, status = require "shell".said(("'%s' -i <%s"):format(host.executable(), path))
  os.remove(path)
  return text, status
end
local text, status = session "x = 2\nx + 1\nfor i = 1, 2 do\nprint(i)\nend\nnil, 'a'\nlocal function f() end\n"
tap.is(text, "3\n1\n2\nnil\ta\n", "expressions print their values, statements nothing, no prompts in a pipe")
tap.is(status, 0, "the end of the input is the end")
text = session "error 'oops'\n'after'\n"
tap.ok(text:find "^stdin:1: oops\n" and text:find "after\n$", "an error is shown and the session goes on", text)
text = session "x = = 1\nmemlua_unknown\nunits.parse\ncgroup.create\n"
tap.ok(text:find "^stdin:1: unexpected symbol" and text:find "\nnil\nnil\nfunction", "modules are at hand, other globals are not made up", text)

text = session "help 'units.size'\nhelp 'xyzzyplugh'\n1\n"
tap.ok(text:find "^memlua.units\n\n  units.size%(" and text:find "no module, function or policy of that name[^\n]*\n  [^\n]+\n1\n$",
  "help tells what a function does; a message is broken at a blank", text)

text = session "exit\nquit\nexit()\nquit()\n1\n"
tap.is(text, ("Ctrl-D ends the session\n"):rep(4) .. "1\n", "what ends other tools' sessions tells what ends this one")

-- ---- on a terminal ----------------------------------------------------------------------------------------------------

-- script(1) gives the session a terminal; keys are sent when the prompt of the line before is there
local KEYS = [[
  exec 3>%s/in
  wait_for() { for i in $(seq 200); do [ "$(grep -ac "$1" %s/out)" -ge "$2" ] && return; sleep 0.05; done; }
  wait_for 'memlua> ' 1;  printf 'half a line\003' >&3
  wait_for '\^C' 1;  printf '"second"\n' >&3
  wait_for second 2;  printf 'while true do end\n' >&3
  sleep 0.3;  printf '\003' >&3
  wait_for 'ended by Interrupt' 1;  printf '"still " .. "here"\n' >&3
  wait_for 'still here' 1;  printf '\004' >&3
]]
if os.execute "command -v script >/dev/null" then
  local scratch = os.tmpname()
  os.remove(scratch)
  os.execute(("mkdir %s && mkfifo %s/in && : > %s/out"):format(scratch, scratch, scratch))
  local command = ("cd %s && env TERM=xterm XDG_STATE_HOME=%s/state timeout 60 script -qefc \"exec '%s' -i\" out <in >/dev/null & pid=$!\n%s\nwait $pid"):format(
    scratch, scratch, host.executable(), KEYS:format(scratch, scratch))
  local pipe <close> = io.popen(command .. "; echo status $?")
  local said = pipe:read "a"
  local out = io.open(scratch .. "/out"):read "a"
  tap.like(out, "At hand: cgroup", "a terminal is greeted")
  tap.ok(out:find "%^C" and out:find "[\r\n]second\r\n", "Ctrl-C at the prompt drops the line", out)
  tap.like(out, "[\r\n]still here\r\n", "Ctrl-C ends a running chunk and keeps the session")
  tap.like(said, "status 0", "Ctrl-D ends the session in order")
  local history = io.open(scratch .. "/state/memlua/history")
  tap.is(history and history:read "a", '"second"\nwhile true do end\n"still " .. "here"\n', "the lines are kept for the next one")
  os.execute("rm -rf " .. scratch)
else
  tap.skip("a session on a terminal", "no script(1) here")
end
tap.done()
