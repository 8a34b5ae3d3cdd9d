--- memlua.experiment.spec.claims: what a scenario or an experiment claims, checked before anything runs as far as that can be.
local check = require "memlua.base.check"
local claimed = require "memlua.results.claims"
local memlua = require "memlua"
local record = require "memlua.experiment.spec.record"
local units = require "memlua.units"
local worker = require "memlua.worker"

local claims = {}

-- ---- the band ----------------------------------------------------------------------------------------------------------

local SIZES <const>, SHARES <const> = { peak = true, read = true }, { kept = true }

-- What a bound is written as: a ratio, a share or a figure of its own is a number, a time a duration, memory a size.
local function bound_of(claim, known)
  if claim.against or not known[claim.metric] or SHARES[claim.metric] then return check.number {} end
  return SIZES[claim.metric] and check.bytes or check.duration
end

-- { low, high } is above the one and below the other.
local function read_band(claim, path, known)
  if claim.between then
    if claim.below or claim.above then check.refuse(path .. ".between", "beside below or above; it says both") end
    if #claim.between ~= 2 then check.refuse(path .. ".between", "{ from, to } is needed") end
    claim.above, claim.below = table.unpack(claim.between)
  end
  if claim.below == nil and claim.above == nil then check.refuse(path, "no band that confirms it: give below, above or between") end
  for _, key in ipairs { "below", "above" } do
    if claim[key] ~= nil then claim[key] = bound_of(claim, known)(claim[key], ("%s.%s"):format(path, claim.between and "between" or key)) end
  end
  claim.between = nil
end

-- Times, sizes, shares and ratios are 0 or more, shares 1 at most; a figure of a program's own may be anything.
local function range_of(claim, known)
  if known[claim.metric] and SHARES[claim.metric] then return 0, 1 end
  if claim.against or known[claim.metric] then return 0, math.huge end
  return -math.huge, math.huge
end

-- `known`: the metrics of which memlua knows what they are.
local function check_band(claim, path, known)
  read_band(claim, path, known)
  local least, most = range_of(claim, known)
  local from, to = claim.above or -math.huge, claim.below or math.huge
  if from > to or to < least or from > most or to == least and most == math.huge then
    check.refuse(path, "its band excludes everything: above %s and below %s; no figure could confirm it", claim.above or "nothing", claim.below or "nothing")
  end
  if from <= least and to >= most then check.refuse(path, "its band includes everything; no figure could refute it") end
end

-- ---- where it stands -----------------------------------------------------------------------------------------------------

local READERS <const> = { share = function(text)
  local some, all = text:match "^(%d+) of (%d+)$"
  return some and tonumber(some) / tonumber(all) or tonumber(text)
end, size = units.size, duration = units.duration, number = tonumber }

-- The value of the figure as a page writes it: "**5.54 s**", "10 of 10", "3.04G", "1.02".
local function value_of(claim, figure, known)
  local is_plain = claim.against or not known[claim.metric]
  local kind = SHARES[claim.metric] and "share" or is_plain and "number" or SIZES[claim.metric] and "size" or "duration"
  return READERS[kind]((figure:gsub("[*]", ""):gsub(kind == "share" and "^$" or " ", "")))
end

-- What a page states has to be what is claimed.
local function check_stated(claim, path, known)
  if not claim.stated then return end
  local list = check.list(check.is "string")(claim.stated, path)
  if #list ~= 3 then check.refuse(path, "{ page, what its line has beside the figure, the figure as it stands there } is needed") end
  local value = value_of(claim, list[3], known) or check.refuse(path, "'%s' is no figure of %s", list[3], claim.metric)
  if value < (claim.above or -math.huge) or value > (claim.below or math.huge) then
    check.refuse(path, "%s says %s, which its own band excludes", list[1], list[3])
  end
end

-- ---- the figure --------------------------------------------------------------------------------------------------------

local check_form = record.of({
  name = check.name, text = check.is "string", tenant = check.is "string", metric = check.is "string", under = check.is "string",
  against = check.is "string", below = check.any, above = check.any, between = check.is "table", stated = check.is "table",
}, { "name", "text" })

