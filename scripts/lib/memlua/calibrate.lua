--- memlua.calibrate: finds limits and sizes under which an experiment tells something. Too tight: a tenant is lost
--- where none should be; then the session's limit is raised. Too loose: nobody presses on the limit; then the
--- tenants' sizes are. Trials of one run each decide, before anything is measured; what only they need is loaded by them.
local host = require "memlua.host"
local live = require "memlua.base.live"
local log = require "memlua.base.log"
local memlua = require "memlua"
local pressure = require "memlua.results.pressure"
local units = require "memlua.units"

local calibrate = {}

--- A step multiplies the limit, or the sizes, by this. They differ, so that raising both in turn leads somewhere.
calibrate.LIMIT_STEP, calibrate.SIZE_STEP = 1.25, 1.5

--- No regime after so many steps: there is none (1.5^8 is 25 times the sizes, 1.25^8 6 times the limit).
calibrate.STEPS = 8

--- Pressure is near 0 below so many events (memory.events: max and high, the session's and its tenants') and below
--- this share of the time stalled (memory.pressure: some).
calibrate.EVENTS, calibrate.STALLED = pressure.EVENTS, pressure.STALLED

-- The session may take this much of the machine; beyond, the machine itself would run out of memory first.
local SHARE = 0.9

-- A trial that takes longer has failed: seconds.
local DEADLINE = 600

local PAGE <const> = host.page_size

-- ---- deciding: no kernel needed ------------------------------------------------------------------------------

--- What two trials come to: "tight", "loose" or "right", and why. `kept` is of the strategy under which nobody may be
--- lost, `free` of no strategy at all; both { strategy, lost = "high oom-killed" or nil, events, stalled = share of
--- the time }.
function calibrate.judge(kept, free)
  if kept.lost then return "tight", ("under %s %s"):format(kept.strategy, kept.lost) end
  local pressure = ("under %s %d events of memory.max and memory.high, %.1f %% of the time stalled"):format(
    free.strategy, free.events, free.stalled * 100)
  if free.lost then return "right", ("%s, under %s %s"):format(pressure, free.strategy, free.lost) end
  local loose = free.events < calibrate.EVENTS and free.stalled < calibrate.STALLED
  return loose and "loose" or "right", pressure
end

--- The scale { limit, size } (factors of what was asked for) of the step after a verdict.
function calibrate.next(scale, verdict)
  if verdict == "tight" then return { limit = scale.limit * calibrate.LIMIT_STEP, size = scale.size } end
  if verdict == "loose" then return { limit = scale.limit, size = scale.size * calibrate.SIZE_STEP } end
  return scale
end

