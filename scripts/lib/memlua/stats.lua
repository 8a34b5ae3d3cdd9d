--- memlua.stats: the few methods that the reports need. Each is a well-known one and names its source.
local stats = {}

-- ---- order statistics ------------------------------------------------------------------------

local function sorted(list)
  local copy = table.move(list, 1, #list, 1, {})
  table.sort(copy)
  return copy
end

--- Quantile p (0..1) of a list of numbers, linear between order statistics; nil for an empty list.
--- Source: Hyndman & Fan, "Sample quantiles in statistical packages", Am. Stat. 50 (1996), type 7.
function stats.quantile(list, p)
  if #list == 0 then return nil end
  local x, at = sorted(list), (#list - 1) * p + 1
  local low = math.floor(at)
  return x[low] + (at - low) * ((x[low + 1] or x[low]) - x[low])
end

--- Median of a list of numbers; nil for an empty list.
function stats.median(list) return stats.quantile(list, 0.5) end

--- The median absolute deviation from the median, as a share of the median: a spread that a few outliers don't move
--- (Hampel, "The influence curve and its role in robust estimation", J. Amer. Statist. Assoc. 69 (1974)).
function stats.spread(list)
  local middle, deviations = stats.median(list), {}
  for i, value in ipairs(list) do deviations[i] = math.abs(value - middle) end
  return stats.median(deviations) / middle
end

--- Mean of a list of numbers; nil for an empty list.
function stats.mean(list)
  if #list == 0 then return nil end
  local sum = 0
  for _, x in ipairs(list) do sum = sum + x end
  return sum / #list
end

--- The slope of a line through the points (x[i], y[i]), of at least two different x: the median of those between each two of them,
--- which a few outliers don't move. Source: Sen, "Estimates of the regression coefficient based on Kendall's tau", J. Amer.
--- Statist. Assoc. 63 (1968).
function stats.slope(x, y)
  local slopes = {}
  for i = 1, #x do
    for k = i + 1, #x do
      if x[k] ~= x[i] then slopes[#slopes + 1] = (y[k] - y[i]) / (x[k] - x[i]) end
    end
  end
  return stats.median(slopes)
end

-- ---- histograms: {unit=, count=, min=, max=, sum=, buckets={{lo, hi, n}, ...}} ------------------

--- Merges histograms of one unit exactly, by their buckets; nil for an empty list.
function stats.merge(histograms)
  local by_lo, merged = {}, nil
  for _, h in ipairs(histograms) do
    merged = merged or { unit = h.unit, count = 0, sum = 0, buckets = {} }
    if h.unit ~= merged.unit then error(("histograms in %s and %s"):format(merged.unit, h.unit)) end
    merged.count, merged.sum = merged.count + h.count, merged.sum + h.sum
    -- an empty one has no least and no greatest value
    merged.min = math.min(merged.min or math.huge, h.min or math.huge)
    merged.max = math.max(merged.max or -math.huge, h.max or -math.huge)
    for _, bucket in ipairs(h.buckets) do
      local lo, hi, n = table.unpack(bucket)
      by_lo[lo] = by_lo[lo] or { lo, hi, 0 }
      by_lo[lo][3] = by_lo[lo][3] + n
    end
  end
  for _, bucket in pairs(by_lo) do merged.buckets[#merged.buckets + 1] = bucket end
  if not merged then return nil end
  if merged.count == 0 then merged.min, merged.max = nil, nil end
  table.sort(merged.buckets, function(a, b) return a[1] < b[1] end)
  return merged
end

--- Percentile p (0..1) of a histogram: the upper bound of the bucket that holds the rank, at most the
--- greatest value seen; so never too small, and too large by one bucket's width at most. nil if empty.
--- Source: G. Tene's HdrHistogram, getValueAtPercentile.
function stats.percentile(histogram, p)
  if not histogram or histogram.count == 0 then return nil end
  local rank, seen = math.max(1, math.ceil(p * histogram.count)), 0
  for _, bucket in ipairs(histogram.buckets) do
    seen = seen + bucket[3]
    if seen >= rank then return math.min(bucket[2], histogram.max) end
  end
  return histogram.max
end

-- ---- randomness with a state of its own ----------------------------------------------------------

--- A generator: random(n) gives an integer of 1..n. Equal seeds give equal sequences, whatever
--- else uses math.random. Source: SplitMix64, Steele, Lea & Flood, OOPSLA 2014.
function stats.random(seed)
  local state = math.tointeger(seed) or error("the seed is not a whole number: " .. tostring(seed))
  local function next64()
    state = state + 0x9e3779b97f4a7c15
    local z = state
    z = (z ~ (z >> 30)) * 0xbf58476d1ce4e5b9
    z = (z ~ (z >> 27)) * 0x94d049bb133111eb
    return z ~ (z >> 31)
  end
  return function(n) return n and (next64() >> 1) % n + 1 or next64() end
end

--- Shuffles a list in place with a generator, and returns it.
--- Source: Durstenfeld, "Algorithm 235: Random permutation", CACM 7 (1964).
function stats.shuffle(list, random)
  for i = #list, 2, -1 do
    local j = random(i)
    list[i], list[j] = list[j], list[i]
  end
  return list
end

-- ---- intervals ---------------------------------------------------------------------------------

--- Bootstrap replicates of statistic(list), sorted. Options: resamples (10,000), seed (1).
--- Source: Efron & Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 6.
function stats.bootstrap(list, statistic, options)
  options = options or {}
  local random, replicates, draw = stats.random(options.seed or 1), {}, {}
  for r = 1, options.resamples or 10000 do
    for i = 1, #list do draw[i] = list[random(#list)] end
    replicates[r] = statistic(draw)
  end
  table.sort(replicates)
  return replicates
end

--- Percentile interval of statistic(list) as low, high; nil when less than two values can't tell. Of few or skewed
--- values it covers less than it says (a median's of 5 covers 93 %, a skewed mean's of 10 some 80 %): for those
--- memlua.base.intervals has others. Options as stats.bootstrap, and confidence (0.95). Source: the same, section 13.3.
function stats.interval(list, statistic, options)
  if #list < 2 then return nil end
  local replicates = stats.bootstrap(list, statistic, options)
  local tail = (1 - (options and options.confidence or 0.95)) / 2
  local low = math.max(1, math.floor(#replicates * tail))
  return replicates[low], replicates[math.min(#replicates, math.ceil(#replicates * (1 - tail)))]
end

--- Wilson's score interval of `successes` out of `n` at 95 %, as low, high; nil when n is 0.
--- Source: Wilson, JASA 22 (1927); Newcombe, Stat. Med. 17 (1998), method 3.
function stats.wilson(successes, n)
  if n == 0 then return nil end
  local z = 1.959963984540054
  local p, zz = successes / n, z * z
  local centre, denominator = p + zz / (2 * n), 1 + zz / n
  local half = z * math.sqrt(p * (1 - p) / n + zz / (4 * n * n))
  return math.max(0, (centre - half) / denominator), math.min(1, (centre + half) / denominator)
end

-- ---- two samples -------------------------------------------------------------------------------

--- Cliff's delta of two lists, -1 .. 1: how often x is above y less how often it is below.
--- Second: its word after Romano et al. (2006): negligible < 0.147 < small < 0.33 < medium < 0.474 < large.
--- Source: Cliff, "Dominance statistics", Psych. Bull. 114 (1993).
function stats.cliffs_delta(x, y)
  local score = 0
  for _, a in ipairs(x) do
    for _, b in ipairs(y) do score = score + (a > b and 1 or a < b and -1 or 0) end
  end
  local delta = score / (#x * #y)
  local size = math.abs(delta)
  return delta, size < 0.147 and "negligible" or size < 0.33 and "small" or size < 0.474 and "medium" or "large"
end

-- Twice the midranks of the pooled lists (whole numbers, ties or not), and x's sum of them.
local function doubled_ranks(x, y)
  local pooled = {}
  for _, v in ipairs(x) do pooled[#pooled + 1] = { v, true } end
  for _, v in ipairs(y) do pooled[#pooled + 1] = { v, false } end
  table.sort(pooled, function(a, b) return a[1] < b[1] end)
  local ranks, sum, i = {}, 0, 1
  while i <= #pooled do
    local j = i
    while pooled[j + 1] and pooled[j + 1][1] == pooled[i][1] do j = j + 1 end
    for k = i, j do
      ranks[k] = i + j
      if pooled[k][2] then sum = sum + ranks[k] end
    end
    i = j + 1
  end
  return ranks, sum
end

-- counts[k][s]: in how many ways k of the ranks sum to s.
local function subset_sums(ranks, size)
  local counts = { [0] = { [0] = 1.0 } }
  for k = 1, size do counts[k] = {} end
  for _, rank in ipairs(ranks) do
    for k = size, 1, -1 do
      for s, ways in pairs(counts[k - 1]) do
        counts[k][s + rank] = (counts[k][s + rank] or 0) + ways
      end
    end
  end
  return counts[size]
end

--- Mann-Whitney's U of x against y, and the exact two-sided p (the permutation distribution of the
--- midranks, so ties are fine). p is nil above 60 values in all: too many to count.
--- Source: Mann & Whitney, Ann. Math. Stat. 18 (1947); Streitberg & Roehmel's shift algorithm (1986).
function stats.mann_whitney(x, y)
  local ranks, sum = doubled_ranks(x, y)
  local u = sum / 2 - #x * (#x + 1) / 2
  if #x + #y > 60 or #x == 0 or #y == 0 then return u, nil end
  local mean, far, all = #x * (#x + #y + 1), 0, 0
  for s, ways in pairs(subset_sums(ranks, #x)) do
    all = all + ways
    if math.abs(s - mean) >= math.abs(sum - mean) then far = far + ways end
  end
  return u, far / all
end

-- The differences that aren't 0, sorted by size.
local function by_size(differences)
  local list = {}
  for _, d in ipairs(differences) do if d ~= 0 then list[#list + 1] = d end end
  table.sort(list, function(a, b) return math.abs(a) < math.abs(b) end)
  return list
end

-- Twice the midranks of the sizes, and the sum of those of the positive ones.
local function signed_ranks(list)
  local ranks, sum, i = {}, 0, 1
  while i <= #list do
    local j = i
    while list[j + 1] and math.abs(list[j + 1]) == math.abs(list[i]) do j = j + 1 end
    for k = i, j do
      ranks[k] = i + j
      if list[k] > 0 then sum = sum + ranks[k] end
    end
    i = j + 1
  end
  return ranks, sum
end

-- counts[s]: in how many of the 2^n signs the positive ranks sum to s.
local function sign_sums(ranks)
  local counts = { [0] = 1.0 }
  for _, rank in ipairs(ranks) do
    local more = {}
    for s, ways in pairs(counts) do
      more[s] = (more[s] or 0) + ways
      more[s + rank] = (more[s + rank] or 0) + ways
    end
    counts = more
  end
  return counts
end

--- Wilcoxon's signed-rank sum W+ of paired differences, and the exact two-sided p (the distribution over all signs of
--- the midranks, so ties are fine). Differences of 0 say nothing and are left out; where all are 0, p is 1. p is nil
--- above 100 differences: too many to count.
--- Source: Wilcoxon, Biometrics Bull. 1 (1945); Streitberg & Roehmel's shift algorithm (1986).
function stats.signed_rank(differences)
  local list = by_size(differences)
  local ranks, sum = signed_ranks(list)
  if #list > 100 then return sum / 2, nil end
  local mean, far, all = #list * (#list + 1) / 2, 0, 2.0 ^ #list
  for s, ways in pairs(sign_sums(ranks)) do
    if math.abs(s - mean) >= math.abs(sum - mean) then far = far + ways end
  end
  return sum / 2, far / all
end

--- Holm's correction of a list of p for their number: the list of adjusted p, in the same order. To reject those of at
--- most 5 % errs in any of them in at most 5 % of experiments, however they depend on each other.
--- Source: Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Stat. 6 (1979).
function stats.holm(list)
  local order, adjusted, least = {}, {}, 0
  for i in ipairs(list) do order[i] = i end
  table.sort(order, function(a, b) return list[a] < list[b] or list[a] == list[b] and a < b end)
  for place, i in ipairs(order) do
    least = math.max(least, math.min(1, (#list - place + 1) * list[i]))
    adjusted[i] = least
  end
  return adjusted
end

return stats
