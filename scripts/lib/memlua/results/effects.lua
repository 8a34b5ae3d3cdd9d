--- memlua.results.effects: which strategies differ, for whom and by how much. Every two strategies are compared, tenant
--- by tenant, block by block, since what drifts, drifts in both; and what is told regards how much was asked.
local intervals = require "memlua.base.intervals"
local memlua = require "memlua"
local metrics = require "memlua.results.metrics"
local power = require "memlua.base.power"
local stopping = require "memlua.results.stopping"
local stats = require "memlua.stats"
local work = require "memlua.results.work"

local effects = {}

--- In at most this share of experiments with strategies that are alike any two of them are said to differ.
effects.ALPHA = 0.05

--- Medians that differ by less than this factor, either way, are the same for all that matters: "no difference" is said
--- where the interval lies within, at a level of effects.SURE or more.
effects.SAME, effects.SURE = 1.05, 0.90

-- ---- what was measured -----------------------------------------------------------------------------------------

local function is_intact(result)
  for _, tenant in ipairs(result.tenants) do if tenant.ended ~= "done" then return false end end
  return true
end

-- The one figure by which a tenant is compared, and its name: of a service it is the latency.
local function figure_of(tenant)
  local workload = tenant.workload or tenant.workloads and tenant.workloads[1].workload
  if workload and workload.duration then return tenant.read_bytes, "bytes read" end
  if not tenant.completion_s or work.is_paced(tenant) then return stats.percentile(tenant.latency, 0.99), "P99" end
  local moving = work.moving(tenant)
  return moving or tenant.completion_s, moving and "working time" or "time"
end

-- The figures of a tenant under one series: { block = value }, and their name: of one of its own, `metric`, or, without,
-- figure_of's. Times beside a loss are left out: survivors had the memory that the lost gave up.
local function measured(s, name, metric)
  local by_block, what = {}, nil
  for i, result in ipairs(s.folder.runs) do
    local tenant = result.strategy == s.strategy.name and is_intact(result) and memlua.named(result.tenants, name)
    local value, word
    if tenant and metric then value, word = metrics.value(tenant, metric), metric elseif tenant then value, word = figure_of(tenant) end
    if value and value > 0 then by_block[result.block or i], what = math.log(value), word end
  end
  return by_block, what
end

