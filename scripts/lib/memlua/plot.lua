--- memlua.plot: pictures as gnuplot scripts with their data beside them. To restyle one and draw it again:
--- cd plots && gnuplot NAME.gp
local host = require "memlua.host"
local log = require "memlua.base.log"
local memlua = require "memlua"
local run = require "memlua.run"
local summary = require "memlua.results.summary"
local sys = require "memlua.base.sys"

local plot = {}

-- Pixels: a picture's width, and one character of a margin and of a note.
local WIDTH <const>, MARGIN_CHARACTER <const>, NOTE_CHARACTER <const> = 900, 10, 7.1

-- gnuplot's code may get names from anywhere. Between single quotes it expands nothing, neither `command` nor @macro, but a
-- line break would end the string and begin a command, and a quote at its head is read as its end.
local function quoted(s) return "'" .. tostring(s):gsub("%c", " "):gsub("^'", " '"):gsub("'", "''") .. "'" end
-- In data; there a quote can't be written at all.
local function word(s) return '"' .. tostring(s):gsub("%c", " "):gsub('["\\]', "") .. '"' end

local function value_of(value) return type(value) == "number" and ("%.17g"):format(value) or quoted(value) end

-- A template's variables as gnuplot assignments; numbers stay numbers, lists become arrays, which hold something.
local function assignments(variables)
  local lines = {}
  for _, key in ipairs(memlua.keys(variables)) do
    local value = variables[key]
    if type(value) == "table" then
      local parts = {}
      for i, item in ipairs(#value > 0 and value or { "" }) do parts[i] = value_of(item) end
      lines[#lines + 1] = ("array %s[%d] = [%s]"):format(key, #parts, table.concat(parts, ", "))
    else
      lines[#lines + 1] = ("%s = %s"):format(key, value_of(value))
    end
  end
  return table.concat(lines, "\n")
end

-- Names are UTF-8, whatever the user's locale; what is drawn doesn't depend on a ~/.gnuplot either (-d).
local EACH <const> = 'for script in *.gp; do LC_ALL=C.UTF-8 gnuplot -d "$script" || exit 1; done'

-- What plot.write wrote in this process: folder -> name -> { gp = code, dat = data }. Only that is ever run: a script that
-- lies in a folder may have come from anywhere.
local written = {}

-- In a folder that nobody else can write, so gnuplot runs what was written. Whole pictures go to `path`.
local function draw_in(scratch, path, pictures)
  for name, files in pairs(pictures) do
    for kind, content in pairs(files) do memlua.must(host.save(("%s/%s.%s"):format(scratch, name, kind), content)) end
  end
  if not os.execute(("cd %s && %s"):format(sys.quote(scratch), EACH)) then return false end
  local folder = run.at(path)
  for name in pairs(pictures) do
    for _, kind in ipairs { "svg", "png" } do
      local file = ("%s.%s"):format(name, kind)
      local picture = sys.read(scratch .. "/" .. file)
      if not picture then return false end
      folder:text("plots/" .. file, picture)
    end
  end
  return true
end

--- Draws what this process has written for the folder `path` (plot.write) as SVG and PNG. Scripts that lie there are not
--- run. Returns true, also where there is nothing to draw, or nil and a shell command that does it later.
function plot.draw(path)
  local pictures = written[path]
  if not pictures then return true end
  local scratch <close> = memlua.must(host.scratch())
  if draw_in(scratch:path(), path, pictures) then return true end
  return nil, ("cd %s/plots && %s"):format(sys.quote(path), EACH)
end

--- plot.draw, and a line that says where the pictures are. Returns whether it could; the figures remain, so a missing
--- gnuplot is a warning.
function plot.render(path)
  local drawn, command = plot.draw(path)
  if not drawn then
    log.warn("no picture: gnuplot failed or is missing (apt install gnuplot-nox); draw it later: %s", command)
  elseif sys.exists(path .. "/plots/.") then
    log.say("charts: %s/plots/*.{svg,png}", path)
  end
  return drawn == true
end

--- Writes plots/NAME.gp and NAME.dat into the folder `path` from the template plots/TEMPLATE.gp; plot.draw makes
--- NAME.svg and NAME.png of them. `variables` become the template's (a list an array); `caption`
--- among them stands below the picture in memlua.report.html. `rows` are lists of words and numbers; an empty one is an empty
--- line.
function plot.write(path, name, template, variables, rows)
  -- gnuplot takes a file's name that begins with | or < for a command
  if not name:find "^[%w_-]+$" then memlua.fail(memlua.status.misuse, "%s: no name for a picture; write letters, digits, - and _", name) end
  local folder = run.at(path)
  local lines = {}
  for i, row in ipairs(rows) do
    local cells = {}
    for c, cell in ipairs(row) do cells[c] = type(cell) == "number" and ("%.17g"):format(cell) or word(cell) end
    lines[i] = table.concat(cells, " ")
  end
  variables.data, variables.name = name .. ".dat", name
  local code = memlua.must(host.embedded("plots/" .. template .. ".gp"), template .. ": no such template")
  local files = { dat = table.concat(lines, "\n") .. "\n", gp = assignments(variables) .. "\n\n" .. code }
  for kind, content in pairs(files) do folder:text(("plots/%s.%s"):format(name, kind), content) end
  written[path] = written[path] or {}
  written[path][name] = files
end

--- What became of a tenant that wasn't done in some of its runs, in a word: "OOM-killed", "failed" by itself, "lost".
function plot.loss(tenant)
  if tenant.lost["oom-killed"] then return "OOM-killed" end
  return tenant.lost.failed == tenant.runs - tenant.finished and "failed" or "lost"
end

--- " (3 of 10 lost)" of a tenant that wasn't done in some of its runs, "" where it was in all.
function plot.losses(tenant)
  local n = tenant.runs - tenant.finished
  if n == 0 then return "" end
  return (" (%d of %d %s)"):format(n, tenant.runs, plot.loss(tenant) == "failed" and "failed" or "lost")
end

--- The values of an estimate's single runs, scaled, where there are several: what a picture shows as dots.
function plot.singles(estimate, scale)
  local list = {}
  for i, value in ipairs(estimate.n > 1 and estimate.values or {}) do list[i] = value * scale end
  return list
end

--- The rows of a chart of lanes, then, as a second block, a dot for each of their single runs (row.runs): place, value.
--- gnuplot wants a block to hold something: one dot lies outside.
function plot.with_dots(rows)
  local all = table.move(rows, 1, #rows, 1, {})
  table.move({ {}, {}, { -9, -1 } }, 1, 3, #all + 1, all)
  for _, row in ipairs(rows) do
    for _, value in ipairs(row.runs or {}) do all[#all + 1] = { row[1], value } end
  end
  return all
end

-- What stands beside a bar.
local function note_of(tenant, metric, length)
  local said = metric.format(length)
  if tenant.finished == 0 then
    local how = plot.loss(tenant)
    if not metric.time then return how end
    return (tenant.runs == 1 and "%s at %s" or "%s in all runs, median %s"):format(how, said)
  elseif tenant.finished < tenant.runs then
    return said .. plot.losses(tenant)
  end
  return not tenant.completion and metric.time and said .. ", others lost" or said
end

-- One bar: place, series, length, interval, lost (0/1), its note, the series' label, the part of it that is no hold; and
-- the lengths of the single runs.
local function bar_row(place, index, tenant, label, metric)
  local seen, lost = metric.of(tenant), tenant.finished == 0
  if not seen and not lost then return nil end -- a service, which has no time
  local length = seen and seen.median or 0
  if lost then length = metric.time and tenant.ended_at and tenant.ended_at.median or 0 end
  local low, high = seen and seen.low or length, seen and seen.high or length
  return { place, index, length * metric.scale, low * metric.scale, high * metric.scale, lost and 1 or 0,
           note_of(tenant, metric, length), label, not lost and metric.time and tenant.working and tenant.working.median or length * metric.scale,
           runs = seen and plot.singles(seen, metric.scale) }
end

local LONGEST <const> = 28

--- A name as it fits beside an axis: of a long one the middle is left out.
function plot.short(name)
  local length = utf8.len(name)
  if not length or length <= LONGEST then return name end
  return name:sub(1, utf8.offset(name, LONGEST - 8) - 1) .. "…" .. name:sub(utf8.offset(name, -8))
end

-- Adds a tic, whose label is a format.
local function add_tic(axis, label, place)
  table.insert(axis.labels, (label:gsub("%%", "%%%%")))
  table.insert(axis.at, place)
end

local function margin_of(label) return (utf8.len(label) or #label) + 3 end

-- The lanes of one tenant from `place` on; returns the next free place.
local function append_lanes(rows, series, name, place, row_of)
  for i, s in ipairs(series) do
    local tenant = summary.find(s.strategy, name)
    local row = tenant and row_of(place, i, tenant, s.label)
    if row then rows[#rows + 1], place = row, place + 1 end
  end
  return place
end

--- One lane per tenant and series, the tenants apart: the list of row_of(place, index, tenant, label), which returns
--- nil for no lane; then what the template wants to know about the axis: { labels, at (where each of them stands), margin
--- (characters), places }.
function plot.lanes(series, row_of)
  local rows, axis, place, margin = {}, { labels = {}, at = {} }, 0, 6
  for _, name in ipairs(summary.tenants(series)) do
    local after, short = append_lanes(rows, series, name, place, row_of), plot.short(name)
    if after > place then
      add_tic(axis, short, (place + after - 1) / 2)
      margin, place = math.max(margin, margin_of(short)), after + 0.8
    end
  end
  axis.margin, axis.places = margin, place
  return rows, axis
end

local MOST <const> = 8 -- colours, or panels, that a picture can hold

local function by_rank(series)
  local names, ranks, places = summary.tenants(series), {}, {}
  for i, name in ipairs(names) do
    places[name] = i
    for _, s in ipairs(series) do ranks[name] = ranks[name] or (summary.find(s.strategy, name) or {}).rank end
  end
  local function key(name) return ranks[name] or math.huge end
  local order = table.move(names, 1, #names, 1, {})
  table.sort(order, function(a, b) return key(a) < key(b) or key(a) == key(b) and places[a] < places[b] end)
  return names, order
end

--- The tenants of the series as a picture can hold them: a list of { label, names }, each tenant of its own up to 8;
--- of more, the 7 best-ranked and the rest together.
function plot.groups(series)
  local names, order = by_rank(series)
  local groups, own = {}, #names <= MOST and names or table.move(order, 1, MOST - 1, 1, {})
  for i, name in ipairs(own) do groups[i] = { label = plot.short(name), names = { name } } end
  if #own == #names then return groups end
  groups[MOST] = { label = ("%d others"):format(#names - #own), names = table.move(order, MOST, #order, 1, {}) }
  return groups
end

--- How a key of these words is set: columns, and rows in all.
function plot.key(words)
  local longest = 0
  for _, w in ipairs(words) do longest = math.max(longest, utf8.len(w) or #w) end
  local columns = math.max(1, math.min(#words, math.floor((WIDTH - 60) / (longest * MARGIN_CHARACTER + 50))))
  return columns, math.ceil(#words / columns)
end

--- How long an axis must be for the words at each mark to fit behind it. `marks`: list of { distance from the axis'
--- begin, words }; `margin` as of plot.lanes.
function plot.room(marks, margin)
  local width, room = WIDTH - (margin + 3) * MARGIN_CHARACTER, 0
  for _, mark in ipairs(marks) do
    local taken = (utf8.len(mark[2]) or #mark[2]) * NOTE_CHARACTER / width
    room = math.max(room, mark[1] / (1 - math.min(taken, 0.85)))
  end
  return room
end

-- What the bars' template wants of its rows, whoever made them.
local function bars_axis(rows, margin)
  local marks = {}
  for i, row in ipairs(rows) do marks[i] = { math.max(row[3], row[5], table.unpack(row.runs or {})), ("  %s: %s"):format(row[8], row[7]) } end
  local room = plot.room(marks, margin)
  return room > 0 and room * 1.02 or 1
end

--- The chart of what the tenants compete in (summary.metric): per tenant one bar per series (summary.series),
--- losses hatched and marked. `setting`: its second line.
function plot.bars(path, series, metric, setting)
  local rows, axis = plot.lanes(series, function(place, index, tenant, label)
    return bar_row(place, index, tenant, label, metric)
  end)
  plot.write(path, metric.name, "bars", {
    heading = metric.heading, axis = metric.axis, setting = setting, series = #series, places = axis.places,
    room = bars_axis(rows, axis.margin), labels = axis.labels, at = axis.at, margin = axis.margin, caption = metric.caption,
  }, plot.with_dots(rows))
end

--- Bars in groups, from plain figures: list of { group, series (1..), label, length, low, high, note, runs (nil, or the lengths of
--- single runs) }, those of a group together. `words`: heading, axis, setting (the heading's second line) and caption.
function plot.grouped(path, name, words, bars)
  local rows, names, place, series, margin = {}, {}, 0, 0, 6
  for i, bar in ipairs(bars) do
    local fresh = not bars[i - 1] or bars[i - 1].group ~= bar.group
    if fresh and i > 1 then place = place + 0.8 end
    if fresh then names[#names + 1] = { plot.short(bar.group), place } end
    names[#names][3] = place
    rows[i] = { place, bar.series, bar.length, bar.low, bar.high, 0, bar.note, bar.label, bar.length, runs = bar.runs }
    series = math.max(series, bar.series)
    margin, place = math.max(margin, margin_of(names[#names][1])), place + 1
  end
  local axis = { labels = {}, at = {} }
  for _, n in ipairs(names) do add_tic(axis, n[1], (n[2] + n[3]) / 2) end
  plot.write(path, name, "bars", {
    heading = words.heading, axis = words.axis, setting = words.setting, series = series, places = place + 0.8,
    room = bars_axis(rows, margin), labels = axis.labels, at = axis.at, margin = margin, caption = words.caption,
  }, plot.with_dots(rows))
end

return plot
