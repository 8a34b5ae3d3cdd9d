-- What does a policy cost that has nothing to do? Allocation with no policy, and with each attached but quiet.
--   memlua scripts/overhead.lua --runs 20
-- A tenant allocates anonymous memory, in each role of each policy; what the policy waits for never comes. All cases
-- are interleaved in blocks of random order, and each is compared with the one without a policy of its own block.
-- Under the virtual clock an instruction takes 2 ns whatever it does, so times are instruction counts.
local cgroup = require "memlua.cgroup"
local experiment = require "memlua.experiment"
local host = require "memlua.host"
local memlua = require "memlua"
local module = require "memlua.machine.counters"
local option = require "memlua.option"
local policy = require "memlua.policy"
local worker = require "memlua.worker"

local CHUNK = 64 * host.facts().page_size -- one slow-path charge: MEMCG_CHARGE_BATCH pages, include/linux/memcontrol.h
local SETTLE = 1 -- seconds
local MAX_CHUNKS = 256 -- that many samples a worker keeps, so that percentiles are exact

local options = option.parse {
  name = "overhead", about = "The cost of a policy that is attached but quiet.",
  options = {
    { "size", "size", default = "32M", help = "what the tenant allocates, up to 64M" },
    { "among", "count", help = "reserve as the first and the last of so many tenants, too (not)" },
  },
}
options.size = math.max(CHUNK, options.size // CHUNK * CHUNK)
if options.size > MAX_CHUNKS * CHUNK then
  memlua.fail(memlua.status.misuse, "--size: more than %dM; its percentiles would not be exact", MAX_CHUNKS * CHUNK >> 20)
end

local claim = 2 * options.size
local growing = { trigger = "growth", growth = 1 << 40 }
local faulting = { trigger = "faults", threshold = 1 << 40 }

-- roles: f(the measured tenant, an idle one, one elsewhere, the further ones) -> as memlua.policy.attach takes them
local function high(measured, idle) return { high = { measured }, low = { idle } } end
local function low(measured, idle) return { high = { idle }, low = { measured } } end
local function ranked(first, second)
  return { tenant = { { first, rank = 1, claim = claim }, { second, rank = 2, claim = claim } } }
end

-- Among many tenants, as the first or the last of them.
local function among_many(rank)
  return function(measured, _, _, further)
    local list = { { measured, rank = rank, claim = claim } }
    for i, cg in ipairs(further) do list[i + 1] = { cg, rank = rank == 1 and i + 1 or i, claim = CHUNK } end
    return { tenant = list }
  end
end

local CASES = {
  { name = "none" },
  { name = "elsewhere", policy = "priority", config = growing,
    roles = function(_, _, other) return { low = { other } } end },
  { name = "growth-high", policy = "priority", config = growing, roles = high },
  { name = "growth-low", policy = "priority", config = growing, roles = low },
  -- a program runs at every page fault of the machine: shown, but nobody expects that to be cheap
  { name = "faults-high", policy = "priority", config = faulting, roles = high, dear = true },
  { name = "faults-low", policy = "priority", config = faulting, roles = low, dear = true },
  { name = "reserve-first", policy = "reserve", roles = ranked },
  { name = "reserve-last", policy = "reserve", roles = function(measured, idle) return ranked(idle, measured) end },
}
for _, rank in ipairs(options.among and { 1, options.among } or {}) do
  CASES[#CASES + 1] = { name = ("reserve-%s-of-%d"):format(rank == 1 and "first" or "last", options.among), policy = "reserve", further = options.among - 1, roles = among_many(rank) }
end

-- session (memory.max) -- measured, idle, further ones; other
local function attached(case, measured, idle, other, further)
  if not case.policy then return nil end
  local roles = case.roles(measured, idle, other, further)
  roles.config = case.config
  return memlua.must(policy.attach(case.policy, roles))
end

local function create(path, knobs) return memlua.must(cgroup.create(path, knobs)) end

local function chunk_times(progress, start)
  local times, before = {}, start
  for i, sample in ipairs(progress) do times[i], before = sample[1] - before, sample[1] end
  return times
end

local function allocate(measured)
  local w <close> = memlua.must(worker.spawn(measured, { size = options.size, chunk = CHUNK }))
  return memlua.must(w:wait())
end

-- The tenant allocates twice, and the second time counts: to attach a policy takes pages of another kind, after which the first to allocate
-- pays the page allocator for turning blocks of them into its own, half as long again for each such chunk.
local function measure(case)
  local session <close> = create("session", { ["memory.max"] = 8 * options.size })
  local measured <close> = create "session/measured"
  local idle <close> = create "session/idle"
  local other <close> = create "other"
  local further = {}
  for i = 1, case.further or 0 do further[i] = create("session/further_" .. i) end
  local p <close> = attached(case, measured, idle, other, further)
  host.sleep(SETTLE) -- or the kernel still frees what the case before has left, and unloads its module
  allocate(measured)
  local before = module.counters()
  local result = allocate(measured)
  return { ended = result.ended, alloc_s = result.alloc_s, size = options.size,
           chunks_s = chunk_times(result.progress, result.start), policy = p and p:stats(), module = module.growth(before) }
end

local dear = {}
for _, case in ipairs(CASES) do dear[case.name] = case.dear end

local function cheap(summary)
  for _, case in ipairs(summary.cases) do
    if case.throughput and not dear[case.name] and (case.throughput.median < 0.99 or case.p50.median > 1.01) then
      return false, ("%s: throughput %.4f, P50 %.4f of none"):format(case.name, case.throughput.median, case.p50.median)
    end
  end
  return true
end

experiment.run {
  name = "overhead", about = "what an attached, quiet policy costs", options = options, cases = CASES, runs = 5, warmup = 1,
  measure = measure, report = "costs",
  expect = { { "at least 0.99 of the throughput and at most 1.01 of the P50 without a policy", cheap } },
}
