--- memlua.base.percentiles: percentiles over several runs and how sure they are. Runs are what was repeated, not the
--- values inside one, so whole runs are resampled: their histograms are merged exactly, percentiles never averaged.
local stats = require "memlua.stats"

local percentiles = {}

-- The merged buckets as arrays, and each histogram as pairs { index into them, count }: merging a draw is then
-- adding numbers.
local function indexed(histograms)
  local merged, place, sparse = stats.merge(histograms), {}, {}
  for i, bucket in ipairs(merged.buckets) do place[bucket[1]] = i end
  for h, histogram in ipairs(histograms) do
    sparse[h] = {}
    for i, bucket in ipairs(histogram.buckets) do sparse[h][i] = { place[bucket[1]], bucket[3] } end
  end
  return merged, sparse
end

-- The percentiles ps (ascending) of the runs drawn; math.huge bounds nothing above a bucket but the greatest value.
local function of_draw(draw, merged, ps, counts)
  local total = 0
  for i = 1, #merged.buckets do counts[i] = 0 end
  for _, histogram in ipairs(draw) do
    for _, pair in ipairs(histogram) do
      counts[pair[1]] = counts[pair[1]] + pair[2]
      total = total + pair[2]
    end
  end
  local values, seen, at = {}, 0, 0
  for k, p in ipairs(ps) do
    while seen < math.max(1, math.ceil(p * total)) and at < #merged.buckets do
      at = at + 1
      seen = seen + counts[at]
    end
    values[k] = math.min(merged.buckets[at][2], merged.max)
  end
  return values
end

local function bounds(replicates, k, confidence)
  local values = {}
  for r, replicate in ipairs(replicates) do values[r] = replicate[k] end
  table.sort(values)
  local tail = (1 - confidence) / 2
  return values[math.max(1, math.floor(#values * tail))], values[math.min(#values, math.ceil(#values * (1 - tail)))]
end

--- The percentiles `ps` (0..1, ascending) over the histograms of several runs: list of { value, low, high } in the
--- histograms' unit; without low and high where less than two runs can't tell. nil when nothing was counted.
--- Options: resamples (2000), confidence (0.95), seed (1). Source: cluster bootstrap, Davison & Hinkley, "Bootstrap
--- Methods and their Application" (1997), section 3.8; intervals by percentiles.
function percentiles.of(histograms, ps, options)
  options = options or {}
  local filled = {}
  for _, h in ipairs(histograms) do if h.count > 0 then filled[#filled + 1] = h end end
  if #filled == 0 then return nil end
  local merged, sparse = indexed(filled)
  local result, replicates, draw, counts = {}, {}, {}, {}
  for k, p in ipairs(ps) do result[k] = { value = stats.percentile(merged, p) } end
  if #filled < 2 then return result end
  local random = stats.random(options.seed or 1)
  for r = 1, options.resamples or 2000 do
    for i = 1, #sparse do draw[i] = sparse[random(#sparse)] end
    replicates[r] = of_draw(draw, merged, ps, counts)
  end
  for k in ipairs(ps) do
    result[k].low, result[k].high = bounds(replicates, k, options.confidence or 0.95)
  end
  return result
end

return percentiles
