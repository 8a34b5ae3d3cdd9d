--- memlua.experiment.growth: how the counters of a cgroup grew while something ran in it.
local load = require "memlua.experiment.load"

local growth = {}

--- The counters of a cgroup now: { events, events_local, stat, stalled_us = { some, full }, load = load.of's }. What the
--- kernel doesn't give stays absent.
function growth.snapshot(cg)
  local pressure = cg:pressure "memory"
  return {
    events = cg:events(), events_local = cg:events_local(), stat = cg:stat(),
    stalled_us = pressure and { some = pressure.some and pressure.some.total,
                                full = pressure.full and pressure.full.total },
    load = load.of(cg),
  }
end

--- How counters grew: `after` less `before`, key by key.
function growth.difference(after, before)
  if type(after) ~= "table" then return after and before and after - before end
  local delta = {}
  for key, value in pairs(after) do delta[key] = growth.difference(value, before and before[key]) end
  return delta
end

-- Of memory.stat the counters are kept as they grew; the rest are levels that mean nothing afterwards.
local function is_counter(key)
  return key:find "^pg" or key:find "^workingset_" or key:find "^thp_" or key:find "^zswp"
end

local function counters(stat)
  local kept = {}
  for key, value in pairs(stat or {}) do if is_counter(key) then kept[key] = value end end
  return next(kept) and kept or nil
end

--- How they grew since the snapshot `before`, in the same form, and the cgroup's peak (bytes).
function growth.since(cg, before)
  local delta = growth.difference(growth.snapshot(cg), before)
  delta.stat = counters(delta.stat)
  delta.peak = cg:peak()
  return delta
end

return growth
