-- What a quiet policy does: it is asked once per 64 pages of its own cgroup, never of another, and costs next to nothing.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"
local host = require "memlua.host"
local module = require "memlua.machine.counters"
local policy = require "memlua.policy"
local stats = require "memlua.stats"
local worker = require "memlua.worker"

host.enter()
local CHUNK, CHUNKS = 64 * host.facts().page_size, 48
local session = assert(cgroup.create("session", { ["memory.max"] = "128M" }))
local tenant, idle = assert(cgroup.create "session/tenant"), assert(cgroup.create "session/idle")
local growing = { trigger = "growth", growth = 1 << 40 }

-- The median time of 64 pages, and what the policy counted.
local function allocate(name, roles)
  local p <close> = name and assert(policy.attach(name, roles)) or nil
  local w <close> = assert(worker.spawn(tenant, { size = CHUNKS * CHUNK, chunk = CHUNK }))
  local result, times = assert(w:wait(60)), {}
  for i = 2, #result.progress do times[i - 1] = result.progress[i][1] - result.progress[i - 1][1] end
  return stats.median(times), p and p:stats(), p and module.counters()
end

local function first(a, b) return { tenant = { { a, rank = 1, claim = "32M" }, { b, rank = 2, claim = "32M" } } } end

-- Before the first policy there is no module: the first of these runs is thrown away, it warms up.
allocate()
local bare, none = allocate()
do
  local nobody = assert(cgroup.create "session/nobody")
  local keeper <close> = assert(policy.attach("priority", { low = nobody, config = growing }))
  keeper:drop(nobody) -- which keeps the module loaded, with nothing attached
  allocate()
  none = allocate()
  if os.getenv "MEMLUA_GUEST_CLOCK" == "virtual" then
    tap.ok(none <= 1.002 * bare, "the module with nothing attached costs 0.2 % of an allocation's instructions at most", none / bare)
  else
    tap.skip("the module with nothing attached", "only the virtual clock counts instructions")
  end
  print(("# loaded, nothing attached: %.4f times the bare kernel's time"):format(none / bare))
end
local CASES = {
  { "priority, for another cgroup", "priority", { low = idle, config = growing }, false },
  { "priority, as high", "priority", { high = tenant, low = idle, config = growing }, false },
  { "priority, as low", "priority", { high = idle, low = tenant, config = growing }, true },
  { "reserve, first", "reserve", first(tenant, idle), true },
  { "reserve, last", "reserve", first(idle, tenant), true },
}
for _, case in ipairs(CASES) do
  local name, which, roles, asked = table.unpack(case)
  local time, counts, counters = allocate(which, roles)
  if asked then
    tap.ok(counts.delay_calls >= CHUNKS and counts.delay_calls <= 2 * CHUNKS, name .. ": asked once per 64 pages", counts)
  else
    tap.is(counts.delay_calls, 0, name .. ": never asked")
  end
  tap.ok(counts.delay_active == 0 and (not counters or counters.slept == 0), name .. ": nobody sleeps", counts, counters)
  if os.getenv "MEMLUA_GUEST_CLOCK" == "virtual" then
    tap.ok(time <= 1.02 * none, name .. ": costs 2 % of an allocation's instructions at most", time / none)
  else
    tap.skip(name .. ": instructions", "only the virtual clock counts them")
  end
end

-- A question of reserve costs the same among 64 tenants: who is best-ranked knows it, and so does everybody while all claims fit.
local ranks = {}
for i = 1, 64 do ranks[i] = { i == 1 and tenant or assert(cgroup.create("session/other_" .. i)), rank = i, claim = "1M" } end
ranks[1].claim = "32M"
for _, rank in ipairs { 1, 64 } do
  ranks[1].rank, ranks[64].rank = rank, 65 - rank
  local time, counts = allocate("reserve", { tenant = ranks })
  local name = ("reserve, rank %d of 64"):format(rank)
  tap.ok(counts.delay_calls >= CHUNKS and counts.delay_active == 0, name .. ": asked, and nobody sleeps", counts)
  if os.getenv "MEMLUA_GUEST_CLOCK" == "virtual" then
    print(("# %s: %.4f of the throughput without"):format(name, none / time))
    tap.ok(none >= 0.98 * time, name .. ": keeps 0.98 of the throughput", none / time)
  else
    tap.skip(name .. ": instructions", "only the virtual clock counts them")
  end
end

tap.done()
