--- memlua.base.percentiles: percentiles over several runs and how sure they are. Runs are what was repeated, not the
--- values inside one: each run has a percentile of its own, and of these there is a median with an interval.
local intervals = require "memlua.base.intervals"
local stats = require "memlua.stats"

local percentiles = {}

-- The bucket that holds percentile p of a run: the least and the greatest that it may be.
local function bounds(histogram, p)
  local rank, seen = math.max(1, math.ceil(p * histogram.count)), 0
  for _, bucket in ipairs(histogram.buckets) do
    seen = seen + bucket[3]
    if seen >= rank then return math.max(bucket[1], histogram.min), math.min(bucket[2], histogram.max) end
  end
  return histogram.max, histogram.max
end

local function one(histograms, p)
  local lows, highs = {}, {}
  for i, h in ipairs(histograms) do lows[i], highs[i] = bounds(h, p) end
  local low, high, level = intervals.ordered(lows, highs)
  return { n = #histograms, median = stats.median(highs), low = low, high = high, level = level, values = highs }
end

--- The percentiles `ps` (0..1) of several runs' histograms: list of { n (runs), median (of the runs' percentiles, each
--- the upper bound of its bucket), low, high, level, values } in the histograms' unit. The interval is that of the
--- median by intervals.ordered, from buckets' lower to their upper bounds, so their width is in it; it is absent where
--- the runs are too few. nil when nothing was counted.
function percentiles.of(histograms, ps)
  local filled, result = {}, {}
  for _, h in ipairs(histograms) do if h.count > 0 then filled[#filled + 1] = h end end
  if #filled == 0 then return nil end
  for k, p in ipairs(ps) do result[k] = one(filled, p) end
  return result
end

return percentiles
