--- memlua.plot: pictures as gnuplot scripts with their data beside them, so that they can be restyled and
--- drawn again: cd plots && gnuplot NAME.gp
local host = require "memlua.host"
local log = require "memlua.log"
local memlua = require "memlua"
local run = require "memlua.run"
local summary = require "memlua.summary"
local sys = require "memlua.sys"

local plot = {}

local function quoted(s) return "'" .. tostring(s):gsub("'", "''") .. "'" end
local function word(s) return '"' .. tostring(s):gsub('["\\]', "") .. '"' end

-- A template's variables as gnuplot assignments; numbers stay numbers.
local function assignments(variables)
  local lines = {}
  for _, key in ipairs(memlua.keys(variables)) do
    local value = variables[key]
    lines[#lines + 1] = ("%s = %s"):format(key, type(value) == "number" and ("%.17g"):format(value) or quoted(value))
  end
  return table.concat(lines, "\n")
end

--- Draws every plots/*.gp of the folder `path` as SVG and PNG, and says where they are. Returns whether it could;
--- the figures remain, so a missing gnuplot is a warning.
function plot.render(path)
  local command = ("cd %s/plots && for script in *.gp; do gnuplot \"$script\" || exit 1; done"):format(sys.quote(path))
  if not os.execute(command) then
    log.warn("no picture: gnuplot failed or is missing (apt install gnuplot-nox); draw it later: %s", command)
    return false
  end
  log.say("charts: %s/plots/*.{svg,png}", path)
  return true
end

--- Writes plots/NAME.gp and NAME.dat into the folder `path` from the template plots/TEMPLATE.gp; plot.render
--- draws NAME.svg and NAME.png from them. `variables` become the template's; `rows` are lists of words and numbers.
function plot.write(path, name, template, variables, rows)
  local folder = run.at(path)
  local lines = {}
  for i, row in ipairs(rows) do
    local cells = {}
    for c, cell in ipairs(row) do cells[c] = type(cell) == "number" and ("%.17g"):format(cell) or word(cell) end
    lines[i] = table.concat(cells, " ")
  end
  variables.data, variables.name = name .. ".dat", name
  local code = memlua.must(host.embedded("plots/" .. template .. ".gp"), template .. ": no such template")
  folder:text("plots/" .. name .. ".dat", table.concat(lines, "\n") .. "\n")
  folder:text("plots/" .. name .. ".gp", assignments(variables) .. "\n\n" .. code)
end

-- What stands beside a bar.
local function note_of(tenant, metric, length)
  local said = metric.format(length)
  local killed = tenant.runs - tenant.finished
  if tenant.finished == 0 then
    local how = tenant.lost["oom-killed"] and "OOM-killed" or "lost"
    if not metric.time then return how end
    return (tenant.runs == 1 and "%s at %s" or "%s in all runs, median %s"):format(how, said)
  elseif killed > 0 then
    return ("%s  (%d of %d lost)"):format(said, killed, tenant.runs)
  end
  return not tenant.completion and metric.time and said .. ", beside losses" or said
end

-- One bar: place, series, length, interval, lost (0/1), its note, the series' label.
local function bar_row(place, index, tenant, label, metric)
  local seen, lost = metric.of(tenant), tenant.finished == 0
  local length = seen and seen.median or 0
  if lost then length = metric.time and tenant.ended_at and tenant.ended_at.median or 0 end
  local low, high = seen and seen.low or length, seen and seen.high or length
  return { place, index, length * metric.scale, low * metric.scale, high * metric.scale, lost and 1 or 0,
           note_of(tenant, metric, length), label }
end

-- The bars of all tenants, and where their names stand.
local function layout(series, metric)
  local rows, names, place = {}, {}, 0
  for _, name in ipairs(summary.tenants(series)) do
    local first = place
    for i, s in ipairs(series) do
      local tenant = summary.find(s.strategy, name)
      if tenant then
        rows[#rows + 1] = bar_row(place, i, tenant, s.label, metric)
        place = place + 1
      end
    end
    names[#names + 1] = ("%s %g"):format(word(name), (first + place - 1) / 2)
    place = place + 0.8
  end
  return rows, names, place
end

--- The chart of what the tenants compete in (summary.metric): per tenant one bar per series (summary.series),
--- losses hatched and marked. `setting`: its second line.
function plot.bars(path, series, metric, setting)
  local rows, names, places = layout(series, metric)
  local most, margin = 0, 6
  for _, row in ipairs(rows) do most = math.max(most, row[3], row[5]) end
  for _, name in ipairs(summary.tenants(series)) do margin = math.max(margin, #name * 1.25 + 3) end
  plot.write(path, metric.name, "bars", {
    heading = metric.heading, axis = metric.axis, setting = setting, series = #series, places = places,
    most = most > 0 and most or 1, tics = table.concat(names, ", "), margin = margin,
  }, rows)
end

--- Bars in groups, from plain figures: list of { group, series (1..), label, length, low, high, note }, those of a
--- group together. `words`: heading, axis and setting (the heading's second line).
function plot.grouped(path, name, words, bars)
  local rows, names, place, most, series, margin = {}, {}, 0, 0, 0, 6
  for i, bar in ipairs(bars) do
    local fresh = not bars[i - 1] or bars[i - 1].group ~= bar.group
    if fresh and i > 1 then place = place + 0.8 end
    if fresh then names[#names + 1] = { bar.group, place } end
    names[#names][3] = place
    rows[i] = { place, bar.series, bar.length, bar.low, bar.high, 0, bar.note, bar.label }
    most, series = math.max(most, bar.high), math.max(series, bar.series)
    margin, place = math.max(margin, #bar.group * 1.25 + 3), place + 1
  end
  local tics = {}
  for i, n in ipairs(names) do tics[i] = ("%s %g"):format(word(n[1]), (n[2] + n[3]) / 2) end
  plot.write(path, name, "bars", {
    heading = words.heading, axis = words.axis, setting = words.setting, series = series, places = place + 0.8,
    most = most > 0 and most or 1, tics = table.concat(tics, ", "), margin = margin,
  }, rows)
end

return plot
