--- memlua.base.figures: how a figure of several runs is written, the same everywhere: "5.53 s [5.50, 5.61] 94 %".
local text = require "memlua.base.text"

local figures = {}

-- On a narrower terminal there is room for the middle only.
local NARROW <const> = 60

--- A ratio: "1.02".
function figures.ratio(x) return ("%.2f"):format(x) end

-- No program prints more digits; what has more was computed from what it printed.
local PRINTED <const>, COMPUTED <const> = 6, 4

-- The digits that tell something of a number as %.10g writes it.
local function significant(written)
  local digits = written:gsub("e.*", ""):gsub("[^%d]", ""):gsub("^0+", "")
  return #digits
end

local function shortened(x)
  local written = ("%.10g"):format(x)
  if significant(written) <= PRINTED then return written end
  return ("%%.%dg"):format(math.max(COMPUTED, #written:match "^%-?(%d*)")):format(x)
end

--- How a program's own figure is written, with all the digits that it printed: f(value) -> "1234.5 1/s"; what was computed of it with
--- four. `unit`: text, or nil.
function figures.as_printed(unit)
  return function(x) return shortened(x) .. (unit and unit ~= "" and " " .. unit or "") end
end

-- A unit that all share stands once, at the first.
local function bounds(format, e)
  local low, high, middle = format(e.low), format(e.high), format(e.median)
  local unit = middle:match " %S+$"
  if unit and low:sub(-#unit) == unit and high:sub(-#unit) == unit then
    return low:sub(1, -#unit - 1), high:sub(1, -#unit - 1)
  end
  return low, high
end

--- An estimate ({ n, median, low, high, level }, memlua.results.estimate) with its interval and the level that this
--- achieves; where the runs are too few for one, how many there are. `format(value)` writes one value with its unit. nil
--- for nil.
function figures.text(e, format)
  if not e then return nil end
  local middle = format(e.median)
  if text.columns(math.huge) < NARROW then return middle end
  if not e.low then return e.n and e.n > 1 and ("%s (n = %d)"):format(middle, e.n) or middle end
  local low, high = bounds(format, e)
  return ("%s [%s, %s]%s"):format(middle, low, high, e.level and (" %.0f %%"):format(math.floor(e.level * 100 + 0.5)) or "")
end

--- An estimate with all its values multiplied; nil for nil.
function figures.scaled(e, factor)
  if not e then return nil end
  local values = e.values and {}
  for i, value in ipairs(e.values or {}) do values[i] = value * factor end
  return { n = e.n, level = e.level, median = e.median * factor, low = e.low and e.low * factor, high = e.high and e.high * factor,
           values = values }
end

--- The levels of the intervals, for below a table.
figures.LEGEND = "in brackets: intervals of the median by order statistics, which hold it at the level beside them; "
  .. "(n = 3): too few runs for one"

--- The same, and of which scatter they tell: figures of the "virtual" clock repeat far better than a machine's do.
function figures.legend(clock)
  return figures.LEGEND .. (clock == "virtual" and "; under the virtual clock they tell how well it repeats, not how a real machine scatters" or "")
end

return figures
