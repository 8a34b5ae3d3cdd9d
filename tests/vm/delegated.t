-- memlua without root, in a cgroup that was delegated to it: it uses what it was given, and nothing of it remains.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"
local worker = require "memlua.worker"
local host = require "memlua.host"

local SECONDS <const> = 120 -- only a hang reaches it
local NOBODY <const> = "65534"
local SCRIPT <const>, OUTPUT <const> = "/run/memlua-delegated.lua", "/run/memlua-delegated.out"

host.enter() -- without a kernel of its own for this, the machine runs it in the microVM
if not host.in_guest then return tap.done "changes owners of cgroups and uses another user: only in the microVM (--vm)" end

local function read(path)
  local file <close> = io.open(path)
  return file and file:read "a"
end

-- the work tree may lie where only root can look
local memlua <const> = "/run/memlua-delegated"
assert(os.execute("cp /proc/$PPID/exe " .. memlua))

-- DELEGATED (owned by nobody) -- memlua-supervisor-NUMBER
--                             `- memlua-NUMBER -- tenant
local delegated = assert(cgroup.create("delegated", { ["memory.max"] = "128M" }))
os.execute(("cd %s && chown %s . cgroup.procs cgroup.subtree_control cgroup.threads"):format(delegated:path(), NOBODY))

local function as_nobody(words, code)
  local file <close> = assert(io.open(SCRIPT, "w"))
  file:write([[
    require("memlua.machine.way").name = "module" -- a second memlua in the guest: no need to look for a way again
    local cgroup, worker = require "memlua.cgroup", require "memlua.worker" ]], code)
  file:close()
  local argv = { "setpriv", "--reuid=" .. NOBODY, "--clear-groups" }
  for _, word in ipairs(words) do argv[#argv + 1] = word end
  local w <close> = assert(worker.spawn(delegated, { kind = "exec", argv = argv, output = OUTPUT }))
  return assert(w:wait(SECONDS)), read(OUTPUT)
end

local result, said = as_nobody({ memlua, SCRIPT }, [[
  local cg <close> = assert(cgroup.create("tenant", { ["memory.max"] = "16M", ["memory.swap.max"] = 0 }))
  local w <close> = assert(worker.spawn(cg, { size = "32M", name = "greedy" }))
  local result = assert(w:wait(120))
  print(cgroup.root():match "[^/]*/memlua%-%x+$", result.ended, io.open("/proc/self/cgroup"):read "a":match "[^/]*/[^/]*\n$")
  local own = require "memlua.experiment.load".own()
  print(("own: cpu %s, io %s, memory %s"):format(own.cpu_stalled_us, own.io_stalled_us, own.memory_stalled_us)) ]])
tap.is(result.ended, "done", "memlua runs as nobody, in a delegated cgroup")
tap.like(said, "^delegated/memlua%-%x+\toom%-killed\tdelegated/memlua%-supervisor%-%x+\n", "its root lies there, beside a leaf with itself in it")
tap.like(said, "own: cpu %d+, io %d+, memory %d+\n", "where it has a cgroup of its own, what it waited for is known")
local list <close> = io.popen("ls -d " .. delegated:path() .. "/*/ 2>/dev/null")
tap.is({ list:read "a", delegated:get "cgroup.subtree_control", delegated:procs() }, { "", "", {} },
  "afterwards the cgroup is as it was: no child, no controller handed out, no process")

result, said = as_nobody({ "sh", "-c", "sleep 1e6 & " .. memlua .. " " .. SCRIPT .. "; kill $!" }, [[print(select(2, cgroup.create "tenant")) ]])
tap.like(said, "delegated: processes live in it, and cgroup v2 lets only a cgroup without processes hand controllers",
  "with other processes in it the error says why")
tap.is(delegated:get "cgroup.subtree_control", "", "and nothing is changed")

os.execute(("chown 0 %s/cgroup.subtree_control"):format(delegated:path()))
result, said = as_nobody({ memlua, SCRIPT }, [[print(select(2, cgroup.create "tenant")) ]])
tap.like(said, "delegated: cgroup.subtree_control: Permission denied; run as root, or where a cgroup is delegated",
  "without delegation the error says what to do")

os.remove(SCRIPT)
os.remove(OUTPUT)
tap.done()
