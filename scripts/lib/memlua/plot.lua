--- memlua.plot: pictures as gnuplot scripts with their data beside them, so that they can be restyled and
--- drawn again: cd plots && gnuplot NAME.gp
local host = require "memlua.host"
local log = require "memlua.log"
local memlua = require "memlua"
local run = require "memlua.run"
local summary = require "memlua.summary"
local units = require "memlua.units"

local plot = {}

local function quoted(s) return "'" .. tostring(s):gsub("'", "''") .. "'" end
local function word(s) return '"' .. tostring(s):gsub('["\\]', "") .. '"' end

-- A template's variables as gnuplot assignments; numbers stay numbers.
local function assignments(variables)
  local lines = {}
  for _, key in ipairs(memlua.keys(variables)) do
    local value = variables[key]
    lines[#lines + 1] = ("%s = %s"):format(key, type(value) == "number" and value or quoted(value))
  end
  return table.concat(lines, "\n")
end

-- In the microVM gnuplot runs on the host, after it has ended.
local function render(directory, name)
  if host.in_guest then return {} end
  local command = ("cd %s && gnuplot %s"):format("'" .. directory:gsub("'", [['\'']]) .. "'", name .. ".gp")
  if not os.execute(command) then
    log.warn("no picture: gnuplot failed or is missing (apt install gnuplot-nox); draw it later: %s", command)
    return {}
  end
  return { ("%s/%s.png"):format(directory, name), ("%s/%s.svg"):format(directory, name) }
end

--- Writes plots/NAME.gp and NAME.dat into the folder `path` from the template plots/TEMPLATE.gp, and draws
--- NAME.svg and NAME.png. `variables` become the template's; `rows` are lists of words and numbers.
--- Returns the pictures' paths; none where gnuplot is missing.
function plot.draw(path, name, template, variables, rows)
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
  return render(path .. "/plots", name)
end

-- One bar: place, style (series), length, interval, lost (0/1), its label and the tenant's name.
local function bar_row(place, index, tenant, label)
  local seen = tenant.completion or tenant.completion_beside_losses
  local lost = tenant.finished == 0
  local length = lost and tenant.ended_at and tenant.ended_at.median or seen and seen.median or 0
  local note = units.format_duration(length)
  local killed = tenant.runs - tenant.finished
  if lost then
    local how = tenant.lost["oom-killed"] and "OOM-killed" or "lost"
    note = (tenant.runs == 1 and "%s at %s" or "%s, all runs; median %s"):format(how, note)
  elseif killed > 0 then
    note = ("%s  (%d of %d lost)"):format(note, killed, tenant.runs)
  end
  return { place, index, length, seen and seen.low or length, seen and seen.high or length,
           lost and 1 or 0, note, label }
end

--- The chart of completion times: per tenant one bar per series (see summary.series), losses hatched and
--- marked. Returns the pictures' paths.
function plot.completion(path, series, setting)
  local rows, names, place = {}, {}, 0
  for _, name in ipairs(summary.tenants(series)) do
    local first = place
    for i, s in ipairs(series) do
      local tenant = summary.find(s.strategy, name)
      if tenant then
        rows[#rows + 1] = bar_row(place, i, tenant, s.label)
        place = place + 1
      end
    end
    names[#names + 1] = ("%s %g"):format(word(name), (first + place - 1) / 2)
    place = place + 0.8
  end
  local tics, most = {}, 0
  for i, name in ipairs(names) do tics[i] = name end
  for _, row in ipairs(rows) do most = math.max(most, row[3], row[5]) end
  return plot.draw(path, "completion", "completion", {
    heading = "Completion time of each tenant", setting = setting, series = #series,
    places = place, most = most > 0 and most or 1, tics = table.concat(tics, ", "),
  }, rows)
end

return plot
