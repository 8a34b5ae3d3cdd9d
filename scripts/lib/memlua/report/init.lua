--- memlua.report: what a person reads of runs: the table, the bars, the remarks.
local doubts = require "memlua.results.doubts"
local plot = require "memlua.plot"
local plot_latency = require "memlua.report.charts.latency"
local plot_memory = require "memlua.report.charts.memory"
local plot_slowdown = require "memlua.report.charts.slowdown"
local run = require "memlua.run"
local stats = require "memlua.stats"
local schema = require "memlua.results.schema"
local summary = require "memlua.results.summary"
local text = require "memlua.base.text"
local timed = require "memlua.results.timed"
local units = require "memlua.units"
local verdict = require "memlua.results.verdict"

local report = {}

local duration, size = units.format_duration, units.format_size

-- ---- cells ---------------------------------------------------------------------------------------------------

-- Below that there is room for the median only.
local NARROW = 60

local function interval(estimate, format)
  if not estimate then return nil end
  if not estimate.low or text.columns(math.huge) < NARROW then return format(estimate.median) end
  local low, high = format(estimate.low), format(estimate.high)
  if low:match " %a+$" == high:match " %a+$" then low = low:gsub(" %a+$", "") end
  return ("%s [%s, %s]"):format(format(estimate.median), low, high)
end

