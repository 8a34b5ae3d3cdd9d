-- memlua.base.intervals and memlua.base.percentiles: the values against other programs', and that the intervals cover what
-- they say: experiments with a seed, drawn from distributions whose truth is known.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local intervals = require "memlua.base.intervals"
local percentiles = require "memlua.base.percentiles"
local stats = require "memlua.stats"

-- ---- shares: scipy.stats.binomtest(k, n).proportion_ci(c, "exact") ------------------------------------------------

local function share(k, n, confidence, low, high)
  local l, h = intervals.share(k, n, confidence)
  tap.near(l, low, 1e-12, ("%d of %d, lower"):format(k, n))
  tap.near(h, high, 1e-12, "  upper")
end
share(5, 5, 0.90, 0.549280271653059, 1)
share(14, 14, 0.90, 0.8073638243498646, 1)
share(3, 10, 0.95, 0.0667395111777345, 0.6524528500599973)
share(0, 4, 0.95, 0, 0.6023646356164858)
share(700, 1000, nil, 0.6705383213026349, 0.7282788878708513)
tap.is(intervals.share(0, 0), nil, "no trials, no interval")

-- ---- medians -----------------------------------------------------------------------------------------------------

local function counted(n)
  local list = {}
  for i = 1, n do list[i] = n + 1 - i end
  return list
end
tap.is(intervals.median {}, nil, "nothing has no median")
tap.is(intervals.median(counted(3)), nil, "three values are too few: 75 %")
tap.is({ intervals.median(counted(4)) }, { 1, 4, 0.875 }, "four give 87.5 %, which is said")
tap.is({ intervals.median(counted(5)) }, { 1, 5, 0.9375 }, "five 93.75 %")
tap.is({ intervals.median(counted(6)) }, { 1, 6, 0.96875 }, "six more than 95 %")
-- Conover, "Practical Nonparametric Statistics", table A3: of 20 values the 6th and the 15th, 95.86 %
local low, high, level = intervals.median(counted(20))
tap.ok(low == 6 and high == 15 and math.abs(level - 0.9586) < 5e-5, "of twenty the 6th and the 15th", low, high, level)
low, high, level = intervals.median(counted(5000))
tap.ok(low == 2431 and high == 2570 and level >= 0.95 and level < 0.952, "of thousands, too, without underflow", low, high, level)

tap.near(intervals.sign { 1, 1, 1, 1, 1, 1, 1, 1, -1, 0 }, 0.0390625, 1e-12, "the sign test: scipy.stats.binomtest(8, 9)")
tap.is(intervals.sign { 0, 0 }, 1, "  of no difference")

-- ---- two lists: Hollander & Wolfe's example, the shift 0.305 from -0.15 to 0.76 at 96 % -----------------------------

local term = { 0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46 }
local early = { 1.15, 0.88, 0.90, 0.74, 1.21 }
local list
list, low, high, level = intervals.shift(term, early)
tap.near(stats.median(list), 0.305, 1e-9, "the shift is that of Hodges and Lehmann")
tap.near(low, -0.15, 1e-9, "its interval that of Moses, lower")
tap.near(high, 0.76, 1e-9, "  upper")
tap.near(level, 0.96004, 5e-6, "  with its level")
tap.is(#{ intervals.shift({ 1, 2 }, { 3, 4 }) }, 1, "two and two are too few")
tap.is(stats.median((intervals.shift({ 1 }, { 3 }))), -2, "  but have a shift")

-- ---- coverage -----------------------------------------------------------------------------------------------------

local random = stats.random(20261124)
local function uniform() return random(1 << 52) / (1 << 52) end
local function normal() return math.sqrt(-2 * math.log(uniform())) * math.cos(2 * math.pi * uniform()) end
local function exponential() return -math.log(uniform()) end
local function log_normal() return math.exp(normal()) end

local function draws(n, draw)
  local values = {}
  for i = 1, n do values[i] = draw() end
  return values
end

-- In which share of so many experiments low <= truth <= high.
local function coverage(experiments, truth, interval)
  local held = 0
  for i = 1, experiments do
    local l, h = interval(i)
    if l and l <= truth and truth <= h then held = held + 1 end
  end
  return held / experiments
end

-- Three standard errors of the simulation itself.
local function at_least(claimed, experiments) return claimed - 3 * math.sqrt(claimed * (1 - claimed) / experiments) end

local MANY <const> = 2000
for _, n in ipairs { 4, 5, 10, 25 } do
  local _, _, said = intervals.median(counted(n))
  local covered = coverage(MANY, math.log(2), function() return intervals.median(draws(n, exponential)) end)
  tap.ok(covered >= at_least(said, MANY), ("the median's interval of %d covers the %.1f %% that it says"):format(n, said * 100), covered)
end
local bootstrapped = coverage(300, math.log(2), function(i)
  return stats.interval(draws(4, exponential), stats.median, { resamples = 300, seed = i })
end)
tap.ok(bootstrapped < 0.93, "  which a bootstrap of four doesn't", bootstrapped)

for name, case in pairs { exponential = { exponential, 1, 0.90 }, ["log-normal"] = { log_normal, math.exp(0.5), 0.86 } } do
  local draw, truth, least = table.unpack(case)
  local samples = {}
  for i = 1, 300 do samples[i] = draws(10, draw) end
  local covered = coverage(300, truth, function(i) return intervals.mean(samples[i], { resamples = 400, seed = i }) end)
  local percentile = coverage(300, truth, function(i) return stats.interval(samples[i], stats.mean, { resamples = 400, seed = i }) end)
  tap.ok(covered >= least and covered >= percentile + 0.04, ("the mean of 10 of a skewed distribution (%s)"):format(name), covered, percentile)
end
tap.is({ intervals.mean { 2, 2, 2, 2, 2 } }, { 2.0, 2.0 }, "a mean of equal values is a point")
tap.is(intervals.mean { 1, 2, 3, 4 }, nil, "four values are too few for one")

-- Runs of 200 values each, of which each run has a speed of its own: log-normal, in buckets as wide as the histograms'
-- (1/32). The median over runs of a run's P99 is drawn from many.
local WIDTH <const> = 1 / 32
local function histogram(values)
  local by_bucket, h = {}, { unit = "ns", count = #values, sum = 0, min = math.huge, max = 0, buckets = {} }
  for _, x in ipairs(values) do
    local bucket = math.floor(math.log(x) / WIDTH)
    by_bucket[bucket] = (by_bucket[bucket] or 0) + 1
    h.min, h.max = math.min(h.min, x), math.max(h.max, x)
  end
  for bucket, n in pairs(by_bucket) do
    h.buckets[#h.buckets + 1] = { math.exp(bucket * WIDTH), math.exp((bucket + 1) * WIDTH), n }
  end
  table.sort(h.buckets, function(a, b) return a[1] < b[1] end)
  return h
end
local function run_of(n)
  local speed = math.exp(0.3 * normal())
  return draws(n, function() return speed * exponential() end)
end
local own = {}
for i = 1, 1500 do
  local values = run_of(100)
  table.sort(values)
  own[i] = values[99]
end
local truth = stats.median(own)
for _, n in ipairs { 5, 8 } do
  local said
  local covered = coverage(250, truth, function()
    local runs = {}
    for i = 1, n do runs[i] = histogram(run_of(100)) end
    local e = percentiles.of(runs, { 0.99 })[1]
    said = e.level
    return e.low, e.high
  end)
  tap.ok(covered >= at_least(said, 250), ("P99 of %d runs covers the %.1f %% that it says"):format(n, said * 100), covered)
end

tap.done()
