--- memlua.experiment.controller.loop: what runs in a controller's process: the script's function, which says what it wants to be
--- called for, and then the calls.
local check = require "memlua.base.check"
local host = require "memlua.host"
local memlua = require "memlua"
local target = require "memlua.experiment.controller.target"
local watch = require "memlua.watch"

local loop = {}

local Controller = {}
Controller.__index = Controller

-- ---- what it is told of ------------------------------------------------------------------------------------------

local SHORTEST <const> = 0.001 -- seconds: less is a busy loop, at the tenants' cost

-- PSI's own bounds of a window, in seconds (kernel/sched/psi.c: WINDOW_MIN_US, WINDOW_MAX_US).
local WINDOW_MIN <const>, WINDOW_MAX <const> = 0.5, 10

local function names_of(self)
  local names = {}
  for i, tenant in ipairs(self.tenants) do names[i] = tenant.name end
  return names
end

local function check_function(f, call)
  if type(f) ~= "function" then memlua.fail(memlua.status.misuse, "%s: a function is needed, not a %s", call, type(f)) end
end

--- The tenant of that name, see memlua.experiment.controller.target; one of c.tenants. There is also c.session, the
--- cgroup above them all.
function Controller:tenant(name)
  if type(name) == "table" and getmetatable(name) == getmetatable(self.session) then return name end
  for _, tenant in ipairs(self.tenants) do if tenant.name == name then return tenant end end
  if name == "controller" then
    memlua.fail(memlua.status.misuse, "a controller can't freeze, limit or kill itself, only the tenants: %s", table.concat(names_of(self), ", "))
  end
  memlua.fail(memlua.status.misuse, "no tenant '%s'%s", tostring(name), memlua.hint(tostring(name), names_of(self)))
end

--- Calls f(c) once in that time ("100ms", or seconds; 1 ms at least). What comes too late is left out.
function Controller:every(period, f)
  local seconds = check.duration(period, "c:every")
  if seconds < SHORTEST then memlua.fail(memlua.status.misuse, "c:every: %s is below the least possible, 1ms", tostring(period)) end
  check_function(f, "c:every")
  table.insert(self.timers, { period = seconds, due = host.monotonic() + seconds, call = f })
end

local function add_watch(self, tenant, file, trigger, f)
  local opened, why, code = watch.open(tenant.path .. "/" .. file, trigger)
  if not opened then target.refuse_watch(tenant, file, why, code) end
  table.insert(self.handles, opened)
  table.insert(self.calls, function() f(tenant, self) end)
end

--- Calls f(tenant, c) when the tenant (or its name) was stalled for memory
--- ("some": one of its processes, "full": all) for `threshold` of a `window` ("150ms" of "1s"); by a trigger of PSI, which tells so
--- at most once a window. The kernel takes windows of 500ms to 10s.
function Controller:on_pressure(tenant, kind, threshold, window, f)
  tenant = self:tenant(tenant)
  check.one_of { "some", "full" }(kind, "c:on_pressure")
  local stall, within = check.duration(threshold, "c:on_pressure: threshold"), check.duration(window, "c:on_pressure: window")
  if within < WINDOW_MIN or within > WINDOW_MAX then
    memlua.fail(memlua.status.misuse, "c:on_pressure: window: %s: the kernel takes 500ms to 10s", tostring(window))
  end
  if stall <= 0 or stall > within then
    memlua.fail(memlua.status.misuse, "c:on_pressure: threshold: %s: must be more than 0 and at most the window", tostring(threshold))
  end
  check_function(f, "c:on_pressure")
  add_watch(self, tenant, "memory.pressure", ("%s %.0f %.0f"):format(kind, stall * 1e6, within * 1e6), f)
end

--- Calls f(tenant, c) when the tenant's memory.events have changed (low, high, max, oom, oom_kill), which
--- t:events() tells; the kernel tells at most once in 10 ms.
function Controller:on_event(tenant, f)
  tenant = self:tenant(tenant)
  check_function(f, "c:on_event")
  add_watch(self, tenant, "memory.events", nil, f)
end

--- Calls f(c) once, when the run is over and the controller is told to end.
function Controller:at_end(f)
  check_function(f, "c:at_end")
  table.insert(self.endings, f)
end

-- ---- the calls -----------------------------------------------------------------------------------------------------

local function timeout_of(self)
  local due = math.huge
  for _, timer in ipairs(self.timers) do due = math.min(due, timer.due) end
  return due < math.huge and math.max(0, due - host.monotonic()) or nil
end

-- Each call counts with the time from what it answers to its return.
local function serve_timers(self, react)
  for _, timer in ipairs(self.timers) do
    local due, now = timer.due, host.monotonic()
    if due <= now then
      timer.due = due + timer.period * ((now - due) // timer.period + 1)
      timer.call(self)
      react(due)
    end
  end
end

local function serve(self, step, mark)
  local wakeups = 0
  while true do
    mark(2 * wakeups + 2)
    local places, woken = watch.wait(self.handles, timeout_of(self))
    if not places then return end
    wakeups = wakeups + 1
    local busy = 2 * wakeups + 1
    mark(busy)
    local function react(since) step(busy, since) end
    for _, place in ipairs(places) do
      self.calls[place]()
      react(woken)
    end
    serve_timers(self, react)
  end
end

--- Runs the function `f` of a strategy's `controller`, with what it is to see: { tenants = list of { name, path, role, rank, claim }, session = { name,
--- path }, limits (the session's), kills (see target.new) }, until it is told to end. step, mark: as a worker of kind "lua" gets them. mark is told 2 n + 1
--- while it is busy with its n-th wake-up, 2 n + 2 once it waits for the next. `rehearsed`: it ends once `f` has said what it wants.
function loop.run(f, seen, step, mark, rehearsed)
  local self = setmetatable({ tenants = {}, timers = {}, handles = {}, calls = {}, endings = {} }, Controller)
  watch.heed()
  for i, tenant in ipairs(seen.tenants) do self.tenants[i] = target.new(tenant.name, tenant.path, seen.limits, seen.kills, tenant) end
  self.session = target.new(seen.session.name, seen.session.path, seen.limits, seen.kills)
  mark(loop.SETTING_UP)
  f(self)
  if rehearsed then return end
  serve(self, step, mark)
  for _, ending in ipairs(self.endings) do ending(self) end
end
--- What mark is told while `f` itself runs: as if it were busy.
loop.SETTING_UP = (1 << 53) - 1

return loop
