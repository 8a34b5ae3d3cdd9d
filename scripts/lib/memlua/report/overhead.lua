--- memlua.report.overhead: what overhead.lua reports: each case against the one without a policy of its own block.
local estimate = require "memlua.results.estimate"
local figures = require "memlua.base.figures"
local memlua = require "memlua"
local plot = require "memlua.plot"
local report = require "memlua.report"
local stats = require "memlua.stats"
local text = require "memlua.base.text"

local costs = {}

-- ---- the figures -------------------------------------------------------------------------------------------------

local QUANTILES = { p50 = 0.50, p95 = 0.95, p99 = 0.99 }

local function by_case(runs)
  local order, map = {}, {}
  for _, run in ipairs(runs) do
    if not map[run.case] then
      map[run.case] = {}
      order[#order + 1] = run.case
    end
    map[run.case][run.block] = run
  end
  table.sort(order)
  return order, map
end

-- f(run) of a case over f(run) without a policy, block by block.
local function ratios(runs, base, f)
  local list = {}
  for block, run in pairs(runs) do
    if base[block] then list[#list + 1] = f(run) / f(base[block]) end
  end
  return list
end

local function each(runs, f)
  local list = {}
  for _, run in pairs(runs) do list[#list + 1] = f(run) end
  return list
end

local function quantile(p) return function(run) return stats.quantile(run.chunks_s, p) end end
local function speed(run) return 1 / run.alloc_s end

local function case_of(name, runs, base, folder)
  local page_ns = each(runs, function(run) return run.alloc_s * 1e9 / (run.size / folder.host.page_size) end)
  local row = { name = name, runs = #page_ns, page_ns = estimate.of(page_ns),
                chunk_ns = estimate.of(each(runs, function(run) return quantile(0.5)(run) * 1e9 end)) }
  if runs == base then return row end
  row.throughput = estimate.of(ratios(runs, base, speed))
  for key, p in pairs(QUANTILES) do row[key] = estimate.of(ratios(runs, base, quantile(p))) end
  return row
end

local function verdict_of(cases)
  local worst
  for _, c in ipairs(cases) do
    if c.p50 and (not worst or c.p50.median > worst.p50.median) then worst = c end
  end
  return worst and ("the dearest, %s: P50 %+.1f %%"):format(worst.name, (worst.p50.median - 1) * 100)
end

--- { ns_per_instruction (under the virtual clock only), verdict (a line), cases = list of { name, runs, page_ns, chunk_ns (the median of
--- 64 pages), throughput, p50, p95, p99 } } of a folder of memlua.experiment: estimates (memlua.results.estimate), the last four
--- as ratios to "none" within a block, absent for "none" itself, which comes first.
function costs.summarise(folder)
  local order, map = by_case(folder.runs)
  if not map.none then
    memlua.fail(memlua.status.misuse, "%s: holds no run without a policy: nothing to compare the others with", folder.path)
  end
  local cases = { case_of("none", map.none, map.none, folder) }
  for _, name in ipairs(order) do
    if name ~= "none" then cases[#cases + 1] = case_of(name, map[name], map.none, folder) end
  end
  -- QEMU's -icount shift=1: 2^1 ns of guest time for each instruction
  return { ns_per_instruction = folder.host.clock == "virtual" and 2 or nil, cases = cases,
           verdict = verdict_of(cases) }
end

-- ---- the table -----------------------------------------------------------------------------------------------------

local function part(x) return ("%.4f"):format(x) end
local function ratio(e) return figures.text(e, part) end

local COLUMNS = {
  { "POLICY" }, { "THROUGHPUT", align = "right" }, { "P50", align = "right", drop = 3 },
  { "P95", align = "right", drop = 5 }, { "P99", align = "right", drop = 4 }, { "PER PAGE", align = "right", drop = 2 },
  { "MORE PER CHARGE", align = "right", drop = 1 },
}

local NOTES = [[

throughput and percentiles of the time for 64 pages as parts of those without a policy in the same block, median of
%d blocks with its interval and the level of that; more per charge: what the median 64 pages, one slow-path charge,
take longer.
elsewhere: a policy is attached to another cgroup. growth, faults: what priority waits for of its high tenant, in vain;
to count faults, a program runs at each one of the machine, so that trigger has its price even when quiet.
]]

local INSTRUCTIONS = "Times are instructions: the virtual clock gives each one %d ns of guest time.\n"

--- The document of the one folder in `folders`.
function costs.text(folders)
  local folder, rows = folders[1], {}
  local sum = folder.summary
  local unit, per = sum.ns_per_instruction and "instructions" or "ns", sum.ns_per_instruction or 1
  for i, c in ipairs(sum.cases) do
    local more = (c.chunk_ns.median - sum.cases[1].chunk_ns.median) / per
    local alone = i == 1 and "1" or nil -- the others are parts of it
    rows[i] = { c.name, alone or ratio(c.throughput), alone or ratio(c.p50), alone or ratio(c.p95), alone or ratio(c.p99),
                ("%.0f %s"):format(c.page_ns.median / per, unit), i > 1 and ("%+.0f"):format(more) or "-" }
  end
  return table.concat { report.title(folder), text.render(COLUMNS, rows),
    text.paragraph(NOTES:format(sum.cases[1].runs)),
    text.flow(sum.ns_per_instruction and INSTRUCTIONS:format(per) or "") }
end

-- ---- the chart -------------------------------------------------------------------------------------------------------

--- Writes the chart of the one folder in `folders` into the folder `path`.
function costs.pictures(folders, path)
  local folder, rows = folders[1], {}
  for _, c in ipairs(folder.summary.cases) do
    if c.throughput then
      local t, p = c.throughput, c.p50
      rows[#rows + 1] = { #rows, t.median, t.low or t.median, t.high or t.median, p.median, p.low or p.median,
                          p.high or p.median, c.name }
    end
  end
  plot.write(path, "overhead", "overhead", {
    heading = "An attached, quiet policy against none", setting = report.setting(folder), cases = #rows,
    caption = "Throughput and P50 with a quiet policy attached, as parts of those without one: medians with "
      .. "their intervals. In the grey band they differ by 1 % at most.",
  }, rows)
end

return costs
