--- memlua.experiment.controller: a strategy's controller in user space: a function of the script in a process and cgroup of its own
--- beside the session. Here is what becomes of it: it is started, looked after, ended, and what it changed is put back,
--- however it ended.
local cgroup = require "memlua.cgroup"
local host = require "memlua.host"
local json = require "memlua.json"
local limits_spec = require "memlua.experiment.spec.limits"
local log = require "memlua.base.log"
local loop = require "memlua.experiment.controller.loop"
local memlua = require "memlua"
local outbox = require "memlua.experiment.outbox"
local program = require "memlua.experiment.controller.program"
local target = require "memlua.experiment.controller.target"
local strategy_spec = require "memlua.experiment.spec.strategy"
local sys = require "memlua.base.sys"
local units = require "memlua.units"
local worker = require "memlua.worker"

local controller = {}

-- What it may take, so that one that floods ends itself and not the machine.
local LIMITS <const> = { ["memory.max"] = "64M", ["pids.max"] = 16 }
local MOST_OUTPUT <const> = 1 << 20 -- bytes

--- Seconds that one call may take; longer is a hang. And those that it has to end when it is asked to.
controller.HANG, controller.GRACE = 10, 2

-- ---- starting --------------------------------------------------------------------------------------------------

local function told_of(t)
  local own = t.spec.policy and t.spec.policy.claim
  return { name = t.spec.name, path = t.cg:path(), role = t.spec.role, rank = t.spec.rank, claim = own and units.size(own) or strategy_spec.claim(t.spec) }
end

local function seen_by(self)
  local folder = outbox.make(self.scope)
  local seen = { tenants = {}, folder = folder, kills = folder .. "/kills", limits = self.limits, session = { name = "(session)", path = self.parent:path() } }
  for i, t in ipairs(self.tenants) do seen.tenants[i] = told_of(t) end
  return seen
end

local function output_of(self)
  if not self.folder then return outbox.log(outbox.make(self.scope), "controller") end
  memlua.must(host.mkdir(self.folder))
  return self.folder .. "/controller.out"
end

local function spawn(self, rehearsed)
  local f, seen, output = self.strategy.controller, seen_by(self), output_of(self)
  local cg = self.scope:add(memlua.must(cgroup.create(self.session .. "-controller", LIMITS)))
  local spec = { kind = "lua", name = "controller", output = output }
  if program.is(f) then
    spec.kind, spec.argv = "exec", program.argv(f, seen)
  else
    function spec.run(step, mark) loop.run(f, seen, step, mark, rehearsed) end
  end
  local w = self.scope:add(memlua.must(worker.spawn(cg, spec)))
  return { worker = w, cg = cg, output = output, kills = seen.kills, begun = host.monotonic(), program = program.is(f) and f }
end

-- ---- putting back ------------------------------------------------------------------------------------------------

-- In this order: what is frozen goes on first; a weight can't be set while cpu.idle is.
local KNOBS <const> = { "cgroup.freeze", "cpu.idle", table.unpack(limits_spec.KNOBS) }

