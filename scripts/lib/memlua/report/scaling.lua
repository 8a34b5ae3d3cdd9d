--- memlua.report.scaling: what scale.lua reports: what each step costs per tenant, and how that grows with their number.
local estimate = require "memlua.results.estimate"
local memlua = require "memlua"
local plot = require "memlua.plot"
local report = require "memlua.report"
local stats = require "memlua.stats"
local text = require "memlua.base.text"
local units = require "memlua.units"

local scaling = {}

--- The steps of a run in the order in which they are made, and what is done in each.
scaling.STEPS = {
  { "make", "a cgroup is made" }, { "attach", "a policy is loaded and attached to it" }, { "spawn", "a worker is born in it" },
  { "sample", "its memory is read" }, { "figures", "the policy's figures of it are collected" }, { "wait", "its worker ends and is reaped" },
  { "detach", "the policy is detached" }, { "remove", "the cgroup is removed" },
}

-- Seconds of a step per tenant, by number of tenants -> of each run.
local function by_size(runs, step)
  local sizes, values = {}, {}
  for _, run in ipairs(runs) do
    local n = run.tenants
    if not values[n] then
      values[n] = {}
      sizes[#sizes + 1] = n
    end
    table.insert(values[n], run.steps[step] / n)
  end
  table.sort(sizes)
  return sizes, values
end

local function step_of(runs, name)
  local sizes, values = by_size(runs, name)
  local logs_of_n, logs_of_all, per_tenant = {}, {}, {}
  for i, n in ipairs(sizes) do
    local e = estimate.of(values[n])
    per_tenant[i] = { tenants = n, seconds = e }
    logs_of_n[i], logs_of_all[i] = math.log(n), math.log(e.median * n)
  end
  return { name = name, per_tenant = per_tenant, exponent = stats.slope(logs_of_n, logs_of_all) }
end

--- { steps = list of { name, exponent (all tenants' time grows with their number to this power: the slope of its logarithm, 1 is
--- linear), per_tenant = list of { tenants, seconds = estimate } } } of a folder of memlua.experiment.
function scaling.summarise(folder)
  local steps, seen, sizes = {}, {}, 0
  for _, run in ipairs(folder.runs) do
    if not seen[run.tenants] then seen[run.tenants], sizes = true, sizes + 1 end
  end
  if sizes < 2 then
    memlua.fail(memlua.status.misuse, "%s: holds runs of one number of tenants: growth is seen between two", folder.path)
  end
  for i, step in ipairs(scaling.STEPS) do steps[i] = step_of(folder.runs, step[1]) end
  return { steps = steps }
end

local NOTE <const> = [[

per tenant, runs of each: %d. exponent: with which power of their number the time for all of them grows, the median slope
between two sizes on logarithmic axes (Theil and Sen): 1 is linear; a part that is the same for any number lowers it.
]]

local function steps_in_words()
  local parts = {}
  for i, step in ipairs(scaling.STEPS) do parts[i] = ("%s: %s"):format(step[1], step[2]) end
  return table.concat(parts, "; ") .. "\n"
end

--- The document of the one folder in `folders`.
function scaling.text(folders)
  local steps = folders[1].summary.steps
  local columns, rows = { { "STEP" } }, {}
  for _, size in ipairs(steps[1].per_tenant) do columns[#columns + 1] = { ("AT %d"):format(size.tenants), align = "right" } end
  columns[#columns + 1] = { "EXPONENT", align = "right" }
  for i, step in ipairs(steps) do
    rows[i] = { step.name }
    for k, size in ipairs(step.per_tenant) do rows[i][k + 1] = units.format_duration(size.seconds.median) end
    rows[i][#columns] = ("%.2f"):format(step.exponent)
  end
  return table.concat { report.title(folders[1]), text.render(columns, rows),
    text.paragraph(NOTE:format(steps[1].per_tenant[1].seconds.n)), text.flow(steps_in_words(), 2) }
end

--- Writes the picture of the one folder in `folders` into the folder `path`: a block of data for each step.
function scaling.pictures(folders, path)
  local rows, names = {}, {}
  for i, step in ipairs(folders[1].summary.steps) do
    if i > 1 then rows[#rows + 1], rows[#rows + 2] = {}, {} end
    for _, size in ipairs(step.per_tenant) do
      local e = size.seconds
      rows[#rows + 1] = { size.tenants, e.median * 1e6, (e.low or e.median) * 1e6, (e.high or e.median) * 1e6 }
    end
    names[i] = ("%s, exponent %.2f"):format(step.name, step.exponent)
  end
  plot.write(path, "scale", "scale", {
    heading = "What each step costs per tenant", setting = report.setting(folders[1]), names = names,
    caption = "The time of each step for one tenant, by the number of tenants, both axes logarithmic: what lies level grows as they do.",
  }, rows)
end

return scaling
