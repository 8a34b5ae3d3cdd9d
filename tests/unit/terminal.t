-- What memlua writes fits the terminal that it is written to, and isn't changed in a pipe; long steps of the set-up
-- show that they live, on a terminal only.
local tests = arg[0]:match "^(.*)/[^/]*/[^/]*$"
package.path = tests .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"

local quote <const> = require "memlua.base.sys".quote
local output_of <const> = require "shell".said

local scratch <const>, tidy <close> = require "shell".folder()
local root = tests .. "/.."
local memlua = ([[unset COLUMNS MEMLUA_TERMINALS; cd %s
  export LC_ALL=C.UTF-8 XDG_STATE_HOME=%s
  memlua() { %s "$@"; }
  ]]):format(quote(root), scratch, quote(host.executable()))

-- ---- widths ---------------------------------------------------------------------------------------------------

-- A line may be too long only when it is one word that is: a path, an option.
local function overlong(text, width)
  for line in text:gmatch "[^\n]+" do
    if (utf8.len(line) or #line) > width and line:match "^ *(.-)$":find " " then return line end
  end
end

local COMMANDS = {
  "memlua --help", "memlua scripts/protected.lua --help", "memlua doctor --help", "memlua doctor",
  "memlua show tests/fixtures/baseline", "memlua show tests/fixtures/protected", "memlua runs tests/fixtures",
  "memlua scripts/analyze.lua tests/fixtures/baseline tests/fixtures/protected -o " .. scratch .. "/x",
  "memlua scripts/guard.lua --set nonsense --low x", "memlua show no-such-run",
  "memlua --kernel /no/such/image --vm -e 1",
}
for _, command in ipairs(COMMANDS) do
  for _, width in ipairs { 40, 80, 200 } do
    local text = output_of(memlua .. "export COLUMNS=" .. width .. "\n" .. command)
    local found = overlong(text, width)
    tap.ok(text ~= "" and not found, ("%d columns: %s"):format(width, command), found)
  end
end
-- the bars are as long as there is room
local function without_bars(text) return (text:gsub("[#/]+ ?%f[%d%a]", "")) end
local wide = output_of(memlua .. "export LC_ALL=C COLUMNS=1000; memlua show tests/fixtures/baseline")
local piped = output_of(memlua .. "export LC_ALL=C; memlua show tests/fixtures/baseline")
tap.ok(overlong(piped, 100), "a document in a pipe isn't broken", piped)
tap.is(without_bars(piped), without_bars(wide), "nor are columns left out")
tap.ok(not output_of(memlua .. "memlua --help"):find(("[^\n]"):rep(81)), "help in a pipe has 80 columns")

-- ---- steps of the set-up ----------------------------------------------------------------------------------------

local ALIVE = [[. %s/host/setup/alive.sh
  trap stop_ticking EXIT
  progress() { echo ', half of it'; echo >>%s/ticks; }
  slow() { echo complaint >&2; n=0; while [ $(wc -l <%s/ticks) -lt ${TICKS:-0} ] && [ $((n += 1)) -lt 600 ]; do sleep 0.1; done; echo result; return 3; }
  alive 'a slow step' slow > %s/result; echo status $?; cat %s/result]]
local script = scratch .. "/step.sh"
io.open(scratch .. "/ticks", "w"):close()
io.open(script, "w"):write((ALIVE:format(quote(root), scratch, scratch, scratch, scratch))):close()
tap.is(output_of("sh " .. script), "memlua: a slow step\ncomplaint\nstatus 3\nresult\n",
  "in a pipe a step is one line")
tap.is(output_of("MEMLUA_QUIET=1 sh " .. script), "complaint\nstatus 3\nresult\n",
  "none with --quiet, only what goes wrong")

if os.execute "command -v script >/dev/null" then
  local function on_terminal(env)
    os.execute(("env %s script -qefc 'sh %s' %s/typed </dev/null >/dev/null 2>&1"):format(env, script, scratch))
    local text = io.open(scratch .. "/typed"):read "a"
    text = text:gsub("^Script started[^\n]*\n", ""):gsub("\n?Script done[^\n]*\n$", "")
    return (text:gsub("\r\n", "\n"))
  end
  local text = on_terminal "TERM=xterm TICKS=2" -- the line of the first is there when the second begins
  tap.like(text, "\r\27%[Kmemlua: %d+ s, half of it: a slow step", "a terminal sees the time and how far it is")
  tap.like(text, "step\r\27[Kcomplaint\nmemlua: a slow step\nstatus 3\nresult\n",
    "nothing of that is left when it has ended, but what was complained of")
  text = on_terminal "TERM=xterm TMPDIR=/nonexistent"
  tap.like(text, "memlua: a slow step\ncomplaint\nstatus 3\nresult\n",
    "where no file can be made it is one line there too")
  text = on_terminal "TERM=dumb"
  tap.ok(not text:find "\27" and text:find "memlua: a slow step\n", "a dumb terminal gets the line", text)
else
  tap.skip("a step on a terminal", "no script(1) here")
end
tap.done()
