--- memlua.results.verdict: what a comparison of strategies comes to. A strategy protects when every tenant finishes and
--- the best-ranked one takes as long as alone; what merely slows the others, or a case of too few runs, is
--- called just that.
local stats = require "memlua.stats"
local text = require "memlua.base.text"
local units = require "memlua.units"

local verdict = {}

--- The best-ranked tenant may take this much longer than alone, the last one finish this much later than in the
--- best order, before a strategy is said to cost something.
verdict.SLOWER, verdict.LATER = 1.05, 1.15

-- ---- the best possible order -------------------------------------------------------------------------------

-- The earliest time from `from` on at which `size` fits below the limit beside the jobs already placed.
local function earliest(placed, size, limit)
  local times = { 0 }
  for _, job in ipairs(placed) do times[#times + 1] = job.finish end
  table.sort(times)
  for _, time in ipairs(times) do
    local used = size
    for _, job in ipairs(placed) do if job.finish > time then used = used + job.size end end
    if used <= limit then return time end
  end
end

local function span(order, limit)
  local placed, last = {}, 0
  for i, job in ipairs(order) do
    local start = earliest(placed, job.size, limit)
    if not start then return math.huge end
    placed[i] = { size = job.size, finish = start + job.duration }
    last = math.max(last, placed[i].finish)
  end
  return last
end

local function permuted(list, n, visit)
  if n <= 1 then return visit(list) end
  for i = 1, n do
    list[i], list[n] = list[n], list[i]
    permuted(list, n - 1, visit)
    list[i], list[n] = list[n], list[i]
  end
end

--- The shortest time in which all jobs { size, duration } can be done when those that run together must fit the
--- limit, each started as early as its place in the order allows; over all orders up to 6 jobs, above that the
--- longest first (Graham, "Bounds on multiprocessing timing anomalies", SIAM J. Appl. Math. 17 (1969)).
--- CPU time is taken as free, and a job's memory as taken from its start to its end: real tenants may be a little
--- faster, since they grow. math.huge when a job doesn't fit alone.
function verdict.best_makespan(jobs, limit)
  local order, best = table.move(jobs, 1, #jobs, 1, {}), math.huge
  if #jobs > 6 then
    table.sort(order, function(a, b) return a.duration > b.duration end)
    return span(order, limit)
  end
  permuted(order, #order, function(list) best = math.min(best, span(list, limit)) end)
  return best
end

-- ---- per strategy --------------------------------------------------------------------------------------------

-- What each tenant needs alone: its peak, kernel memory included, and its time.
local function jobs_of(folder, strategy)
  local alone, jobs = {}, {}
  for _, solo in ipairs(folder.summary.strategies) do
    if solo.solo then alone[solo.name] = solo.tenants[1] end
  end
  for i, tenant in ipairs(strategy.tenants) do
    local solo = alone[(folder.manifest.solo_of or {})[tenant.name]]
    if not (solo and solo.peak and tenant.solo_s) then return nil end
    jobs[i] = { size = solo.peak.median, duration = tenant.solo_s }
  end
  return jobs
end

local function best_ranked(strategy)
  local best = strategy.tenants[1]
  for _, tenant in ipairs(strategy.tenants) do if tenant.rank < best.rank then best = tenant end end
  return best
end

-- Whether so many of n runs without a loss say anything: Wilson's interval must lie on one side of a half.
local function tells(intact, runs)
  local low, high = stats.wilson(intact, runs)
  return low >= 0.5 or high < 0.5
end

-- As many runs like these, none or all of which had losses, as say something.
local function enough()
  local n = 1
  while not (tells(0, n) and tells(n, n)) do n = n + 1 end
  return n
end

local function inconclusive(row)
  return ("inconclusive: %d run%s, %s with losses; %d would tell"):format(row.runs, row.runs > 1 and "s" or "",
    row.intact == 0 and "all" or "none", enough())
end

local function word_of(row)
  if row.failed then return ("not judged: a tenant failed by itself in %d of %d runs"):format(row.failed, row.runs) end
  local is_mixed = row.intact > 0 and row.intact < row.runs
  if not is_mixed and not tells(row.intact, row.runs) then return inconclusive(row) end
  if row.intact == 0 then return "loses tenants" end
  if row.intact < row.runs then return ("unreliable: loses tenants in %d of %d runs"):format(row.runs - row.intact, row.runs) end
  if row.slowdown and row.slowdown > verdict.SLOWER then return "keeps all, but slows the best-ranked" end
  if row.later and row.later > verdict.LATER then return "protects, at the price of time" end
  return "protects"
end

--- One row per strategy that isn't a solo run: { name, runs, intact, failed (summary.of's), slowdown (of the best-ranked tenant), worst
--- (of any), makespan_s, later (makespan against the best order), verdict }. What can't be told is absent; of a
--- strategy that was skipped that is all but its name and the verdict, which says why.
function verdict.of(folder)
  local rows = {}
  for _, strategy in ipairs(folder.summary.strategies) do
    if not strategy.solo then
      local row = { name = strategy.name, runs = strategy.runs, intact = strategy.intact, failed = strategy.failed }
      local jobs, limit = jobs_of(folder, strategy), folder.manifest.scenario.limits["memory.max"]
      row.slowdown = best_ranked(strategy).slowdown
      for _, tenant in ipairs(strategy.tenants) do
        if tenant.completion and tenant.slowdown then row.worst = math.max(row.worst or 0, tenant.slowdown) end
      end
      row.makespan_s = strategy.makespan and strategy.makespan.median
      local best = jobs and type(limit) == "number" and verdict.best_makespan(jobs, limit)
      row.later = row.makespan_s and best and row.makespan_s / best
      row.verdict = word_of(row)
      rows[#rows + 1] = row
    end
  end
  for _, skipped in ipairs(folder.summary.skipped or {}) do
    rows[#rows + 1] = { name = skipped.name, verdict = "skipped: " .. skipped.reason }
  end
  return rows
end

local COLUMNS = {
  { "STRATEGY" }, { "NO LOSS", align = "right" }, { "BEST X SOLO", align = "right", drop = 0 },
  { "WORST X SOLO", align = "right", drop = 1 }, { "MAKESPAN", align = "right", drop = 2 },
  { "X BEST ORDER", align = "right", drop = 3 }, { "VERDICT", wrap = true },
}

local function ratio(x) return x and ("%.2f"):format(x) or "-" end

--- The rows of verdict.of as a table for people.
function verdict.text(list)
  local rows = {}
  for i, row in ipairs(list) do
    rows[i] = { row.name, row.runs and ("%d of %d"):format(row.intact + (row.failed or 0), row.runs) or "-", ratio(row.slowdown), ratio(row.worst),
                units.format_duration(row.makespan_s), ratio(row.later), row.verdict,
                colour = row.runs and row.intact < row.runs and "red" or nil }
  end
  return text.render(COLUMNS, rows)
end

return verdict
