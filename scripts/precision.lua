-- How exact is a delay? Asked against slept, for each of several delays.
--   memlua scripts/precision.lua --delay 100 --delay 1000 --samples 50
-- A tenant allocates chunks of 256K, 64 pages, each of which is one slow-path charge (MEMCG_CHARGE_BATCH), and its
-- policy answers every one with the same delay. The sleep is a chunk's time less that of an undelayed chunk.
local cgroup = require "memlua.cgroup"
local experiment = require "memlua.experiment"
local host = require "memlua.host"
local memlua = require "memlua"
local module = require "memlua.machine.counters"
local option = require "memlua.option"
local policy = require "memlua.policy"
local sleeps = require "memlua.report.precision"
local worker = require "memlua.worker"

local CHUNK = 64 * host.facts().page_size
local CLAMP_MS = 2000 -- MEMCG_MAX_HIGH_DELAY_JIFFIES, mm/memcontrol.c

local options = option.parse {
  name = "precision", about = "Asked delay against measured sleep.",
  options = {
    { "delay", "positive", many = true, arg = "MS", help = "may be repeated (20, 50, 100, 200, 500, 1000, 2000)" },
    { "samples", "positive", default = 10, help = "sleeps of each delay per run" },
  },
}
if #(options.delay or {}) == 0 then options.delay = { 20, 50, 100, 200, 500, 1000, 2000 } end

-- 0 first: the undelayed chunks.
local cases = { { name = "0ms", ms = 0 } }
for _, ms in ipairs(options.delay) do
  if ms > CLAMP_MS then
    memlua.fail(memlua.status.misuse, "--delay %d: the kernel clamps a sleep to %d ms", ms, CLAMP_MS)
  end
  cases[#cases + 1] = { name = ms .. "ms", ms = ms }
end

-- Times of the chunks but for the first, which starts anywhere between two ticks.
local function chunk_times(progress)
  local times = {}
  for i = 2, #progress do times[i - 1] = progress[i][1] - progress[i - 1][1] end
  return times
end

local function measure(case)
  local session <close> = memlua.must(cgroup.create "session")
  local high <close> = memlua.must(cgroup.create "session/high")
  local low <close> = memlua.must(cgroup.create "session/low")
  local always = { trigger = "always", delay_ms = case.ms }
  local p <close> = memlua.must(policy.attach("priority", { high = { high }, low = { low }, config = always }))
  local before = module.counters()
  local w <close> = memlua.must(worker.spawn(low, { size = CHUNK * (options.samples + 2), chunk = CHUNK, name = "low" }))
  local result = memlua.must(w:wait())
  return { asked_ms = case.ms, ended = result.ended, chunks_s = chunk_times(result.progress), policy = p:stats(),
           module = module.growth(before) }
end

local function exact(summary)
  for _, row in ipairs(summary.delays) do
    if row.asked_ms >= sleeps.EXACT_FROM_MS and math.abs(row.left.mean) > 0.01 then
      return false, ("%d ms is off by %.2f %%"):format(row.asked_ms, row.left.mean * 100)
    end
  end
  return true
end

experiment.run {
  name = "precision", about = "asked delay against measured sleep", options = options, cases = cases, runs = 3,
  measure = measure, report = "sleeps",
  expect = { { "from 100 ms up a mean error of 1 % at most after rounding to jiffies", exact } },
}