-- What it says in words is the table's first element.
local function check_one(value, path)
  check.is "table"(value, path)
  local named = {}
  for key, item in pairs(value) do named[key == 1 and "text" or key] = item end
  if not named.text then check.refuse(path, 'what it says in words is missing: { name = ..., "HIGH takes ...", ... }') end
  return check_form(named, path)
end

local check_list <const> = check.list(check_one)

--- The checker of `claims`, a list of { name, "in words", tenant, metric, under, against, below, above or between }.
function claims.check(value, path)
  local list = check_list(value, path)
  record.check_unique(list, "name", path)
  return list
end

local TIMED <const> = {}
for _, kind in ipairs(worker.kinds) do TIMED[kind.name] = kind.times ~= nil end

local function any(tenant, has)
  for _, workload in ipairs(tenant.workloads) do if has(workload) then return true end end
  return false
end

-- A tenant's own figures have names that only its programs know.
local function check_metric(claim, tenant, path)
  if claimed.LATENCY[claim.metric] and tenant and not any(tenant, function(w) return TIMED[w.kind] or w.request end) then
    check.refuse(path, "%s: no workload of %s has latencies", claim.metric, tenant.name)
  end
  if claimed.KNOWN[claim.metric] then
    if not tenant and not claimed.OF_ALL[claim.metric] then check.refuse(path, "%s: whose? give the tenant", claim.metric) end
  elseif not tenant or not any(tenant, function(w) return w.metrics end) then
    check.refuse(path, "%s: no such figure%s%s", claim.metric, memlua.hint(claim.metric, memlua.keys(claimed.KNOWN)),
      tenant and "; figures of a program's own take a workload with metrics" or "")
  end
end

-- Alone there is one tenant, which can't be lost to another.
local function check_against(claim, scenario, tenant, path)
  if not claim.against then return end
  if SHARES[claim.metric] then check.refuse(path, "%s is a share of the runs, and set against nothing", claim.metric) end
  if claim.against ~= "solo" or memlua.named(scenario.strategies, "solo") then
    return record.check_known({ claim.against }, scenario.strategies, path)
  end
  if not tenant then check.refuse(path, "solo: whose? give the tenant") end
  if not scenario.solo then check.refuse(path, "solo: the scenario says solo = false: nobody runs alone") end
  if tenant.background then check.refuse(path, "solo: %s is a service, which isn't run alone", tenant.name) end
end

local function default_under(list, path)
  if #list > 1 then check.refuse(path, "missing; which of the %d is it about?", #list) end
  return list[1].name
end

--- Checks a scenario's claims against the rest of it (memlua.experiment.spec), and fills in what they leave out.
function claims.resolve(scenario)
  for _, claim in ipairs(scenario.claims or {}) do
    local path = "claims." .. claim.name
    claim.metric = claim.metric or "time"
    claim.under = claim.under or default_under(scenario.strategies, path .. ".under")
    record.check_known({ claim.under }, scenario.strategies, path .. ".under")
    record.check_known({ claim.tenant }, scenario.tenants, path .. ".tenant")
    local tenant = memlua.named(scenario.tenants, claim.tenant)
    check_metric(claim, tenant, path .. ".metric")
    check_against(claim, scenario, tenant, path .. ".against")
    check_band(claim, path, claimed.KNOWN)
    check_stated(claim, path .. ".stated", claimed.KNOWN)
  end
end

--- The same of an experiment's, whose `cases` are a list of { name, ... }: of a case the metric is a number of what measure
--- returns, so that one that doesn't exist is found only then. Returns them checked; nil for nil.
function claims.of_experiment(value, cases)
  local list = value and claims.check(value, "claims")
  for _, claim in ipairs(list or {}) do
    local path = "claims." .. claim.name
    if claim.tenant then check.refuse(path .. ".tenant", "an experiment has none; say which case: under") end
    if not claim.metric then check.refuse(path .. ".metric", "missing") end
    claim.under = claim.under or default_under(cases, path .. ".under")
    record.check_known({ claim.under, claim.against }, cases, path)
    check_band(claim, path, {})
    check_stated(claim, path .. ".stated", {})
  end
  return list
end

return claims
