--- memlua.report.rates: whether the rates that were asked for were kept.
local rates = {}

local function seconds_of(tenant)
  local seconds = 0
  for _, part in ipairs(tenant.workloads or { tenant }) do
    local own = 0
    for _, phase in ipairs(part.workload and part.workload.request and part.workload.rate or {}) do own = own + (phase.duration or 0) end
    seconds = math.max(seconds, own)
  end
  return seconds
end

-- What the requests of the tenant `name` come to over all runs of a series, or nil.
local function sums(s, name)
  local due, done, late, missed, failed, seconds = 0, 0, 0, 0, 0, 0
  for _, result in ipairs(s.folder.runs) do
    for _, tenant in ipairs(result.strategy == s.strategy.name and result.tenants or {}) do
      if tenant.name == name and tenant.requests_due then
        due, done, seconds = due + tenant.requests_due, done + (tenant.requests_done or 0), seconds + seconds_of(tenant)
        late, missed, failed = late + (tenant.requests_late or 0), missed + (tenant.requests_missed or 0), failed + (tenant.requests_failed or 0)
      end
    end
  end
  if due == 0 or seconds == 0 then return nil end
  return { asked = due / seconds, achieved = done / seconds, due = due, late = late, missed = missed, failed = failed }
end

--- Adds to `lines` one for each tenant of the series `s` (summary.series) with requests at a rate: what was asked, achieved, late,
--- missed and failed.
function rates.add(s, lines)
  for _, tenant in ipairs(s.strategy.tenants) do
    local r = sums(s, tenant.name)
    if r then
      lines[#lines + 1] = ("%s: %s: %s%.4g requests/s of %.4g asked: %d due, %d late by more than 1 ms, %d missed%s"):format(s.label,
        tenant.name, r.missed > 0 and "the rate was not kept: " or "", r.achieved, r.asked, r.due, r.late, r.missed,
        r.failed > 0 and (", %d failed"):format(r.failed) or "")
    end
  end
end

return rates
