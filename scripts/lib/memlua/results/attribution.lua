--- memlua.results.attribution: what a strategy costs beside the tenants' own work, and who pays, over its runs.
local estimate = require "memlua.results.estimate"
local stats = require "memlua.stats"

local attribution = {}

-- The estimate of f(run) over those of the runs that tell it.
local function over(runs, f)
  local values = {}
  for _, result in ipairs(runs) do values[#values + 1] = f(result) end
  return estimate.of(values)
end

-- ---- the controller --------------------------------------------------------------------------------------------------

-- All calls of all runs, in seconds. Nil where there was none.
local function reactions_of(runs)
  local histograms = {}
  for _, result in ipairs(runs) do histograms[#histograms + 1] = result.controller and result.controller.reactions end
  local all = stats.merge(histograms)
  if not all or all.count == 0 then return nil end
  return { count = all.count, p50 = stats.percentile(all, 0.50) / 1e9, p99 = stats.percentile(all, 0.99) / 1e9 }
end

local function ends_of(runs)
  local ended = {}
  for _, result in ipairs(runs) do
    local how = result.controller and result.controller.ended
    if how then ended[how] = (ended[how] or 0) + 1 end
  end
  return ended
end

--- What the controllers of a strategy's runs came to: { cpu_s, wakeups (estimates), reactions = { count, p50, p99 (seconds from
--- event to effect, all calls of all runs) }, ended = { how = runs } }; nil where it has none.
function attribution.controller(runs)
  local ended = ends_of(runs)
  if next(ended) == nil then return nil end
  return { cpu_s = over(runs, function(r) return r.controller.cpu_s end), wakeups = over(runs, function(r) return r.controller.wakeups end),
           reactions = reactions_of(runs), ended = ended }
end

-- ---- the kernel ------------------------------------------------------------------------------------------------------

local function thread(kind)
  return function(result) return result.paid and result.paid.threads and result.paid.threads[kind] end
end

local function of_programs(key)
  return function(result)
    if not (result.paid and result.paid.programs) then return nil end
    local sum = 0
    for _, cost in pairs(result.paid.programs) do sum = sum + cost[key] end
    return sum
  end
end

-- ---- the tenants -------------------------------------------------------------------------------------------------------

local function rank_of(tenant) return tenant.rank or math.huge end

local function best_rank(result)
  local best = math.huge
  for _, tenant in ipairs(result.tenants) do best = math.min(best, rank_of(tenant)) end
  return best
end

-- The sum of of(tenant) over the best-ranked tenants, or over the others.
local function of_side(is_best, of)
  return function(result)
    local best, sum = best_rank(result), nil
    for _, tenant in ipairs(result.tenants) do
      local value = (rank_of(tenant) == best) == is_best and of(tenant)
      if value then sum = (sum or 0) + value end
    end
    return sum
  end
end

local function scanned(tenant) return tenant.stat and tenant.stat.pgscan_direct end
local function stalled(tenant) return tenant.stalled_us and tenant.stalled_us.some and tenant.stalled_us.some / 1e6 end

local function load_of(key) return function(tenant) return tenant.load and tenant.load[key] and tenant.load[key] / 1e6 end end

local function supervisor(result) return result.supervisor and result.supervisor.cpu_s end
local function duration(result) return result.duration_s end

local FIGURES <const> = {
  kswapd_s = thread "kswapd_s", kworkers_s = thread "kworkers_s", others_s = thread "others_s",
  programs_s = of_programs "time_s", program_calls = of_programs "calls",
  best_scanned = of_side(true, scanned), others_scanned = of_side(false, scanned),
  best_stalled_s = of_side(true, stalled), others_stalled_s = of_side(false, stalled),
  best_cpu_s = of_side(true, load_of "cpu_us"), others_cpu_s = of_side(false, load_of "cpu_us"),
  best_cpu_stalled_s = of_side(true, load_of "cpu_stalled_us"), others_cpu_stalled_s = of_side(false, load_of "cpu_stalled_us"),
  best_io_stalled_s = of_side(true, load_of "io_stalled_us"), others_io_stalled_s = of_side(false, load_of "io_stalled_us"),
  supervisor_s = supervisor, duration_s = duration,
}

--- Who paid in the runs of a strategy, estimates: { kswapd_s, kworkers_s, others_s (CPU time of the kernel's threads), programs_s,
--- program_calls (the policy's BPF programs), best_scanned, others_scanned (pages that reclaim looked at in the context of whoever charged,
--- or on a kernel before 6.15 of a controller that wrote memory.reclaim: of the best-ranked tenants, and of the rest), best_stalled_s,
--- others_stalled_s, best_cpu_stalled_s, others_cpu_stalled_s, best_io_stalled_s, others_io_stalled_s (PSI of memory, cpu and io, some),
--- best_cpu_s, others_cpu_s (CPU time of their cgroups), supervisor_s (CPU time of memlua itself), duration_s (of a run) }.
--- What wasn't measured is absent.
function attribution.payers(runs)
  local paid = {}
  for key, f in pairs(FIGURES) do paid[key] = over(runs, f) end
  return paid
end

return attribution
