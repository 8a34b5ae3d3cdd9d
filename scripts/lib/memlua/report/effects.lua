--- memlua.report.effects: the lines that say which strategies differ, for whom and by how much.
local figures = require "memlua.base.figures"
local found_by = require "memlua.results.effects"

local effects = {}

local MOST <const> = 12 -- lines of differences; the others are in summary.json

-- "high: reserve against none: 0.52 x the working time [0.51, 0.53] 94 % (p 0.008)"
local function line_of(c)
  local ratio = figures.text(c.ratio, function(x) return ("%.3g"):format(x) end)
  local head = ("%s: %s against %s: "):format(c.tenant, c.a, c.b)
  if c.told == "same" then return ("%sno difference beyond %.0f %%: %s x the %s"):format(head, (found_by.SAME - 1) * 100, ratio, c.what) end
  return ("%s%s x the %s (%s p %.2g, corrected %.2g)"):format(head, ratio, c.what, c.test, c.p, c.adjusted)
end

local function count(comparisons, told)
  local n = 0
  for _, c in ipairs(comparisons) do n = n + (c.told == told and 1 or 0) end
  return n
end

local function differing(comparisons, lines)
  local n = 0
  for _, c in ipairs(comparisons) do
    if c.told == "different" then
      n = n + 1
      if n <= MOST then lines[#lines + 1] = line_of(c) end
    end
  end
  if n > MOST then lines[#lines + 1] = ("and %d more differences, see summary.json"):format(n - MOST) end
end

local function alike(comparisons, lines)
  local n = count(comparisons, "same")
  for _, c in ipairs(comparisons) do
    if c.told == "same" and n <= MOST // 2 then lines[#lines + 1] = line_of(c) end
  end
  if n > MOST // 2 then
    lines[#lines + 1] = ("no difference beyond %.0f %% in %d comparisons"):format((found_by.SAME - 1) * 100, n)
  end
end

-- How great what stays open would have to be; nothing where that isn't known of all.
local function shown_from(comparisons)
  local low, high = math.huge, 0
  for _, c in ipairs(comparisons) do
    if c.told == "untold" then low, high = math.min(low, c.shows or 0), math.max(high, c.shows or math.huge) end
  end
  if low == 0 or high == math.huge then return "" end
  local from = ("%.3g"):format(low) == ("%.3g"):format(high) and ("%.3g"):format(low) or ("%.3g to %.3g"):format(low, high)
  return ("; these runs would show one of %s x, with a chance of 80 %%"):format(from)
end

-- What stays open, and why.
local function untold(found, lines)
  local n, all = count(found.comparisons, "untold"), #found.comparisons
  if n == 0 then return end
  local of_all = ("%d of %d comparison%s"):format(n, all, all > 1 and "s" or "")
  if found.able then of_all = of_all .. shown_from(found.comparisons) end
  lines[#lines + 1] = found.able and ("no difference told in %s"):format(of_all)
    or ("no difference told in %s: the runs are too few, %d would tell"):format(of_all, found.needs)
end

--- The lines about the `series` (summary.series), each against each, as a string: differences that hold at 5 % for all
--- comparisons together (Holm), with the ratio of the medians; what differs by less than matters; and how much stays
--- open, and how great it would have to be to be told. "" where there is nothing to compare.
function effects.of(series)
  local found, lines = found_by.of(series), {}
  if not found then return "" end
  differing(found.comparisons, lines)
  alike(found.comparisons, lines)
  untold(found, lines)
  return table.concat(lines, "\n") .. "\n"
end

local function ratio(x) return ("%.3g"):format(x) end

local TOLD <const> = { untold = "no difference told", same = "no difference beyond 5 %", different = "DIFFERENT" }

local function line_again(c)
  if c.kept then
    local word = c.told == "same" and "as often" or TOLD[c.told]
    return ("%s: nobody lost in %.0f %% there, %.0f %% here: %s"):format(c.strategy, c.kept.there * 100, c.kept.here * 100, word)
  end
  local p = c.told == "different" and (" (%s p %.2g, corrected %.2g)"):format(c.test, c.p, c.adjusted) or ""
  return ("%s: %s: %s x the %s there: %s%s"):format(c.strategy, c.tenant, figures.text(c.ratio, ratio), c.what, TOLD[c.told], p)
end

--- The lines about a series that was made twice (memlua.results.effects.again), as a string.
function effects.again(list)
  local lines = {}
  for i, c in ipairs(list) do lines[i] = line_again(c) .. "\n" end
  return table.concat(lines)
end

return effects
