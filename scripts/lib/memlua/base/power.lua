--- memlua.base.power: how great a difference so many runs can show.
local intervals = require "memlua.base.intervals"
local stats = require "memlua.stats"

local power = {}

--- The chance with which a difference is shown that is called one that so many runs show.
power.CHANCE = 0.80

local TRIALS <const> = 200 -- experiments; the chance is known to 3 %
local GREATEST <const> = 20 -- standard deviations; beyond that nothing more is shown

-- So many standard normal numbers, the same each time. Source: Box & Muller, Ann. Math. Stat. 29 (1958).
local function normals(count)
  local random, list = stats.random(1), {}
  local function uniform() return (random(1 << 52) - 0.5) / (1 << 52) end
  for i = 1, count do list[i] = math.sqrt(-2 * math.log(uniform())) * math.cos(2 * math.pi * uniform()) end
  return list
end

-- The least shift of which a share CHANCE of the trials are told; tells(draws, from, shift).
local function solved(size, tells)
  local draws = normals(TRIALS * size)
  local function chance(shift)
    local told = 0
    for trial = 0, TRIALS - 1 do told = told + (tells(draws, trial * size, shift) and 1 or 0) end
    return told / TRIALS
  end
  if chance(GREATEST) < power.CHANCE then return nil end
  local low, high = 0, GREATEST
  for _ = 1, 10 do
    local middle = (low + high) / 2
    if chance(middle) < power.CHANCE then low = middle else high = middle end
  end
  return high
end

--- How far two lists of n and m values must lie apart, in standard deviations of one of them, for the test of Mann and Whitney to
--- show it at the error rate `alpha` with a chance of power.CHANCE, where they are normally distributed. nil where none is shown,
--- or above 60 values in all.
function power.apart(n, m, alpha)
  if n + m > 60 then return nil end
  local outside, level = intervals.shift_outside(n, m, 1 - alpha)
  if 1 - level > alpha then return nil end
  return solved(n + m, function(draws, from, shift)
    local below = 0
    for i = from + 1, from + n do
      for k = from + n + 1, from + n + m do below = below + (draws[i] + shift < draws[k] and 1 or 0) end
    end
    return below <= outside or n * m - below <= outside
  end)
end

-- The greatest sum of signed ranks of n differences that is told at the error rate `alpha`; nil: none is.
local function critical(n, alpha)
  local counts = { [0] = 1.0 }
  for rank = 1, n do
    for sum = rank * (rank + 1) // 2, rank, -1 do counts[sum] = (counts[sum] or 0) + (counts[sum - rank] or 0) end
  end
  local tail, sum, all = 0, -1, 2.0 ^ n
  while 2 * (tail + counts[sum + 1]) / all <= alpha do sum, tail = sum + 1, tail + counts[sum + 1] end
  return sum >= 0 and sum or nil
end

-- The sum of the ranks of those below 0.
local function negative_ranks(list)
  table.sort(list, function(a, b) return math.abs(a) < math.abs(b) end)
  local sum = 0
  for rank, value in ipairs(list) do sum = sum + (value < 0 and rank or 0) end
  return sum
end

--- How great n paired differences must be, in their standard deviations, for Wilcoxon's test to show it; as power.apart.
function power.paired(n, alpha)
  local most, all = n <= 60 and critical(n, alpha), n * (n + 1) // 2
  if not most then return nil end
  return solved(n, function(draws, from, shift)
    local list = {}
    for i = 1, n do list[i] = draws[from + i] + shift end
    local sum = negative_ranks(list)
    return sum <= most or all - sum <= most
  end)
end

local function variance(list)
  local mean, sum = stats.mean(list), 0
  for _, x in ipairs(list) do sum = sum + (x - mean) ^ 2 end
  return #list > 1 and sum / (#list - 1) or 0
end

local known = {} -- it is the same for all comparisons of as many runs

local function deviations(paired, n, m, alpha)
  local key = ("%s %d %d %.17g"):format(paired and "paired" or "apart", n, m, alpha)
  if known[key] == nil then known[key] = (paired and power.paired(n, alpha) or not paired and power.apart(n, m, alpha)) or false end
  return known[key]
end

--- The least difference that is shown at the error rate `alpha` by as many values as there are, by their own scatter: of the list of
--- differences `paired`, or where that is nil of the lists x and y. nil: none is shown.
function power.least(paired, x, y, alpha)
  local n, m = #(paired or x), #y
  local least = deviations(paired, n, m, alpha)
  local scatter = paired and variance(paired) or ((n - 1) * variance(x) + (m - 1) * variance(y)) / math.max(1, n + m - 2)
  return least and least * math.sqrt(scatter) or nil
end

return power
