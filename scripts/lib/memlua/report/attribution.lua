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

-- ---- CPU and block devices -----------------------------------------------------------------------------------------

local LOAD <const> = {
  { "STRATEGY" }, { "BEST CPU", align = "right" }, { "OTHERS CPU", align = "right" }, { "MEMLUA CPU", align = "right", drop = 3 },
  { "BEST WAITS FOR CPU", align = "right", drop = 1 }, { "OTHERS WAIT", align = "right", drop = 2 },
  { "BEST WAITS FOR I/O", align = "right", drop = 1 }, { "OTHERS WAIT", align = "right", drop = 2 },
}

-- Who matters and waits for this share of a run for a CPU or a disk isn't slowed by memory alone.
local WAITED <const> = 0.05

local function has_waited(s)
  local paid = s.strategy.paid or {}
  local function waited(e) return e and paid.duration_s and e.median >= WAITED * paid.duration_s.median end
  return waited(paid.best_cpu_stalled_s) or waited(paid.best_io_stalled_s)
end

local function load_row(s)
  local paid = s.strategy.paid or {}
  return { s.label, time(paid.best_cpu_s), time(paid.others_cpu_s), time(paid.supervisor_s), time(paid.best_cpu_stalled_s),
           time(paid.others_cpu_stalled_s), time(paid.best_io_stalled_s), time(paid.others_io_stalled_s) }
end

--- The CPU time of all under each of the series (summary.series), medians of its runs, and how long some of their tasks waited for a
--- CPU or a block device (pressure), as text; nil where the best-ranked didn't wait for either for 5 % of a run or more, so that
--- memory is what the tenants fought for.
function attribution.load(series)
  local rows, is_needed = {}, false
  for i, s in ipairs(series) do rows[i], is_needed = load_row(s), is_needed or has_waited(s) end
  if not is_needed then return nil end
  local function tells(cell) return cell ~= "-" and cell ~= "0 s" end
  return "CPU and I/O: not memory alone is short\n\n" .. text.render(text.without_empty(LOAD, rows, tells))
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
