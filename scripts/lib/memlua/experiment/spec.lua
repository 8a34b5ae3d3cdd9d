--- memlua.experiment.spec: the scenario's table, validated whole before anything starts, and brought to a normal form.
local check = require "memlua.base.check"
local claims_spec = require "memlua.experiment.spec.claims"
local limits_spec = require "memlua.experiment.spec.limits"
local memlua = require "memlua"
local record = require "memlua.experiment.spec.record"
local strategy_spec = require "memlua.experiment.spec.strategy"
local workload_spec = require "memlua.experiment.spec.workload"

local spec = {}

local positive = check.number { min = 1, integer = true }

-- ---- tenants ---------------------------------------------------------------------------------------------

-- Of the latencies of its own workloads a duration; of a figure of its own a number in that figure's unit.
local LATENCIES <const> = { p50 = true, p95 = true, p99 = true }

local check_slo = record.of({ metric = check.is "string", below = check.any, above = check.number {}, share = check.number { min = 0.01, max = 1 } },
                            { "metric" })

local function check_objective(value, path)
  local slo = check_slo(value, path)
  if (slo.below == nil) == (slo.above == nil) then check.refuse(path, "one of below and above is needed") end
  if LATENCIES[slo.metric] and not slo.below then check.refuse(path .. ".above", "a latency is to be below") end
  if slo.below then slo.below = (LATENCIES[slo.metric] and check.duration or check.number {})(slo.below, path .. ".below") end
  return slo
end

