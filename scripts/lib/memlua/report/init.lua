--- memlua.report: what a person reads of runs: tables, remarks, pictures.
local answer = require "memlua.report.answer"
local attribution = require "memlua.report.attribution"
local effects = require "memlua.report.effects"
local figures = require "memlua.base.figures"
local metrics = require "memlua.report.metrics"
local plot = require "memlua.plot"
local plot_latency = require "memlua.report.charts.latency"
local plot_memory = require "memlua.report.charts.memory"
local plot_metrics = require "memlua.report.charts.metrics"
local plot_service = require "memlua.report.charts.service"
local plot_slowdown = require "memlua.report.charts.slowdown"
local remarks = require "memlua.report.remarks"
local setting = require "memlua.report.setting"
local summary = require "memlua.results.summary"
local tenants = require "memlua.report.tenants"
local text = require "memlua.base.text"
local verdict = require "memlua.results.verdict"

local report = {}

--- "limit 544M, 3 x 256M anon, Linux 6.12.95, virtual clock, module": the setting in one line.
report.setting = setting.of

local function title(folder, head)
  return text.flow(("%s (%s)\n"):format(text.paint(head, "bold"), report.setting(folder)), 2)
end

--- What stands above the document of a folder: what it is and its setting, and an empty line.
function report.title(folder) return title(folder, folder.manifest.about) .. "\n" end

-- Where one folder holds several strategies they are judged against each other; a single one by its objectives.
local function verdicts(folders)
  local parts = {}
  for _, folder in ipairs(folders) do
    local rows = verdict.of(folder)
    if #rows > 1 or rows[1] and #(rows[1].objectives or {}) > 0 then parts[#parts + 1] = verdict.text(rows) end
  end
  return table.concat(parts, "\n")
end

local function answers(folders)
  local parts = {}
  for i, folder in ipairs(folders) do parts[i] = answer.text(folder) end
  return table.concat(parts)
end

-- That it stopped when it was precise, and what that costs.
local function stopped(folders)
  local said = {}
  for i, folder in ipairs(folders) do
    local s = folder.manifest.stopping
    said[i] = s and ("looked at after %s blocks, %s: intervals, tests and claims are held to 1/%d of their error each time\n"):format(
      table.concat(s.looks, ", "), s.stopped and ("precise to %.3g %% after %d"):format(s.share * 100, s.stopped)
      or ("not precise to %.3g %%"):format(s.share * 100), #s.looks) or ""
  end
  return table.concat(said)
end

-- What brackets mean, where there are any.
local function legend(series)
  for _, s in ipairs(series) do if s.strategy.runs > 1 then return figures.legend(s.folder.host.clock) .. "\n" end end
  return ""
end

--- The whole document of one or several folders as a string; without the bars where it is `pictured`, that is, where
--- the pictures stand beside it.
function report.text(folders, pictured)
  local series = summary.series(folders)
  local head = folders[1].manifest.about or folders[1].manifest.name
  local metric = summary.metric(folders[1])
  if #folders > 1 then head = "side by side" end
  local sections = {}
  for _, section in ipairs { title(folders[1], head), tenants.text(series), metrics.text(series) or "", pictured and "" or tenants.bars(series, metric),
    verdicts(folders), attribution.text(series) or "", attribution.load(series) or "",
    text.flow(remarks.text(series, folders) .. effects.of(series) .. stopped(folders) .. legend(series), 2), text.flow(answers(folders), 2) } do
    if section ~= "" then sections[#sections + 1] = section end
  end
  return table.concat(sections, "\n")
end

-- ", 5 runs of each", or how few and how many.
local function runs_in_short(series)
  local least, most = math.huge, 0
  for _, s in ipairs(series) do least, most = math.min(least, s.strategy.runs), math.max(most, s.strategy.runs) end
  if most < 2 then return "" end
  return least == most and (", n = %d"):format(most) or (", n = %d to %d"):format(least, most)
end

--- Writes the pictures of `folders` into the folder `path`, for plot.draw: the bars, and what the runs have figures for
--- of slowdown, memory over time, latencies, requests at a rate over time, and programs' own figures.
function report.pictures(folders, path)
  local series = summary.series(folders)
  local setting = report.setting(folders[1]) .. runs_in_short(series)
  plot.bars(path, series, summary.metric(folders[1]), setting)
  plot_slowdown.write(path, series, setting)
  plot_memory.write(path, series, setting)
  plot_latency.write(path, series, setting)
  plot_service.write(path, series, setting)
  plot_metrics.write(path, series, setting)
end

report.several = true

--- The summary of a folder: memlua.results.summary's.
function report.summarise(folder) return summary.of(folder) end

return report
