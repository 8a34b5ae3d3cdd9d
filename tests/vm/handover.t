-- The hand-over to the microVM, seen from outside: what a user gets back, and what is left behind. Runs on the
-- host and starts memlua for each case; `--vm`, so that it is the microVM on every machine.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local processes = require "processes"
local shell = require "shell"
local sys = require "memlua.base.sys"

local quote <const> = sys.quote

local function lines_of(command) return (shell.output(command)) end

local scratch <const>, tidy <close> = shell.folder()
assert(os.execute("mkdir " .. quote(scratch .. "/tmp")))

local function content(name)
  local file <close> = assert(io.open(scratch .. "/" .. name))
  return (file:read "a")
end

-- Once the script is in the guest, which its first line of output tells, Ctrl-C. (A shell makes what it starts with &
-- ignore SIGINT; env undoes that.)
local INTERRUPT <const> = [[
env --default-signal=INT %s & pid=$!
while kill -0 $pid && ! grep -q ready out; do sleep 0.2; done
kill -INT $pid; wait $pid; echo $?]]

-- Runs memlua with a script of that text in the guest. Returns status, standard output, standard error.
local function run(options, script, tmp, form)
  local path = scratch .. "/a script's name.lua"
  local file <close> = assert(io.open(path, "w"))
  assert(file:write('require "memlua.host".enter()\n', script)) -- as any use of the kernel would
  file:close()
  local command = ("env TMPDIR=%s %s --vm %s %s one 'two words' >out 2>err"):format(
    quote(tmp or scratch .. "/tmp"), quote(host.executable()), options, quote(path))
  local code = lines_of(("cd %s; : >out; %s"):format(quote(scratch), (form or "%s; echo $?"):format(command)))
  return tonumber(code), content "out", content "err"
end

local function nothing_left(case)
  tap.is(lines_of("ls -A " .. quote(scratch .. "/tmp")), "", case .. ": no file is left")
  tap.is(processes("path=" .. scratch), "", case .. ": no process is left")
end

-- ---- what the guest's own mounts hide -------------------------------------------------------------------------

do
  local hidden = lines_of "mktemp -d /dev/shm/memlua-test.XXXXXX":gsub("\n", "")
  local gone <close> = setmetatable({}, { __close = function() os.execute("rm -rf " .. quote(hidden)) end })
  assert(os.execute(("echo 'require \"memlua.host\".enter()' | tee %s/hidden.lua >%s/plain.lua; :>%s/data"):format(hidden, scratch, hidden)))
  local function refused(words)
    local said, code = lines_of(("cd %s; %s --vm %s 2>&1; echo $?"):format(quote(scratch), quote(host.executable()), words))
    return said
  end
  tap.like(refused(hidden .. "/hidden.lua"), "script /dev/shm/[^\n]*hidden.lua: the microVM has a /dev/ of its own[^\n]*\n1\n$",
    "a script that the guest can't see is refused by name")
  tap.like(refused(scratch .. "/plain.lua " .. hidden .. "/data"), "file /dev/shm/[^\n]*/data: the microVM has a /dev/ of its own",
    "so is a file that is named to it")
end

local is_root = lines_of "id -u" == "0\n" -- an ordinary user's microVM has a root that can't be written, and says so

-- ---- an ordinary end -----------------------------------------------------------------------------------------

