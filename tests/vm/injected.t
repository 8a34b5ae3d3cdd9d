-- What needs root and a kernel of its own, with one allocation or system call of memlua's failing: cgroups, policies, held
-- tenants, a session, a controller. It is done all the same, or there is an error; the next memlua finds the kernel clean.
--   memlua tests/vm/injected.t [POINTS] of each case, some if it isn't said. make check-faults tries many, of the thousands.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local faults = require "faults"
local host = require "memlua.host"
local kill = require "kill"
local left = require "left"
local shell = require "shell"

host.settings.clock = "real" -- the virtual one runs ahead while the machine reads for the guest
host.enter()
if not host.in_guest then return tap.done "breaks memlua and looks at the whole kernel: only in the microVM (--vm)" end

local POINTS <const> = tonumber(arg[1]) or 3 -- of each case
local TIMEOUT <const> = 120 -- seconds, of a run that takes a few under emulation
local WORK <const>, TMP <const> = "/run/injected", "/run/tmp"
local memlua <const> = host.executable()
local shim <const> = memlua:match "^(.*)/" .. "/tests/faults.so"
assert(os.execute("mkdir " .. WORK))

local WAY <const> = 'require("memlua.machine.way").name = "module"\n' -- no need to look for it again
local CHILD <const> = [[
  local cgroup, policy, worker = require "memlua.cgroup", require "memlua.policy", require "memlua.worker"
  local cg <close> = assert(cgroup.create "child")
]]
local SESSION <const> = [[
  require "memlua.plot".draw = function() end
  require "memlua.scenario".run {
    name = "injected", warmup = 0, solo = false, limits = { ["memory.max"] = "24M" },
    tenants = {
      { name = "high", role = "high", workload = { kind = "anon", size = "8M", hold = "50ms" } },
      { name = "low", role = "low", workload = { kind = "exec", size = "2M", argv = { "true" } } },
    },
    strategies = { %s },
  }
]]
local CASES <const> = {
  { "a cgroup", CHILD .. [[
    assert(cg:set("memory.max", "16M")) assert(cg:get "memory.max") assert(cg:get "memory.events")
    local w <close> = assert(worker.spawn(cg, { size = 1 << 20 })) assert(w:wait(60).ended == "done")]] },
  { "a policy", CHILD .. [[
    local p <close> = assert(policy.attach("priority", { high = cg, config = { trigger = "always" } }))
    local w <close> = assert(worker.spawn(cg, { size = 1 << 20 })) assert(w:wait(60).ended == "done")
    assert(p:configure { delay_ms = 5 }) p:detach()]] },
  { "a held tenant", CHILD .. [[
    local p <close> = assert(policy.attach("]] .. memlua:match "^(.*)/" .. [[/tests/steps.bpf.o", { hold = cg }))
    local w <close> = assert(worker.spawn(cg, { size = 1 << 20 })) w:kill() assert(w:wait(60))]] },
  { "a session", SESSION:format [[{ name = "none" }, { name = "priority", policy = { name = "priority" } }]] },
  { "a controller", SESSION:format [[{ name = "c", controller = function(c) c:every("20ms", function() c.tenants.low:set("memory.high", "8M") end) end }]] },
}

local function run(name, fault)
  os.execute("rm -rf " .. WORK .. "/out")
  return faults.run(("env -C %s %s --out %s/out %s"):format(WORK, memlua, WORK, name), fault, shim, WORK .. "/count", TIMEOUT)
end

local function state() return left(TMP) end
local clean <const> = state()
assert(host.save(WORK .. "/next.lua", WAY .. CHILD .. 'local p <close> = assert(policy.attach("priority", { high = cg }))'))

-- What is wrong with a run with a fault, or nil and how it ended. What it couldn't remove, the next one removes.
local function wrong(name, fault)
  local said, status = run(name, fault)
  local what, how = faults.wrong(said, status, fault)
  if what then return what end
  if kill.settle(state, clean, 1) ~= clean then
    local told = shell.said(("%s %s/next.lua"):format(memlua, WORK))
    local after = kill.settle(state, clean, 30)
    if after ~= clean then return ("left: %s\nfor: %s\nthe next one: %s"):format(after, said, told) end
  end
  return nil, how
end

local tried, total = { done = 0, error = 0, none = 0 }, 0
for i, case in ipairs(CASES) do
  local name = ("%s/case%d.lua"):format(WORK, i)
  assert(host.save(name, WAY .. case[2]))
  local said, status, n = run(name, 0) -- 7: nothing presses there
  if tap.ok((status == 0 or status == 7) and n and kill.settle(state, clean, 10) == clean, case[1] .. ": done without a fault", status, said, n) then
    local failures, points = {}, faults.spread(n, POINTS)
    for _, fault in ipairs(points) do
      local what, how = wrong(name, fault)
      if what then failures[#failures + 1] = ("fault %d of %d: %s"):format(fault, n, what) else tried[how] = tried[how] + 1 end
    end
    total = total + #points
    tap.is(failures, {}, ("%s: done, or an error, and nothing left, at %d of %d faults"):format(case[1], #points, n))
  end
end
print(("# %d faults: %d times done all the same, %d times an error, %d times not met"):format(total, tried.done, tried.error, tried.none))
tap.done()
