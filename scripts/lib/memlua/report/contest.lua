--- memlua.report.contest: many strategies of all kinds on one workload: a table that holds each to what matters, who pays, and a
--- picture of the trade.
local attribution = require "memlua.report.attribution"
local chart = require "memlua.report.charts.contest"
local effects = require "memlua.report.effects"
local figures = require "memlua.base.figures"
local objective = require "memlua.results.objective"
local report = require "memlua.report"
local remarks = require "memlua.report.remarks"
local summary = require "memlua.results.summary"
local text = require "memlua.base.text"
local units = require "memlua.units"
local verdict = require "memlua.results.verdict"

local contest = {}

--- The summary of a folder: that of any scenario, memlua.results.summary's.
function contest.summarise(folder) return summary.of(folder) end

-- ---- the table -------------------------------------------------------------------------------------------------------

local COLUMNS <const> = {
  { "STRATEGY" }, { "NO LOSS", align = "right" }, { "OBJECTIVE", align = "right", drop = 2 }, { "BEST X WORK", align = "right" },
  { "WORST OTHER", align = "right" }, { "X BEST ORDER", align = "right", drop = 3 }, { "CPU PAID", align = "right", drop = 4 },
  { "REACTS P99", align = "right", drop = 5 }, { "VERDICT", wrap = true },
}

local function ratio(e) return figures.text(e, figures.ratio) end

-- "met" or "missed" of each objective, with what was seen of it; "open" where the runs don't tell.
local function objectives(row)
  local words = {}
  for i, o in ipairs(row.objectives or {}) do
    local why = objective.word_of(o)
    local word = not why and "met" or why:find "misses" and "missed" or "open"
    words[i] = o.seen and ("%s (%s)"):format(word, o.format(o.seen.median)) or word
  end
  return #words > 0 and table.concat(words, ", ") or nil
end

-- CPU of the controller and of the policy's programs, medians of the runs; the kernel's threads stand in the table of who pays.
local function cpu_paid(strategy)
  local controller, paid = strategy.controller or {}, strategy.paid or {}
  local own = (controller.cpu_s and controller.cpu_s.median or 0) + (paid.programs_s and paid.programs_s.median or 0)
  return own > 0 and units.format_duration(own) or nil
end

local function reaction(strategy)
  local reactions = strategy.controller and strategy.controller.reactions
  return reactions and units.format_duration(reactions.p99)
end

local function row_of(row, strategy)
  if not strategy then return { row.name, [9] = row.verdict } end -- skipped
  local other = chart.slowest_other(strategy)
  return { row.name, ("%d of %d"):format(row.intact, row.runs), objectives(row), ratio(row.times), ratio(other and other.times_solo),
           row.later and figures.ratio(row.later.median), cpu_paid(strategy), reaction(strategy), row.verdict,
           colour = row.intact < row.runs and "red" or nil }
end

local LEGEND <const> = "best x work: the best-ranked tenant's time without its hold, times alone; worst other: the whole time of the other that was "
  .. "slowed most, times alone; verdicts stand each for itself, the comparisons below are corrected for their number (Holm)\n"

--- The document of the one folder in `folders`.
function contest.text(folders)
  local folder, rows = folders[1], {}
  local series = summary.series(folders)
  for i, row in ipairs(verdict.of(folder)) do
    local found
    for _, s in ipairs(series) do if s.strategy.name == row.name then found = s.strategy end end
    rows[i] = row_of(row, found)
  end
  local paid = attribution.text(series)
  return table.concat { report.title(folder), text.render(COLUMNS, rows), "\n", text.flow(LEGEND, 2), paid and "\n" .. paid or "", "\n",
    text.flow(remarks.standing(folder) .. remarks.endings(series) .. effects.of(series) .. figures.legend(folder.host.clock) .. "\n", 2) }
end

--- Writes the picture of the trade, and those of any scenario, of the one folder in `folders` into the folder `path`.
function contest.pictures(folders, path)
  chart.write(path, folders[1], report.setting(folders[1]))
  report.pictures(folders, path)
end

return contest
