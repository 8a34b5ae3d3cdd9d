--- memlua.results.judge: with which exit status a scenario ends, once its results are written. A loss is a result and
--- no failure; what wasn't measured, can't be trusted or breaks an expectation is.
local doubts = require "memlua.results.doubts"
local memlua = require "memlua"
local stats = require "memlua.stats"
local units = require "memlua.units"

local judge = {}

--- Solo runs of one tenant under one load differ by what else the machine does. Where their median absolute deviation
--- exceeds this share of their median, an effect of that size could be the machine's: the result is too noisy.
judge.NOISE = 0.10

--- One of them that is off their median by more than this share of it is no measure either, though the deviation
--- doesn't see it: each run of a block is set against the solo run of that block.
judge.OUTLIER = 0.25

-- A deviation of fewer runs says nothing.
local ENOUGH = 3

-- Its strategy's controller killed it: a loss like one by the OOM killer.
local function is_meant(result, tenant)
  for _, name in ipairs(result.controller and result.controller.killed or {}) do
    if name == tenant.name and tenant.ended == "killed" then return true end
  end
  return false
end

-- The first tenant of any run that ended like this and wasn't meant to, and its run.
local function find(results, how)
  for _, result in ipairs(results) do
    for _, tenant in ipairs(result.tenants) do
      if tenant.ended == how and not is_meant(result, tenant) then return tenant, result end
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

-- Killed, but neither by memlua, nor by a controller, nor for want of memory: somebody else had a hand in it.
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

-- The one that is furthest off the median, and by which share of it.
local function furthest(times)
  local middle, worst, off = stats.median(times), nil, 0
  for _, time in ipairs(times) do
    local share = math.abs(time - middle) / middle
    if share > off then worst, off = time, share end
  end
  return worst, off, middle
end

-- What helps depends on what the time is made of.
local REMEDY = {
  virtual = "under the virtual clock that is not the machine's noise: the tenant itself varies, or time leapt while it "
    .. "waited for files of the host; warm it up more often (--warmup 3), or let it read from $TMPDIR",
  real = "quieten the machine, or take --clock virtual",
}

local function remedy(facts) return REMEDY[facts and facts.clock == "virtual" and "virtual" or "real"] end

local function refuse_noise(results, facts)
  local by_name = solo_times(results)
  for _, name in ipairs(memlua.keys(by_name)) do
    local times = by_name[name]
    local spread = #times >= ENOUGH and stats.spread(times) or 0
    if spread > judge.NOISE then
      memlua.fail(memlua.status.untrustworthy, "%s: %d runs alone differ by %.0f %% (median absolute deviation; more than "
        .. "%.0f %% is not trustworthy): %s", name, #times, spread * 100, judge.NOISE * 100, remedy(facts))
    end
    local worst, off, middle = furthest(times)
    if #times >= ENOUGH and off > judge.OUTLIER then
      memlua.fail(memlua.status.untrustworthy, "%s: one of %d runs alone took %s where the median is %s (more than %.0f %% "
        .. "off is not trustworthy): %s", name, #times, units.format_duration(worst), units.format_duration(middle),
        judge.OUTLIER * 100, remedy(facts))
    end
  end
end

-- ---- expectations ----------------------------------------------------------------------------------------------

local function answer_of(expectation, result)
  local ran, holds, detail = pcall(expectation[2], result)
  if not ran then return { text = expectation[1], error = tostring(holds) } end
  return { text = expectation[1], holds = holds and true or false, detail = detail ~= nil and tostring(detail) or nil }
end

--- Asks the expectations, a list of { text, function(result) -> holds, detail, under = a strategy (any) }, of one run: a list of { text,
--- holds, detail }, or { text, error } of one that failed itself. Nil where there is nothing to ask: solo runs are held to none.
function judge.ask(expectations, result)
  local answers = {}
  for _, expectation in ipairs(result.solo and {} or expectations) do
    if (expectation.under or result.strategy) == result.strategy then answers[#answers + 1] = answer_of(expectation, result) end
  end
  return #answers > 0 and answers or nil
end

local function add(list, answer, id)
  local one = list[answer.text]
  if not one then
    one = { text = answer.text, runs = 0 }
    list[#list + 1], list[answer.text] = one, one
  end
  one.runs = one.runs + 1
  if answer.holds then return end
  one.broken = one.broken or {}
  table.insert(one.broken, { id = id, detail = answer.detail, error = answer.error })
end

--- What the expectations came to in all runs, each with its `expected` (of judge.ask): a list of { text, runs = how many
--- it was asked of, broken = list of { id, detail, or error }, absent where it holds in all }. Nil where none was asked.
function judge.expected(results)
  local list = {}
  for _, result in ipairs(results) do
    for _, answer in ipairs(result.expected or {}) do add(list, answer, result.id) end
  end
  return #list > 0 and table.move(list, 1, #list, 1, {}) or nil
end

-- "001-none: expected: nobody is lost; low was oom-killed"
local function complaint(text, one)
  if one.error then return ("%s: expected: %s: failed itself: %s"):format(one.id, text, one.error) end
  return ("%s: expected: %s%s"):format(one.id, text, one.detail and "; " .. one.detail or "")
end

-- What broke is told in any case; an error is the script's, and weighs more.
local function refuse_broken(list)
  local said, status = {}, memlua.status.assertion
  for _, expectation in ipairs(list or {}) do
    for _, one in ipairs(expectation.broken or {}) do
      said[#said + 1] = complaint(expectation.text, one)
      if one.error then status = memlua.status.misuse end
    end
  end
  if #said > 0 then memlua.fail(status, "%s", table.concat(said, "\nmemlua: ")) end
end

-- ---- the whole -------------------------------------------------------------------------------------------------

--- Fails with status 7 if a run of memlua.experiment, which says how its tenant `ended`, was not done: it measured
--- something else.
function judge.experiment(results)
  for _, result in ipairs(results) do
    if result.ended and result.ended ~= "done" then
      memlua.fail(memlua.status.untrustworthy, "%s: the tenant was %s: the result is not trustworthy", result.id, result.ended)
    end
  end
end

--- Fails where the runs, as memlua.experiment.cell gives them, don't count: with status 124 if a tenant timed out, 1 if one failed
--- by itself, 7 if one was killed from outside, a run has doubts (memlua.results.doubts) or the runs alone are too noisy.
--- `facts`: host.json's, whose clock decides what is advised.
function judge.trust(results, facts)
  refuse_timeouts(results)
  refuse_failures(results)
  refuse_contamination(results)
  doubts.refuse(results)
  refuse_noise(results, facts)
end

--- Fails as judge.trust does, else with status 2 if an expectation doesn't hold of a run (judge.ask), 1 if one failed
--- itself; all of them are named.
function judge.results(results, facts)
  judge.trust(results, facts)
  refuse_broken(judge.expected(results))
end

return judge
