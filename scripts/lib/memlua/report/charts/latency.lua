--- memlua.report.charts.latency: the chart of how long the tenants' chunks or rises took, as the cumulative distribution of all
--- runs of each strategy, the solo runs beside them.
local plot = require "memlua.plot"
local stats = require "memlua.stats"

local latency = {}

-- The histograms of a group in the runs that `wanted` picks, as one. Those of tenants that were lost end where they did:
-- the slow steps to come are missing, and they would look better than they were. Second: whether any was left out.
local function merged_of(folder, names, wanted)
  local histograms, lost = {}, false
  for _, result in ipairs(folder.runs) do
    for _, tenant in ipairs(wanted(result) and result.tenants or {}) do
      local is_done = tenant.ended == "done"
      if names[tenant.name] and is_done then histograms[#histograms + 1] = tenant.latency end
      lost = lost or names[tenant.name] and not is_done
    end
  end
  local merged = stats.merge(histograms)
  return merged and merged.count > 0 and merged or nil, lost
end

local function set_of(list)
  local set = {}
  for _, item in ipairs(list) do set[item] = true end
  return set
end

-- Tenants that are alike share a solo run, under the name of one of them: { solo = true } and { its tenant = true }.
local function solo_sets(folder, group)
  local strategies, tenants = {}, {}
  for _, name in ipairs(group.names) do
    local solo = (folder.manifest.solo_of or {})[name]
    if solo then strategies[solo] = true end
  end
  for _, result in ipairs(folder.runs) do
    if strategies[result.strategy] then tenants[result.tenants[1].name] = true end
  end
  return strategies, tenants
end

-- The first folder that has solo runs speaks for all.
local function alone(series, group)
  for _, s in ipairs(series) do
    local strategies, tenants = solo_sets(s.folder, group)
    if next(tenants) then
      return merged_of(s.folder, tenants, function(result) return strategies[result.strategy] end)
    end
  end
end

-- A panel: its title, and the merged histogram of each series that has one; the last line is alone's.
local function panel_of(series, group)
  local panel, names, missing = { title = group.label, merged = {} }, set_of(group.names), {}
  panel.merged[#series + 1] = alone(series, group)
  for i, s in ipairs(series) do
    local merged, lost = merged_of(s.folder, names, function(result) return result.strategy == s.strategy.name end)
    panel.merged[i], panel.told = merged, panel.told or merged ~= nil
    if not merged and lost then missing[#missing + 1] = s.label .. ": lost" end
  end
  if #missing > 0 then panel.title = ("%s (%s)"):format(group.label, table.concat(missing, ", ")) end
  return panel.told and panel or nil
end

-- Steps of one distribution: rows { panel, line, milliseconds, share }.
local function append_steps(rows, panel, index, merged)
  local seen = 0
  rows[#rows + 1] = { panel, index, merged.min * 1e-6, 0.0 }
  for _, bucket in ipairs(merged.buckets) do
    seen = seen + bucket[3]
    rows[#rows + 1] = { panel, index, math.min(bucket[2], merged.max) * 1e-6, seen / merged.count }
  end
end

local function append_panel(rows, place, panel, series, range)
  for i = 1, #series + 1 do
    local merged = panel.merged[i]
    if merged then
      append_steps(rows, place, i, merged)
      range.least, range.most = math.min(range.least, merged.min), math.max(range.most, merged.max)
      range.count = math.max(range.count, merged.count)
      range.alone = range.alone or i > #series
    end
  end
end

local PER = { anon = "milliseconds per chunk touched", file = "milliseconds per chunk read",
              trace = "milliseconds per rise of memory", lua = "milliseconds between steps" }

-- The kind of what was timed; of a tenant's several workloads all that are timed are of one kind.
local function kind_of(tenant)
  if tenant.workload then return tenant.workload.kind end
  for _, part in ipairs(tenant.workloads or {}) do if part.latency then return part.workload.kind end end
end

-- What was timed, where all tenants do the same.
local function axis_of(series)
  local axis
  for _, s in ipairs(series) do
    for _, result in ipairs(s.folder.runs) do
      for _, tenant in ipairs(result.tenants) do
        local said = PER[kind_of(tenant)] or "milliseconds"
        if tenant.latency and axis and said ~= axis then return "milliseconds, logarithmic" end
        if tenant.latency then axis = said end
      end
    end
  end
  return axis .. ", logarithmic"
end

local function rows_of(series)
  local rows, titles, range = {}, {}, { least = math.huge, most = 0, count = 1, alone = false }
  for _, group in ipairs(plot.groups(series)) do
    local panel = panel_of(series, group)
    if panel then
      titles[#titles + 1] = panel.title
      append_panel(rows, #titles, panel, series, range)
    end
  end
  return rows, titles, range
end

--- Writes plots/latency.gp into the folder `path`: a panel per tenant (plot.groups) with a line for each of the
--- `series` (summary.series) and for the solo runs; nothing where nothing was timed. `setting`: the second line.
function latency.write(path, series, setting)
  local rows, titles, range = rows_of(series)
  if #titles == 0 then return end
  local names = {}
  for i, s in ipairs(series) do names[i] = s.label end
  if range.alone then names[#names + 1] = "alone" end
  local columns, key_rows = plot.key(names)
  plot.write(path, "latency", "latency", {
    heading = "Latencies of each tenant: cumulative distribution", setting = setting, panels = #titles, titles = titles,
    series = #series, lines = #names, names = names, axis = axis_of(series), columns = columns,
    key_rows = key_rows, rest = 0.5 / range.count, least = math.max(range.least * 1e-6, 1e-6), most = range.most * 1e-6,
    caption = "Which share of a tenant's steps took no longer than that, all runs of a strategy together, without "
      .. "those in which it was lost: the slow steps to come are missing there. The axis is stretched towards the top, where the slow ones are. Further to the "
      .. "left is better.",
  }, rows)
end

return latency
