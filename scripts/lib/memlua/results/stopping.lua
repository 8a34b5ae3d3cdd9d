--- memlua.results.stopping: --until: a series ends once its figures are known precisely enough, and what is said of them errs no more often
--- for that. The figures are looked at a few times, after numbers of blocks that are fixed before; each look has its share of the error.
--- Source: Jennison & Turnbull, "Interim analyses: the repeated confidence interval approach", J. R. Stat. Soc. B 51 (1989), with the
--- error spent evenly, by Bonferroni's inequality, which holds for any distribution.
local intervals = require "memlua.base.intervals"
local memlua = require "memlua"

local stopping = {}

-- In any of these intervals at most this share of experiments errs, whenever it stops.
local ERROR <const> = 0.05

-- Fewer blocks can't give the level that two looks take.
local LEAST <const> = 8

--- The share in a text such as "2%"; nil where it is none, 0 or above 50 %.
function stopping.share(text)
  local share = tonumber((tostring(text):match "^(%d+%.?%d*)%%$"))
  return share and share > 0 and share <= 50 and share / 100 or nil
end

--- After which numbers of blocks the figures are looked at, of at most `most`: each twice the one before, the last one `most`. Fails with
--- status 1 below 8.
function stopping.looks(most)
  if most < LEAST then
    memlua.fail(memlua.status.misuse, "--until: %d runs at most can't show that; give --runs %d or more", most, LEAST)
  end
  local looks, at = {}, most
  while at >= LEAST do
    table.insert(looks, 1, at)
    at = at // 2
  end
  return looks
end

--- Into how many parts the error of what is said of a folder with this manifest is divided: its looks; 1 without --until.
function stopping.parts(manifest) return manifest.stopping and #manifest.stopping.looks or 1 end

--- The level of its intervals.
function stopping.confidence(manifest) return 1 - ERROR / stopping.parts(manifest) end

--- Whether each of the lists of logarithms of figures has an interval of the median, at that level, of at most `share` of it either way.
function stopping.is_precise(lists, share, confidence)
  for _, list in ipairs(lists) do
    local low, high, level = intervals.median(list, confidence)
    if not low or level < confidence or high - low > 2 * math.log(1 + share) then return false end
  end
  return #lists > 0
end

-- Of what has no values of its own beside it, no interval is left.
local function widened(estimate, confidence)
  local low, high, level
  if estimate.values then low, high, level = intervals.median(estimate.values, confidence) end
  estimate.low, estimate.high, estimate.level = low, high, level
end

--- Gives all estimates in a folder's summary (memlua.results.summary) the level that its `manifest` takes.
function stopping.widen(summary, manifest)
  if stopping.parts(manifest) == 1 then return end
  for _, value in pairs(summary) do
    if type(value) == "table" then
      if value.level and value.median then widened(value, stopping.confidence(manifest)) end
      stopping.widen(value, manifest)
    end
  end
end

return stopping
