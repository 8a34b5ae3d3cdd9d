--- memlua.experiment.services: what must be there before the load begins: services that are ready, and data that is loaded. All
--- of it happens in the tenants' cgroups, before the run's time begins.
local host = require "memlua.host"
local log = require "memlua.base.log"
local memlua = require "memlua"
local printable = require "memlua.base.printable"
local sys = require "memlua.base.sys"
local workloads = require "memlua.experiment.workloads"

local services = {}

local LOOK <const> = 0.01 -- seconds between two looks

-- ---- what it said -----------------------------------------------------------------------------------------------

local LINES <const>, BYTES <const> = 10, 2000

-- The last lines of a file, for an error.
local function last_output(path)
  local text = path and (sys.read(path) or ""):sub(-BYTES):gsub("%s+$", "") or ""
  local lines = {}
  for line in text:gmatch "[^\n]+" do lines[#lines + 1] = "  " .. printable.text(line) end
  if #lines == 0 then return "it has printed nothing" end
  return "its last output:\n" .. table.concat(lines, "\n", math.max(1, #lines - LINES + 1))
end

local function name_of(t, part) return ("%s: the workload %s"):format(t.spec.name, part.spec.name) end

-- It ended where it must not have.
local function fail_ended(t, part, result, when)
  if result.ended == "oom-killed" then
    memlua.fail(memlua.status.resources, "%s was OOM-killed %s: its limit, or the session's, leaves too little; %s", name_of(t, part), when,
      last_output(part.output))
  end
  local how = result.error or result.signal and "signal " .. result.signal or result.ended
  memlua.fail(memlua.status.misuse, "%s ended %s: %s; %s", name_of(t, part), when, how, last_output(part.output))
end

-- ---- ready ----------------------------------------------------------------------------------------------------

-- what a service says of itself -> whether it is so; `part` is its process
local SIGNS <const> = {
  port = function(port) return host.answers(port) end,
  socket = function(path) return host.answers(path) end,
  file = function(path) return sys.exists(path) end,
  line = function(line, part) return (sys.read(part.output) or ""):find(line, 1, true) ~= nil end,
  when = function(f) return f() end,
}

local function told(ready)
  if ready.port then return "port " .. ready.port .. " answers" end
  if ready.socket then return "the socket " .. ready.socket .. " answers" end
  if ready.file then return ready.file .. " is there" end
  return ready.line and ("it prints \"%s\""):format(ready.line) or "its function says so"
end

local function is_ready(part)
  for sign, holds in pairs(SIGNS) do
    local value = part.spec.ready[sign]
    if value and not holds(value, part) then return false end
  end
  return true
end

-- Somebody else's answer must not be taken for the service's.
local function check_free(t, workload)
  local place = workload.ready.port or workload.ready.socket
  if not place or not host.answers(place) then return end
  memlua.fail(memlua.status.misuse, "%s: the workload %s: %s is in use: something answers there before it was started; choose another one",
    t.spec.name, workload.name, workload.ready.port and "port " .. place or place)
end

local function await(t, part)
  local begun, within = host.monotonic(), part.spec.ready.within
  while not is_ready(part) do
    if host.interrupted() then memlua.fail(memlua.status.signal, "interrupted") end
    local result = part.worker:wait(LOOK)
    if result then fail_ended(t, part, result, "before it was ready") end
    if host.monotonic() - begun > within then
      memlua.fail(memlua.status.misuse, "%s was not ready within %g s: that %s didn't come true (ready.within allows more); %s",
        name_of(t, part), within, told(part.spec.ready), last_output(part.output))
    end
  end
  part.ready_s = host.monotonic() - begun
  log.detail("%s is ready after %.2f s", name_of(t, part), part.ready_s)
end

-- ---- prepared -------------------------------------------------------------------------------------------------

local function prepare(self, t)
  local begun = host.monotonic()
  for _, workload in ipairs(t.spec.prepare or {}) do
    local part = workloads.start_one(t, workload, self.scope, self.folder)
    local result, why = part.worker:wait(self.plan.deadline)
    if not result and why == "interrupted" then memlua.fail(memlua.status.signal, "interrupted") end
    if not result then
      memlua.fail(memlua.status.timeout, "%s was to prepare the run and didn't end within the deadline, %g s; %s", name_of(t, part),
        self.plan.deadline, last_output(part.output))
    end
    if result.ended ~= "done" then fail_ended(t, part, result, "while it prepared the run") end
    t.prepare_s = host.monotonic() - begun
  end
end

-- One that the OOM killer has chosen takes its time to die.
local DYING <const> = 5

-- Those that were ready may have died of what was loaded into them.
local function check_alive(self)
  for _, t in ipairs(self.tenants) do
    local within = t.cg:events().oom_kill > 0 and DYING or 0
    for _, part in pairs(t.parts) do
      local result = part.worker:wait(within)
      if result then fail_ended(t, part, result, "while the run was prepared") end
    end
  end
end

--- Starts the services of all tenants of a run ({ tenants, scope, folder, plan }), those workloads that have `ready`, waits until
--- each is, and runs what the tenants have to `prepare`. Fails with status 1, the name of what didn't come about and its
--- last output; with 3 where it was OOM-killed, 124 at the deadline, 5 when interrupted.
function services.bring_up(self)
  for _, t in ipairs(self.tenants) do
    t.parts = {}
    for i, workload in ipairs(t.spec.workloads) do
      if workload.ready then
        check_free(t, workload)
        t.parts[i] = workloads.start_one(t, workload, self.scope, self.folder)
        await(t, t.parts[i])
      end
    end
  end
  for _, t in ipairs(self.tenants) do prepare(self, t) end
  check_alive(self)
end

return services
