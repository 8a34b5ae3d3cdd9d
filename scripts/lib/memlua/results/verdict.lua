--- memlua.results.verdict: what a comparison of strategies comes to. A strategy protects when, where memory was short without
--- it, every tenant finishes and the best-ranked one works as fast as alone, and when the runs are enough to show that;
--- what merely slows the others, or what too few runs show, is called just that.
local best_order = require "memlua.results.best_order"
local figures = require "memlua.base.figures"
local intervals = require "memlua.base.intervals"
local memlua = require "memlua"
local objective = require "memlua.results.objective"
local rates = require "memlua.results.rates"
local stopping = require "memlua.results.stopping"
local text = require "memlua.base.text"
local units = require "memlua.units"

local verdict = {}

--- The best-ranked tenant may take this much longer than alone, the last one finish this much later than in the
--- best order, before a strategy is said to cost something.
verdict.SLOWER, verdict.LATER = 1.05, 1.15

--- "protects" says that more than this share of runs keep every tenant, and errs in at most 5 % of experiments.
verdict.SURVIVAL = 0.80

-- ---- per strategy --------------------------------------------------------------------------------------------

local function is_background(folder, name) return (memlua.named(folder.manifest.scenario.tenants or {}, name) or {}).background end

-- What each tenant needs alone: its peak, kernel memory included, and its time; and what the services beside them take, which have no
-- place in an order. nil where that isn't known, or where a tenant shrinks, so that no order of whole tenants is the best.
local function jobs_of(folder, strategy)
  local alone, jobs, beside = {}, {}, 0
  for _, solo in ipairs(folder.summary.strategies) do
    if solo.solo then alone[solo.name] = solo.tenants[1] end
  end
  for _, result in ipairs(folder.runs or {}) do
    if result.solo and best_order.shrinks(result.tenants[1]) then return nil end
  end
  for _, tenant in ipairs(strategy.tenants) do
    local solo = alone[(folder.manifest.solo_of or {})[tenant.name]]
    if is_background(folder, tenant.name) then
      beside = beside + (tenant.peak and tenant.peak.median or 0)
    elseif not (solo and solo.peak and tenant.solo_s) then
      return nil
    else
      jobs[#jobs + 1] = { size = solo.peak.median, duration = tenant.solo_s }
    end
  end
  return jobs, beside
end

local function best_ranked(strategy)
  local best = strategy.tenants[1]
  for _, tenant in ipairs(strategy.tenants) do if tenant.rank < best.rank then best = tenant end end
  return best
end

local function is_empty(t) return next(t or {}) == nil end

-- The strategies that do nothing: no policy, controller, tunables or limits of their own.
local function unprotected(folder)
  local names = {}
  for _, s in ipairs(folder.manifest.scenario.strategies or {}) do
    if not (s.policy or s.controller or s.tunables) and is_empty(s.limits) and is_empty(s.tenants) then names[s.name] = true end
  end
  return names
end

-- Whether memory was short in most of the unprotected runs: true, false, or nil where there are none; and their
-- pressure.
local function was_tested(folder)
  local names, found = unprotected(folder), nil
  for _, strategy in ipairs(folder.summary.strategies) do
    local p = not strategy.solo and names[strategy.name] and strategy.pressure
    if p and 2 * p.pressed > p.runs then return true, p end
    found = found or p or nil
  end
  if found then return false, found end
end

-- The least number of runs, all without a loss, that show enough.
local function enough()
  local n = 1
  while intervals.share(n, n, 0.90) <= verdict.SURVIVAL do n = n + 1 end
  return n
end

local function percent(low, high) return ("[%.0f, %.0f] %%"):format(low * 100, high * 100) end

-- ---- the words -----------------------------------------------------------------------------------------------------
-- Each says what forbids to say "protects", or nil. The first that has something to say is heard.

local function failures(row)
  return row.failed and ("not judged: a tenant failed by itself in %d of %d runs"):format(row.failed, row.runs)
end

local function losses(row)
  local lost = row.runs - row.intact
  if lost == 0 then return nil end
  local sure = row.runs > 1 and " " .. percent(intervals.share(lost, row.runs, 1 - 0.05 / row.parts)) or ""
  return lost == row.runs and ("loses tenants: in all of %d run%s%s"):format(lost, lost > 1 and "s" or "", sure)
    or ("unreliable: loses tenants in %d of %d runs%s"):format(lost, row.runs, sure)
end

local function untested(row)
  if row.tested == nil then return "keeps all; no unprotected runs beside it show from what" end
  if row.tested then return nil end
  local p = row.pressure
  if p.pressed > 0 then return ("little was tested: pressure in only %d of %d runs without protection"):format(p.pressed, p.runs) end
  return ("nothing was tested: no pressure without protection (%.0f events, %.1f %% stalled)"):format(p.events or 0,
    (p.stalled or 0) * 100)
end

local function pace(row)
  local missed = row.missed
  if not missed then return nil end
  return ("keeps all, but not a rate: %s made %s in %d of %d runs"):format(missed.tenant, rates.text(missed), missed.broken, missed.runs)
end

local function objectives(row)
  for _, o in ipairs(row.objectives) do
    local said = objective.word_of(o)
    if said then return said end
  end
end

local function slowdown(row)
  local seen = row.times
  if row.service then
    return not row.has_objective and ("keeps all; %s is a service without an objective, so its latency is not judged")
      :format(row.best) or nil
  end
  if not seen then return "keeps all; without solo runs no slowdown is known" end
  if not seen.low then
    return ("inconclusive: %d run%s of %s %s too few for its slowdown; %d would tell"):format(seen.n,
      seen.n > 1 and "s" or "", row.best, seen.n > 1 and "are" or "is", enough())
  end
  if seen.low > verdict.SLOWER then return "keeps all, but slows the best-ranked" end
  if seen.high > verdict.SLOWER then
    return ("inconclusive: the best-ranked's slowdown of %s isn't surely below %.2f"):format(
      figures.text(seen, figures.ratio), verdict.SLOWER)
  end
end

local function survival(row)
  local low = intervals.share(row.intact, row.runs, 1 - 0.10 / row.parts)
  if row.unprotected then return "keeps all unprotected" end
  return low <= verdict.SURVIVAL and ("no loss in %d run%s, which shows %.0f %% or more; %d would tell whether it protects")
    :format(row.runs, row.runs > 1 and "s" or "", low * 100, enough()) or nil
end

local function price(row)
  return row.later and row.later.high > verdict.LATER and "protects, at the price of time" or nil
end

local function word_of(row)
  for _, say in ipairs { failures, losses, untested, pace, objectives, slowdown, survival, price } do
    local said = say(row)
    if said then return said end
  end
  return "protects"
end

-- ---- the rows ------------------------------------------------------------------------------------------------------

local function has_objective(list, name)
  for _, o in ipairs(list) do if o.tenant == name then return true end end
  return false
end

-- Against the best order: { median, high, best (its makespan, in seconds) }; with few runs the median is all there is.
local function later_of(folder, strategy)
  local jobs, beside = jobs_of(folder, strategy)
  local limit, span = folder.manifest.scenario.limits["memory.max"], strategy.makespan
  local best = jobs and span and type(limit) == "number" and best_order.makespan(jobs, limit - beside)
  if not best or best == math.huge or best == 0 then return nil end
  return { median = span.median / best, high = (span.high or span.median) / best, best = best }
end

local function add_slowdowns(row, strategy)
  local best = best_ranked(strategy)
  row.best, row.slowdown, row.times = best.name, best.slowdown, best.times_work or best.times_solo
  row.service = best.service
  for _, tenant in ipairs(strategy.tenants) do
    if tenant.completion and tenant.slowdown then row.worst = math.max(row.worst or 0, tenant.slowdown) end
  end
end

-- The first tenant that matters, the best-ranked or one with an objective, whose rate wasn't kept. That a strategy slows the others
-- is its price.
local function missed_rate(row, strategy)
  for _, tenant in ipairs(strategy.tenants) do
    if tenant.rate and not tenant.rate.kept and (tenant.name == row.best or has_objective(row.objectives, tenant.name)) then
      local missed = { tenant = tenant.name }
      for key, value in pairs(tenant.rate) do missed[key] = value end
      return missed
    end
  end
end

local function row_of(folder, strategy, tested, pressure)
  local row = { name = strategy.name, runs = strategy.runs, intact = strategy.intact, failed = strategy.failed,
                tested = tested, pressure = pressure, unprotected = unprotected(folder)[strategy.name],
                objectives = objective.all(folder, strategy), parts = stopping.parts(folder.manifest) }
  add_slowdowns(row, strategy)
  row.has_objective = has_objective(row.objectives, row.best)
  row.missed = missed_rate(row, strategy)
  row.makespan_s = strategy.makespan and strategy.makespan.median
  row.later = later_of(folder, strategy)
  row.verdict = word_of(row)
  return row
end

--- One row per strategy that isn't a solo run: { name, runs, intact, failed (summary.of's), best (the best-ranked tenant),
--- slowdown (its X SOLO), times (the estimate that is judged: of its work without the hold), worst (X SOLO of any),
--- makespan_s, later = { median, high, best } (makespan against the best order, whose
--- own in seconds is best), tested (whether the unprotected runs were under
--- pressure; nil: there are none), pressure, objectives, missed (rates.over's of a tenant that matters, with its name as tenant, whose
--- rate wasn't kept), verdict }. What can't be told is absent; of a strategy that was
--- skipped that is all but its name and the verdict, which says why. Survival is judged by intervals.share.
function verdict.of(folder)
  local rows, tested, pressure = {}, was_tested(folder)
  for _, strategy in ipairs(folder.summary.strategies) do
    if not strategy.solo then rows[#rows + 1] = row_of(folder, strategy, tested, pressure) end
  end
  for _, skipped in ipairs(folder.summary.skipped or {}) do
    rows[#rows + 1] = { name = skipped.name, verdict = "skipped: " .. skipped.reason }
  end
  return rows
end

local COLUMNS = {
  { "STRATEGY" }, { "NO LOSS", align = "right" }, { "BEST X SOLO", align = "right", drop = 0 },
  { "X WORK", align = "right", drop = 4 }, { "WORST X SOLO", align = "right", drop = 1 },
  { "MAKESPAN", align = "right", drop = 2 }, { "X BEST ORDER", align = "right", drop = 3 }, { "VERDICT", wrap = true },
}

local function ratio(x) return x and figures.ratio(x) or "-" end

--- The rows of verdict.of as a table for people.
function verdict.text(list)
  local rows = {}
  for i, row in ipairs(list) do
    rows[i] = { row.name, row.runs and ("%d of %d"):format(row.intact, row.runs) or "-", ratio(row.slowdown),
                figures.text(row.times, figures.ratio) or "-", ratio(row.worst), units.format_duration(row.makespan_s),
                ratio(row.later and row.later.median), row.verdict,
                colour = row.runs and row.intact < row.runs and "red" or nil }
  end
  return text.render(COLUMNS, rows)
end

return verdict
