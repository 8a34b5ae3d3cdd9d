-- The microVM's faults: whatever breaks, memlua ends within its deadline, says what broke, and leaves the machine clean.
-- (A panic, a kernel that does not boot and a QEMU that ends at once: handover.t.)
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local shell = require "shell"

local scratch <const>, tidy <close> = shell.folder()
assert(os.execute("mkdir " .. scratch .. "/tmp"))

local function content(name)
  local file <close> = assert(io.open(scratch .. "/" .. name))
  return file:read "a"
end

-- The process ids of what works for our microVM: "qemu-system", "virtiofsd".
local FIND <const> = [[
find_part() { for p in /proc/[0-9]*; do
  case $(tr '\0' ' ' <$p/cmdline 2>/dev/null) in *$1*]] .. scratch .. [[/tmp*) echo ${p#/proc/} ;; esac; done; }
]]

-- Runs a script in a guest and, once it has printed "ready", the fault. Returns status and standard error.
local function run(options, script, fault)
  assert(host.save(scratch .. "/script.lua", 'require "memlua.host".enter()\nprint "ready" io.stdout:flush()\n' .. script))
  local _, status = shell.output(([[cd %s; : >out; %s
    TMPDIR=%s/tmp %s --vm --accel tcg %s script.lua >out 2>err & pid=$!
    while kill -0 $pid && ! grep -q ready out; do sleep 0.2; done
    %s
    wait $pid]]):format(scratch, FIND, scratch, host.executable(), options, fault or ":"))
  return status, content "err"
end

local function nothing_left(case)
  local _, found = shell.output(FIND .. "[ -z \"$(find_part qemu-system; find_part virtiofsd)\" ]")
  tap.is({ found, (shell.output("ls -A " .. scratch .. "/tmp")) }, { 0, "" }, case .. ": no process and no file is left")
end

local FOREVER <const> = [[while true do require "memlua.host".sleep(1) end]]

local status, err = run("--clock real", FOREVER, "kill -KILL $(find_part qemu-system)")
tap.is(status, 1, "QEMU is killed", err)
tap.like(err, "QEMU ended without a result", "and memlua says that it ended")
nothing_left "QEMU killed"

status, err = run("--clock real", FOREVER, "kill -KILL $(find_part virtiofsd)")
tap.is(status, 1, "virtiofsd is killed", err)
tap.like(err, "virtiofsd has died", "and memlua says that it died")
nothing_left "virtiofsd killed"

status, err = run("--clock real --timeout 15s", FOREVER, "kill -STOP $(find_part qemu-system)")
tap.is(status, 124, "a machine that stands still is ended by the time-out", err)
nothing_left "hang"

status, err = run("--clock real --memory 256M", [[
local held = {}
for i = 1, 1024 do held[i] = ("x"):rep(1 << 20) end]])
tap.is(status, 3, "a guest out of memory is out of resources", err)
tap.like(err, "out of memory: give it more with %-%-memory", "which is told, and what helps")
nothing_left "out of memory"

-- what looks like it, but is not
status, err = run("", "os.exit(137)")
tap.is({ status, err:find "memory" }, { 137 }, "status 137 of a script is its own", err)
status, err = run("", [[os.execute "kill -KILL $PPID"]])
tap.is({ status, err:find "out of memory" }, { 137 }, "a SIGKILL that somebody sent is no want of memory", err)
tap.like(err, "killed in the microVM by signal 9\n", "and its number is told")

-- a NULL pointer in the kernel, where it has lkdtm; else the same by sysrq
status, err = run("", [[
os.execute "modprobe -d \"$MEMLUA_MODULES\" lkdtm 2>/dev/null"
local direct = io.open("/sys/kernel/debug/provoke-crash/DIRECT", "w")
if direct then direct:write "EXCEPTION" direct:close() end
assert(io.open("/proc/sysrq-trigger", "w")):write "c"]])
tap.is(status, 255, "an oops of the guest's kernel ends it", err)
tap.like(err, "Call Trace", "with the console's tail")
nothing_left "oops"
tap.done()
