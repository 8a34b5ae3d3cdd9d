--- memlua.report.guard: what a guard sees, for people: a table that is drawn over on a terminal, one after the other in a
--- pipe; or JSON.
local json = require "memlua.json"
local memlua = require "memlua"
local screen = require "memlua.base.screen"
local text = require "memlua.base.text"
local units = require "memlua.units"

local guard_view = {}

local View = {}
View.__index = View

local COLUMNS = {
  { "cgroup" }, { "role", drop = 1 }, { "usage", align = "right" }, { "max", align = "right", drop = 3 },
  { "high", align = "right", drop = 5 }, { "oom", align = "right", drop = 2 }, { "stalled", align = "right", drop = 4 },
  { "state" }, { "policy", wrap = true, drop = 6 },
}

-- A container's path is long, and its end tells which it is.
local function shortened(path)
  local most = math.max(12, text.columns(math.huge) // 3)
  local length = utf8.len(path)
  if not length or length <= most then return path end
  return "..." .. path:sub(utf8.offset(path, length - most + 4))
end

-- The counters that the policy keeps of a tenant, in a line.
local function kept(member)
  local parts = {}
  for _, key in ipairs(memlua.keys(member.policy or {})) do
    if math.type(member.policy[key]) == "integer" and key ~= "id" and not key:find "^window" then
      parts[#parts + 1] = key .. " " .. member.policy[key]
    end
  end
  return table.concat(parts, ", ")
end

local function row(member)
  local path = shortened(member.path)
  if member.gone then return { path, member.role, "-", "-", "-", "-", "-", "gone", "-", colour = "dim" } end
  local stalled = member.pressure and member.pressure.some
  return { path, member.role, units.format_size(member.usage), units.format_size(tonumber(member.limit) or "max"),
           member.events.high, member.events.oom_kill, stalled and ("%.0f%%"):format(stalled.avg10),
           member.held, kept(member) }
end

local function lines_of(sample)
  local rows = {}
  for i, member in ipairs(sample.members) do rows[i] = row(member) end
  local lines = { units.format_duration(sample.time) }
  for line in text.render(COLUMNS, rows):gmatch "[^\n]+" do lines[#lines + 1] = line end
  return lines
end

local function say(line)
  print(line)
  io.stdout:flush() -- whoever reads the pipe shall see it now
end

--- A view on standard output: a table, or, where `document` is "-", a line of JSON per sample; a file of
--- that name gets the newest one.
function guard_view.open(document)
  return setmetatable({ document = document, block = screen.block(1) }, View)
end

--- Shows what Guard:sample() of memlua.guard returns.
function View:show(sample)
  if self.document == "-" then return say(json.encode(sample)) end
  if self.document then memlua.must(json.write(self.document, sample)) end
  local lines = lines_of(sample)
  if screen.possible(1) then return self.block:draw(lines) end
  say(table.concat(lines, "\n") .. "\n")
end

--- Leaves the last table standing; what is written then stands below it.
function View:leave() self.block:keep() end

return guard_view