local status, out, err = run("--out results", [[
print(arg[0]:match "[^/]*$", arg[1], arg[2], require "memlua.host".in_guest)
io.stderr:write "to standard error\n"
local file = assert(io.open(require "memlua.host".settings.out .. "/figure.txt", "w"))
file:write(("x"):rep(100000), "\n")
file:close()
local written <close> = io.open("/memlua-must-not-write-here", "w")
print("written", written ~= nil and written:write "x" ~= nil)
error { status = 7, message = "not trustworthy" }
]])
tap.is(status, 7, "the script's exit status comes back", err)
tap.like(out, "^a script's name.lua\tone\ttwo words\ttrue\n", "so do its output, with its arguments")
tap.ok(not out:find "standard error" and err:find "to standard error\n" ~= nil, "standard error stays apart")
tap.like(err, "not trustworthy", "its error message is shown")
tap.like(out, "written\t" .. tostring(is_root), "the root can be written there by whom it belongs to")
tap.ok(not sys.exists "/memlua-must-not-write-here", "nothing of it comes to the machine")
tap.is(#content "results/figure.txt", 100001, "the results come back whole")
tap.is(lines_of("ls -A " .. quote(scratch .. "/results")), "figure.txt\n", "nothing is left beside them")
nothing_left "ordinary end"

-- ---- the time -------------------------------------------------------------------------------------------------

-- Under the virtual clock these ten minutes pass in a few seconds.
local before = os.time()
status, out, err = run("--clock virtual --out later", [[
require "memlua.host".sleep(600)
local host, sys = require "memlua.host", require "memlua.base.sys"
assert(host.save(host.settings.out .. "/figure.txt", "1\n"))
print(os.time(), sys.time())
]])
tap.is(status, 0, "the guest's clock runs apart", err)
local guests, told = out:match "^(%d+)\t(%d+)\n"
local now = os.time()
tap.ok(guests and tonumber(guests) > now + 60, "it is in the future", guests, now)
tap.ok(told and before - 2 <= tonumber(told) and tonumber(told) <= now + 2, "what it tells of the time is the host's",
  before, told, now)
tap.is(lines_of(("find %s -newermt '+1 minute'"):format(quote(scratch .. "/later"))), "", "so are the times of its files")

-- ---- ends that nobody planned --------------------------------------------------------------------------------

local forever = [[
local closed <close> = setmetatable({}, { __close = function() print "closed" end })
local cg <close> = assert(require "memlua.cgroup".create "left")
print "ready"
io.stdout:flush()
while true do require "memlua.host".sleep(1) end
]]
status, out = run("--clock real", forever, nil, INTERRUPT)
tap.is(status, 5, "SIGINT ends the script in the guest", out)
tap.like(out, "ready\nclosed\n", "its closers have run")
nothing_left "SIGINT"

-- A scenario of three runs, the seed of which puts a strategy last, that is interrupted in the given one: status, standard output, standard error.
local function scenario_until(n)
  assert(host.save(scratch .. "/partial.lua", ([[
local at, n = %d, 0
local function wait()
  n = n + 1
  if n < at then return end
  print "ready"
  io.stdout:flush()
  while true do require "memlua.host".sleep(1) end
end
require "memlua.scenario".run { name = "partial", warmup = 0, limits = { ["memory.max"] = "64M" }, hooks = { measure = wait },
  tenants = { { name = "a", workload = { kind = "exec", argv = { "echo", "said" }, size = "1M" } } },
  strategies = { { name = "none" }, { name = "other" } }, expect = { { "all is well", function() return true end } } }
]]):format(n)))
  local command = ("%s --vm --clock real --seed 3 --out partial partial.lua >out 2>err"):format(quote(host.executable()))
  local code = lines_of(("cd %s; : >out; %s"):format(quote(scratch), INTERRUPT:format(command)))
  return tonumber(code), content "out", content "err"
end
status = scenario_until(1)
tap.is({ status, lines_of(("ls -d %s/partial 2>&1 | grep -c cannot"):format(quote(scratch))) }, { 5, "1\n" },
  "Ctrl-C before the first run is done leaves no folder")
status, out, err = scenario_until(3)
tap.is(status, 5, "Ctrl-C later keeps what was measured", err)
tap.like(out, "\nended early: 2 of 3 runs were made, none of %a+\n", "and the table says so")
tap.like(out, "\nexpected: all is well: holds in 1 of 1 runs\n", "what was expected is judged by what there is")
tap.like(lines_of("ls " .. quote(scratch .. "/partial/runs")), "^001%-[%w-]+\n002%-[%w-]+\n$", "nothing of the run that was not done is left")

status, out, err = run("--clock real --timeout 20s", forever)
tap.is(status, 124, "the time-out ends it", err)
nothing_left "time-out"

status, out, err = run("", [[assert(io.open("/proc/sysrq-trigger", "w")):write "c"]])
tap.is(status, 255, "a panic of the guest's kernel is told by the exit status", err)
tap.like(err, "kernel panicked.*Kernel panic %- not syncing", "and by the console's last lines")
nothing_left "panic"

status, out, err = run("--clock real --out lost", [[print "ready"; io.stdout:flush(); require "memlua.host".sleep(2)]], nil,
  "{ while ! grep -q ready out; do sleep 0.1; done; rm -r lost; } & %s; echo $?")
tap.ok(status == 1 and err:find("lost: the results could not be unpacked", 1, true), "lost results are no success", status, err)

-- Killed, memlua can't clean up. The next one does that, but leaves alone what another one is using.
local UNTIL_READY <const> = "%s & pid=$!\nwhile kill -0 $pid && ! grep -q ready out; do sleep 0.2; done\n"
status = run("--clock real", forever, nil, UNTIL_READY .. "kill -KILL $pid; wait $pid; ls tmp | wc -l")
tap.is(status, 1, "a killed memlua leaves its folder")
status = run("--clock real", forever, nil, UNTIL_READY .. ([[
env TMPDIR="$PWD/tmp" %s --vm -q -e '' >out2 2>&1; ls tmp >left; kill -INT $pid; wait $pid; echo $?]]):format(quote(host.executable())))
tap.is({ status, select(2, content "left":gsub("\n", "")), content "out2" }, { 5, 1, "" }, "the next one removes it, but not that of one that runs")
tap.like(content "err", "memlua: removed [^\n]*/tmp/memlua%-vm%.%x+, which a killed memlua left\n", "and it says so")
nothing_left "killed"

-- half a kernel: its head still tells the release, so the headers are found
local kernel = require "memlua.machine.kernels".chosen {}
assert(os.execute(("mkdir %s/half && ln -s %s %s/half/headers && head -c 3000000 %s >%s/half/vmlinuz"):format(
  scratch, quote(kernel.headers), scratch, quote(kernel.image), scratch)))
status, out, err = run("--accel tcg --kernel half/vmlinuz", "")
tap.ok(status == 1 and err:find("half/vmlinuz: does not boot", 1, true), "an image that doesn't boot is named", status, err)
nothing_left "no boot"

-- a QEMU that says why it ends, and then fills a screen with registers
assert(os.execute("mkdir " .. quote(scratch .. "/bin")))
local fake <close> = assert(io.open(scratch .. "/bin/qemu-system-x86_64", "w"))
assert(fake:write '#!/bin/sh\necho "the reason" >&2\nseq -f "R%03g=0123456789abcdef" 200 >&2\nexit 1\n')
fake:close()
assert(os.execute("chmod +x " .. quote(scratch .. "/bin/qemu-system-x86_64")))
status, out, err = run("--accel tcg", "", nil, ("PATH=%s:$PATH; %%s; echo $?"):format(quote(scratch .. "/bin")))
tap.ok(status == 1 and err:find("QEMU said:\nthe reason\n", 1, true), "of what QEMU says, its first words are shown", status, err)
nothing_left "QEMU ended"

-- ---- folders with names that QEMU or the kernel would cut ------------------------------------------------------

assert(os.execute(("mkdir %s && ln -s /run %s"):format(quote(scratch .. "/a, b"), quote(scratch .. "/runtime"))))
status, out, err = run("", [[print "here"]], scratch .. "/a, b")
tap.is({ status, out }, { 0, "here\n" }, "TMPDIR has a comma and a blank")
local results = scratch:match "[^/]*$"
if is_root then
  status, out, err = run("--out runtime/" .. results, "")
  tap.is({ status, sys.exists("/run/" .. results) }, { 0, true }, "--out below /run, where the guest has folders of its own", err)
  os.execute("rmdir /run/" .. results)
end

-- ---- on a terminal -----------------------------------------------------------------------------------------------

if os.execute "command -v script >/dev/null" then
  local path = scratch .. "/terminal.lua"
  local file <close> = assert(io.open(path, "w"))
  file:write [[
    local host = require "memlua.host"
    host.enter()
    print(host.columns(1), host.rows(2), host.isatty(2))
  ]]
  file:close()
  local command = ("stty cols 77 rows 33; exec %s --vm %s"):format(quote(host.executable()), quote(path))
  lines_of(("cd %s; env -u COLUMNS TMPDIR=%s TERM=xterm script -qefc %s typed </dev/null >/dev/null 2>&1"):format(
    quote(scratch), quote(scratch .. "/tmp"), quote(command)))
  local typed = content "typed"
  tap.ok(typed:find("\r\27[Kmemlua: 0 s: booting\r\27[K", 1, true), "a terminal sees the boot's seconds", typed)
  local afterwards = typed:match ".*booting\r\27%[K(.*)" or ""
  tap.ok(afterwards:find("77\t33\ttrue\r\n", 1, true), "they are gone when it is up; the guest knows the terminal's size", typed)
  nothing_left "on a terminal"
else
  tap.skip("the boot on a terminal", "no script(1) here")
end

-- virtiofsd ends with the guest; on a busy machine QEMU takes its time after that.
lines_of(("mkdir -p %s/slow && printf '#!/bin/sh\\n%%s \"$@\"\\nsleep 5\\n' \"$(command -v qemu-system-x86_64)\" >%s/slow/qemu-system-x86_64 && chmod +x %s/slow/*"):format(scratch, scratch, scratch))
tap.is(lines_of(("cd %s; PATH=%s/slow:$PATH %s --vm -q -e 'require \"memlua.host\".enter() os.exit(3)' 2>&1; echo $?"):format(quote(scratch), scratch, quote(host.executable()))):match "[^\n]*\n$",
  "3\n", "a QEMU that ends long after its guest is no fault")
tap.done()
