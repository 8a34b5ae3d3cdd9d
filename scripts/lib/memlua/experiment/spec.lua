--- memlua.experiment.spec: the scenario's table, validated whole before anything starts, and brought to a normal form.
local check = require "memlua.base.check"
local memlua = require "memlua"
local policy = require "memlua.policy"
local sys = require "memlua.base.sys"
local units = require "memlua.units"
local way = require "memlua.machine.way"
local worker = require "memlua.worker"

local spec = {}

local PAGE = 4096

local known = {} -- every key that some table of the scenario takes

local function record(fields, needed)
  for key in pairs(fields) do known[key] = true end
  return check.record(fields, needed)
end

-- ---- workloads -----------------------------------------------------------------------------------------

local positive = check.number { min = 1, integer = true }

-- What a workload may be told; `size` of what a program or a function takes says what it will be at most.
local KEYS = {
  size = check.size, chunk = check.size, hold = check.duration, passes = positive, duration = check.duration,
  file = check.is "string", curve = check.is "table", speed = check.number { min = 1e-6, max = 1e6 }, base = check.bytes,
  huge = check.is "boolean", argv = check.list(check.is "string"), output = check.is "string", run = check.is "function",
}

-- kind -> the keys that it takes and those that it needs, as the kind itself says
local WORKLOADS = {}
for _, kind in ipairs(worker.kinds) do
  local fields, needed = {}, {}
  for key, need in kind.takes:gmatch "([%w_]+)(!?)" do
    fields[key] = KEYS[key]
    if need ~= "" then needed[#needed + 1] = key end
  end
  WORKLOADS[kind.name] = { fields, needed }
end

-- What every kind takes.
local ANY_KIND = { kind = check.any, name = check.name, start = check.duration, background = check.is "boolean" }

local function check_machine(workload, path)
  if not workload.size or workload.kind == "file" then return end
  local total, machine = way.memory()
  if total and workload.size > total then
    check.refuse(path .. ".size", "%s is more than the memory of %s, %s; choose less%s", units.format_size(workload.size),
      machine, units.format_size(total), machine == "the microVM" and ", or give it more with --memory" or "")
  end
end

-- The most that a replay holds beside its base: what claims and the check of the machine go by.
local function peak_of(curve, path)
  local peak = 0
  for i, point in ipairs(curve) do
    if type(point) ~= "table" or math.type(point[2]) ~= "integer" then
      check.refuse(("%s: point %d"):format(path, i), "{seconds, bytes} is needed")
    end
    peak = math.max(peak, point[2])
  end
  return peak
end

-- kind -> what checks a workload of it
local KINDS = {}
for kind, schema in pairs(WORKLOADS) do
  local fields, needed = table.unpack(schema)
  for key, checker in pairs(ANY_KIND) do fields[key] = checker end
  KINDS[kind] = record(fields, needed)
end

-- A key that another kind would take is told as such: the kind may just have been left out.
local function refuse_other_kinds(value, kind, path)
  for _, key in ipairs(memlua.keys(value)) do
    local takers = {}
    for other, schema in pairs(WORKLOADS) do
      if schema[1][key] then takers[#takers + 1] = ('"%s"'):format(other) end
    end
    if not WORKLOADS[kind][1][key] and #takers > 0 then
      table.sort(takers)
      check.refuse(path .. "." .. key, "this workload is of kind %s; kind = %s takes it", kind, table.concat(takers, " or "))
    end
  end
end

local function check_workload(value, path)
  check.is "table"(value, path)
  local kind = check.one_of(memlua.keys(KINDS))(value.kind or "anon", path .. ".kind")
  refuse_other_kinds(value, kind, path)
  local workload = KINDS[kind](value, path)
  workload.kind, workload.start = kind, workload.start or 0
  if kind == "trace" then workload.size = peak_of(workload.curve, path .. ".curve") + (workload.base or 0) end
  check_machine(workload, path)
  return workload
end

-- ---- limits: the files of a cgroup -----------------------------------------------------------------------

local KNOBS = {
  "memory.max", "memory.high", "memory.low", "memory.min", "memory.swap.max", "memory.swap.high",
  "memory.zswap.max", "memory.oom.group", "cpu.weight", "cpu.idle", "cpu.max", "pids.max",
}

local function check_memory(key, value, path)
  if tostring(value):find "%%$" then return value end -- of the parent's limit: known once that is
  local bytes, why = units.limit(value)
  if not bytes then check.refuse(path, "%s", why) end
  if key == "memory.max" and bytes ~= "max" and bytes < PAGE then
    check.refuse(path, "%s is less than one page (%d bytes): nothing could start; write 1M or more", value, PAGE)
  end
  return bytes
end

local function check_limits(value, path)
  check.is "table"(value, path)
  local limits = {}
  for key, item in pairs(value) do
    local at = path .. '["' .. tostring(key) .. '"]'
    check.one_of(KNOBS)(key, at)
    local is_size = key:find "^memory%." and key ~= "memory.oom.group"
    limits[key] = is_size and check_memory(key, item, at) or tostring(item)
  end
  return limits
end

-- Percentages of the parent's memory.max become bytes.
local function resolve(limits, parent, path)
  for key, value in pairs(limits or {}) do
    if tostring(value):find "%%$" then
      local total = parent["memory.max"]
      if type(total) ~= "number" then
        check.refuse(path .. '["' .. key .. '"]', "%s of what? the parent has no memory.max", value)
      end
      limits[key] = memlua.must(units.size(value, total)) // PAGE * PAGE
    end
  end
end

-- ---- tenants ---------------------------------------------------------------------------------------------

local function check_unique(list, key, path)
  local seen = {}
  for _, item in ipairs(list) do
    local value = item[key]
    if value and seen[value] then check.refuse(path, "two of them have the %s '%s'; no two may share one", key, value) end
    if value then seen[value] = true end
  end
end

local check_record = record({
  name = check.name, cgroup = check.name, role = check.is "string", start = check.duration, rank = positive,
  limits = check_limits, workload = check_workload, workloads = check.list(check_workload), policy = check.is "table",
  background = check.is "boolean",
}, { "name" })

-- Unnamed workloads are called after their kind: anon, exec, exec_2.
local function fill_names(workloads)
  local count = {}
  for _, workload in ipairs(workloads) do
    local kind = workload.kind
    count[kind] = (count[kind] or 0) + 1
    workload.name = workload.name or (count[kind] > 1 and kind .. "_" .. count[kind] or kind)
  end
end

local function check_workloads(list, path)
  fill_names(list)
  check_unique(list, "name", path)
  for _, workload in ipairs(list) do
    if not workload.background then return list end
  end
  check.refuse(path, "%s", #list == 0 and "none; at least one is needed"
    or "all run in the background: the tenant would never be done; leave that out of one")
end

-- One workload is a list of one.
local function check_tenant(value, path)
  local tenant = check_record(value, path)
  if tenant.workload and tenant.workloads then
    check.refuse(path .. ".workloads", "beside workload; put all of them into workloads")
  end
  if not tenant.workload and not tenant.workloads then check.refuse(path .. ".workload", "missing") end
  tenant.workloads = check_workloads(tenant.workloads or { tenant.workload },
    path .. (tenant.workload and ".workload" or ".workloads"))
  tenant.workload = nil
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

-- Without a rank the tenants called "high" come first and the others share the second place.
local function fill_tenant(tenant)
  tenant.cgroup = tenant.cgroup or tenant.name
  tenant.role = tenant.role or "low"
  tenant.rank = tenant.rank or (tenant.role == "high" and 1 or 2)
  tenant.limits = tenant.limits or {}
  tenant.start = tenant.start or 0
  tenant.size = size_of(tenant.workloads)
end

-- ---- strategies ------------------------------------------------------------------------------------------

local check_policy = record({ name = check.is "string", config = check.is "table",
                                    roles = check.is "table" }, { "name" })

local check_strategy = record({
  name = check.name, policy = check_policy, limits = check_limits,
  tenants = check.map(record { limits = check_limits, policy = check.is "table" }),
  only = check.list(check.is "string"),
}, { "name" })

local function names_of(list)
  local names = {}
  for i, item in ipairs(list) do names[i] = item.name end
  return names
end

local function check_known(names, list, path)
  for _, name in ipairs(names) do
    check.one_of(names_of(list))(name, path .. "." .. name)
  end
end

-- Asks the policy itself. Its complaint goes below the path in the table, which tells what `prefix` tells.
local function ask(path, prefix, method, ...)
  local ok, why = pcall(method, ...)
  if ok then return end
  check.refuse(path, "%s", why:sub(1, #prefix) == prefix and why:sub(#prefix + 1) or why)
end

-- The kernel (and the module) sleep at most this long per call: MEMCG_MAX_HIGH_DELAY_JIFFIES, mm/memcontrol.c.
local CLAMP_MS = 2000

local function check_config(given, p, described, path, notes)
  if not described.config then check.refuse(path, "%s has no configuration", described.name) end
  for _, key in ipairs(memlua.keys(given)) do
    local at = path .. "." .. tostring(key)
    check.one_of(names_of(described.config))(key, at)
    ask(at, ("%s: %s: "):format(p:name(), key), p.configure, p, { [key] = given[key] })
  end
  local delay = p:config().delay_ms
  if given.delay_ms and delay > CLAMP_MS then
    notes[#notes + 1] = ("warning: %s.delay_ms: %d: the kernel clamps a sleep to %d ms"):format(path, delay, CLAMP_MS)
  end
end

-- Which tenants a policy's roles get: by the tenants' roles, or all when the policy knows one role only.
local function roles_of(tenants, described)
  local by_role, single = {}, #described.roles == 1 and described.roles[1]
  for _, tenant in ipairs(tenants) do
    local role = single or tenant.role
    by_role[role] = by_role[role] or {}
    table.insert(by_role[role], tenant.name)
  end
  return by_role
end

-- Everything that a tenant will charge: what it touches, its page tables (2M per 1G), stacks and per-CPU stock.
local function claim_of(tenant)
  return tenant.size and tenant.size + tenant.size // 100 + (2 << 20)
end

-- Places by rank, tenants of one rank in their order in the list: no two alike.
local function places_of(tenants)
  local order, place = table.move(tenants, 1, #tenants, 1, {}), {}
  for i, tenant in ipairs(tenants) do place[tenant.name] = i end
  table.sort(order, function(a, b)
    if a.rank ~= b.rank then return a.rank < b.rank end
    return place[a.name] < place[b.name]
  end)
  for i, tenant in ipairs(order) do place[tenant.name] = i end
  return place
end

local function takes(described, role, field)
  for _, member in ipairs((described.tenants or {})[role] or {}) do
    if member.name == field then return true end
  end
end

-- What the policy is told about each tenant: its rank and claim where the policy knows such things, and what
-- the tenant's and the strategy's own `policy` say.
local function settings_of(tenant, role, p, described, strategy, place)
  local settings, path = {}, ("tenants.%s.policy"):format(tenant.name)
  if takes(described, role, "rank") then settings.rank = place end
  if takes(described, role, "claim") then settings.claim = claim_of(tenant) end
  local over = strategy.tenants[tenant.name]
  local function add(more, at)
    if more then ask(at, "", p.check, p, role, more) end
    for key, value in pairs(more or {}) do settings[key] = value end
  end
  add(tenant.policy, path)
  add(over and over.policy, ("strategies.%s.%s"):format(strategy.name, path))
  if takes(described, role, "claim") and not settings.claim then
    check.refuse("tenants." .. tenant.name, "%s needs its claim, the most memory that it will take, and what a program or "
      .. "a function takes is not known; give the workload a size, or the tenant policy = { claim = \"100M\" }", described.name)
  end
  return settings
end

local function fill_settings(p, loaded, described, strategy, tenants)
  local places = places_of(tenants)
  p.settings = {}
  for role, names in pairs(p.roles) do
    for _, name in ipairs(names) do
      for _, tenant in ipairs(tenants) do
        if tenant.name == name then
          p.settings[name] = settings_of(tenant, role, loaded, described, strategy, places[name])
        end
      end
    end
  end
end

local function fill_policy(strategy, tenants, path, notes)
  local p = strategy.policy
  if not p then return end
  local loaded <close> = memlua.must(policy.load(p.name))
  local described = policy.describe(loaded)
  if p.config then check_config(p.config, loaded, described, path .. ".config", notes) end
  p.roles = p.roles or roles_of(tenants, described)
  for role, names in pairs(p.roles) do
    check.one_of(described.roles)(role, path .. ".roles." .. role)
    check_known(names, tenants, path .. ".roles." .. role)
  end
  fill_settings(p, loaded, described, strategy, tenants)
end

local function fill_strategy(strategy, scenario)
  local path = "strategies." .. strategy.name
  strategy.limits, strategy.tenants = strategy.limits or {}, strategy.tenants or {}
  resolve(strategy.limits, scenario.limits, path .. ".limits")
  check_known(memlua.keys(strategy.tenants), scenario.tenants, path .. ".tenants")
  check_known(strategy.only or {}, scenario.tenants, path .. ".only")
  for name, override in pairs(strategy.tenants) do
    resolve(override.limits, scenario.limits, path .. ".tenants." .. name .. ".limits")
  end
  fill_policy(strategy, scenario.tenants, path .. ".policy", scenario.notes)
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
  return value
end

local check_scenario = record({
  name = check.name, about = check.is "string", session = check.name, limits = check_limits,
  tenants = check.list(check_tenant), strategies = check.list(check_strategy),
  runs = positive, warmup = check.number { min = 0, integer = true }, seed = check.number { integer = true },
  deadline = check.duration, solo = check.is "boolean", shares = check.one_of { "ranked", "equal" },
  expect = check.list(check_expectation), options = check.is "table", notes = check.list(check.is "string"),
  report = check.one_of { "pages", "replay" }, -- a table and charts of its own (memlua.report.kinds)
  calibrate = phase, survives = check.is "string", -- see memlua.calibrate
  hooks = record { setup = phase, load = phase, measure = phase, teardown = phase },
}, { "name", "limits", "tenants" })

-- A program by its path may be made by a hook of the scenario, just before it is run.
local function check_program(workload, path, hooks)
  local program = workload.argv[1]
  if not program then check.refuse(path, "missing; the program stands first: { \"program\", \"argument\", ... }") end
  if program:find "/" and (hooks.setup or hooks.load) then return end
  local _, machine = way.memory()
  local folders = machine == "the microVM" and way.GUEST_PATH or os.getenv "PATH"
  if sys.which(program, folders) then return end
  if program:find "/" then check.refuse(path, "%s: no such program here", program) end
  check.refuse(path, "%s: no such program in the PATH of %s (%s); install it, or give its path", program, machine, folders)
end

local function check_programs(scenario)
  for _, tenant in ipairs(scenario.tenants) do
    local path = "tenants." .. tenant.name .. (#tenant.workloads == 1 and ".workload" or ".workloads.%s") .. ".argv[1]"
    for _, workload in ipairs(tenant.workloads) do
      if workload.argv then check_program(workload, path:format(workload.name), scenario.hooks) end
    end
  end
end

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

--- The names of all keys that a scenario's table and the tables in it take, sorted.
function spec.keys() return memlua.keys(known) end

--- The scenario in its normal form: sizes in bytes, durations in seconds, defaults filled in.
--- Fails with status 1 and the path of what is wrong: "tenants.high.workload.size: 12X: not a size; ...".
function spec.check(value)
  local scenario = check_scenario(value, "")
  fill(scenario)
  if #scenario.tenants == 0 then check.refuse("tenants", "none; at least one is needed") end
  check_unique(scenario.tenants, "name", "tenants")
  check_unique(scenario.strategies, "name", "strategies")
  check_unique(scenario.tenants, "rank", "tenants") -- those without share the second place
  resolve(scenario.limits, {}, "limits")
  for _, tenant in ipairs(scenario.tenants) do
    fill_tenant(tenant)
    resolve(tenant.limits, scenario.limits, "tenants." .. tenant.name .. ".limits")
  end
  check_unique(scenario.tenants, "cgroup", "tenants")
  check_foreground(scenario.tenants)
  check_programs(scenario)
  for _, strategy in ipairs(scenario.strategies) do fill_strategy(strategy, scenario) end
  check_known({ scenario.survives }, scenario.strategies, "survives")
  return scenario
end

return spec