--- How a tenant ended, over all runs: "done", "oom-killed at 1.20 s", "2 of 10 oom-killed".
function report.fate(tenant)
  local parts = {}
  for _, how in ipairs(schema.LOSSES) do
    local n = tenant.lost[how]
    if n and tenant.runs == 1 then
      parts[#parts + 1] = how .. (tenant.ended_at and " at " .. duration(tenant.ended_at.median) or "")
    elseif n then
      parts[#parts + 1] = ("%d of %d %s"):format(n, tenant.runs, how)
    end
  end
  return #parts > 0 and table.concat(parts, ", ") or "done"
end

local function completion(tenant)
  local estimate = tenant.completion or tenant.completion_beside_losses
  if not estimate then return nil end
  return interval(estimate, duration) .. (tenant.completion and "" or " *")
end

local function refaults(tenant)
  local stat = tenant.stat or {}
  local n = stat.workingset_refault_file
  return n and ("%.0f"):format(n)
end

local function percentile(tenant, name)
  return tenant.latency and duration(tenant.latency[name] * 1e-9)
end

local COLUMNS = {
  { "TENANT" }, { "STRATEGY" }, { "COMPLETION", align = "right" }, { "X SOLO", align = "right", drop = 1 },
  { "ALLOCATION", align = "right", drop = 4 }, { "P99/CHUNK", align = "right", drop = 6 },
  { "STALLED", align = "right", drop = 5 }, { "PEAK", align = "right", drop = 3 },
  { "READ", align = "right", drop = 2 }, { "REFAULTS", align = "right", drop = 2 }, { "ENDED", wrap = true },
}

local function row_of(tenant, label)
  local stalled = tenant.stalled_us and tenant.stalled_us.some
  local fate = report.fate(tenant)
  return {
    tenant.name, label, completion(tenant) or "-", tenant.slowdown and ("%.2f"):format(tenant.slowdown) or "-",
    tenant.alloc and duration(tenant.alloc.median) or "-", percentile(tenant, "p99") or "-",
    stalled and duration(stalled * 1e-6) or "-", tenant.peak and size(tenant.peak.median) or "-",
    tenant.read_bytes and size(tenant.read_bytes.median) or "-", refaults(tenant) or "-", fate,
    colour = fate ~= "done" and "red" or nil,
  }
end

-- Only worth a column when there is any: reads and refaults are nothing to tenants of anonymous memory.
local ONLY_IF_ANY = { READ = true, REFAULTS = true }

local function tells(cell, column) return cell ~= "-" and not (ONLY_IF_ANY[column[1]] and cell == "0") end

-- A column in which nothing was measured tells nothing.
local function without_empty(columns, rows)
  local kept, result = {}, {}
  for c in ipairs(columns) do
    for _, row in ipairs(rows) do
      if tells(row[c], columns[c]) then
        kept[#kept + 1] = c
        break
      end
    end
  end
  local shown = {}
  for i, c in ipairs(kept) do shown[i] = columns[c] end
  for r, row in ipairs(rows) do
    result[r] = { colour = row.colour }
    for i, c in ipairs(kept) do result[r][i] = row[c] end
  end
  return shown, result
end

local function main_table(series)
  local rows = {}
  for _, name in ipairs(summary.tenants(series)) do
    for _, s in ipairs(series) do
      local tenant = summary.find(s.strategy, name)
      if tenant then rows[#rows + 1] = row_of(tenant, s.label) end
    end
  end
  return text.render(without_empty(timed.columns(COLUMNS, series), rows))
end

-- ---- bars ------------------------------------------------------------------------------------------------------

-- One bar: what the metric says, or, for a tenant that never made it, when it was lost.
local function bar_of(tenant, label, metric)
  local estimate, lost = metric.of(tenant), tenant.finished == 0
  local value = estimate and estimate.median
  if lost then value = metric.time and tenant.ended_at and tenant.ended_at.median end
  local note = lost and report.fate(tenant) or interval(estimate, metric.format)
  return { ("%s  %s"):format(tenant.name, label), value, note, hatched = lost, colour = lost and "red" or nil }
end

local function bars(series, metric)
  local list = {}
  for _, name in ipairs(summary.tenants(series)) do
    for i, s in ipairs(series) do
      local tenant = summary.find(s.strategy, name)
      if tenant and (metric.of(tenant) or tenant.finished == 0) then -- a service has no time
        list[#list + 1] = bar_of(tenant, s.label, metric)
        list[#list].gap = i == 1
      end
    end
  end
  return metric.heading .. "\n\n" .. text.bars(list)
end

-- ---- remarks ---------------------------------------------------------------------------------------------------

local function sorted_keys(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

local function number(x) return math.type(x) == "float" and ("%g"):format(x) or tostring(x) end

-- The counters that counted anything; the others are 0.
local function flat(t, prefix, out)
  for _, key in ipairs(sorted_keys(t)) do
    local value = t[key]
    if type(value) == "table" then
      flat(value, prefix .. key .. ".", out)
    elseif value ~= 0 then
      out[#out + 1] = ("%s%s %s"):format(prefix, key, number(value))
    end
  end
  return out
end

local function callbacks(s, lines)
  for _, result in ipairs(s.folder.runs) do
    if result.strategy == s.strategy.name and result.policy and result.policy.stats then
      local counted = table.concat(flat(result.policy.stats, "", {}), ", ")
      lines[#lines + 1] = ("%s: policy %s: %s"):format(s.label, result.policy.name,
        counted ~= "" and counted or "never asked")
      return
    end
  end
end

-- The run of the strategy in which the tenant went furthest over what it had claimed from the policy: its peak, its claim
-- and the policy's name.
local function excess(s, name)
  local peak, claim, policy = 0, nil, nil
  for _, result in ipairs(s.folder.runs) do
    local tenant = result.strategy == s.strategy.name and summary.find(result, name)
    local claimed = tenant and tenant.callbacks and tenant.callbacks.claim
    if claimed and (tenant.peak or 0) > math.max(peak, claimed) then
      peak, claim, policy = tenant.peak, claimed, result.policy.name
    end
  end
  return peak, claim, policy
end

-- What a policy like reserve promises it promises to tenants that keep to their claims.
local function claims(s, lines)
  for _, tenant in ipairs(s.strategy.tenants) do
    local peak, claim, policy = excess(s, tenant.name)
    if claim then
      lines[#lines + 1] = text.paint(("%s: %s took %s at most, more than its claim of %s: what %s promises holds only "
        .. "within the claims"):format(s.label, tenant.name, size(peak), size(claim), policy), "red")
    end
  end
end

-- One line per killed tenant, with the times of its deaths.
local function kills(s, lines)
  local order, times = {}, {}
  for _, result in ipairs(s.folder.runs) do
    for _, kill in ipairs(result.strategy == s.strategy.name and result.oom or {}) do
      local key = ("%s by the limit of %s"):format(kill.task_memcg or "?", kill.oom_memcg or "?")
      if not times[key] then order[#order + 1] = key end
      times[key] = times[key] or {}
      table.insert(times[key], duration(kill.time))
    end
  end
  for _, key in ipairs(order) do
    lines[#lines + 1] = ("%s: kernel log: OOM kill in %s at %s"):format(s.label, key, table.concat(times[key], ", "))
  end
end

-- What the session's memory.events grew by in all runs; those of the tenants are counted in it.
local EVENTS = { "low", "high", "max", "oom", "oom_kill" }

local function events(s, lines)
  local sum, parts, runs = {}, {}, 0
  for _, result in ipairs(s.folder.runs) do
    if result.strategy == s.strategy.name and result.parent and result.parent.events then
      runs = runs + 1
      for _, key in ipairs(EVENTS) do
        local n = result.parent.events[key]
        if n then sum[key] = (sum[key] or 0) + n end
      end
    end
  end
  for _, key in ipairs(EVENTS) do if sum[key] then parts[#parts + 1] = key .. " " .. sum[key] end end
  if #parts == 0 then return end
  lines[#lines + 1] = ("%s: memory.events of the session%s: %s"):format(s.label,
    runs > 1 and (" in %d runs"):format(runs) or "", table.concat(parts, ", "))
end

-- "web: server stopped, client 576 ms": the workloads of a tenant that has several.
local function workload_in_short(workload)
  local parts = {}
  if workload.completion then parts[1] = duration(workload.completion.median) end
  for _, how in ipairs(sorted_keys(workload.ended)) do
    local n = workload.ended[how]
    if how ~= "done" then parts[#parts + 1] = n > 1 and ("%d x %s"):format(n, how) or how end
  end
  return workload.name .. " " .. (#parts > 0 and table.concat(parts, " and ") or "done")
end

local function workloads(s, lines)
  for _, tenant in ipairs(s.strategy.tenants) do
    local parts = {}
    for i, workload in ipairs(tenant.workloads or {}) do parts[i] = workload_in_short(workload) end
    if #parts > 0 then lines[#lines + 1] = ("%s: %s: %s"):format(s.label, tenant.name, table.concat(parts, ", ")) end
  end
end

-- Who failed by itself in a run of the strategy, and of what: "web: exit status 3, job: no such file".
local function failures(s)
  local said, seen = {}, {}
  for _, result in ipairs(s.folder.runs) do
    for _, tenant in ipairs(result.strategy == s.strategy.name and result.tenants or {}) do
      local why = tenant.error or ("exit status %s"):format(tenant.exit_code or "?")
      if why:sub(1, #tenant.name + 2) ~= tenant.name .. ": " then why = tenant.name .. ": " .. why end
      if tenant.ended == "failed" and not seen[why] then
        said[#said + 1], seen[why] = why, true
      end
    end
  end
  return table.concat(said, ", ")
end

local function beside_losses(s, lines)
  local runs, failed = s.strategy.runs, s.strategy.failed or 0
  local lost = runs - s.strategy.intact - failed
  if lost > 0 then
    lines[#lines + 1] = ("%s: %d of %d runs lost a tenant; * = a survivor's time, with the memory that the lost gave up")
      :format(s.label, lost, runs)
  end
  if failed > 0 then
    lines[#lines + 1] = ("%s: in %d of %d runs a tenant failed by itself (%s); * = another's time in such a run"):format(
      s.label, failed, runs, failures(s))
  end
end

local function solo_line(s, lines, prefix)
  local parts = {}
  for _, tenant in ipairs(s.strategy.tenants) do
    if tenant.solo_s then parts[#parts + 1] = ("%s %s"):format(tenant.name, duration(tenant.solo_s)) end
  end
  if #parts > 0 then lines[#lines + 1] = prefix .. "alone: " .. table.concat(parts, ", ") end
end

local MOST_BROKEN <const> = 4 -- runs that are named

-- "expected: nobody is lost: broken in 014-none (low was oom-killed)"
local function expectation_line(expectation)
  local head, parts, broken = "expected: " .. expectation.text .. ": ", {}, expectation.broken or {}
  if #broken == 0 then return ("%sholds in %d of %d runs"):format(head, expectation.runs, expectation.runs) end
  for i = 1, math.min(#broken, MOST_BROKEN) do
    local why = broken[i].error and "failed itself: " .. broken[i].error or broken[i].detail
    parts[i] = broken[i].id .. (why and (" (%s)"):format(why) or "")
  end
  if #broken > MOST_BROKEN then parts[#parts + 1] = ("and %d more"):format(#broken - MOST_BROKEN) end
  return text.paint(head .. "broken in " .. table.concat(parts, ", "), "red")
end

-- What a folder as a whole came to.
local function standing(folder, lines, prefix)
  local shortfall = run.shortfall(folder.manifest)
  if shortfall then lines[#lines + 1] = text.paint(prefix .. shortfall, "red") end
  for _, expectation in ipairs(folder.manifest.expected or {}) do
    lines[#lines + 1] = prefix .. expectation_line(expectation)
  end
end

local function document(lines) return #lines > 0 and table.concat(lines, "\n") .. "\n" or "" end

--- What a folder as a whole came to, lines in one string, for reports of another kind: whether it is whole, and what held
--- of what was expected.
function report.standing(folder)
  local lines = {}
  standing(folder, lines, "")
  return document(lines)
end

local function remarks(series, folders)
  local lines, told = {}, {}
  local function prefix(folder) return #folders > 1 and folder.manifest.name .. ": " or "" end
  for _, folder in ipairs(folders) do standing(folder, lines, prefix(folder)) end
  for _, s in ipairs(series) do
    for _, line in ipairs(doubts.of(s.folder.runs, s.strategy.name)) do lines[#lines + 1] = text.paint(s.label .. ": " .. line, "red") end
    claims(s, lines)
    beside_losses(s, lines)
    kills(s, lines)
    events(s, lines)
    callbacks(s, lines)
    workloads(s, lines)
    -- once per folder: its strategies share the solo runs
    if not told[s.folder] then solo_line(s, lines, prefix(s.folder)) end
    told[s.folder] = true
  end
  return document(lines)
end

--- Effect sizes against the first series, where there are runs enough to tell: "low, reserve against none: Cliff's
--- delta ...", of what summary.metric names; times beside a loss are left out.
function report.effects(series)
  local lines, first, metric = {}, series[1], summary.metric(series[1].folder)
  local function measured(tenant)
    if metric.time then return tenant.completion end
    return metric.of(tenant)
  end
  for i = 2, #series do
    for _, tenant in ipairs(series[i].strategy.tenants) do
      local other = summary.find(first.strategy, tenant.name)
      local x, y = measured(tenant), other and measured(other)
      if x and y and x.n > 1 and y.n > 1 then
        local delta, word = stats.cliffs_delta(x.values, y.values)
        local _, p = stats.mann_whitney(x.values, y.values)
        lines[#lines + 1] = ("%s, %s against %s: Cliff's delta %+.2f (%s)%s"):format(tenant.name, series[i].label,
          first.label, delta, word, p and (", Mann-Whitney p %.3g"):format(p) or "")
      end
    end
  end
  return #lines > 0 and table.concat(lines, "\n") .. "\n" or ""
end

-- ---- the document ----------------------------------------------------------------------------------------------

-- "256M anon", "anon + exec": what one tenant runs.
local function tenant_in_short(tenant)
  local kinds = {}
  for i, workload in ipairs(tenant.workloads) do kinds[i] = workload.kind end
  return (tenant.size and size(tenant.size) .. " " or "") .. table.concat(kinds, " + ")
end

local MOST_SAID <const> = 4 -- kinds of tenants that fit into the line

-- "3 x 256M anon", or "100M anon, exec" where they differ.
local function all_in_short(tenants)
  local said, count = {}, {}
  for _, tenant in ipairs(tenants) do
    local one = tenant_in_short(tenant)
    if not count[one] then said[#said + 1] = one end
    count[one] = (count[one] or 0) + 1
  end
  if #said > MOST_SAID then return #tenants .. " tenants" end
  for i, one in ipairs(said) do said[i] = count[one] > 1 and ("%d x %s"):format(count[one], one) or one end
  return table.concat(said, ", ")
end

local function tenants_in_short(scenario)
  if not scenario then return {} end
  local hold = scenario.tenants[1].workloads[1].hold
  return { ("limit %s"):format(size(scenario.limits["memory.max"] or "max")), all_in_short(scenario.tenants),
           hold and "hold " .. duration(hold) }
end

--- "544M limit, 3 tenants, kernel 6.12.95, virtual clock, module": the setting in one line.
function report.setting(folder)
  local facts, parts = folder.host, tenants_in_short(folder.manifest.scenario)
  if facts.release then parts[#parts + 1] = "Linux " .. facts.release end
  if facts.clock then parts[#parts + 1] = facts.clock .. " clock" end
  if facts.way then parts[#parts + 1] = facts.way end
  return table.concat(parts, ", ")
end

local function title(folder, head)
  return text.flow(("%s (%s)\n"):format(text.paint(head, "bold"), report.setting(folder)), 2)
end

--- What stands above the document of a folder: what it is and its setting, and an empty line.
function report.title(folder) return title(folder, folder.manifest.about) .. "\n" end

-- Where one folder holds several strategies they are judged against each other.
local function verdicts(folders)
  local parts = {}
  for _, folder in ipairs(folders) do
    local rows = verdict.of(folder)
    if #rows > 1 then parts[#parts + 1] = verdict.text(rows) end
  end
  return table.concat(parts, "\n")
end

--- The whole document of one or several folders as a string; without the bars where it is `pictured`, that is, where
--- the pictures stand beside it.
function report.text(folders, pictured)
  local series = summary.series(folders)
  local head = folders[1].manifest.about or folders[1].manifest.name
  local metric = summary.metric(folders[1])
  if #folders > 1 then head = "side by side" end
  local sections = {}
  for _, section in ipairs { title(folders[1], head), main_table(series), pictured and "" or bars(series, metric),
    verdicts(folders), text.flow(remarks(series, folders) .. report.effects(series), 2) } do
    if section ~= "" then sections[#sections + 1] = section end
  end
  return table.concat(sections, "\n")
end

--- Writes the pictures of `folders` into the folder `path`, for plot.draw: the bars, and what the runs have figures for
--- of slowdown, memory over time and latencies.
function report.pictures(folders, path)
  local series, setting = summary.series(folders), report.setting(folders[1])
  plot.bars(path, series, summary.metric(folders[1]), setting)
  plot_slowdown.write(path, series, setting)
  plot_memory.write(path, series, setting)
  plot_latency.write(path, series, setting)
end

report.several = true

--- The summary of a folder: memlua.results.summary's.
function report.summarise(folder) return summary.of(folder) end

return report