local function values_of(by_block)
  local list = {}
  for _, value in pairs(by_block) do list[#list + 1] = value end
  table.sort(list)
  return list
end

local function differences(x, y)
  local list = {}
  for block, value in pairs(x) do if y[block] then list[#list + 1] = value - y[block] end end
  table.sort(list)
  return list
end

-- ---- how much n can show ---------------------------------------------------------------------------------------

-- The least p that a test may have: of paired differences all of one sign, and of two lists apart.
local function least_paired(n) return 2.0 ^ (1 - n) end
local function least_apart(n, m)
  local ways = 1
  for i = 1, m do ways = ways * (n + i) / i end
  return math.min(1, 2 / ways)
end

local function least_of(c)
  local apart = least_apart(#c.x, #c.y)
  return c.paired and math.min(apart, least_paired(#c.paired)) or apart
end

-- So many runs of each could show a difference among so many comparisons.
local function needed(count)
  local n = 2
  while math.min(least_paired(n), least_apart(n, n)) > effects.ALPHA / count do n = n + 1 end
  return n
end

-- ---- comparing -------------------------------------------------------------------------------------------------

-- The ratio of a's figures to b's, from their logarithms.
local function ratio_of(c)
  local list, low, high, level = c.paired
  if list then
    low, high, level = intervals.median(list, 1 - effects.ALPHA / c.parts)
  else
    list, low, high, level = intervals.shift(c.x, c.y, 1 - effects.ALPHA / c.parts)
  end
  if #list == 0 then return nil end
  return { n = c.paired and #list or math.min(#c.x, #c.y), median = math.exp(stats.median(list)),
           low = low and math.exp(low), high = high and math.exp(high), level = level }
end

-- Which test it is depends on the number of runs alone. Paired signs have the drift taken out, but few runs can't show
-- anything by them; what drifts makes the other one say less, never more.
local function is_paired(c, count) return c.paired and least_paired(#c.paired) <= effects.ALPHA / count end

local function p_of(c, count)
  if is_paired(c, count) then
    local _, p = stats.signed_rank(c.paired)
    if not p then return intervals.sign(c.paired), "sign test" end -- too many to count
    return p, "Wilcoxon"
  end
  local _, p = stats.mann_whitney(c.x, c.y)
  return p, "Mann-Whitney"
end

-- From which ratio on these runs would show a difference among `count`, by their own scatter. nil: none.
local function shows(c, count)
  local least = power.least(is_paired(c, count) and c.paired, c.x, c.y, effects.ALPHA / count)
  return least and math.exp(least)
end

local function is_same(ratio)
  return ratio.low and ratio.level >= effects.SURE and ratio.low >= 1 / effects.SAME and ratio.high <= effects.SAME
end

local function word_of(c)
  if c.ratio and is_same(c.ratio) then return "same" end
  return c.adjusted and c.adjusted <= effects.ALPHA and "different" or "untold"
end

local function compared(a, b, name, metric)
  local x, what = measured(a, name, metric)
  local y, other = measured(b, name, metric)
  if what == nil or what ~= other then return nil end
  local c = { tenant = name, a = a.label, b = b.label, what = what, x = values_of(x), y = values_of(y) }
  c.paired = a.folder == b.folder and differences(x, y) or nil
  c.parts = math.max(stopping.parts(a.folder.manifest), stopping.parts(b.folder.manifest))
  c.ratio = ratio_of(c)
  return c.ratio and c
end

local function names_of(series)
  local names, seen = {}, {}
  for _, s in ipairs(series) do
    for _, tenant in ipairs(s.strategy.tenants) do
      if not seen[tenant.name] then names[#names + 1], seen[tenant.name] = tenant.name, true end
    end
  end
  return names
end

-- The names of a tenant's own figures.
local function metrics_of(series, name)
  local names = {}
  for _, s in ipairs(series) do
    for _, tenant in ipairs(s.strategy.tenants) do
      for metric in pairs(tenant.name == name and tenant.metrics or {}) do names[metric] = true end
    end
  end
  return memlua.keys(names)
end

local function all_pairs(series)
  local list = {}
  for _, name in ipairs(names_of(series)) do
    for i, b in ipairs(series) do
      for k = i + 1, #series do
        list[#list + 1] = compared(series[k], b, name)
        for _, metric in ipairs(metrics_of(series, name)) do list[#list + 1] = compared(series[k], b, name, metric) end
      end
    end
  end
  return list
end

-- How often the figures were looked at, each time with a chance to err: memlua.results.stopping.
local function parts_of(list)
  local parts = 1
  for _, c in ipairs(list) do parts = math.max(parts, c.parts or 1) end
  return parts
end

-- Adds p, adjusted for the number of those that can show anything by their number of runs, and the test's name.
local function test(list)
  local able, ps, parts = {}, {}, parts_of(list)
  for _, c in ipairs(list) do if least_of(c) <= effects.ALPHA then able[#able + 1] = c end end
  for i, c in ipairs(able) do
    c.p, c.test = p_of(c, #able * parts)
    c.shows = shows(c, #able * parts)
    ps[i] = c.p or 1
  end
  for i, adjusted in ipairs(stats.holm(ps)) do able[i].adjusted = math.min(1, adjusted * parts) end
end

-- What there is to tell without the raw values, which the runs hold.
local function told(c)
  return { tenant = c.tenant, what = c.what, a = c.a, b = c.b, ratio = c.ratio, paired = c.paired ~= nil, p = c.p,
           adjusted = c.adjusted, test = c.test, shows = c.shows, told = word_of(c) }
end

--- Every two of the `series` (summary.series) against each other, for each tenant: { comparisons = list of { tenant,
--- what ("time", "working time" without the hold, "bytes read", "P99" of a service, or the name of a figure of its own), a, b (labels), ratio = { n, median,
--- low, high, level } of a's to b's, paired (by block, or not, of several folders), test, p, adjusted (Holm), told =
--- "different", "same" (within effects.SAME) or "untold", shows = the ratio from which on these runs would show a difference with a
--- chance of 80 %, by their own scatter (memlua.base.power; nil: none, or not known) }, needs = how many runs could show a difference, able =
--- whether these can }. nil where there is nothing to compare, or one run of each.
--- Source: Wilcoxon's signed-rank, the sign or the Mann-Whitney test, see memlua.stats and base.intervals; the ratio unpaired: Hodges & Lehmann,
--- Ann. Math. Stat. 34 (1963).
function effects.of(series)
  local list, result, able, most = all_pairs(series), {}, false, 0
  for _, c in ipairs(list) do most = math.max(most, c.ratio.n) end
  if most < 2 then return nil end
  test(list)
  local count = #list * parts_of(list)
  local needs = needed(count)
  for i, c in ipairs(list) do
    result[i] = told(c)
    able = able or least_of(c) <= effects.ALPHA / count
  end
  return { comparisons = result, needs = needs, able = able }
end

--- The figures by which a folder's tenants are compared, of each under each strategy the list of their logarithms; of who was lost in all
--- runs there is none.
function effects.figures(folder)
  local lists, seen = {}, {}
  for _, result in ipairs(folder.runs) do
    for _, tenant in ipairs(result.solo and {} or result.tenants) do
      local key = result.strategy .. "\0" .. tenant.name
      local values = seen[key] and {} or values_of((measured({ folder = folder, strategy = { name = result.strategy } }, tenant.name)))
      if #values > 0 then lists[#lists + 1] = values end
      seen[key] = true
    end
  end
  return lists
end

--- What `runs` of each of so many strategies and tenants can show, before any is made: { count (comparisons), shows (a difference from so
--- many standard deviations of the runs of one strategy on, with a chance of 80 %; nil: none), needs (how many runs could show any) }.
--- nil where nothing is compared.
function effects.foreseen(strategies, tenants, runs)
  local count = strategies * (strategies - 1) // 2 * tenants
  if count == 0 then return nil end
  return { count = count, shows = power.apart(runs, runs, effects.ALPHA / count), needs = needed(count) }
end

-- Who was kept in each run of a strategy: 1, or 0.
local function kept_of(folder, strategy)
  local list = {}
  for _, result in ipairs(folder.runs) do
    if result.strategy == strategy then list[#list + 1] = is_intact(result) and 1 or 0 end
  end
  return list
end

-- One figure twice is a comparison of two lists, whatever the figure.
local function kept_twice(there, here, strategy)
  local x, y = kept_of(here, strategy), kept_of(there, strategy)
  return { a = "here", b = "there", what = "runs without a loss", x = x, y = y, kept = { here = stats.mean(x), there = stats.mean(y) } }
end

local function all_twice(there, here)
  local list = {}
  for _, strategy in ipairs(there.summary.strategies) do
    local other = not strategy.solo and memlua.named(here.summary.strategies, strategy.name)
    local series = other and { { label = "here", strategy = other, folder = here }, { label = "there", strategy = strategy, folder = there } }
    local from = #list + 1
    if series then list[from] = kept_twice(there, here, strategy.name) end
    for _, name in ipairs(series and names_of(series) or {}) do
      list[#list + 1] = compared(series[1], series[2], name)
      for _, metric in ipairs(metrics_of(series, name)) do list[#list + 1] = compared(series[1], series[2], name, metric) end
    end
    for i = from, #list do list[i].strategy = strategy.name end
  end
  return list
end

--- The figures of one series that was made twice, of the folders `there` and `here` with their summaries: a list as effects.of's comparisons,
--- each with its `strategy`; and for each strategy one without tenant and ratio of how often nobody was lost, `kept` = { here, there }
--- (shares). Told "different" errs in any of them in at most effects.ALPHA.
function effects.again(there, here)
  local list, result = all_twice(there, here), {}
  test(list)
  for i, c in ipairs(list) do
    result[i] = told(c)
    result[i].strategy, result[i].kept = c.strategy, c.kept
    if c.kept and c.kept.here == c.kept.there then result[i].told = "same" end
  end
  return result
end

return effects