--- Steps from a scale of 1 to a regime: `try(scale)` returns a verdict and why, or nil and why there is no going on;
--- `say(verdict, scale, why)` is told each. Returns the scale and the list of steps { limit, size, verdict, why }.
--- Fails with status 7 when none of calibrate.STEPS + 1 trials was right.
function calibrate.search(try, say)
  local scale, steps = { limit = 1, size = 1 }, {}
  for _ = 0, calibrate.STEPS do
    local verdict, why = try(scale)
    if not verdict then memlua.fail(memlua.status.untrustworthy, "--calibrate: no regime: %s", why) end
    steps[#steps + 1] = { limit = scale.limit, size = scale.size, verdict = verdict, why = why }
    say(verdict, scale, why)
    if verdict == "right" then return scale, steps end
    scale = calibrate.next(scale, verdict)
  end
  memlua.fail(memlua.status.untrustworthy, "--calibrate: no regime in %d steps, the last was too %s: %s; choose other "
    .. "limits or sizes", calibrate.STEPS, steps[#steps].verdict, steps[#steps].why)
end

local function times(value, factor)
  if type(value) ~= "number" or factor == 1 then return value end
  return math.floor(value * factor) // PAGE * PAGE
end

--- A copy of a script's options with `limit` and `size` (one or a list) multiplied by the scale's factors: what a
--- scenario's `calibrate` builds the scaled scenario of. Without a scale the options as they are.
function calibrate.scaled(options, scale)
  if not scale then return options end
  local copy = {}
  for key, value in pairs(options) do copy[key] = value end
  copy.limit = times(options.limit, scale.limit)
  copy.size = times(options.size, scale.size)
  if type(options.size) == "table" then
    copy.size = {}
    for i, size in ipairs(options.size) do copy.size[i] = times(size, scale.size) end
  end
  return copy
end

-- ---- trials ----------------------------------------------------------------------------------------------------

-- The strategies of the two trials. Where no strategy is said to keep all, the biggest tenant alone must survive.
local function kept_by(plan)
  local named, biggest = memlua.named(plan.strategies, plan.survives), nil
  if named then return named end
  for _, tenant in ipairs(plan.tenants) do
    if not tenant.background and (tenant.size or 0) > (biggest and biggest.size or -1) then biggest = tenant end
  end
  return { name = "solo-" .. biggest.name, only = { biggest.name }, limits = {}, tenants = {} }
end

local function losses(result)
  local lost = {}
  for _, tenant in ipairs(result.tenants) do
    if tenant.ended ~= "done" then lost[#lost + 1] = ("%s %s"):format(tenant.name, tenant.ended) end
  end
  return #lost > 0 and table.concat(lost, ", ") or nil
end

local function observed(result)
  local events, stalled = result.parent.events, result.parent.stalled_us or {}
  return { strategy = result.strategy, lost = losses(result), events = (events.max or 0) + (events.high or 0),
           stalled = (stalled.some or 0) * 1e-6 / result.duration_s }
end

-- A claim that the policy refuses for want of room is a loss before anything has run.
local function trial(view, plan, strategy)
  view:begin(nil, strategy.name)
  local ok, result = pcall(require "memlua.experiment.cell".run, plan, strategy)
  if ok then return observed(result) end
  if type(result) ~= "table" or result.status ~= memlua.status.resources then error(result, 0) end
  return { strategy = strategy.name, lost = "there was no room: " .. result.message, events = 0, stalled = 0 }
end

local function wanted(plan)
  local sum = 0
  for _, tenant in ipairs(plan.tenants) do sum = sum + (tenant.size or 0) end
  return math.min(sum, plan.limits["memory.max"])
end

-- Why the plan can't be tried on a machine with `total` bytes, or nil.
local function too_big(plan, total)
  if wanted(plan) <= total * SHARE then return nil end
  return ("the session would take %s of the %s that there are; give the microVM more with --memory"):format(
    units.format_size(wanted(plan)), units.format_size(total))
end

local function try(view, plan, settings)
  local way = require "memlua.machine.way"
  local why = too_big(plan, (way.memory(settings)))
  if why then return nil, why end
  plan.deadline = math.min(plan.deadline, DEADLINE)
  local survivor = kept_by(plan)
  local kept = trial(view, plan, survivor)
  if kept.lost or survivor.name == "none" then return calibrate.judge(kept, kept) end
  return calibrate.judge(kept, trial(view, plan, { name = "none", limits = {}, tenants = {} }))
end

local function sizes_of(plan)
  local list = {}
  for i, tenant in ipairs(plan.tenants) do list[i] = units.format_size(tenant.size) end
  return table.concat(list, ", ")
end

local WORD = { tight = "too tight, the limit is raised", loose = "too loose, the sizes are raised", right = "a regime" }

--- Calibrates a scenario: `build(scale)` gives its table with limit and sizes multiplied by the scale's factors (see
--- calibrate.scaled). Says each step and why on standard error. Returns the table to measure and the steps, each
--- { limit, size (factors), verdict, why }. Fails with status 7 when it finds no regime. Needs a kernel: call it once
--- host.enter() has returned. `settings`: memlua.host.settings.
function calibrate.run(build, settings)
  local spec = require "memlua.experiment.spec"
  local view <close> = live.runs(nil, "trial")
  local plan
  local scale, steps = calibrate.search(function(scale)
    plan = spec.check(build(scale), settings)
    if type(plan.limits["memory.max"]) ~= "number" then
      memlua.fail(memlua.status.misuse, "--calibrate: the session has no memory.max to press on; add --limit 512M")
    end
    return try(view, plan, settings)
  end, function(verdict, _, why)
    log.say("calibrating: limit %s, sizes %s: %s: %s", units.format_size(plan.limits["memory.max"]), sizes_of(plan),
      WORD[verdict], why)
  end)
  return build(scale), steps
end

return calibrate
