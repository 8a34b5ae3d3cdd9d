-- How a delay is slept: on the way back to user mode, for every charge, by tasks that can be stopped, frozen, killed.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"
local counters = require "memlua.machine.counters"
local host = require "memlua.host"
local policy = require "memlua.policy"
local worker = require "memlua.worker"
local zram = require "memlua.machine.zram"

if policy.native() then
  tap.skip("all", "this kernel's own memcg_bpf_ops sleeps in its own way")
  return tap.done()
end

local steps = host.executable():match "^(.*)/" .. "/tests/steps.bpf.o"
-- session (256M) -- a, b
local session = assert(cgroup.create("session", { ["memory.max"] = "256M" }))
local a = assert(cgroup.create "session/a")
local b = assert(cgroup.create "session/b")

local function shell(cg, command)
  return assert(worker.spawn(cg, { kind = "exec", argv = { "sh", "-c", command } }))
end

local function wait_for(condition)
  for _ = 1, 30000 do -- virtual time leaps while programs are read from the machine
    if condition() then return true end
    host.sleep(0.01)
  end
  return false
end

local function contents(path)
  local file <close> = io.open(path)
  return file and file:read "a" or ""
end

local function state(w) return contents(("/proc/%d/stat"):format(w:pid())):match "%) (%a)" end

-- ---- every charge, however many a system call makes -----------------------------------------------------------

do -- 32M in one write() are 128 batches of 64 pages; what it reads them into may be huge pages
  local p <close> = assert(policy.attach(steps, { plain = a }))
  local w <close> = shell(a, "exec dd if=/dev/zero of=/dev/shm/x bs=32M count=1 2>/dev/null")
  tap.is(w:wait(600).ended, "done", "a write() of 32M")
  tap.ok(p:stats().calls >= 128, "is asked about once per 64 pages", p:stats().calls)
  local before, calls = counters.counters(), p:stats().calls
  p:configure { delay_ms = 20 }
  local v <close> = shell(a, "exec dd if=/dev/zero of=/dev/shm/y bs=32M count=1 2>/dev/null")
  v:wait(600)
  local grown = counters.growth(before)
  calls = p:stats().calls - calls
  tap.ok(calls >= 128 and grown.slept == calls and grown.slept_ms >= 20 * calls, "and each answer is slept", grown, calls)
  tap.is(grown.lost, 0, "none is lost")
end
os.remove "/dev/shm/x"
os.remove "/dev/shm/y"

-- ---- reclaim is no sleep ------------------------------------------------------------------------------------------

do -- over memory.high its memory is compressed, which takes time, but always succeeds: no penalty of the kernel's
  assert(zram.make(256 << 20))
  local p <close> = assert(policy.attach(steps, { plain = a, config = { delay_ms = 20 } }))
  a:set("memory.high", "4M")
  local before = counters.counters()
  local w <close> = assert(worker.spawn(a, { size = "24M" }))
  tap.is(w:wait(600).ended, "done", "over memory.high, with swap")
  local grown, calls = counters.growth(before), p:stats().calls
  tap.ok(calls > 90 and grown.slept_ms >= 0.99 * 20 * calls, "the time of reclaim is not taken for sleep", grown, calls)
  a:set("memory.high", "max")
end
zram.drop()

-- ---- holding no lock ------------------------------------------------------------------------------------------------

do -- b waits for the lock of a file that a writes 16M to in one system call
  local function wait_of_b(attach)
    local p <close> = attach and assert(policy.attach(steps, { plain = a, config = { delay_ms = 500 } })) or nil
    a:set("memory.high", "1M")
    local writer <close> = shell(a, "exec dd if=/dev/zero of=/dev/shm/z bs=8M count=1 2>/dev/null")
    wait_for(function() return contents(("/proc/%d/syscall"):format(writer:pid())):match "^1 " end) -- write(2)
    local began = host.monotonic()
    local other <close> = shell(b, "echo x >>/dev/shm/z")
    other:wait(600)
    local took = host.monotonic() - began
    writer:kill()
    writer:wait(300)
    a:set("memory.high", "max")
    os.remove "/dev/shm/z"
    return took
  end
  local without, with = wait_of_b(false), wait_of_b(true)
  tap.ok(with < 1.3 * without + 0.1, "a delayed writer keeps its file's lock no longer than without", without, with)
end

-- ---- stopped, frozen, killed ------------------------------------------------------------------------------------------

