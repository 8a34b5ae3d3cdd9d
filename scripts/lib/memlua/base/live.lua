--- memlua.base.live: how the runs of a scenario or an experiment stand, on a terminal, while they go on.
local host = require "memlua.host"
local log = require "memlua.base.log"
local screen = require "memlua.base.screen"
local sys = require "memlua.base.sys"
local text = require "memlua.base.text"
local units = require "memlua.units"

local live = {}

-- ---- the view of a scenario's runs ------------------------------------------------------------------------------

-- Drawing takes time of the CPU that the tenants run on: seldom is enough.
local EVERY = 1

local view -- the one that is shown now, or nil

local function bar(share, width)
  share = math.max(0, math.min(1, share))
  local full = math.floor(share * width + 0.5)
  if text.unicode() then return ("█"):rep(full) .. ("░"):rep(width - full) end
  return ("#"):rep(full) .. ("."):rep(width - full)
end

-- The function of the kernel in which a task sleeps: in memlua's module the delay that a policy asked for; in the
-- kernel's own code what it makes a task wait over memory.high and, on a kernel that has memcg_bpf_ops, that delay too.
local function state_of(where)
  if where == "memcg_bpf_sleep" then return "delayed" end
  if where:find "^_*mem_cgroup_handle_over_high$" then return host.has_ops() and "delayed" or "throttled" end
end

-- Of a cgroup with many processes, so many are looked at.
local LOOKED_AT = 32

--- What keeps a cgroup's processes waiting at this moment, read from where in the kernel they sleep: "delayed" (by a
--- policy), "throttled" (over its memory.high), nil when none of them is.
function live.held(cg)
  local n = 0
  for pid in (cg:get "cgroup.procs" or ""):gmatch "%d+" do
    local state = state_of(sys.first_line("/proc/" .. pid .. "/wchan") or "")
    n = n + 1
    if state or n == LOOKED_AT then return state end
  end
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
local function phase(t)
  for _, part in ipairs(t.parts) do
    if not part.result then
      local held = live.held(t.cg)
      return phase_of(part) .. (held and ", " .. held or "")
    end
  end
  return phase_of(t.parts[1])
end

local function limit_of(self, t)
  local own, parents = t.limits["memory.max"], self.limits["memory.max"]
  return type(own) == "number" and own or type(parents) == "number" and parents or nil
end

-- Room that a phase takes at most: "filling 99%, throttled", two blanks before it.
local PHASE = 24

-- In 40 columns the limit goes first, then the bar.
local function line_of(self, t, name_width)
  local doing = phase(t) -- first: what is told to be allocated is in the usage then
  local usage, limit = t.cg:usage() or 0, limit_of(self, t)
  local room = text.columns(nil, 2) - name_width - 1
  local amount = ("%6s"):format(units.format_size(usage))
  if limit and room >= 48 then amount = ("%s of %-5s"):format(amount, units.format_size(limit)) end
  local width = math.min(40, room - 1 - #amount - PHASE)
  local picture = limit and width >= 3 and bar(usage / limit, width) .. " " or ""
  return ("%-" .. name_width .. "s %s%s  %s"):format(t.spec.name, picture, amount, doing)
end

-- What is left, by the wall clock: the guest's own clock may be virtual. Absent when nothing tells it.
local function wall_clock() return host.in_guest and sys.time() or host.monotonic() end

local function left()
  local now = wall_clock()
  if not view.total or view.done == 0 then return "" end
  local seconds = (now - view.since) / view.done * (view.total - view.done)
  if seconds < 90 then return (", ~%.0f s left"):format(seconds) end
  return (", ~%.0f min left"):format(seconds / 60)
end

-- "run 3 of 40: priority", or "trial 3: ..." where nobody knows how many there will be.
local function title()
  local of = view.total and (" of %d"):format(view.total) or ""
  return ("%s %d%s: %s"):format(view.what, view.done + 1, of, view.label)
end

local function draw(self)
  local names = 0
  for _, t in ipairs(self.tenants) do names = math.max(names, utf8.len(t.spec.name) or #t.spec.name) end
  local lines = { ("%s, %.1f s%s"):format(title(), host.monotonic() - self.started, left()) }
  for _, t in ipairs(self.tenants) do lines[#lines + 1] = line_of(self, t, names) end
  view.block:draw(lines)
end

local View = {}
View.__index = View

--- The view of `total` runs (nil: not known), to be closed: `local view <close> = live.runs(#cells)`. On a terminal it
--- shows each run while it goes on; elsewhere log.progress says when one begins. `what` ("run") is what they are
--- called.
function live.runs(total, what)
  view = setmetatable({ total = total, what = what or "run", done = 0, since = wall_clock(), next = 0,
                        block = screen.block(2) }, View)
  return view
end

--- Says that run `i` (nil: the next), of that name, begins.
function View:begin(i, label)
  i = i or self.label and self.done + 2 or 1
  self.done, self.label, self.next = i - 1, label, 0
  if not self.block.shown then return log.progress("%s", title()) end
  self.block:draw { title() .. left() }
end

function View:__close()
  self.block:clear()
  view = nil
end

--- Shows how a run (the table that memlua.experiment.cell gives its hooks) stands, where there is a view, and where it isn't too
--- soon after the last time.
function live.show(self)
  local now = host.monotonic()
  if not view or not view.block.shown or now < view.next then return end
  draw(self)
  view.next = now + EVERY
end

return live
