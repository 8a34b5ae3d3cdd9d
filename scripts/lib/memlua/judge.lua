--- memlua.judge: with which exit status a scenario ends, once its results are written. A loss is a result and
--- no failure; what wasn't measured, can't be trusted or breaks an expectation is.
local memlua = require "memlua"
local stats = require "memlua.stats"

local judge = {}

--- Solo runs of one tenant under one load differ by what else the machine does. Where their median absolute deviation
--- exceeds this share of their median, an effect of that size could be the machine's: the result is too noisy.
judge.NOISE = 0.10

-- A deviation of fewer runs says nothing.
local ENOUGH = 3

-- The first tenant of any run that ended like this, and its run.
local function find(results, how)
  for _, result in ipairs(results) do
    for _, tenant in ipairs(result.tenants) do
      if tenant.ended == how then return tenant, result end
    end
  end
end

local function refuse_timeouts(results)
  local tenant, result = find(results, "timed out")
  if not tenant then return end
  memlua.fail(memlua.status.timeout, "%s: %s was not done after %.0f s", result.id, tenant.name, result.duration_s)
end

local function refuse_failures(results)
  local tenant, result = find(results, "failed")
  if not tenant then return end
  local output = tenant.output and ("; see runs/%s/%s in the run's folder"):format(result.id, tenant.output) or ""
  memlua.fail(memlua.status.misuse, "%s: %s failed: %s%s", result.id, tenant.name, tenant.error
    or ("exit status %s"):format(tenant.exit_code or "?"), output)
end

-- Killed, but neither by memlua nor for want of memory: somebody else had a hand in it.
local function refuse_contamination(results)
  local tenant, result = find(results, "killed")
  if not tenant then return end
  memlua.fail(memlua.status.untrustworthy, "%s: %s was killed from outside by signal %s: the result is not "
    .. "trustworthy", result.id, tenant.name, tenant.signal or "?")
end

local function solo_times(results)
  local times = {}
  for _, result in ipairs(results) do
    local tenant = result.solo and result.tenants[1]
    if tenant and tenant.completion_s then
      times[result.strategy] = times[result.strategy] or {}
      table.insert(times[result.strategy], tenant.completion_s)
    end
  end
  return times
end

local function refuse_noise(results)
  for name, times in pairs(solo_times(results)) do
    local spread = #times >= ENOUGH and stats.spread(times) or 0
    if spread > judge.NOISE then
      memlua.fail(memlua.status.untrustworthy, "%s: %d runs alone differ by %.0f %% (median absolute deviation; more than "
        .. "%.0f %% is not trustworthy): quieten the machine, or take --clock virtual", name, #times, spread * 100,
        judge.NOISE * 100)
    end
  end
end

local function broken(expectation, result)
  local holds, detail = expectation[2](result)
  if holds then return nil end
  return ("%s: expected: %s%s"):format(result.id, expectation[1], detail and "; " .. detail or "")
end

--- What doesn't hold of the expectations, a text for each run that breaks one; solo runs are held to none.
function judge.broken(expectations, results)
  local list = {}
  for _, expectation in ipairs(expectations) do
    for _, result in ipairs(results) do
      if not result.solo then list[#list + 1] = broken(expectation, result) end
    end
  end
  return list
end

--- Fails with status 2 if the list, of judge.broken, isn't empty.
function judge.refuse_broken(list)
  if #list > 0 then memlua.fail(memlua.status.assertion, "%s", table.concat(list, "\nmemlua: ")) end
end

--- Fails with status 7 if a run of memlua.experiment, which says how its tenant `ended`, was not done: it measured
--- something else.
function judge.experiment(results)
  for _, result in ipairs(results) do
    if result.ended and result.ended ~= "done" then
      memlua.fail(memlua.status.untrustworthy, "%s: the tenant was %s: the result is not trustworthy", result.id, result.ended)
    end
  end
end

--- Fails with status 124 if a tenant timed out, 1 if one failed by itself, 7 if one was killed from outside or the runs
--- alone are too noisy, and 2 if an expectation doesn't hold. `expectations`: list of { text, function(result) -> holds, detail };
--- `results`: the runs as memlua.cell gives them; solo runs are held to no expectation.
function judge.results(expectations, results)
  refuse_timeouts(results)
  refuse_failures(results)
  refuse_contamination(results)
  refuse_noise(results)
  judge.refuse_broken(judge.broken(expectations, results))
end

return judge
