-- memlua.worker in real cgroups: what is charged to whom, both kinds under pressure, and how memlua's own end ends them.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"
local worker = require "memlua.worker"
local host = require "memlua.host"

local MB <const> = 1 << 20
local SECONDS <const> = 120 -- only a hang reaches it

local session = assert(cgroup.create("session", { ["memory.swap.max"] = 0 }))

-- Runs a worker in a fresh cgroup; returns its result and what `look` says of the cgroup afterwards.
local function run(knobs, spec, look)
  local cg <close> = assert(cgroup.create("session/tenant", knobs))
  local w <close> = assert(worker.spawn(cg, spec))
  local result = assert(w:wait(SECONDS))
  return result, look and look(cg)
end

local function read(path)
  local file <close> = io.open(path)
  return file and file:read "a"
end

-- ---- anon -----------------------------------------------------------------------------------------------

local r, peak = run({}, { size = "32M" }, function(cg) return cg:peak() end)
tap.is({ r.ended, r.reached, r.latency.count }, { "done", 32 * MB, 32 }, "anon: done in a cgroup without limits")
tap.ok(peak >= 32 * MB and peak < 34 * MB, "its peak is its size, page tables and little more", peak)

r, peak = run({ ["memory.max"] = "16M" }, { size = "32M", name = "greedy" }, function(cg)
  return { peak = cg:peak(), local_kills = cg:events_local().oom_kill, above = session:events().oom_kill }
end)
tap.is({ r.ended, r.signal, r.exit_code, r.finish, r.alloc_s, r.completion_s }, { "oom-killed", 9 }, "beyond its limit it is OOM-killed")
tap.ok(r.reached > 12 * MB and r.reached <= 16 * MB, "and what it had reached is known", r.reached)
tap.ok(r.latency.count == r.reached // MB and #r.progress == r.latency.count, "with the chunks until then", r.latency.count, #r.progress)
tap.ok(r.start and r.start > r.spawned and r.progress[1][1] >= r.start, "and its start", r.start)
tap.is({ peak.peak, peak.local_kills, peak.above }, { 16 * MB, 1, 1 }, "as the kernel counts it")

r = run({ ["memory.high"] = "16M" }, { size = "18M", chunk = "64K" })
tap.is({ r.ended, r.reached }, { "done", 18 * MB }, "beyond memory.high it is slowed, not killed")
local h = r.latency
tap.ok(h.max > 10 * h.buckets[1][2], "which its latencies show", h.min, h.max)

-- A limit above: the tenant has none of its own, the victim's own count tells.
do
  local parent <close> = assert(cgroup.create("limited", { ["memory.max"] = "24M", ["memory.swap.max"] = 0 }))
  local a, b = assert(cgroup.create "limited/a"), assert(cgroup.create "limited/b")
  local first = assert(worker.spawn(a, { size = "8M", hold = 600, name = "a" }))
  while first:progress() < 8 * MB do host.sleep(0.01) end
  local second = assert(worker.spawn(b, { size = "32M", name = "b" }))
  tap.is(second:wait(SECONDS).ended, "oom-killed", "killed by the parent's limit")
  first:kill()
  tap.is(first:wait(SECONDS).ended, "killed", "its neighbour, killed by us afterwards, is not taken for OOM-killed")
  tap.is({ a:events_local().oom_kill, b:events_local().oom_kill, parent:events_local().oom_kill }, { 0, 1, 0 }, "each has its own count")
end

-- SIGKILL from elsewhere is no OOM kill.
do
  local cg <close> = assert(cgroup.create "session/tenant")
  local w <close> = assert(worker.spawn(cg, { size = "1M", hold = 600 }))
  cg:kill()
  tap.is(w:wait(SECONDS).ended, "killed", "killed through the cgroup")
end

-- ---- charged to whom --------------------------------------------------------------------------------------

do
  local cg <close> = assert(cgroup.create "session/tenant")
  local w <close> = assert(worker.spawn(cg, { size = 4096, hold = 600 }))
  while w:progress() < 4096 do host.sleep(0.01) end
  tap.is(cg:procs(), { w:pid() }, "born in its cgroup")
  local stat = cg:stat()
  tap.is(stat.shmem, 0, "the shared results are not charged to it")
  tap.ok(stat.anon < MB // 2, "nor is anything of memlua's but the few pages it touches", stat.anon)
  tap.is(read(("/proc/%d/oom_score_adj"):format(w:pid())), "0\n", "its OOM score is the usual one")
  tap.ok(tonumber(read "/proc/self/oom_score_adj") <= -900, "memlua's own is low", read "/proc/self/oom_score_adj")
  local function locked(pid) return tonumber(read(("/proc/%s/status"):format(pid)):match "VmLck:%s*(%d+) kB") end
  tap.is(locked(w:pid()), 0, "its memory can be reclaimed")
  tap.ok(locked "self" > 1024, "memlua's own can't", locked "self")
end

-- ---- file -----------------------------------------------------------------------------------------------

local ramdisk = require "memlua.machine.ramdisk"
local disk, why = ramdisk.make(128 * MB)
if not disk then
  tap.skip("file kind on ext4", why)
else
  local path = disk .. "/data"
  local file = { kind = "file", file = path, size = "16M", passes = 3 }
  local ample, stat = run({}, file, function(cg) return cg:stat() end)
  tap.is({ ample.ended, ample.reached, ample.read_bytes, ample.passes_done, ample.latency.count },
    { "done", 16 * MB, 48 * MB, 3, 48 }, "file: written and read three times")
  tap.is({ stat.workingset_refault_file, stat.pgscan }, { 0, 0 }, "with room for it nothing is read twice")

  local tight
  tight, stat = run({ ["memory.max"] = "10M" }, file, function(cg) return cg:stat() end)
  tap.is({ tight.ended, tight.passes_done }, { "done", 3 }, "with too little it still ends")
  tap.ok(stat.workingset_refault_file > 0 and stat.pgscan > 0, "by refaults", stat.workingset_refault_file, stat.pgscan)
  tap.ok(tight.latency.sum > ample.latency.sum, "which take their time", tight.latency.sum, ample.latency.sum)
  tap.is(read(path), nil, "no file is left")

  local full = run({}, { kind = "file", file = path, size = "256M", passes = 1 })
  tap.ok(full.ended == "failed" and full.error == path .. ": write: No space left on device" and full.reached < 128 * MB,
    "a full disk is told with its file", full.ended, full.error, full.reached)
  local killed = run({ ["memory.max"] = "256K" }, { kind = "file", file = path, size = "16M", chunk = "1M" })
  tap.is(killed.ended, "oom-killed", "a file worker whose buffer does not fit is OOM-killed")
  tap.is(read(path), nil, "and leaves no file either")
  ramdisk.drop()
end

-- ---- exec -----------------------------------------------------------------------------------------------

local output = "/run/memlua-test-output" -- the guest's /tmp is the machine's, read-only
r = run({}, { kind = "exec", argv = { "cat", "/proc/self/cgroup" }, output = output })
tap.is(read(output):match "/session/tenant\n$", "/session/tenant\n", "exec: the program runs in the cgroup")
r = run({ ["memory.max"] = "16M" }, { kind = "exec", argv = { "sh", "-c", "exec tail /dev/zero" }, output = output })
tap.is({ r.ended, r.signal }, { "oom-killed", 9 }, "and is OOM-killed like any other")
os.remove(output)

-- ---- memlua's own end ---------------------------------------------------------------------------------------

local exe <close> = io.popen "readlink /proc/$PPID/exe"
local memlua = exe:read "l"
local mount = cgroup.root():match "^(.*)/"

-- the workers below: a worker's process has its tenant's name
local WORKERS <const> = "cat /proc/[0-9]*/comm 2>/dev/null | grep -x memlua-test"

local function output_of(command) return (require "shell".output(command)) end

local function leftovers() -- of other memluas than this one
  return output_of("ls -d " .. mount .. "/memlua-* | grep -vx " .. cgroup.root() .. "; " .. WORKERS)
end

do
  local left = assert(cgroup.create "left")
  local seen <close> = assert(worker.spawn(left, { size = "1M", hold = 600, name = "memlua-test" }))
  tap.like(leftovers(), "memlua%-test\n", "a worker that is there is seen")
end

local BEGIN = [[
  require("memlua.machine.way").name = "module" -- a second memlua in the guest: no need to look for a way again
  local cgroup, worker = require "memlua.cgroup", require "memlua.worker"
  local cg = assert(cgroup.create("left", {}))
  local w = assert(worker.spawn(cg, { size = "1M", hold = 600, name = "memlua-test" }))
  while w:progress() < 1048576 do worker.wait({ w }, 0.01) end ]]

local function child(code)
  local script = "/run/memlua-test.lua"
  local file = assert(io.open(script, "w"))
  file:write(BEGIN, code)
  file:close()
  local _, _, status = os.execute(("%s %s >/run/memlua-test.log 2>&1"):format(memlua, script))
  os.remove(script)
  return status
end

tap.is({ child "", leftovers() }, { 0, "" }, "a script that ends leaves no cgroup and no process")
tap.is({ child "error 'x'", leftovers() }, { 1, "" }, "nor one that fails")
tap.is({ child "os.exit(7)", leftovers() }, { 7, "" }, "nor one that leaves by os.exit(), with nothing closed")
tap.is({ child "local later = io.popen 'sleep 0.2; kill -INT $PPID' worker.wait { w }", leftovers() }, { 5, "" }, "nor one that is interrupted while it waits")
tap.is({ child "os.execute 'kill -TERM $PPID' while true do end", leftovers() }, { 5, "" }, "nor one that is ended while it works")
child "os.execute 'kill -KILL $PPID'"
host.sleep(0.1)
tap.is(output_of(WORKERS), "", "even killed, memlua takes its workers with it")

tap.done()
