--- memlua.results.estimate: what several runs say of one figure.
local intervals = require "memlua.base.intervals"
local stats = require "memlua.stats"

local estimate = {}

--- What pictures say of it.
estimate.SAID = "the median of the runs (single ones as dots), with its interval where there are 4 or more: 88 % sure of "
  .. "4, 94 % of 5, 95 % and more from 6 on"

--- { n, median, low, high, level, values } of a list of numbers, nil for an empty one; low and high bound the true
--- median in `level` of experiments (intervals.median) and are absent where the values are too few to tell.
function estimate.of(values)
  if #values == 0 then return nil end
  local low, high, level = intervals.median(values)
  return { n = #values, median = stats.median(values), low = low, high = high, level = level, values = values }
end

return estimate