do
  local p <close> = assert(policy.attach(steps, { hold = a, config = { delay_ms = 20 } }))
  local w <close> = assert(worker.spawn(a, { size = "8M" }))
  tap.ok(wait_for(function() return p:stats().calls > 5 end), "held")
  local function is_frozen() return contents(a:path() .. "/cgroup.events"):match "frozen 1" end
  tap.ok(a:set("cgroup.freeze", 1) and wait_for(is_frozen), "a held task can be frozen", contents(a:path() .. "/cgroup.events"))
  local calls = p:stats().calls
  host.sleep(0.5)
  tap.is(p:stats().calls, calls, "frozen it doesn't ask")
  a:set("cgroup.freeze", 0)
  tap.ok(wait_for(function() return p:stats().calls > calls + 5 end), "thawed it is held again", p:stats().calls)
  os.execute("kill -STOP " .. w:pid())
  tap.ok(wait_for(function() return state(w) == "T" end), "it can be stopped", state(w))
  os.execute("kill -CONT " .. w:pid())
  tap.ok(wait_for(function() return state(w) == "S" end), "and continued", state(w))
  tap.ok(w:progress() < 2 << 20, "which doesn't get it past the hold", w:progress())
  p:configure { delay_ms = 0 }
  tap.is(w:wait(300).ended, "done", "the answer 0 lets it go")
end

do -- a signal doesn't shorten a delay, nor lengthen it
  local p <close> = assert(policy.attach(steps, { plain = a, config = { delay_ms = 1000 } }))
  local before = counters.counters()
  -- it spins, because virtual time leaps over an idle CPU
  local sender <close> = shell(b, [[until read pid 2>/dev/null </run/pid; do :; done
    for i in 1 2 3 4 5 6 7 8 9 10; do kill -STOP $pid; kill -CONT $pid; j=0; while [ $j -lt 500 ]; do j=$((j+1)); done; done]])
  host.sleep(5) -- until it spins
  local w <close> = assert(worker.spawn(a, { size = "1M" }))
  wait_for(function() return p:stats().calls > 0 end)
  local at <close> = assert(io.open("/run/pid", "w"))
  at:write(w:pid(), "\n"):close()
  tap.is(w:wait(300).ended, "done", "stopped and continued ten times in a delay of 1 s")
  local grown = counters.growth(before)
  local delays = grown.slept_ms // 1000 -- an interrupted one is asked about again
  tap.ok(delays >= 4 and delays <= 9 and grown.slept > delays, "it slept in pieces", grown)
  tap.ok(grown.slept_ms <= delays * 1100, "which together are the delays", grown)
end

do -- killed at once, in a delay and in a hold
  for _, role in ipairs { "plain", "hold" } do
    local p <close> = assert(policy.attach(steps, { [role] = a, config = { delay_ms = 2000 } }))
    local w <close> = assert(worker.spawn(a, { size = "8M" }))
    wait_for(function() return p:stats().calls > 0 end)
    local began = host.monotonic()
    w:kill()
    tap.is(w:wait(300).ended, "killed", role .. ": killed")
    tap.ok(host.monotonic() - began < 0.5, "without waiting for the delay's end", host.monotonic() - began)
  end
end

-- ---- nobody keeps a policy attached but its owner ---------------------------------------------------------------------

do -- held from the first charge on, by detach(); 8 times, as it depends on what is in stock
  local ended = {}
  for i = 1, 8 do
    local p = assert(policy.attach(steps, { hold = a, config = { delay_ms = 20 } }))
    local w <close> = assert(worker.spawn(a, { size = "1M" }))
    wait_for(function() return p:stats().calls > 1 end)
    p:detach()
    local result = w:wait(300)
    ended[i] = result and result.ended or "still held"
  end
  tap.is(ended, { "done", "done", "done", "done", "done", "done", "done", "done" }, "detach() releases who is held")
end

do -- SIGKILL of a memlua whose tenant is held
  local file <close> = assert(io.open("/run/held.lua", "w"))
  file:write(([[
    local cgroup, policy, worker = require "memlua.cgroup", require "memlua.policy", require "memlua.worker"
    require "memlua.machine.way".name = "module"
    local cg = assert(cgroup.create "held")
    local p = assert(policy.attach(%q, { hold = cg, config = { delay_ms = 20 } }))
    local w = assert(worker.spawn(cg, { size = "8M" }))
    while p:stats().calls < 3 do require "memlua.host".sleep(0.01) end
    local at <close> = assert(io.open("/run/held.pid", "w"))
    at:write(w:pid(), "\n")
    at:close()
    require "memlua.host".sleep(600)]]):format(steps))
  file:close()
  local other <close> = assert(worker.spawn(nil, { kind = "exec", argv = { host.executable(), "/run/held.lua" } }))
  tap.ok(wait_for(function() return contents "/run/held.pid" ~= "" end), "another memlua holds a tenant")
  local pid = contents "/run/held.pid":match "%d+"
  other:kill()
  other:wait(300)
  tap.ok(pid and wait_for(function() return contents("/proc/" .. pid .. "/stat"):match "%) ([^Z])" == nil end),
    "killed, it leaves no held tenant", contents("/proc/" .. tostring(pid) .. "/stat"))
end

tap.done()
