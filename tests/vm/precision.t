-- A delay is never shorter than asked, every slow-path charge sleeps once, and what the kernel rounds it to is known.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"
local host = require "memlua.host"
local jiffies = require "memlua.machine.jiffies"
local module = require "memlua.machine.counters"
local policy = require "memlua.policy"
local sleeps = require "memlua.report.precision"
local stats = require "memlua.stats"
local worker = require "memlua.worker"

host.enter()
local CHUNK, CHUNKS = 64 * host.facts().page_size, 12
local tick_ns = host.facts().tick_ns
tap.ok(tick_ns and 1000000000 % tick_ns == 0, "the kernel tells the length of a jiffy", tick_ns)

local session = assert(cgroup.create "session")
local high, low = assert(cgroup.create "session/high"), assert(cgroup.create "session/low")

-- The times of the chunks but the first, the policy's statistics and the module's counters of one allocation.
local function allocate(ms)
  local p <close> = assert(policy.attach("priority", { high = high, low = low, config = { trigger = "always", delay_ms = ms } }))
  local before, times = module.counters(), {}
  local w <close> = assert(worker.spawn(low, { size = CHUNKS * CHUNK, chunk = CHUNK }))
  local progress = assert(w:wait(60)).progress
  for i = 2, #progress do times[i - 1] = progress[i][1] - progress[i - 1][1] end
  return times, p:stats(), module.growth(before)
end

local quiet, asked = allocate(0)
local base = stats.median(quiet)
tap.ok(asked.delay_calls >= CHUNKS and asked.delay_active == 0, "each 64 pages are asked about", asked)

for _, ms in ipairs { 20, 100, 500 } do
  local times, counts, grown = allocate(ms)
  local list, without = sleeps.of(times, base, jiffies.sleep_ms(ms, tick_ns))
  tap.is({ #list, without }, { CHUNKS - 1, 0 }, ms .. " ms: every chunk sleeps")
  tap.ok(math.min(table.unpack(times)) * 1000 >= ms, ms .. " ms: never less than asked", times)
  tap.ok(not grown or grown.slept == counts.delay_active, ms .. " ms: one sleep for each answer", grown, counts)
  tap.is(counts.delay_ms, counts.delay_active * ms, ms .. " ms: the answers add up")
  local left = (stats.median(list) + base * 1000) / jiffies.sleep_ms(ms, tick_ns) - 1
  if os.getenv "MEMLUA_GUEST_CLOCK" == "virtual" then
    tap.near(left, 0, 0.01, ms .. " ms: asleep from slot to slot of the timer wheel")
  else
    tap.skip(ms .. " ms: from slot to slot", "only the virtual clock is undisturbed")
  end
end

local too_short = 2 * tick_ns // 1000000
local _, counts, grown = allocate(too_short)
tap.ok(counts.delay_active > 0 and (not grown or grown.slept == 0), "an answer of two jiffies is no sleep", counts, grown)

tap.done()
