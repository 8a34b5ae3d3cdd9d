--- memlua.results.rates: whether the rates that were asked for were kept. Latencies count from when a request was due, so that
--- those that were never made are missing in them: where a rate isn't kept they look better than it was.
local stats = require "memlua.stats"

local rates = {}

--- A rate is kept where this share of the requests that were due was made: the last ones may be cut off by the end.
rates.KEPT = 0.99

-- Requests a second that the phases of a workload ask of its process, over all of its time.
local function asked_of(workload)
  local due, seconds = 0, 0
  for _, phase in ipairs(workload.rate) do
    due, seconds = due + phase.rate * phase.duration, seconds + phase.duration
  end
  return due / seconds / (workload.lanes or 1)
end

--- Of a run's tenant { asked, achieved (a second), kept, unit = "requests" or "pages" }; nil where nothing was due at a rate, and of
--- one that was lost.
function rates.of(tenant)
  if tenant.ended and tenant.ended ~= "done" then return nil end
  local asked, unit = 0, nil
  for _, part in ipairs(tenant.workloads or { tenant }) do
    if part.workload and part.workload.rate then
      asked, unit = asked + asked_of(part.workload), part.workload.kind == "lua" and "requests" or "pages"
    end
  end
  local due, done = tenant.requests_due or 0, tenant.requests_done or 0
  if not unit or due == 0 then return nil end
  return { asked = asked, achieved = asked * done / due, kept = done >= rates.KEPT * due, unit = unit }
end

--- "61.2 of 100 requests/s"
function rates.text(rate) return ("%.4g of %.4g %s/s"):format(rate.achieved, rate.asked, rate.unit) end

local COUNTED <const> = { "requests_due", "requests_late", "requests_missed", "requests_failed" }

--- The same over several runs of a tenant (list of { tenant }): medians, kept where all did, broken: in how many it wasn't, of
--- `runs`; and the sums of requests_due, requests_late, requests_missed and requests_failed.
function rates.over(cases)
  local asked, achieved, result = {}, {}, { runs = 0, broken = 0 }
  for _, key in ipairs(COUNTED) do result[key] = 0 end
  for _, case in ipairs(cases) do
    local rate = rates.of(case.tenant)
    if rate then
      asked[#asked + 1], achieved[#achieved + 1], result.unit = rate.asked, rate.achieved, rate.unit
      result.runs, result.broken = result.runs + 1, result.broken + (rate.kept and 0 or 1)
      for _, key in ipairs(COUNTED) do result[key] = result[key] + (case.tenant[key] or 0) end
    end
  end
  if result.runs == 0 then return nil end
  result.asked, result.achieved, result.kept = stats.median(asked), stats.median(achieved), result.broken == 0
  return result
end

return rates
