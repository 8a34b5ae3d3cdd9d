-- What memlua makes belongs to whom holds its lock: what a killed memlua left is removed by the next one, which says
-- so, and what a living one has is left alone, whatever its process id.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local shell = require "shell"

host.settings.clock = "real" -- the virtual one runs ahead while the machine reads for the guest
host.enter() -- without a kernel of its own for this, the machine runs it in the microVM
if not host.in_guest then return tap.done "kills memluas and looks at all cgroups: only in the microVM (--vm)" end

local CGROUPS <const>, TMP <const> = "/sys/fs/cgroup", "/run/tmp"
local SCRIPTS <const> = TMP .. "/scripts" -- nobody else's, or memlua as root complains
assert(host.mkdir(SCRIPTS))
local memlua <const> = host.executable()

-- Saves a script, which knows `tenant`, a cgroup that holds a worker, and returns the command that runs it.
local function command(name, code)
  assert(host.save(("%s/%s.lua"):format(SCRIPTS, name), [[
    local cgroup, policy, worker, host = require "memlua.cgroup", require "memlua.policy", require "memlua.worker", require "memlua.host"
    host.enter()
    local function announce(...) print(...) io.stdout:flush() end
  ]] .. code))
  return ("%s --host %s/%s.lua"):format(memlua, SCRIPTS, name)
end

local function roots() return (shell.output(("ls -d %s/memlua-* 2>/dev/null | wc -l"):format(CGROUPS)):gsub("%s", "")) end
local function loaded() return shell.output "cut -d' ' -f1 /proc/modules":find "memcg_bpf_ops" ~= nil end

-- Starts a command, kills it once it has printed "ready". Returns what it said on standard error.
local function kill_when_ready(words)
  shell.output(([[cd %s; : >out; %s >out 2>err & pid=$!
    while kill -0 $pid && ! grep -q ready out; do sleep 0.05; done; kill -KILL $pid; wait $pid]]):format(TMP, words))
  local file <close> = assert(io.open(TMP .. "/err"))
  return file:read "a"
end

local SERVICE <const> = [[
  local cg <close> = assert(cgroup.create("session"))
  local low <close> = assert(cgroup.create("session/low"))
  local w <close> = assert(worker.spawn(low, { kind = "exec", argv = { "sh", "-c", "sleep 1000 & sleep 1000" } }))
  local p <close> = assert(policy.attach("priority", { high = low }))
]]
local service = command("service", SERVICE .. [[ announce "ready" host.sleep(1000) ]])
local next_one = command("next", [[ local cg <close> = assert(cgroup.create "tenant") announce(#cgroup.root()) ]])

local why = kill_when_ready(service)
tap.is({ roots(), loaded() }, { "1", true }, "a killed memlua leaves its cgroups and the module")
if roots() ~= "1" then tap.ok(false, "what it said", why) end
local said = shell.output(next_one .. " 2>&1")
tap.like(said, "memlua: removed the cgroup memlua%-%x+, which a killed memlua left with %d process", "the next one says what it removes")
tap.is({ roots(), (shell.output "grep -sxl sleep /proc/[0-9]*/comm") }, { "0", "" }, "no cgroup is left, and no process that the tenant had started")

local user = command("user", [[ local cg <close> = assert(cgroup.create "a") local p <close> = assert(policy.attach("priority", { high = cg })) announce "used" ]])
said = shell.output(user .. " 2>&1")
tap.like(said, "memlua: unloaded the module memcg_bpf_ops, which a killed memlua left\nused\n", "the next user of the module unloads the one that was left")
tap.ok(not loaded(), "and its own afterwards")

kill_when_ready(service)
said = shell.output(user:gsub("%-%-host", "--host -q") .. " 2>&1")
tap.is({ said, roots(), loaded() }, { "used\n", "0", false }, "--quiet sweeps without a word")

-- Two at once: the first loads the module and ends first.
local first = command("first", [[ local cg <close> = assert(cgroup.create "a") local p <close> = assert(policy.attach("priority", { high = cg })) announce "ready" host.sleep(1) ]])
local second = command("second", SERVICE .. [[ host.sleep(4) announce("second", w:progress() ~= nil) ]])
said = shell.output(("cd %s; : >out; %s >out & while ! grep -q ready out; do sleep 0.05; done; %s 2>&1; wait"):format(TMP, first, second))
tap.is(said, "second\ttrue\n", "another one's policy outlives the memlua that loaded the module")
tap.ok(not loaded(), "the last one unloads it")

-- Both are process 2 of their namespaces.
local slow = command("slow", SERVICE .. [[
  local early = w:wait(5)
  announce("pid " .. io.open("/proc/self/stat"):read "n", early and early.ended or "still runs") ]])
local apart <const> = "unshare --pid --fork --mount-proc sh -c '%s; :'"
said = shell.output(("(%s & sleep 1; %s; wait) 2>&1"):format(apart:format(slow), apart:format(slow)))
tap.is(said, "pid 2\tstill runs\npid 2\tstill runs\n", "two with one process id, in two namespaces, leave each other's tenants alone")
tap.is({ roots(), loaded() }, { "0", false }, "and remove their own")

-- Of other names, or locked by anybody, nothing is touched.
shell.output(("mkdir %s/memlua-mine %s/memlua-0123456789ab %s/memlua-0123456789abcdef"):format(CGROUPS, CGROUPS, CGROUPS))
said = shell.output(("flock %s/memlua-0123456789ab %s 2>&1"):format(CGROUPS, next_one))
tap.ok(not said:find "removed" and roots() == "3", "what is locked, or has another name, is left alone", said, roots())
said = shell.output(next_one .. " 2>&1")
tap.ok(said:find "removed the cgroup memlua%-0123456789ab," and roots() == "2", "without the lock it is swept", said, roots())
shell.output(("rmdir %s/memlua-*"):format(CGROUPS))
tap.done()
