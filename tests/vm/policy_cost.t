-- What writing a policy in Lua costs: a tenant below it keeps 0.99 of the throughput that it has below the same policy in C.
-- Of its chunks the median one counts: where the page allocator has to take blocks of another migrate type, a chunk takes a
-- quarter more, whatever is attached.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"
local host = require "memlua.host"
local policy = require "memlua.policy"
local stats = require "memlua.stats"
local worker = require "memlua.worker"

local POLICIES <const> = arg[0]:match "^(.*)/" .. "/../../bpf/policies/"
local SIZE <const>, CHUNKS <const>, ROUNDS <const> = 128 << 20, 256, 3
local twins = {}
for _, name in ipairs { "priority", "reserve", "template" } do
  twins[name] = dofile(POLICIES .. name .. ".lua")
  twins[name]:object() -- on the machine, before the kernel is used: clang takes long in an emulated microVM
end

host.enter()
local session = assert(cgroup.create("session", { ["memory.max"] = "512M" }))
local tenant, idle = assert(cgroup.create "session/tenant"), assert(cgroup.create "session/idle")
local growing = { trigger = "growth", growth = 1 << 40 }
local function ranked(a, b) return { tenant = { { a, rank = 1, claim = 2 * SIZE }, { b, rank = 2, claim = 2 * SIZE } } } end

local others = {}
for i = 1, 63 do others[i] = assert(cgroup.create("session/other_" .. i)) end
local function among_many(rank)
  local list = { { tenant, rank = rank, claim = 2 * SIZE } }
  for i, cg in ipairs(others) do list[i + 1] = { cg, rank = rank == 1 and i + 1 or i, claim = "1M" } end
  return { tenant = list }
end

-- Adds the times of each chunk that the tenant touches below the policy, in seconds; nobody waits: it is asked, and answers 0.
-- Return: how often it was asked.
local function touch(which, roles, times)
  local p <close> = assert(policy.attach(which, roles))
  local w <close> = assert(worker.spawn(tenant, { size = SIZE, chunk = SIZE // CHUNKS }))
  local progress = assert(w:wait(120)).progress
  for i = 2, #progress do times[#times + 1] = progress[i][1] - progress[i - 1][1] end
  return p:stats().delay_calls
end

local CASES = {
  { "priority", "as high", { high = tenant, low = idle, config = growing }, asked = false },
  { "priority", "as low", { high = idle, low = tenant, config = growing }, asked = true },
  { "reserve", "first", ranked(tenant, idle), asked = true },
  { "reserve", "last", ranked(idle, tenant), asked = true },
  { "reserve", "first of 64", among_many(1), asked = true },
  { "reserve", "last of 64", among_many(64), asked = true },
  { "template", "below its soft limit", { tenant = { tenant, soft = 2 * SIZE } }, asked = true },
}
for _, case in ipairs(CASES) do
  local name, role, roles = table.unpack(case)
  local times, calls = { c = {}, lua = {} }, { c = 0, lua = 0 }
  for i = 1, ROUNDS do -- side by side, so that what changes over time changes both
    for _, which in ipairs(i % 2 == 1 and { "c", "lua" } or { "lua", "c" }) do
      calls[which] = calls[which] + touch(which == "c" and name or twins[name], roles, times[which])
    end
  end
  tap.ok(math.abs(calls.lua - calls.c) <= calls.c / 100, ("%s, %s: asked as often in either"):format(name, role), calls)
  tap.is(calls.lua > 0, case.asked, ("%s, %s: asked at all"):format(name, role))
  local ratio = stats.median(times.c) / stats.median(times.lua)
  print(("# %s, %s: %.4f times the throughput below that in C"):format(name, role, ratio))
  if os.getenv "MEMLUA_GUEST_CLOCK" == "virtual" then
    tap.ok(ratio >= 0.99, ("%s, %s: in Lua it costs at most a hundredth of the throughput"):format(name, role), ratio)
  else
    tap.skip(("%s, %s: throughput"):format(name, role), "only the virtual clock counts instructions")
  end
end

tap.done()
