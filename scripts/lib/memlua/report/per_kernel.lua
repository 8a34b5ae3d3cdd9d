--- memlua.report.per_kernel: what a scenario came to on several kernels: a row for each, a column for each strategy, and each one's claims.
local figures = require "memlua.base.figures"
local json = require "memlua.json"
local kinds = require "memlua.report.kinds"
local memlua = require "memlua"
local shown_claims = require "memlua.report.claims"
local summary = require "memlua.results.summary"
local text = require "memlua.base.text"
local units = require "memlua.units"

local per_kernel = {}

-- Losses first: the time of who survived where others were lost is no measure of protection.
local function cell(folder, strategy, tenant)
  local found = folder and memlua.named(folder.summary.strategies, strategy)
  local one = found and summary.find(found, tenant)
  if not one then return nil end
  if one.finished < one.runs then return ("lost in %d of %d"):format(one.runs - one.finished, one.runs) end
  local others = found.intact < found.runs and (", others lost in %d of %d"):format(found.runs - found.intact, found.runs) or ""
  local ratio = one.times_work or one.times_solo
  local figure = ratio and figures.text(ratio, figures.ratio) or figures.text(one.completion, units.format_duration)
  return (figure or "kept") .. others
end

local function name_of(entry)
  local release = entry.folder and entry.folder.host.release
  return (release and release ~= entry.kernel) and ("%s (%s)"):format(entry.kernel, release) or entry.kernel
end

local function table_of(entries, plan, tenant)
  local columns, rows = { { "KERNEL" } }, {}
  for i, strategy in ipairs(plan.strategies) do columns[i + 1] = { strategy.name:upper(), align = "right" } end
  for k, entry in ipairs(entries) do
    rows[k] = { name_of(entry) }
    for i, strategy in ipairs(plan.strategies) do rows[k][i + 1] = cell(entry.folder, strategy.name, tenant) end
  end
  return text.render(columns, rows)
end

local function failures(entries)
  local said = {}
  for _, entry in ipairs(entries) do
    if entry.failed then said[#said + 1] = ("%s: %s: %s\n"):format(entry.kernel, entry.folder and "not all runs" or "not measured", entry.failed) end
  end
  return table.concat(said)
end

local function measured(entries)
  local folders = {}
  for _, entry in ipairs(entries) do
    if entry.folder then
      entry.folder.summary = kinds.of(entry.folder).summarise(entry.folder)
      folders[#folders + 1] = entry.folder
    end
  end
  return folders
end

-- Each kernel's own, under its name.
local function claims(entries)
  local parts = {}
  for _, entry in ipairs(entries) do
    local said = entry.folder and shown_claims.text { entry.folder } or ""
    if said ~= "" then parts[#parts + 1] = ("\n%s%s"):format(text.paint(name_of(entry), "bold"), said) end
  end
  return table.concat(parts)
end

--- The table as a string. `entries`: of memlua.experiment.per_kernel.run; `plan`: the scenario. A cell is the best-ranked tenant's time without
--- its hold in times of that alone, or where nobody ran alone its time; or how often it was lost.
function per_kernel.text(entries, plan)
  local folders, best = measured(entries), memlua.ranked(plan.tenants)[1]
  local of = plan.solo and "working time, times alone" or "time"
  return table.concat {
    text.flow(("%s on %d kernels (%s's %s)\n"):format(text.paint(plan.about or plan.name, "bold"), #entries, best.name, of), 2), "\n",
    table_of(entries, plan, best.name), text.flow(failures(entries), 2),
    #folders > 0 and text.flow(figures.legend(folders[1].host.clock) .. "\n", 2) or "", claims(entries),
  }
end

--- The same for --json: a list of { kernel, release, path, status, failed, summary, claims }; what there is none of is absent.
function per_kernel.document(entries)
  measured(entries)
  local list = {}
  for i, entry in ipairs(entries) do
    local folder = entry.folder or { host = {} }
    list[i] = { kernel = entry.kernel, release = folder.host.release, path = entry.path, status = entry.status, failed = entry.failed,
                summary = folder.summary, claims = folder.claims }
  end
  return json.array(list)
end

return per_kernel
