--- memlua.results.pressure: whether memory was short at all. Where it wasn't, no strategy had anything to protect from.
local stats = require "memlua.stats"

local pressure = {}

--- Pressure is near 0 below so many events (max and high of memory.events, the session's with its tenants') and below
--- this share of the time stalled (memory.pressure: some).
pressure.EVENTS, pressure.STALLED = 10, 0.01

-- The events and the stalled share of one run; nil, nil where neither was measured.
local function of_run(result)
  local parent = result.parent or {}
  local events, stalled = parent.events, parent.stalled_us and parent.stalled_us.some
  return events and (events.max or 0) + (events.high or 0),
    stalled and result.duration_s and result.duration_s > 0 and stalled * 1e-6 / result.duration_s or nil
end

local function has_kill(result)
  for _, tenant in ipairs(result.tenants) do if tenant.ended == "oom-killed" or tenant.ended == "lost a child" then return true end end
  return false
end

--- Whether one run was under pressure: it had events, stalled or an OOM kill; nil where none of that was measured.
function pressure.was_there(result)
  local events, stalled = of_run(result)
  if has_kill(result) then return true end
  if not events and not stalled then return nil end
  return (events or 0) >= pressure.EVENTS or (stalled or 0) >= pressure.STALLED
end

--- Of the runs of a strategy { runs (of which it is known), pressed (of these), events and stalled (medians) }; nil
--- where nothing is known.
function pressure.of(runs)
  local known, pressed, events, stalled = 0, 0, {}, {}
  for _, result in ipairs(runs) do
    local there = pressure.was_there(result)
    events[#events + 1], stalled[#stalled + 1] = of_run(result)
    known, pressed = known + (there ~= nil and 1 or 0), pressed + (there and 1 or 0)
  end
  if known == 0 then return nil end
  return { runs = known, pressed = pressed, events = stats.median(events), stalled = stats.median(stalled) }
end

return pressure
