--- memlua.live: lines on a terminal that are drawn over again while something runs. Nothing of it goes into a
--- pipe or to a dumb terminal.
local host = require "memlua.host"
local log = require "memlua.log"
local text = require "memlua.table"
local units = require "memlua.units"

local live = {}

-- ---- a block of lines -----------------------------------------------------------------------------------------

local Block = {}
Block.__index = Block

--- Whether descriptor 1 or 2 is a terminal whose lines can be drawn again.
function live.possible(fd)
  return host.isatty(fd) and os.getenv "TERM" ~= "dumb" and not host.settings.quiet
end

--- A block of lines on standard output (1) or error (2), to be closed: `local block <close> = live.block(2)`.
--- Where that is no terminal, nothing is ever drawn.
function live.block(fd)
  local stream = fd == 1 and io.stdout or io.stderr
  return setmetatable({ stream = stream, shown = live.possible(fd), height = 0 }, Block)
end

-- A line that wraps would be two, and the block would climb.
local function fitted(line, width)
  if (utf8.len(line) or #line) <= width then return line end
  local at = utf8.offset(line, width + 1)
  return at and line:sub(1, at - 1) or line:sub(1, width)
end

--- Draws the lines (a list of strings without escape sequences) in place of those drawn before.
function Block:draw(lines)
  if not self.shown then return end
  local width, out = text.columns() - 1, {}
  if self.height > 0 then out[1] = ("\27[%dA"):format(self.height) end
  for _, line in ipairs(lines) do out[#out + 1] = "\r\27[2K" .. fitted(line, width) .. "\n" end
  out[#out + 1] = "\27[J"
  self.height = #lines
  self.stream:write(table.concat(out)):flush()
end

--- Takes the lines away, so that something else can be written there.
function Block:clear()
  if not self.shown or self.height == 0 then return end
  self.stream:write(("\27[%dA\r\27[J"):format(self.height)):flush()
  self.height = 0
end

--- Leaves the lines standing: what is drawn next comes below them.
function Block:keep() self.height = 0 end

function Block:__close() self:clear() end

-- ---- the view of a scenario's runs ------------------------------------------------------------------------------

-- Drawing takes time of the CPU that the tenants run on: seldom is enough.
local EVERY = 0.5

local view -- the one that is shown now, or nil

local function bar(share, width)
  share = math.max(0, math.min(1, share))
  local full = math.floor(share * width + 0.5)
  if text.unicode() then return ("█"):rep(full) .. ("░"):rep(width - full) end
  return ("#"):rep(full) .. ("."):rep(width - full)
end

-- Delayed: what the policy has answered since the last look isn't slept off yet. One answer is 2 s at most.
local function delayed(self, t)
  local kept, now = self.policy and self.policy:tenant(t.cg), host.monotonic()
  local sum = kept and kept.delay_ms or 0
  local since = sum - (t.live_delay or 0)
  t.live_delay = sum
  if since > 0 then t.live_until = now + math.min(since / 1000, 2) end
  return now < (t.live_until or 0)
end

-- How far one workload is; of a program nothing is known.
local function phase_of(part)
  if part.result then return part.result.ended end
  local bytes, size = part.worker:progress(), part.spec.size
  if not size or part.spec.kind == "exec" then return "running" end
  if bytes == 0 then return "waiting" end
  if bytes >= size then return part.spec.kind == "file" and "reading" or "holding" end
  return ("filling %d%%"):format(bytes * 100 // size)
end

-- Of several workloads, the first that still runs.
local function phase(self, t)
  for _, part in ipairs(t.parts) do
    if not part.result then return phase_of(part) .. (delayed(self, t) and ", delayed" or "") end
  end
  return phase_of(t.parts[1])
end

local function limit_of(self, t)
  local own, parents = t.limits["memory.max"], self.limits["memory.max"]
  return type(own) == "number" and own or type(parents) == "number" and parents or nil
end

-- In 40 columns the bar goes first, then the limit.
local function line_of(self, t, name_width)
  local usage, limit = t.cg:usage() or 0, limit_of(self, t)
  local room = text.columns() - name_width - 1
  local amount = ("%6s"):format(units.format_size(usage))
  if limit and room >= 36 then amount = ("%s of %-5s"):format(amount, units.format_size(limit)) end
  local width = math.min(40, room - #amount - 24)
  local picture = limit and width >= 8 and bar(usage / limit, width) .. " " or ""
  return ("%-" .. name_width .. "s %s%s  %s"):format(t.spec.name, picture, amount, phase(self, t))
end

-- What is left, by the wall clock: the guest's own clock may be virtual. Absent when nothing tells it.
local function wall_clock()
  if not host.in_guest then return host.monotonic() end
  local file <close> = io.open "/sys/class/rtc/rtc0/since_epoch"
  return file and tonumber(file:read "l")
end

local function left()
  local now = wall_clock()
  if not now or not view.since or view.done == 0 then return "" end
  local seconds = (now - view.since) / view.done * (view.total - view.done)
  if seconds < 90 then return (", ~%.0f s left"):format(seconds) end
  return (", ~%.0f min left"):format(seconds / 60)
end

local function draw(self)
  local names = 0
  for _, t in ipairs(self.tenants) do names = math.max(names, utf8.len(t.spec.name) or #t.spec.name) end
  local lines = { ("run %d of %d: %s, %.1f s%s"):format(view.done + 1, view.total, view.label,
    host.monotonic() - self.started, left()) }
  for _, t in ipairs(self.tenants) do lines[#lines + 1] = line_of(self, t, names) end
  view.block:draw(lines)
end

local View = {}
View.__index = View

--- The view of `total` runs, to be closed: `local view <close> = live.runs(#cells)`. On a terminal it shows each run
--- while it goes on; elsewhere log.progress says when one begins.
function live.runs(total)
  view = setmetatable({ total = total, done = 0, since = wall_clock(), next = 0, block = live.block(2) }, View)
  log.interlude = function() if view then view.block:clear() end end
  return view
end

--- Says that run `i`, of that name, begins.
function View:begin(i, label)
  self.done, self.label, self.next = i - 1, label, 0
  if not self.block.shown then log.progress("run %d of %d: %s", i, self.total, label) end
end

function View:__close()
  self.block:clear()
  view, log.interlude = nil, nil
end

--- Shows how a run (the table that memlua.cell gives its hooks) stands, where there is a view, and where it isn't too
--- soon after the last time.
function live.show(self)
  local now = host.monotonic()
  if not view or not view.block.shown or now < view.next then return end
  draw(self)
  view.next = now + EVERY
end

return live
