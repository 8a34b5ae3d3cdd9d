--- memlua.results.claims: what a scenario or an experiment claims, held against its runs: confirmed, refuted, or inconclusive.
--- Each claim rests on one figure of each block, so that what drifts, drifts in both sides of a ratio, and on the interval of
--- their median, which takes no distribution for granted.
local intervals = require "memlua.base.intervals"
local judge = require "memlua.results.judge"
local memlua = require "memlua"
local rates = require "memlua.results.rates"
local run = require "memlua.run"
local stopping = require "memlua.results.stopping"
local stats = require "memlua.stats"
local summary = require "memlua.results.summary"
local work = require "memlua.results.work"

local claims = {}

--- In at most this share of experiments any of their claims is confirmed that is false, or refuted that is true.
claims.ALPHA = 0.05

-- So surely the runs that are said to be enough are enough, if they are like those made.
local POWER <const> = 0.80

-- ---- the figure of one run ---------------------------------------------------------------------------------------------

--- Those that are latencies.
claims.LATENCY = { mean = true, p50 = true, p95 = true, p99 = true }

-- Requests that were due and never made have no latency; they are worse than any that was.
local function made(tenant)
  local due = tenant.requests_due or 0
  return due > 0 and (tenant.requests_done or 0) / due or 1
end

local function percentile(p)
  return function(tenant)
    local of_made = p / made(tenant)
    if of_made > 1 then return math.huge end
    local value = stats.percentile(tenant.latency, of_made)
    return value and value / 1e9
  end
end

local function mean(tenant)
  local latency = tenant.latency
  if made(tenant) < rates.KEPT then return math.huge end
  return latency and latency.count > 0 and latency.sum / latency.count / 1e9 or nil
end

--- The metrics that memlua itself measures: name -> f(tenant of a run) -> value; that of makespan is in claims.OF_ALL alone.
claims.KNOWN = {
  time = function(tenant) return tenant.completion_s end,
  work = function(tenant) return work.moving(tenant) or tenant.completion_s end,
  p50 = percentile(0.50), p95 = percentile(0.95), p99 = percentile(0.99), mean = mean,
  peak = function(tenant) return tenant.peak end,
  read = function(tenant) return tenant.read_bytes end,
  kept = function(tenant) return tenant.ended == "done" and 1 or 0 end,
  makespan = function() end,
}

local function is_intact(result)
  for _, tenant in ipairs(result.tenants) do if tenant.ended ~= "done" then return false end end
  return true
end

--- Those that are about all tenants of a run where none is named: name -> f(run) -> value.
claims.OF_ALL = {
  kept = function(result) return is_intact(result) and 1 or 0 end,
  makespan = function(result) return summary.makespan(result) or math.huge end,
}

-- Who is lost has no time; that counts as the worst there is, else who loses most would look best.
local function of_lost(tenant, metric)
  local own = (tenant.metrics or {})[metric]
  return (metric == "read" or own and own.better == "higher") and 0 or math.huge
end

-- What is measured whoever was lost.
local ALWAYS <const> = { kept = true, peak = true }

-- A tenant's figure in a run; nil: it has none, or somebody else was lost, whose memory it had.
local function of_tenant(result, tenant, metric)
  local f = claims.KNOWN[metric]
  if not ALWAYS[metric] and tenant.ended ~= "done" then return of_lost(tenant, metric) end
  if not ALWAYS[metric] and not is_intact(result) then return nil end
  if f then return f(tenant) end
  local own = (tenant.metrics or {})[metric]
  return own and own.value
end

local function of_run(claim, result)
  if not result.tenants then return tonumber(result[claim.metric]) end
  local of_all = claims.OF_ALL[claim.metric]
  if not claim.tenant then return of_all and of_all(result) end
  local tenant = result.solo and result.tenants[1] or memlua.named(result.tenants, claim.tenant)
  return tenant and of_tenant(result, tenant, claim.metric)
end

-- block -> the claim's figure under a strategy, or of a case; and in how many runs.
local function by_block(folder, claim, name)
  local found, runs = {}, 0
  for i, result in ipairs(folder.runs) do
    if (result.strategy or result.case) == name then
      found[result.block or i], runs = of_run(claim, result), runs + 1
    end
  end
  return found, runs
end

-- ---- all runs ----------------------------------------------------------------------------------------------------------

