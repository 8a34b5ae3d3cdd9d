--- memlua.report.attribution: the table of what each strategy costs and who pays: a controller, BPF programs, the kernel's threads, the
--- tenants in their own time.
local text = require "memlua.base.text"
local units = require "memlua.units"

local attribution = {}

local COLUMNS <const> = {
  { "STRATEGY" }, { "CONTROLLER", align = "right" }, { "BPF", align = "right" }, { "CALLS", align = "right", drop = 1 },
  { "KSWAPD", align = "right", drop = 2 }, { "KWORKERS", align = "right", drop = 3 }, { "KTHREADS", align = "right", drop = 6 },
  { "BEST SCANS", align = "right", drop = 5 }, { "OTHERS SCAN", align = "right", drop = 5 }, { "BEST STALLS", align = "right", drop = 4 },
  { "OTHERS STALL", align = "right", drop = 4 }, { "REACTS P50", align = "right" }, { "P99", align = "right" },
}

local function time(e) return e and units.format_duration(e.median) or "-" end
local function count(e) return e and ("%.0f"):format(e.median) or "-" end

local function row_of(s)
  local paid, controller = s.strategy.paid or {}, s.strategy.controller or {}
  local reactions = controller.reactions or {}
  return { s.label, time(controller.cpu_s), time(paid.programs_s), count(paid.program_calls), time(paid.kswapd_s), time(paid.kworkers_s),
           time(paid.others_s), count(paid.best_scanned), count(paid.others_scanned), time(paid.best_stalled_s), time(paid.others_stalled_s),
           units.format_duration(reactions.p50), units.format_duration(reactions.p99) }
end

-- Where nothing is done beside the kernel's own work there is nothing to attribute.
local function is_told(series)
  for _, s in ipairs(series) do
    if s.strategy.controller or (s.strategy.paid or {}).programs_s then return true end
  end
  return false
end

--- A row for each of the series (summary.series), medians of its runs, as text; nil where none has a controller or a policy whose
--- cost was measured. REACTS: from an event to a controller's answer; a policy answers within the charge itself.
function attribution.text(series)
  if not is_told(series) then return nil end
  local rows = {}
  for i, s in ipairs(series) do rows[i] = row_of(s) end
  local function tells(cell, column) return cell ~= "-" and not (column[1] == "KSWAPD" and cell == "0 s") end
  return "What it costs and who pays\n\n" .. text.render(text.without_empty(COLUMNS, rows, tells))
end

return attribution
