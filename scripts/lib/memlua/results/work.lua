--- memlua.results.work: what a tenant's work took: all of it, and without the time in which it only held its memory,
--- which takes as long under any policy.
local stats = require "memlua.stats"

local work = {}

--- Whether the tenant answers requests that are due at a rate: its time says nothing then.
function work.is_paced(tenant)
  for _, part in ipairs(tenant.workloads or { tenant }) do
    if part.workload and part.workload.rate then return true end
  end
  return false
end

--- Seconds from when the tenant was due until its end; where it works for a fixed time, the seconds that a byte
--- took; where requests are due at a rate, their P99. Of a service that is nothing, nor of a tenant that was lost.
function work.whole(tenant)
  if tenant.ended ~= "done" then return nil end
  if work.is_paced(tenant) then
    local p99 = stats.percentile(tenant.latency, 0.99)
    return p99 and p99 / 1e9
  end
  local workload = tenant.workload or tenant.workloads and tenant.workloads[1].workload
  if not workload or not workload.duration then return tenant.completion_s end
  return tenant.read_bytes and tenant.read_bytes > 0 and 1 / tenant.read_bytes or nil
end

--- Whether a tenant of these runs has counted what it read.
function work.has_read(runs)
  for _, result in ipairs(runs) do
    for _, tenant in ipairs(result.tenants) do if tenant.read_bytes then return true end end
  end
  return false
end

-- The workloads that a tenant waits for, each with its `finish`.
local function counting(tenant)
  local list = {}
  for _, part in ipairs(tenant.workloads or { tenant }) do
    if part.workload and not part.workload.background and part.finish then list[#list + 1] = part end
  end
  return list
end

--- Seconds of work.whole without the hold: until the last of the tenant's workloads began to hold. nil where none
--- holds: then all of it is work.
function work.moving(tenant)
  local whole, finish, last, holds = work.whole(tenant), tenant.finish, 0, false
  if not whole or not finish then return nil end
  for _, part in ipairs(counting(tenant)) do
    local hold = not part.workload.duration and part.workload.hold or 0
    last, holds = math.max(last, part.finish - hold), holds or hold > 0
  end
  local moving = whole - (finish - last)
  return holds and moving > 0 and moving or nil
end

return work
