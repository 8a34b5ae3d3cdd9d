-- memlua.calibrate: what trials come to, and where the steps lead. The kernel is a model here.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"

-- The trials' runs: `runs` counts them, `kernel` answers.
local runs, kernel = {}, nil
package.loaded["memlua.experiment.cell"] = { run = function(plan, strategy)
  runs[#runs + 1] = strategy.name
  return kernel(plan, strategy)
end }
local calibrate = require "memlua.calibrate"
local host = require "memlua.host"
local memlua = require "memlua"

-- ---- judging two trials ----------------------------------------------------------------------------------------

local function seen(strategy, events, stalled, lost)
  return { strategy = strategy, events = events, stalled = stalled, lost = lost }
end
local fine = seen("reserve", 100, 0.3)

local verdict, why = calibrate.judge(seen("reserve", 50, 0.2, "low_1 was oom-killed"), seen("none", 50, 0.2))
tap.is({ verdict, why }, { "tight", "under reserve low_1 was oom-killed" }, "a loss where none may be is too tight, and named")
verdict, why = calibrate.judge(fine, seen("none", 0, 0))
tap.is(verdict, "loose", "no event and no stall is too loose")
tap.like(why, "under none 0 events of memory.max and memory.high, 0.0 % of the time stalled", "and says the figures")
tap.is(calibrate.judge(fine, seen("none", calibrate.EVENTS - 1, calibrate.STALLED / 2)), "loose", "nearly none of both too")
tap.is(calibrate.judge(fine, seen("none", calibrate.EVENTS, 0)), "right", "events are pressure")
tap.is(calibrate.judge(fine, seen("none", 0, calibrate.STALLED)), "right", "so are stalls")
verdict, why = calibrate.judge(fine, seen("none", 3, 0, "high was oom-killed"))
tap.is(verdict, "right", "so is a loss under no strategy at all")
tap.like(why, "under none high was oom%-killed", "which is told")
tap.is(calibrate.judge(seen("reserve", 0, 0, "x"), seen("none", 0, 0)), "tight", "a loss outweighs a lack of pressure")

-- ---- the steps -------------------------------------------------------------------------------------------------

tap.is(calibrate.next({ limit = 1, size = 1.5 }, "tight"), { limit = calibrate.LIMIT_STEP, size = 1.5 }, "too tight raises the limit only")
tap.is(calibrate.next({ limit = 2, size = 1 }, "loose"), { limit = 2, size = calibrate.SIZE_STEP }, "too loose raises the sizes only")
tap.is(calibrate.next({ limit = 2, size = 3 }, "right"), { limit = 2, size = 3 }, "a regime is left alone")

-- Tenants of `sizes` below `limit`: too tight when the biggest doesn't fit, too loose when all do.
local function model(limit, ...)
  local sizes = { ... }
  return function(scale)
    local sum, biggest = 0, 0
    for _, size in ipairs(sizes) do sum, biggest = sum + size * scale.size, math.max(biggest, size * scale.size) end
    if biggest > limit * scale.limit then return "tight", "the biggest does not fit" end
    return sum < limit * scale.limit and "loose" or "right", "all fit"
  end
end

local said = {}
local function search(try)
  said = {}
  return calibrate.search(try, function(word) said[#said + 1] = word end)
end

local scale, steps = search(model(512, 256, 256, 256))
tap.is({ scale.limit, scale.size, #steps }, { 1, 1, 1 }, "what is right at once is left as it is")
scale, steps = search(model(512, 64, 64, 64))
tap.is({ scale.limit, scale.size }, { 1, 1.5 ^ 3 }, "small tenants grow until they press on the limit")
tap.is(said, { "loose", "loose", "loose", "right" }, "each step is said")
tap.is({ steps[2].size, steps[2].verdict, steps[2].why }, { 1.5, "loose", "all fit" }, "and recorded")
scale = search(model(512, 900, 900, 900))
tap.is({ scale.limit, scale.size }, { 1.25 ^ 3, 1 }, "a limit that is too low for one tenant rises until it fits")
tap.fails(function() search(model(100, 110)) end, "no regime in 8 steps, the last was too", "a lone tenant has none, which ends", 7)
tap.is(#said, calibrate.STEPS + 1, "after the bound")
tap.fails(function() search(function() return nil, "no memory" end) end, "no regime: no memory", "so does what can't be tried", 7)

-- ---- options -----------------------------------------------------------------------------------------------------

local options = { limit = 512 << 20, size = { 64 << 20, 1 << 20 }, hold = 5 }
tap.is(calibrate.scaled(options), options, "without a scale options are what they were")
tap.is(calibrate.scaled(options, { limit = 1.25, size = 1.5 }), { limit = 640 << 20, size = { 96 << 20, 3 << 19 }, hold = 5 },
  "limit and sizes are scaled, nothing else is")
tap.is(calibrate.scaled({ limit = "max", size = 5 << 20 }, { limit = 2, size = 1 / 3 }),
  { limit = "max", size = (5 << 20) // 3 // 4096 * 4096 }, "max stays; sizes are whole pages")

-- ---- a scenario --------------------------------------------------------------------------------------------------

local function build(limit, size, survives)
  local function table_of(scale)
    local o = calibrate.scaled({ limit = limit, size = size }, scale)
    local tenants = {}
    for i = 1, 3 do tenants[i] = { name = "t" .. i, rank = i, workload = { size = o.size } } end
    return { name = "test", limits = { ["memory.max"] = o.limit }, tenants = tenants, survives = survives,
             strategies = { { name = "none" }, { name = "low", limits = {} } } }
  end
  return table_of
end

-- A run under a kernel that kills the last tenant when all don't fit, unless the strategy is `low`.
function kernel(plan, strategy)
  local limit, sum, tenants = plan.limits["memory.max"], 0, {}
  for i, tenant in ipairs(plan.tenants) do
    if not strategy.only or strategy.only[1] == tenant.name then
      sum = sum + tenant.size
      tenants[#tenants + 1] = { name = tenant.name, ended = "done" }
    end
  end
  local fits = sum <= limit
  if not fits and (strategy.name ~= "low" or plan.tenants[1].size > limit) then tenants[#tenants].ended = "oom-killed" end
  return { strategy = strategy.name, duration_s = 1, tenants = tenants,
           parent = { events = { max = fits and 0 or 500, high = 0 }, stalled_us = { some = fits and 0 or 1e5 } } }
end

host.settings.quiet, host.settings.vm, host.settings.memory = true, true, 1 << 30
local value
value, steps = calibrate.run(build(64 << 20, 16 << 20, "low"), host.settings)
tap.is({ value.limits["memory.max"], value.tenants[1].workload.size, #steps }, { 64 << 20, 24 << 20, 2 },
  "three of 16M below 64M grow to 24M")
tap.is(runs, { "low", "none", "low", "none" }, "each step tries what shall keep all, then no strategy")
runs = {}
value, steps = calibrate.run(build(64 << 20, 72 << 20), host.settings)
tap.is({ value.limits["memory.max"], steps[1].verdict }, { 80 << 20, "tight" }, "a limit below one tenant rises")
tap.is(runs[1], "solo-t1", "who must survive where no strategy promises it: the biggest, alone")
tap.fails(function() calibrate.run(build("max", 16 << 20), host.settings) end, "has no memory.max", "no limit to press on", 1)
tap.fails(function() calibrate.run(build(1 << 50, 1 << 29), host.settings) end, "the session would take .* more with %-%-memory",
  "more than the machine has", 7)

local modelled, fails = kernel, memlua.status.resources
kernel = function(plan, strategy)
  if strategy.name == "low" and plan.limits["memory.max"] == 64 << 20 then memlua.fail(fails, "claim: too much") end
  return modelled(plan, strategy)
end
value, steps = calibrate.run(build(64 << 20, 32 << 20, "low"), host.settings)
tap.is({ steps[1].verdict, steps[1].why, steps[2].limit }, { "tight", "under low there was no room: claim: too much", 1.25 },
  "a claim that is refused is too tight")
fails = memlua.status.unsupported
tap.fails(function() calibrate.run(build(64 << 20, 32 << 20, "low"), host.settings) end, "claim: too much", "any other failure is passed on", 4)

tap.done()
