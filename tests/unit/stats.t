-- memlua.stats against published examples.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"

local stats = require "memlua.stats"

-- Hyndman & Fan's type 7 is the default of R's quantile(): quantile(1:4, 0.25) is 1.75
tap.is(stats.quantile({ 4, 1, 3, 2 }, 0.25), 1.75, "quantile is linear between order statistics")
tap.is(stats.median { 3, 1, 2 }, 2, "median of three")
tap.is(stats.median { 4, 1, 3, 2 }, 2.5, "median of four lies between the middle ones")
tap.is(stats.median {}, nil, "median of nothing is nothing")
-- the example of Wikipedia's "Median absolute deviation": 1 1 2 2 4 6 9 has the median 2 and the deviation 1
tap.is(stats.spread { 1, 1, 2, 2, 4, 6, 9 }, 0.5, "spread is the median deviation as a share of the median")

-- SplitMix64's reference output for the seed 1234567
local random = stats.random(1234567)
tap.is({ random(), random(), random() }, { 6457827717110365317, 3203168211198807973, -8629252141511181193 },
  "random numbers are those of the reference implementation")
local a, b = stats.random(7), stats.random(7)
math.random()
tap.is({ a(10), a(10), a(10) }, { b(10), b(10), b(10) }, "equal seeds give equal sequences")

local counts = { 0, 0, 0 }
local draw = stats.random(1)
for _ = 1, 30000 do
  local k = draw(3)
  counts[k] = counts[k] + 1
end
tap.ok(counts[1] > 9700 and counts[2] > 9700 and counts[3] > 9700, "random(3) is even", counts)

local shuffled = stats.shuffle({ 1, 2, 3, 4, 5 }, stats.random(3))
table.sort(shuffled)
tap.is(shuffled, { 1, 2, 3, 4, 5 }, "a shuffle keeps every element")

-- Efron & Tibshirani (1993), table 2.1: the treated mice; table 2.2: the standard error of the mean is 23.36 and
-- of the median 37.83 when the resamples are without end.
local mice = { 94, 197, 16, 38, 99, 141, 23 }
local function standard_error(statistic)
  local replicates = stats.bootstrap(mice, statistic, { seed = 42 })
  local mean, sum = stats.mean(replicates), 0
  for _, r in ipairs(replicates) do sum = sum + (r - mean) ^ 2 end
  return math.sqrt(sum / (#replicates - 1))
end
tap.near(standard_error(stats.mean), 23.36, 0.7, "bootstrap standard error of the mice's mean")
tap.near(standard_error(stats.median), 37.83, 1.1, "bootstrap standard error of the mice's median")

local low, high = stats.interval(mice, stats.median, { seed = 1 })
tap.ok(low <= 94 and high >= 94 and low >= 16 and high <= 197, "the interval holds the median", low, high)
tap.is({ stats.interval(mice, stats.median, { seed = 1 }) }, { low, high }, "and repeats with its seed")
tap.is(stats.interval({ 5 }, stats.median), nil, "one value has no interval")
tap.is({ stats.interval({ 5, 5, 5 }, stats.median) }, { 5, 5 }, "equal values have a point for an interval")

-- Newcombe (1998), table I, method 3
local function wilson(r, n, want_low, want_high)
  local l, h = stats.wilson(r, n)
  tap.near(l, want_low, 5e-5, ("Wilson %d/%d, lower"):format(r, n))
  tap.near(h, want_high, 5e-5, ("Wilson %d/%d, upper"):format(r, n))
end
wilson(81, 263, 0.2553, 0.3662)
wilson(15, 148, 0.0624, 0.1605)
wilson(0, 20, 0.0000, 0.1611)
wilson(1, 29, 0.0061, 0.1718)
tap.is(stats.wilson(0, 0), nil, "no trials, no interval")

-- Hollander & Wolfe (1973), p. 69: permeability of the chorioamnion; W = 35, one-sided p = 0.1272
local term = { 0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46 }
local early = { 1.15, 0.88, 0.90, 0.74, 1.21 }
local u, p = stats.mann_whitney(term, early)
tap.is(u, 35.0, "Mann-Whitney's U")
tap.near(p, 2 * 0.1272, 1e-4, "its exact two-sided p")
local _, apart = stats.mann_whitney({ 1, 2, 3 }, { 4, 5, 6 })
tap.near(apart, 0.1, 1e-12, "three against three apart: 2 of the 20 orders")
local _, tied = stats.mann_whitney({ 5, 5 }, { 5, 5 })
tap.is(tied, 1.0, "all tied: p is 1")

-- Long, Feng & Cliff's example as in R's effsize: -0.25, small
local delta, size = stats.cliffs_delta({ 10, 10, 20, 20, 20, 30, 30, 30, 40, 50 }, { 10, 20, 30, 40, 40, 50 })
tap.near(delta, -0.25, 1e-12, "Cliff's delta")
tap.is(size, "small", "and its word")
tap.is({ stats.cliffs_delta({ 1, 2 }, { 3, 4 }) }, { -1.0, "large" }, "all below: -1")

-- Sen's slope: of a line, with an outlier, with several y at one x
tap.is(stats.slope({ 1, 2, 3, 4, 5 }, { 1, 3, 5, 7, 9 }), 2.0, "the slope of a line")
tap.is(stats.slope({ 1, 2, 3, 4, 5 }, { 1, 3, 5, 7, 90 }), 2.0, "which one outlier doesn't move")
tap.is(stats.slope({ 1, 1, 2, 2 }, { 0, 2, 3, 5 }), 3.0, "nor points above each other, which have none")
tap.is(stats.slope({ 1, 1 }, { 0, 2 }), nil, "those alone have none")

-- Histograms
local function histogram(buckets)
  local h = { unit = "ns", count = 0, sum = 0, min = buckets[1][1], max = buckets[#buckets][2], buckets = buckets }
  for _, bucket in ipairs(buckets) do h.count, h.sum = h.count + bucket[3], h.sum + bucket[1] * bucket[3] end
  return h
end
local one, two = histogram { { 10, 19, 3 }, { 40, 49, 1 } }, histogram { { 10, 19, 2 }, { 20, 29, 4 } }
local both = stats.merge { one, two }
tap.is(both.buckets, { { 10, 19, 5 }, { 20, 29, 4 }, { 40, 49, 1 } }, "histograms merge bucket by bucket")
tap.is({ both.count, both.min, both.max, both.sum }, { 10, 10, 49, 170 }, "and in their totals")
local empty = { unit = "ns", count = 0, sum = 0, buckets = {} }
tap.is(stats.merge { empty, one }, one, "an empty one adds nothing")
tap.is(stats.merge { empty, empty }, empty, "two empty ones are empty")
tap.is(stats.percentile(empty, 0.5), nil, "an empty one has no percentile")
tap.is(stats.merge {}, nil, "no histograms, no merger")
tap.is(stats.percentile(both, 0.5), 19, "P50 is the upper bound of the fifth value's bucket")
tap.is(stats.percentile(both, 0.51), 29, "just above it the next bucket")
tap.is(stats.percentile(both, 0.9), 29, "P90 the ninth value's")
tap.is(stats.percentile(both, 1), 49, "P100 the greatest")
tap.is(stats.percentile(both, 0), 19, "P0 the first bucket")
tap.is(stats.percentile(nil, 0.5), nil, "no histogram, no percentile")
local narrow = { unit = "ns", count = 1, min = 12, max = 12, sum = 12, buckets = { { 10, 19, 1 } } }
tap.is(stats.percentile(narrow, 0.99), 12, "never above the greatest value seen")

tap.done()
