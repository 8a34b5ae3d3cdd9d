--- memlua.report.claims: what was claimed and what the runs make of it, the last section of a table.
local figures = require "memlua.base.figures"
local results = require "memlua.results.claims"
local text = require "memlua.base.text"
local units = require "memlua.units"

local claims = {}

local COLUMNS <const> = { { "CLAIM" }, { "FIGURE", align = "right" }, { "CONFIRMED IF", align = "right", drop = 1 }, { "VERDICT", wrap = true } }

local SECONDS <const> = { time = true, work = true, p50 = true, p95 = true, p99 = true, mean = true, makespan = true }
local BYTES <const> = { peak = true, read = true }

local function plain(x) return ("%.4g"):format(x) end

-- A case of an experiment has figures of its own, whatever they are called.
local function format_of(claim, is_scenario)
  if claim.against or not is_scenario then return plain end
  return SECONDS[claim.metric] and units.format_duration or BYTES[claim.metric] and units.format_size or plain
end

local function band_of(claim, format)
  if claim.above and claim.below then return ("%s to %s"):format(format(claim.above), format(claim.below)) end
  return claim.below and "<= " .. format(claim.below) or ">= " .. format(claim.above)
end

-- What has the worst figure there is: who was lost; of latencies also, whose requests were never made.
local function worst(claim) return results.LATENCY[claim.metric] and "lost or missed" or "lost" end

local function figure_of(claim, format)
  if claim.median then return figures.text(claim, format) end
  return claim.n > 0 and worst(claim) or "-"
end

-- What was left out is told: survivors alone would make a better figure.
local function counted(claim)
  local said = {}
  if claim.lost then said[#said + 1] = ("%s in %d of %d, the worst there is"):format(worst(claim), claim.lost, claim.n) end
  if claim.silent then said[#said + 1] = ("%d run%s tell%s nothing"):format(claim.silent, claim.silent > 1 and "s" or "", claim.silent > 1 and "" or "s") end
  return #said > 0 and (" (%s)"):format(table.concat(said, "; ")) or ""
end

local function inconclusive(claim)
  if claim.why then return "inconclusive: " .. claim.why end
  if claim.more then return ("inconclusive: %d more run%s would tell"):format(claim.more, claim.more > 1 and "s" or "") end
  return claim.n > 0 and "inconclusive: at the very edge, hundreds of runs would not tell" or "inconclusive: no run has the figure"
end

local function verdict_of(claim)
  local word = claim.verdict == "inconclusive" and inconclusive(claim) or claim.verdict
  return ("%s: %s%s"):format(word, claim.text, counted(claim))
end

--- The figure of a scenario's claim (memlua.results.claims.of) as text: "5.54 s [5.53, 5.55] 98 %".
function claims.figure(claim) return figure_of(claim, format_of(claim, true)) end

--- The claims of the `folders` as text, those that have `claims` (memlua.results.claims.of); "" where nothing is claimed.
function claims.text(folders)
  local rows = {}
  for _, folder in ipairs(folders) do
    for _, claim in ipairs(folder.claims or {}) do
      local format = format_of(claim, folder.manifest.scenario ~= nil)
      rows[#rows + 1] = { claim.name, figure_of(claim, format), band_of(claim, format), verdict_of(claim),
                          colour = claim.verdict == "refuted" and "red" or nil }
    end
  end
  return #rows > 0 and "\n" .. text.render(COLUMNS, rows) or ""
end

return claims