local function members(self)
  local list = { { name = "(session)", cg = self.parent } }
  for _, t in ipairs(self.tenants) do list[#list + 1] = { name = t.spec.name, cg = t.cg } end
  return list
end

local function remember(self)
  local saved = members(self)
  for _, member in ipairs(saved) do
    member.knobs = {}
    for _, knob in ipairs(KNOBS) do member.knobs[knob] = member.cg:get(knob) end
  end
  return saved
end

-- { MEMBER = { KNOB = what the controller left there } } of what differed.
local function put_back(saved)
  local changed = {}
  for _, member in ipairs(saved) do
    for _, knob in ipairs(KNOBS) do
      local was, is = member.knobs[knob], member.cg:get(knob)
      if is ~= was then
        changed[member.name] = changed[member.name] or {}
        changed[member.name][knob] = is
        local done, why = member.cg:set(knob, was)
        if not done then log.warn("%s: %s = %s could not be put back to %s: %s", member.name, knob, is, was, why) end
      end
    end
  end
  return changed
end

-- ---- ending ------------------------------------------------------------------------------------------------------

-- It has ended; `why` where that is known better than the kernel tells.
local function take(k, result, ended, why)
  k.result, k.ended, k.error = result, ended or result.ended, why or result.error
  k.put_back = put_back(k.saved)
end

local function take_early(k, result)
  if k.program and result.exit_code then return take(k, result, "failed", program.end_of(result, k.output)) end
  if result.ended == "done" or result.exit_code and result.exit_code > 0 then
    take(k, result, "failed", result.error or ("it ended by itself, with status %d"):format(result.exit_code))
  elseif result.ended == "oom-killed" then
    take(k, result, nil, ("it took more than the %s that a controller may have"):format(LIMITS["memory.max"]))
  else
    take(k, result)
  end
end

local function kill(k, ended, why)
  k.worker:kill "killed"
  take(k, memlua.must(k.worker:wait(10)), ended, why)
end

-- Odd is busy, see loop.run; so is who hasn't said anything yet. What a program does nobody sees.
local function is_hung(k)
  if k.program then return false end
  local progress, now = k.worker:progress(), host.monotonic()
  if progress ~= k.progress or progress % 2 == 0 and progress > 0 then k.progress, k.since = progress, now end
  return now - (k.since or k.begun) > controller.HANG
end

local function is_flooding(k)
  local file <close> = io.open(k.output)
  return file and file:seek "end" > MOST_OUTPUT
end

local function watch_over(k)
  local result = k.worker:wait(0)
  if result then return take_early(k, result) end
  if is_hung(k) then return kill(k, "hung", ("a call didn't return within %d s"):format(controller.HANG)) end
  if is_flooding(k) then kill(k, "killed", ("it wrote more than %d bytes"):format(MOST_OUTPUT)) end
end

--- Looks after the controller of a run (memlua.experiment.cell's table), where it has one: one that has ended, hangs or floods is
--- ended, what it changed put back, and the run goes on without it.
function controller.look(self)
  local k = self.controller
  if not k or k.result then return end
  watch_over(k)
  if not k.result then return end
  k.after_s = self.started and host.monotonic() - self.started or 0
  log.warn("%s: its controller %s: %s", self.strategy.name, k.ended, k.error or "by a signal")
end

-- One that was asked to end, and did: a program may do so by the signal.
local function take_asked(k, result)
  if k.program and result.ended == "stopped" then return take(k, result, "done") end
  if result.error then return take(k, result, "failed") end
  take(k, result, result.ended == "stopped" and (result.signal and "killed" or "done") or result.ended)
end

--- Ends it with the run.
function controller.stop(self)
  controller.look(self)
  local k = self.controller
  if not k or k.result then return end
  k.worker:stop "TERM"
  local result = k.worker:wait(controller.GRACE)
  if result then return take_asked(k, result) end
  kill(k, "hung", ("it didn't end within %d s of being asked to"):format(controller.GRACE))
end

-- ---- the run ------------------------------------------------------------------------------------------------------

local LOOK <const> = 0.01 -- seconds between two looks

-- A program is where it has printed something, or has had time to.
local STARTED <const> = 1 -- seconds

local function is_set_up(k)
  if k.program then return program.last_words(k.output) ~= nil or host.monotonic() - k.begun > STARTED end
  local progress = k.worker:progress()
  return progress > 0 and progress < loop.SETTING_UP
end

--- Starts the strategy's controller, if it has one, and waits until its function has said what it wants to be called for.
function controller.start(self)
  if not self.strategy.controller then return end
  local saved = remember(self)
  self.controller = spawn(self, false)
  self.controller.saved = saved
  while not self.controller.result and not is_set_up(self.controller) do
    if host.interrupted() then memlua.fail(memlua.status.signal, "interrupted") end
    host.sleep(LOOK)
    controller.look(self)
  end
end

-- One that refuses its own configuration does so at once.
local function rehearse_program(k, path)
  local result = k.worker:wait(STARTED)
  if result then memlua.fail(memlua.status.misuse, "%s: %s", path, program.end_of(result, k.output)) end
  k.worker:stop "TERM"
  if not k.worker:wait(controller.GRACE) then
    k.worker:kill "killed"
    k.worker:wait(controller.GRACE)
  end
end

--- Has it say what it wants, without tenants' processes: what the kernel or memlua refuses shows before anything is measured.
--- Fails with status 1, or 4 where the kernel can't.
function controller.rehearse(self)
  if not self.strategy.controller then return end
  local path = ("strategies.%s.controller"):format(self.strategy.name)
  local k = spawn(self, true)
  if k.program then return rehearse_program(k, path) end
  local result, why = k.worker:wait(controller.HANG)
  if not result and why == "interrupted" then memlua.fail(memlua.status.signal, "interrupted") end
  if not result then memlua.fail(memlua.status.misuse, "%s: it didn't return within %d s; what is to be done later belongs into c:every", path, controller.HANG) end
  if result.ended == "done" then return end
  local message = result.error or result.ended
  local is_unsupported = message:sub(1, #target.UNSUPPORTED) == target.UNSUPPORTED
  memlua.fail(is_unsupported and memlua.status.unsupported or memlua.status.misuse, "%s: %s", path, message)
end

-- An empty file tells nothing.
local function kept_output(self, k)
  local file <close> = self.folder and io.open(k.output)
  if file and file:read(0) then return k.output:match "[^/]*$" end
  if file then os.remove(k.output) end
end

-- A program tells nobody whom it kills; one that says that it killed is who did it.
local function killed_by_program(self, counted)
  local total, names = 0, {}
  for _, n in pairs(counted or {}) do total = total + n end
  for _, t in ipairs(total > 0 and self.tenants or {}) do
    for _, part in ipairs(t.parts) do
      if part.result and part.result.ended == "killed" then names[#names + 1] = t.spec.name break end
    end
  end
  return #names > 0 and json.array(names) or nil
end

-- Those that it killed, a list of names; nil where there are none.
local function killed_by(self, k)
  local noted, names = "\n" .. (sys.read(k.kills) or ""), {}
  if noted:find("\n(session)\n", 1, true) then noted = nil end -- all of them
  for _, t in ipairs(self.tenants) do
    if not noted or noted:find("\n" .. t.spec.name .. "\n", 1, true) then names[#names + 1] = t.spec.name end
  end
  return #names > 0 and json.array(names) or nil
end

--- What became of it, for the run's result; nil where the strategy has none: { ended ("done", "failed", "hung", "killed",
--- "oom-killed"), error, after_s (seconds into the run, where it ended early), cpu_s, wakeups, reactions (a histogram), put_back
--- ({ TENANT = { KNOB = what it had left there } }), counted ({ NAME = how often a program printed that }), output (its file), killed (list of the tenants that it
--- killed) }.
function controller.outcome(self)
  local k = self.controller
  if not k then return nil end
  if k.program then
    local counted = program.counted(k.program, k.output)
    return { ended = k.ended, error = k.error, after_s = k.after_s, cpu_s = k.result.cpu_s, put_back = next(k.put_back) and k.put_back or nil,
             counted = counted, killed = killed_by_program(self, counted), output = kept_output(self, k) }
  end
  local progress = k.worker:progress()
  return {
    ended = k.ended, error = k.error, after_s = k.after_s, cpu_s = k.result.cpu_s, reactions = k.result.latency,
    wakeups = progress < loop.SETTING_UP and math.max(0, (progress + 1) // 2 - 1) or 0, put_back = next(k.put_back) and k.put_back or nil,
    output = kept_output(self, k), killed = killed_by(self, k),
  }
end

return controller