local function against_of(folder, claim)
  local is_solo = claim.against == "solo" and not memlua.named((folder.manifest.scenario or { strategies = {} }).strategies, "solo")
  return is_solo and (folder.manifest.solo_of or {})[claim.tenant] or claim.against
end

-- The figures, one of each block, sorted; how many are of a loss; and how many runs tell nothing.
local function values_of(folder, claim)
  local own, runs = by_block(folder, claim, claim.under)
  local other = claim.against and by_block(folder, claim, against_of(folder, claim))
  local values, lost = {}, 0
  for block, value in pairs(own) do
    local base = other and other[block] or not other and 1
    -- nothing is set against who was lost
    if base and base > 0 and base < math.huge then
      values[#values + 1] = value / base
      lost = lost + ((value == math.huge or value == 0 and claim.metric ~= "kept") and 1 or 0)
    end
  end
  table.sort(values)
  return values, lost, runs - #values
end

local function known_figures(folder, claim)
  local names = {}
  for _, result in ipairs(folder.runs) do
    local tenant = result.tenants and memlua.named(result.tenants, claim.tenant)
    for name in pairs(tenant and tenant.metrics or {}) do names[name] = true end
    for name, value in pairs(result.tenants and {} or result) do names[name] = type(value) == "number" or nil end
  end
  return memlua.keys(names)
end

-- A figure that only a program or a script knows is looked for here. Who prints it in no run at all has none.
local function check_metric(folder, claim)
  if folder.manifest.scenario and claims.KNOWN[claim.metric] then return end
  local names = known_figures(folder, claim)
  for _, name in ipairs(names) do if name == claim.metric then return end end
  if #names > 0 then
    for name in pairs(folder.manifest.scenario and claims.KNOWN or {}) do names[#names + 1] = name end
    memlua.fail(memlua.status.misuse, "claims.%s.metric: %s: no run has such a figure%s", claim.name, claim.metric, memlua.hint(claim.metric, names))
  end
end

-- ---- the verdict -------------------------------------------------------------------------------------------------------

local function in_band(claim, value)
  return (not claim.above or value >= claim.above) and (not claim.below or value <= claim.below)
end

--- Whether the figure of a claim that was judged (claims.of), sure or not, lies in its band. Who was lost fits none.
function claims.fits(claim) return claim.median ~= nil and in_band(claim, claim.median) end

-- `e`: of estimate(). An interval outside a band of two ends may err at either: it has to be that much surer.
local function word_of(claim, e, alpha)
  if not e.low then return "inconclusive" end
  alpha = alpha + 1e-12 -- what is computed of a level is off by a rounding
  if in_band(claim, e.low) and in_band(claim, e.high) and (1 - e.level) / 2 <= alpha then return "confirmed" end
  local outside = claim.below and e.low > claim.below or claim.above and e.high < claim.above
  local error_rate = claim.below and claim.above and 1 - e.level or (1 - e.level) / 2
  return outside and error_rate <= alpha and "refuted" or "inconclusive"
end

-- `alpha`: the error rate at each end. A share's interval is that of its trials, another figure's that of the median.
local function estimate(claim, values, alpha)
  local n, wanted = #values, 1 - 2 * alpha
  if claim.metric == "kept" then
    local low, high = intervals.share((stats.mean(values) * n + 0.5) // 1 | 0, n, wanted)
    return { n = n, median = stats.mean(values), low = low, high = high, level = wanted }
  end
  local low, high, level = intervals.median(values, wanted)
  return { n = n, median = stats.median(values), low = low, high = high, level = level }
end

local MOST <const> = 300 -- runs; who needs more has a claim at the very edge

-- How sure n runs would be to tell, if they were like `values`: of each the share that lies on one side of the band.
local function chance(claim, values, n, alpha)
  local above, below = 0, 0
  for _, value in ipairs(values) do
    above = above + (claim.below and value > claim.below and 1 or 0)
    below = below + (claim.above and value < claim.above and 1 or 0)
  end
  local outside, level = intervals.outside(n, 1 - 2 * alpha)
  if (1 - level) / 2 > alpha + 1e-12 then return 0 end
  local function few(count) return intervals.at_most(outside, n, count / #values) end
  local inside = few(above) + few(below) - 1
  return math.max(inside, claim.below and few(#values - above) or 0, claim.above and few(#values - below) or 0)
end

-- The same of a share: what as many of n came to would tell, or not.
local function tells_share(claim, values, n, alpha)
  local e = { level = 1 - 2 * alpha }
  e.low, e.high = intervals.share((stats.mean(values) * n + 0.5) // 1 | 0, n, e.level)
  return word_of(claim, e, alpha) ~= "inconclusive" and 1 or 0
end

-- How many more runs would tell; nil: more than is reasonable, or there is nothing to go by.
local function more_of(claim, values, alpha)
  if #values == 0 then return nil end
  local sure = claim.metric == "kept" and tells_share or chance
  local n = #values + 1
  while n <= MOST do
    if sure(claim, values, n, alpha) >= POWER then return n - #values end
    n = n + math.max(1, n // 10)
  end
end

-- Why no claim can be judged by these runs, or nil.
local function obstacle(folder)
  local shortfall = run.shortfall(folder.manifest)
  if shortfall then return shortfall end
  local trust = folder.manifest.scenario and judge.trust or judge.experiment
  local ok, why = pcall(trust, folder.runs, folder.host)
  if not ok and type(why) ~= "table" then error(why, 0) end
  return not ok and "the runs are not to be trusted" or nil
end

--- What one figure of each block says of a claim (as claims.of lists it): the verdict, and the estimate { n, median, low, high,
--- level }. `values`: numbers, at least one; of "kept" 1 and 0. `alpha`: how often each end of the interval may err.
function claims.judge(claim, values, alpha)
  local e = estimate(claim, values, alpha)
  return word_of(claim, e, alpha), e
end

-- JSON has no infinity: what is no number is absent.
local function finite(x) return x and x < math.huge and x or nil end

local function judged(folder, claim, alpha, why_not)
  check_metric(folder, claim)
  local values, lost, silent = values_of(folder, claim)
  local verdict, e = "inconclusive", { n = 0 }
  if #values > 0 then verdict, e = claims.judge(claim, values, alpha) end
  if why_not then verdict = "inconclusive" end
  local result = { verdict = verdict, why = why_not, n = e.n, lost = lost > 0 and lost or nil, silent = silent > 0 and silent or nil,
                   median = finite(e.median), low = finite(e.low), high = finite(e.high), level = e.low and e.level }
  if verdict == "inconclusive" and not why_not then result.more = more_of(claim, values, alpha) end
  for _, key in ipairs { "name", "text", "tenant", "metric", "under", "against", "below", "above", "stated" } do result[key] = claim[key] end
  return result
end

-- A scenario that names several kernels claims the same on each.
local function kernels_of(folder) return #((folder.manifest.scenario or {}).kernels or { "one" }) end

--- What a folder (memlua.run.load) makes of the claims in its manifest: a list of { name, text, tenant, metric, under, against,
--- below, above (as claimed), verdict = "confirmed", "refuted" or "inconclusive", n (blocks that tell), lost (of these, in which the
--- tenant was lost), silent (runs that tell nothing, since somebody else was lost, or had no such figure), median, low, high, level
--- (an interval that errs at either end in at most claims.ALPHA / number of claims (and looks, with --until, and kernels), by Bonferroni's inequality; absent where the runs
--- are too few, or infinite), why (no claim can be judged by these runs, or nil), more (so many more runs would tell with a chance of
--- 80 %, if they are like these; nil: more than 300, or nothing is known) }. nil where nothing is claimed. Fails with status 1
--- where a figure that only the script knows of is in no run.
--- Source: intervals.median and intervals.share; a band confirmed by an interval in it: Schuirmann, "A comparison of the two
--- one-sided tests procedure and the power approach", J. Pharmacokin. Biopharm. 15 (1987).
function claims.of(folder)
  local list, found = folder.manifest.claims, {}
  if not list then return nil end
  local why_not, alpha = obstacle(folder), claims.ALPHA / #list / stopping.parts(folder.manifest) / kernels_of(folder)
  for i, claim in ipairs(list) do found[i] = judged(folder, claim, alpha, why_not) end
  return found
end

--- The same as what a folder's claims.json holds.
function claims.document(found) return { schema_version = run.SCHEMA, alpha = claims.ALPHA, claims = found } end

--- Fails with status 2 where one of `found` (claims.of; nil: none) is refuted, naming all that are.
function claims.refuse(found)
  local said = {}
  for _, claim in ipairs(found or {}) do
    if claim.verdict == "refuted" then said[#said + 1] = ("claim refuted: %s: %s"):format(claim.name, claim.text) end
  end
  if #said > 0 then memlua.fail(memlua.status.assertion, "%s", table.concat(said, "\nmemlua: ")) end
end

return claims
