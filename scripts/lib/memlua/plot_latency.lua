--- memlua.plot_latency: the chart of how long a tenant's chunks or rises took, as the cumulative distribution of all
--- runs of each strategy, its solo runs among them.
local plot = require "memlua.plot"
local stats = require "memlua.stats"

local plot_latency = {}

--- The latencies of the tenant `name` by strategy: list of { strategy, histograms = one per run }, its solo runs
--- first, in the order of the folder's runs.
function plot_latency.of(folder, name)
  local list, by_strategy, solo = {}, {}, (folder.manifest.solo_of or {})[name]
  for _, result in ipairs(folder.runs) do
    for _, tenant in ipairs(result.tenants) do
      -- tenants that are alike share a solo run
      if tenant.latency and (tenant.name == name and not result.solo or result.strategy == solo) then
        local series = by_strategy[result.strategy]
        if not series then
          series = { strategy = result.solo and "alone" or result.strategy, histograms = {} }
          by_strategy[result.strategy] = series
          table.insert(list, result.solo and 1 or #list + 1, series)
        end
        table.insert(series.histograms, tenant.latency)
      end
    end
  end
  return list
end

-- Steps of one distribution: rows { series, milliseconds, share }.
local function append_steps(rows, index, merged)
  local seen = 0
  rows[#rows + 1] = { index, merged.min * 1e-6, 0.0 }
  for _, bucket in ipairs(merged.buckets) do
    seen = seen + bucket[3]
    rows[#rows + 1] = { index, math.min(bucket[2], merged.max) * 1e-6, seen / merged.count }
  end
end

--- Writes plots/latency-NAME.gp into the folder `path` for the tenant `name` of the run folder `folder`. `what` is
--- what took that long, `setting` the chart's second line.
function plot_latency.write(folder, path, name, what, setting)
  local rows, names, least, most = {}, {}, math.huge, 0
  for _, series in ipairs(plot_latency.of(folder, name)) do
    local merged = stats.merge(series.histograms)
    if merged and merged.count > 0 then
      names[#names + 1] = (series.strategy:gsub("%s", "_"))
      append_steps(rows, #names, merged)
      least, most = math.min(least, merged.min), math.max(most, merged.max)
    end
  end
  if #rows == 0 then return end
  plot.write(path, "latency-" .. name, "latency", {
    heading = ("%s of %s: cumulative distribution"):format(what, name), setting = setting, series = #names,
    names = table.concat(names, " "), axis = "milliseconds, logarithmic", least = math.max(least * 1e-6, 1e-6), most = most * 1e-6,
  }, rows)
end

return plot_latency
