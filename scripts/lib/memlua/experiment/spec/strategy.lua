--- memlua.experiment.spec.strategy: what is compared: limits, a policy with its configuration and roles, a controller.
local check = require "memlua.base.check"
local inputs = require "memlua.experiment.inputs"
local limits_spec = require "memlua.experiment.spec.limits"
local memlua = require "memlua"
local policy = require "memlua.policy"
local program = require "memlua.experiment.controller.program"
local record = require "memlua.experiment.spec.record"
local tunables = require "memlua.experiment.tunables"
local user = require "memlua.policy.user"

local strategy_spec = {}

-- A name, or what policy.lua gave, or gives of a file.
local function check_named(value, path)
  if type(value) == "string" and value:find "%.lua$" then value = policy.lua(value) end
  if type(value) == "table" and type(value.object) == "function" then return value end
  return check.is "string"(value, path)
end

local check_policy = record.of({ name = check_named, where = check.one_of { "kernel", "user" }, period = check.duration, record = check.is "boolean", config = check.is "table",
                                    roles = check.is "table" }, { "name" })

--- The checker of one strategy.
strategy_spec.check = record.of({
  name = check.name, policy = check_policy, limits = limits_spec.check,
  tenants = check.map(record.of { limits = limits_spec.check, cgroups = check.map(limits_spec.check), policy = check.is "table" }),
  only = check.list(check.is "string"), controller = program.check, tunables = tunables.check, counters = tunables.check_counters,
  swap = check.size,
}, { "name" })

-- Asks the policy itself. Its complaint goes below the path in the table, which tells what `prefix` tells.
local function ask(path, prefix, method, ...)
  local ok, why = pcall(method, ...)
  if ok then return end
  if type(why) == "table" then why = why.message end
  check.refuse(path, "%s", why:sub(1, #prefix) == prefix and why:sub(#prefix + 1) or why)
end

-- The kernel (and the module) sleep at most this long per call: MEMCG_MAX_HIGH_DELAY_JIFFIES, mm/memcontrol.c.
local CLAMP_MS = 2000

local function check_config(given, p, described, path, notes)
  if not described.config then check.refuse(path, "%s has no configuration", described.name) end
  for _, key in ipairs(memlua.keys(given)) do
    local at = path .. "." .. tostring(key)
    record.check_known({ key }, described.config, path)
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

-- Of a workload's size so much is charged beside it: for memory its page tables (2M per 1G); for files a buffer head of 104
-- bytes for each block, which on a small ext4 is 1K, and the page cache's tree. Measured of files of 10M, 40M and 120M:
-- 1.1M and 11.4 %.
local BESIDE <const> = { file = 1 / 8 }

--- Everything that a checked tenant will charge, in bytes: what it touches, what is charged beside it, stacks and per-CPU stock. nil
--- where that isn't known, as of a program.
function strategy_spec.claim(tenant)
  if not tenant.size then return nil end
  local claim = tenant.size + (2 << 20)
  for _, workload in ipairs(tenant.workloads) do
    claim = claim + math.floor((workload.size or tenant.size) * (BESIDE[workload.kind] or 0.01))
  end
  return claim
end

-- Places by rank, tenants of one rank in their order in the list: no two alike.
local function places_of(tenants)
  local place = {}
  for i, tenant in ipairs(memlua.ranked(tenants)) do place[tenant.name] = i end
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
  if takes(described, role, "claim") then settings.claim = strategy_spec.claim(tenant) end
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
      local tenant = memlua.named(tenants, name)
      p.settings[name] = settings_of(tenant, role, loaded, described, strategy, places[name])
    end
  end
end

-- One in Lua is compiled here, before anything runs and where a microVM would take long: it finds the object in the cache. The
-- manifest tells which one it was (version); functions, and so the object's path on this machine, don't get there.
local function compile(p, path)
  if type(p.name) == "string" then
    if p.record then check.refuse(path .. ".record", "%s is written in C, and only what a policy in Lua reads is known; write it in Lua", p.name) end
    return
  end
  local lua, object = p.name, p.name:object(p.record)
  p.name, p.version, p.object, p.definition = lua.name, lua:version(), function() return object end, function() return lua end
end

-- Of a policy in user space, between two looks: what a scheduler's tick of 100 Hz is.
local PERIOD <const> = 0.01 -- seconds

-- What is asked of configuration and settings, and what it says of itself. In user space no object is needed.
local function open(strategy, p, path)
  if type(p.name) == "string" and (p.where == "user" or p.record) then -- which only one in Lua can
    local known, why = policy.describe(p.name)
    if not known then check.refuse(path .. ".name", "%s", why) end
  end
  if p.where ~= "user" then
    if p.period then check.refuse(path .. ".period", "is of a policy in user space; the kernel asks at each charge") end
    compile(p, path)
    local path_of = p.object and p.object() or p.name:find "[/.]" and p.name
    if path_of then inputs.file("policy", path_of) else inputs.built_in(p.name) end
    local loaded = memlua.must(policy.load(p.object and p.object() or p.name))
    return loaded, policy.describe(loaded)
  end
  if type(p.name) == "string" then check.refuse(path .. ".where", "user: %s is no policy in Lua, and only the kernel runs it", p.name) end
  if p.record then check.refuse(path .. ".record", "is of the kernel's calls; where = \"user\" has none") end
  if strategy.controller then check.refuse(path .. ".where", "user: the strategy has a controller already; give it one or the other") end
  local opened = user.open(p.name)
  p.name, p.version, p.period = opened:name(), p.name:version(), p.period or PERIOD
  return opened, opened:describe()
end

local function fill_policy(strategy, tenants, path, notes)
  local p = strategy.policy
  if not p then return end
  local loaded, described = open(strategy, p, path)
  if p.config then check_config(p.config, loaded, described, path .. ".config", notes) end
  p.roles = p.roles or roles_of(tenants, described)
  for role, names in pairs(p.roles) do
    check.one_of(described.roles)(role, path .. ".roles." .. role)
    record.check_known(names, tenants, path .. ".roles." .. role)
  end
  fill_settings(p, loaded, described, strategy, tenants)
  if p.where == "user" then
    p.shown = function() return loaded:config() end
    strategy.controller = user.controller(loaded, p.roles, p.settings, p.period)
  else
    p.opened = loaded
  end
end

--- Fills in what follows from the rest of the scenario: sizes, roles, what the policy is told of each tenant. The policy itself
--- is asked whether it takes that, and stays open as strategy.policy.opened: what attaches it first need not open it again.
function strategy_spec.fill(strategy, scenario)
  local path = "strategies." .. strategy.name
  strategy.limits, strategy.tenants = strategy.limits or {}, strategy.tenants or {}
  limits_spec.resolve(strategy.limits, scenario.limits, path .. ".limits")
  record.check_known(memlua.keys(strategy.tenants), scenario.tenants, path .. ".tenants")
  record.check_known(strategy.only or {}, scenario.tenants, path .. ".only")
  for name, override in pairs(strategy.tenants) do
    local at, below = path .. ".tenants." .. name, {}
    for nested in pairs(memlua.named(scenario.tenants, name).cgroups or {}) do below[#below + 1] = { name = nested } end
    record.check_known(memlua.keys(override.cgroups or {}), below, at .. ".cgroups")
    limits_spec.resolve_tenant(override, scenario.limits, at)
  end
  fill_policy(strategy, scenario.tenants, path .. ".policy", scenario.notes)
end

return strategy_spec
