-- An interactive session in the microVM, over a pipe and on a terminal: what is typed is run there, Ctrl-C ends what runs
-- and not the session, runs and history come back. Runs on the host; `--vm`, so that it is the microVM on every machine.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local run = require "memlua.run"
local shell = require "shell"
local sys = require "memlua.base.sys"

local quote <const> = sys.quote
local scratch <const>, tidy <close> = shell.folder()
local memlua = ("env -u COLUMNS TMPDIR=%s XDG_STATE_HOME=%s/state %s"):format(scratch, scratch, quote(host.executable()))

local SCENARIO <const> = [[scenario.run { name = "tiny", solo = false, warmup = 0, limits = { ["memory.max"] = "64M" }, ]]
  .. [[tenants = { { name = "a", workload = { size = "8M", hold = %s } } } }]]

local function write(name, text) assert(host.save(scratch .. "/" .. name, text)) end

-- What remains of the session's microVM.
local function nothing_left(case)
  tap.is(shell.output("ls -d " .. scratch .. "/memlua-* 2>/dev/null"), "", case .. ": no file is left")
end

-- ---- over a pipe ------------------------------------------------------------------------------------------------

-- By the real clock a busy machine makes the run doubtful (status 7): then, too, it is whole, and shown.
write("lines", 'require "memlua.host".in_guest\nerror "oops"\n' .. SCENARIO:format "0.1":gsub("^scenario.run (.*)$", "pcall(scenario.run, %1) ~= nil\n"))
local out, status = shell.output(("%s --vm -q -i <%s/lines 2>%s/err"):format(memlua, scratch, scratch))
tap.is(status, 0, "the end of the input is the end", sys.read(scratch .. "/err"))
tap.like(out, "^true\n", "what is read is run in the microVM")
tap.like(sys.read(scratch .. "/err"), "stdin:1: oops", "an error is shown")
tap.like(out, "\na +%w+ +[%d.]+ m?s .*\ntrue\n$", "and the session goes on; the table is printed where somebody sees it")
local folders = shell.output("ls " .. scratch .. "/state/memlua")
tap.like(folders, "^tiny%-%d+T%d+\n$", "the run is where it would be without the microVM")
local folder = run.load(scratch .. "/state/memlua/" .. folders:match "%S+")
tap.is({ #folder.runs, folder.runs[1].tenants[1].ended }, { 1, "done" }, "and whole")
tap.is(folder.host.clock, "tcg", "at a prompt time is real")
tap.ok(sys.exists(folder.path .. "/plots/completion.png"), "its pictures are drawn")
nothing_left "pipe"

-- ---- on a terminal ----------------------------------------------------------------------------------------------

-- script(1) gives the session a terminal; keys are sent when what they answer is there
local KEYS <const> = [[
exec 3>in
wait_for() { for i in $(seq 1200); do [ "$(grep -ac "$1" out)" -ge "$2" ] && return; sleep 0.05; done; }
wait_for 'memlua> ' 1;  printf 'host.in_guest, "typed"\r' >&3
wait_for '"*typed' 2;  printf 'while true do end\r' >&3
sleep 0.5;  printf '\003' >&3
wait_for 'ended by Interrupt' 1;  cat scenario >&3
wait_for 'holding' 1;  printf '\003' >&3
wait_for 'ended by Interrupt' 2;  printf '"still " .. "here"\r' >&3
wait_for 'still here' 1;  printf '\004' >&3
]]
if os.execute "command -v script >/dev/null" then
  write("scenario", SCENARIO:format "600" .. "\r")
  write("keys", KEYS)
  assert(os.execute(("cd %s && mkfifo in && : >out"):format(scratch)))
  local command = ("cd %s && env TERM=xterm timeout 300 script -qefc %s out <in >/dev/null & pid=$!\ncd %s && . ./keys\nwait $pid")
    :format(scratch, quote("stty rows 30 cols 90; exec " .. memlua .. " --vm -i"), scratch)
  _, status = shell.said(command)
  local said = sys.read(scratch .. "/out")
  tap.is(status, 0, "Ctrl-D ends the session in order", said)
  tap.like(said, "true *\ttyped\r\n", "what is typed is run in the microVM")
  tap.like(said, "a .*8%.%d+M of 64M +holding", "a run is shown while it goes on")
  tap.is(select(2, said:gsub("ended by Interrupt", "")), 2, "Ctrl-C ends what runs")
  tap.like(said, "\rstill here\r\n", "and keeps the session")
  tap.like(sys.read(scratch .. "/state/memlua/history"), '^host.in_guest, "typed"\nwhile true do end\n', "the lines are kept")
  nothing_left "terminal"
else
  tap.skip("a session on a terminal", "no script(1) here")
end

-- ---- a session that has begun elsewhere ---------------------------------------------------------------------------

if not require "memlua.machine.checks".module() and not require "memlua.machine.checks".native() then
  write("lines", 'cgroup.create "x"\n1\n')
  out, status = shell.output(("%s -i <%s/lines 2>%s/err"):format(memlua, scratch, scratch))
  tap.is({ status, out }, { 0, "1\n" }, "what this machine can't do is no reason to lose the session")
  tap.like(sys.read(scratch .. "/err"), "begin one in the\n? *microVM: memlua %-%-vm %-i", "and where it can be done is said")
else
  tap.skip("a session that can't go on", "this machine can run it itself")
end

tap.done()
