--- memlua.results.doubts: what runs found that makes their figures untrustworthy (memlua.experiment.validity), as lines
--- and as the exit status.
local memlua = require "memlua"

local doubts = {}

local PRESSURE <const> = { "high", "max", "oom", "oom_kill", "low" }

local function is_pressed(part)
  for _, event in ipairs(PRESSURE) do
    if ((part.events or {})[event] or 0) > 0 then return true end
  end
  return ((part.stalled_us or {}).some or 0) > 0
end

local function felt_pressure(result)
  if is_pressed(result.parent) then return true end
  for _, tenant in ipairs(result.tenants) do if is_pressed(tenant) then return true end end
  return false
end

--- Whether strategies are compared, or a policy is tried, and none of the runs with rivals was under memory pressure, so
--- that nothing was tested. Runs whose counters weren't kept are taken to have been.
function doubts.idle(results)
  local strategies, is_test = {}, false
  for _, result in ipairs(results) do
    if #result.tenants > 1 then
      if not (result.parent and result.parent.events) or felt_pressure(result) then return false end
      strategies[result.strategy] = true
      is_test = is_test or result.policy ~= nil or next(strategies, next(strategies)) ~= nil
    end
  end
  return is_test
end

--- Of its completion, what a tenant waited for files is told from this share on.
doubts.TOLD = 0.001

-- Of a tenant with one CPU what counts is the time that the CPU idled meanwhile.
local function share_of(tenant)
  local wait, time = tenant.host_wait, tenant.completion_s
  return wait and time and (wait.idle_s or wait.in_flight_s) / time or 0
end

local function waits_of(results, lines)
  local most, names = {}, {}
  for _, result in ipairs(results) do
    for _, tenant in ipairs(result.tenants) do
      local share = share_of(tenant)
      if share > doubts.TOLD and not most[tenant.name] then names[#names + 1] = tenant.name end
      if share > doubts.TOLD then most[tenant.name] = math.max(most[tenant.name] or 0, share) end
    end
  end
  for i, name in ipairs(names) do names[i] = ("%s %.1f %%"):format(name, most[name] * 100) end
  if #names > 0 then lines[#lines + 1] = "waited for files of the host, at most: " .. table.concat(names, ", ") end
  return lines
end

--- The remarks on the runs of a strategy, a list of lines: "not trustworthy: in 2 of 5 runs TEXT", each gate's first
--- text; and which of its tenants waited for files, and how long, where that is more than doubts.TOLD of its time.
function doubts.of(results, strategy)
  local own, counts, texts, order = {}, {}, {}, {}
  for _, result in ipairs(results) do if result.strategy == strategy then own[#own + 1] = result end end
  for _, result in ipairs(own) do
    for _, doubt in ipairs(result.doubts or {}) do
      if not counts[doubt.gate] then order[#order + 1], texts[doubt.gate] = doubt.gate, doubt.text end
      counts[doubt.gate] = (counts[doubt.gate] or 0) + 1
    end
  end
  for i, gate in ipairs(order) do order[i] = ("not trustworthy: in %d of %d runs %s"):format(counts[gate], #own, texts[gate]) end
  return waits_of(own, order)
end

--- Fails with status 7, naming them, where runs have doubts, or none was under pressure.
function doubts.refuse(results)
  local said = {}
  for _, result in ipairs(results) do
    for _, doubt in ipairs(result.doubts or {}) do said[#said + 1] = ("%s: %s: not trustworthy"):format(result.id, doubt.text) end
  end
  if doubts.idle(results) then
    said[#said + 1] = "no run was under memory pressure (no event of high, max, low or oom, no stall), so nothing was tested: "
      .. "less memory, or bigger tenants"
  end
  if #said > 0 then memlua.fail(memlua.status.untrustworthy, "%s", table.concat(said, "\nmemlua: ")) end
end

return doubts
