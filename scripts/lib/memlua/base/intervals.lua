--- memlua.base.intervals: intervals that cover what they say, and say what they cover. A few runs can't give 95 %; then
--- the level that they do give stands beside.
local stats = require "memlua.stats"

local intervals = {}

--- An interval below this level tells too little to be shown: the values are too few.
intervals.LEAST = 0.80

-- ---- the binomial distribution ---------------------------------------------------------------------------------

--- P(X <= k) of n trials with chance p, summed from logarithms: no underflow where n is great.
function intervals.at_most(k, n, p)
  if k < 0 then return 0 end
  if k >= n or p <= 0 then return 1 end
  if p >= 1 then return 0 end
  local term, sum, odds = n * math.log(1 - p), 0, math.log(p) - math.log(1 - p)
  for i = 0, k do
    sum = sum + math.exp(term)
    term = term + math.log((n - i) / (i + 1)) + odds
  end
  return math.min(1, sum)
end
local binomial <const> = intervals.at_most

-- Where a falling function of 0..1 reaches a value.
local function solved(f, value)
  local low, high = 0, 1
  for _ = 1, 60 do
    local middle = (low + high) / 2
    if f(middle) > value then low = middle else high = middle end
  end
  return (low + high) / 2
end

--- Interval of a share, `successes` of `n`, as low, high, that covers the true one in `confidence` (0.95) or more of
--- experiments; nil when n is 0. For a bound on one side at 95 % take confidence 0.90.
--- Source: Clopper & Pearson, Biometrika 26 (1934).
function intervals.share(successes, n, confidence)
  if n == 0 then return nil end
  local tail = (1 - (confidence or 0.95)) / 2
  local low = successes == 0 and 0 or solved(function(p) return binomial(successes - 1, n, p) end, 1 - tail)
  local high = successes == n and 1 or solved(function(p) return binomial(successes, n, p) end, tail)
  return low, high
end

-- ---- medians ---------------------------------------------------------------------------------------------------

--- How many of n values lie outside the median's interval at each end: as many as `confidence` allows, though at least the
--- greatest and the least are inside; and the level that this gives.
function intervals.outside(n, confidence)
  local term = n * math.log(0.5)
  local outside, tail = 0, math.exp(term)
  local level = 1 - 2 * tail
  while 2 * (outside + 2) <= n do
    term = term + math.log((n - outside) / (outside + 1))
    tail = tail + math.exp(term)
    if 1 - 2 * tail < confidence then break end
    outside, level = outside + 1, 1 - 2 * tail
  end
  return outside, level
end

--- Interval of the median of a list as low, high, level: two of its values, which hold the true median in `level` of
--- experiments, whatever the distribution: `confidence` (0.95) or more where there are values enough, less below
--- (0.9375 of 5). nil where they are so few that it would be below intervals.LEAST.
--- Source: David & Nagaraja, "Order Statistics" (2003), section 7.1.
function intervals.median(list, confidence) return intervals.ordered(list, list, confidence) end

--- The same of values that are known but for their bounds, such as those of histograms: `lows` and `highs`, lists of
--- the lower and the upper bound of each.
function intervals.ordered(lows, highs, confidence)
  local outside, level = intervals.outside(#lows, confidence or 0.95)
  if #lows == 0 or level < intervals.LEAST then return nil end
  local low, high = table.move(lows, 1, #lows, 1, {}), table.move(highs, 1, #highs, 1, {})
  table.sort(low)
  table.sort(high)
  return low[1 + outside], high[#high - outside], level
end

--- The exact two-sided p of the sign test of paired differences, of any number; those of 0 are left out.
--- Source: Dixon & Mood, J. Amer. Statist. Assoc. 41 (1946).
function intervals.sign(differences)
  local above, n = 0, 0
  for _, d in ipairs(differences) do above, n = above + (d > 0 and 1 or 0), n + (d ~= 0 and 1 or 0) end
  return math.min(1, 2 * binomial(math.min(above, n - above), n, 0.5))
end

-- ---- two lists -------------------------------------------------------------------------------------------------

-- counts[u]: in how many orders of n and m values u pairs stand one way.
local function orders(n, m)
  local counts = { [0] = { [0] = 1.0 } }
  for k = 1, n do counts[k] = {} end
  for rank = 1, n + m do
    for k = n, 1, -1 do
      for sum, ways in pairs(counts[k - 1]) do counts[k][sum + rank] = (counts[k][sum + rank] or 0) + ways end
    end
  end
  local by_u, all = {}, 0
  for sum, ways in pairs(counts[n]) do by_u[sum - n * (n + 1) // 2], all = ways, all + ways end
  return by_u, all
end

--- As intervals.outside, of the differences between n and m values.
function intervals.shift_outside(n, m, confidence)
  local counts, all = orders(n, m)
  local outside, below = 0, counts[0]
  local level = 1 - 2 * below / all
  while 2 * (outside + 2) <= n * m do
    below = below + counts[outside + 1]
    if 1 - 2 * below / all < confidence then break end
    outside, level = outside + 1, 1 - 2 * below / all
  end
  return outside, level
end

--- By how much list x lies above list y: all differences of their values, sorted, whose median is the estimate, then
--- low, high and level as of intervals.median; without these above 60 values in all, too many to count.
--- Source: Hollander & Wolfe, "Nonparametric Statistical Methods" (1999), section 4.3 (Moses' interval).
function intervals.shift(x, y, confidence)
  local list = {}
  for _, a in ipairs(x) do for _, b in ipairs(y) do list[#list + 1] = a - b end end
  table.sort(list)
  if #list == 0 or #x + #y > 60 then return list end
  local outside, level = intervals.shift_outside(#x, #y, confidence or 0.95)
  if level < intervals.LEAST then return list end
  return list, list[1 + outside], list[#list - outside], level
end

-- ---- means -----------------------------------------------------------------------------------------------------

-- The mean's standard error.
local function error_of(list)
  local mean, sum = stats.mean(list), 0
  for _, x in ipairs(list) do sum = sum + (x - mean) ^ 2 end
  return math.sqrt(sum / (#list - 1) / #list), mean
end

-- How far a resample's mean is off, in its own standard errors.
local function off(draw, mean)
  local spread, middle = error_of(draw)
  if spread > 0 then return (middle - mean) / spread end
  return middle == mean and 0 or (middle - mean) * math.huge
end

-- Fewer values have resamples without a spread too often.
local ENOUGH <const> = 5

--- Interval of the mean of a list, skewed or not, as low, high, by the bootstrap of its t; nil below 5 values. Options
--- as stats.bootstrap (resamples 2000), and confidence (0.95). Of 10 values of an exponential distribution it covers
--- 94 %, of a log-normal one 91 %, where percentiles of means cover 86 % and 79 %.
--- Source: Efron & Tibshirani, "An Introduction to the Bootstrap" (1993), section 12.5.
function intervals.mean(list, options)
  if #list < ENOUGH then return nil end
  options = options or {}
  local spread, mean = error_of(list)
  if spread == 0 then return mean, mean end
  local t = stats.bootstrap(list, function(draw) return off(draw, mean) end,
    { resamples = options.resamples or 2000, seed = options.seed })
  local tail = (1 - (options.confidence or 0.95)) / 2
  local low, high = t[math.max(1, math.floor(#t * tail))], t[math.min(#t, math.ceil(#t * (1 - tail)))]
  return mean - high * spread, mean - low * spread
end

return intervals