-- One, or a list of them.
local function check_objectives(value, path)
  check.is "table"(value, path)
  return check.list(check_objective)(#value == 0 and { value } or value, path)
end

local check_record = record.of({
  name = check.name, cgroup = check.name, role = check.is "string", start = check.duration, rank = positive,
  limits = limits_spec.check, workload = workload_spec.check, workloads = check.list(workload_spec.check), policy = check.is "table",
  background = check.is "boolean", keep = check.size, prepare = workload_spec.check_preparation,
  slo = check_objectives, cgroups = check.map(limits_spec.check),
}, { "name" })

-- All that runs in it, what prepares a run included.
local function all_workloads(tenant)
  local all = table.move(tenant.workloads, 1, #tenant.workloads, 1, {})
  return table.move(tenant.prepare or {}, 1, #(tenant.prepare or {}), #all + 1, all)
end

-- The cgroups below the tenant's own are those that its workloads name. With such it can have no processes itself, by cgroup v2's rule.
local function check_nested(tenant, path)
  local names, outside = {}, nil
  for _, workload in ipairs(all_workloads(tenant)) do
    if workload.cgroup then names[#names + 1] = { name = workload.cgroup } else outside = workload.name end
  end
  if #names > 0 and outside then
    check.refuse(path, "its workload %s has no cgroup and others have one; of a cgroup with others below it the kernel allows no processes: "
      .. "give each a cgroup, or none", outside)
  end
  record.check_known(memlua.keys(tenant.cgroups or {}), names, path .. ".cgroups")
  for _, one in ipairs(names) do
    tenant.cgroups = tenant.cgroups or {}
    tenant.cgroups[one.name] = tenant.cgroups[one.name] or {}
  end
end

-- One workload is a list of one.
local function check_tenant(value, path)
  local tenant = check_record(value, path)
  if tenant.workload and tenant.workloads then
    check.refuse(path .. ".workloads", "beside workload; put all of them into workloads")
  end
  if not tenant.workload and not tenant.workloads then check.refuse(path .. ".workload", "missing") end
  tenant.workloads = workload_spec.check_all(tenant.workloads or { tenant.workload },
    path .. (tenant.workload and ".workload" or ".workloads"))
  tenant.workload = nil
  workload_spec.check_services(tenant, path)
  check_nested(tenant, path)
  return tenant
end

-- What all workloads take together, where that is known of each.
local function size_of(workloads)
  local sum = 0
  for _, workload in ipairs(workloads) do sum = sum and workload.size and sum + workload.size end
  return sum
end

local function check_foreground(tenants)
  for _, tenant in ipairs(tenants) do if not tenant.background then return end end
  check.refuse("tenants", "all run in the background: a run would have no end; leave that out of one")
end

-- How much of what a tenant's programs leave in $MEMLUA_OUT goes to the run's folder.
local KEEP <const> = 16 << 20

-- Without a rank the tenants called "high" come first and the others share the second place.
local function fill_tenant(tenant)
  tenant.cgroup = tenant.cgroup or tenant.name
  tenant.role = tenant.role or "low"
  tenant.rank = tenant.rank or (tenant.role == "high" and 1 or 2)
  tenant.limits = tenant.limits or {}
  tenant.start = tenant.start or 0
  tenant.keep = tenant.keep or KEEP
  tenant.size = size_of(tenant.workloads)
end

-- ---- the whole ---------------------------------------------------------------------------------------------

local phase = check.is "function"

local EXPECTATION = '{ "what", function(run) ... end }'

local function check_expectation(value, path)
  if type(value) ~= "table" then check.refuse(path, "%s is needed, not a %s", EXPECTATION, type(value)) end
  for i, kind in ipairs { "string", "function" } do
    if type(value[i]) ~= kind then
      check.refuse(("%s[%d]"):format(path, i), "a %s is needed, not a %s: %s", kind, type(value[i]), EXPECTATION)
    end
  end
  for key in pairs(value) do
    if key ~= 1 and key ~= 2 and key ~= "under" then check.refuse(path, "%s: unknown; beside what and the function there is under, a strategy", tostring(key)) end
  end
  return value
end

local check_scenario = record.of({
  name = check.name, about = check.is "string", session = check.name, limits = limits_spec.check,
  tenants = check.list(check_tenant), strategies = check.list(strategy_spec.check),
  runs = positive, warmup = check.number { min = 0, integer = true }, seed = check.number { integer = true },
  deadline = check.duration, solo = check.is "boolean", shares = check.one_of { "ranked", "equal" },
  expect = check.list(check_expectation), options = check.is "table", notes = check.list(check.is "string"),
  answer = record.of({ tenant = check.is "string", under = check.is "string", against = check.is "string", metric = check.is "string" }, { "tenant", "under", "against" }),
  swap = check.size, claims = claims_spec.check, kernels = check.list(check.is "string"),
  report = check.one_of { "contest", "pages", "replay" }, -- a table and charts of its own (memlua.report.kinds)
  calibrate = phase, survives = check.is "string", -- see memlua.calibrate
  hooks = record.of { setup = phase, load = phase, measure = phase, teardown = phase },
}, { "name", "limits", "tenants" })

local DEFAULTS = {
  session = "session", runs = 1, warmup = 1, deadline = 7200, solo = true, shares = "ranked",
}

local function fill(scenario)
  for key, value in pairs(DEFAULTS) do
    if scenario[key] == nil then scenario[key] = value end
  end
  for _, key in ipairs { "expect", "options", "notes", "hooks" } do scenario[key] = scenario[key] or {} end
  scenario.strategies = scenario.strategies or { { name = "none" } }
end

local function check_kernels(kernels)
  if not kernels then return end
  if #kernels == 0 then check.refuse("kernels", "none; at least one is needed, as --kernel takes it") end
  local seen = {}
  for i, kernel in ipairs(kernels) do
    if kernel == "" or seen[kernel] then check.refuse(("kernels[%d]"):format(i), kernel == "" and "empty" or "'%s' a second time", kernel) end
    seen[kernel] = true
  end
end

--- The names of all keys that a scenario's table and the tables in it take, sorted.
function spec.keys() return record.keys() end

--- The scenario in its normal form: sizes in bytes, durations in seconds, defaults filled in.
--- `settings` (memlua.host.settings; nil: none): which machine it must fit.
--- Fails with status 1 and the path of what is wrong: "tenants.high.workload.size: 12X: not a size; ...".
function spec.check(value, settings)
  local scenario = check_scenario(value, "")
  fill(scenario)
  if #scenario.tenants == 0 then check.refuse("tenants", "none; at least one is needed") end
  record.check_unique(scenario.tenants, "name", "tenants")
  record.check_unique(scenario.strategies, "name", "strategies")
  record.check_unique(scenario.tenants, "rank", "tenants") -- those without share the second place
  limits_spec.resolve(scenario.limits, {}, "limits")
  for _, tenant in ipairs(scenario.tenants) do
    fill_tenant(tenant)
    limits_spec.resolve_tenant(tenant, scenario.limits, "tenants." .. tenant.name)
  end
  record.check_unique(scenario.tenants, "cgroup", "tenants")
  check_foreground(scenario.tenants)
  workload_spec.check_machine(scenario, settings or {})
  for _, strategy in ipairs(scenario.strategies) do strategy_spec.fill(strategy, scenario) end
  claims_spec.resolve(scenario)
  check_kernels(scenario.kernels)
  record.check_known({ scenario.survives }, scenario.strategies, "survives")
  for i, expectation in ipairs(scenario.expect) do record.check_known({ expectation.under }, scenario.strategies, ("expect[%d].under"):format(i)) end
  if scenario.answer then
    record.check_known({ scenario.answer.tenant }, scenario.tenants, "answer.tenant")
    record.check_known({ scenario.answer.under }, scenario.strategies, "answer.under")
    record.check_known({ scenario.answer.against }, scenario.strategies, "answer.against")
  end
  return scenario
end

return spec
