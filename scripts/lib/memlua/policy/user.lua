--- memlua.policy.user: a policy in Lua as a controller in user space: the same functions, asked once a period about what the cgroups'
--- files tell; an answer becomes what user space has. Delays and holds are the freezer, for so long; protection is memory.low and
--- memory.min = max.
local files = require "memlua.policy.files"
local host = require "memlua.host"
local json = require "memlua.json"
local memlua = require "memlua"
local plain = require "memlua.policy.plain"
local sys = require "memlua.base.sys"
local units = require "memlua.units"

local user = {}

-- ---- configuration and settings, checked without an object --------------------------------------------------------------------

local Opened = {}
Opened.__index = Opened

local function refuse(name, fmt, ...) memlua.fail(memlua.status.misuse, "%s: %s", name, fmt:format(...)) end

local function number_of(field, given)
  if math.type(given) == "integer" then return given end
  if type(given) ~= "string" or not field.unit then refuse(field.name, "takes a whole number, not %s", tostring(given)) end
  local v, why = (field.unit == "bytes" and units.size or units.duration)(given)
  if not v then refuse(field.name, "%s", why) end
  if field.unit == "bytes" then return v end
  local ms = math.floor(v * 1000 + 0.5)
  if math.abs(v * 1000 - ms) > 1e-6 then refuse(field.name, "%s is no whole number of ms", given) end
  return ms
end

local function value_of(field, given)
  if field.words then
    for _, word in ipairs(field.words) do if word == given then return given end end
    refuse(field.name, "%s%s", tostring(given), memlua.hint(tostring(given), field.words))
  end
  if field.type == "number" then return number_of(field, given) end
  if type(given) ~= "boolean" then refuse(field.name, "takes true or false, not %s", tostring(given)) end
  return given
end

-- `given` as the functions see it. Fails at the name that is wrong, as policy.load's handles do.
local function values_of(fields, given, is_taken)
  local values = {}
  for _, name in ipairs(memlua.keys(given or {})) do
    local field = memlua.named(fields, name)
    if not field or not is_taken(field) then
      local known = {}
      for _, one in ipairs(fields) do if is_taken(one) then known[#known + 1] = one.name end end
      refuse(tostring(name), "unknown%s", memlua.hint(tostring(name), known))
    end
    values[name] = value_of(field, given[name])
  end
  return values
end

local function all() return true end
local function is_setting(field) return field.is_setting end

--- A policy in Lua as a scenario's check takes one from policy.load: with name, config, configure, check; and describe, as
--- policy.describe. Needs no clang.
function user.open(definition)
  local self = setmetatable({ definition = definition, given = {} }, Opened)
  for _, field in ipairs(definition.config) do self.given[field.name] = field.initial end
  return self
end

--- What the policy is called.
function Opened:name() return self.definition.name end

--- The configuration in force, { name = value }.
function Opened:config() return self.given end

--- Takes values of the configuration. Fails with status 1.
function Opened:configure(given)
  local ok, why = pcall(values_of, self.definition.config, given, all)
  if not ok then refuse(self.definition.name, "%s", type(why) == "table" and why.message or why) end
  for name, v in pairs(why) do self.given[name] = v end
end

--- Checks settings of a tenant of a role. Returns them as its functions see them. Fails with status 1.
function Opened:check(role, given) return values_of(memlua.named(self.definition.roles, role).fields, given, is_setting) end

--- Its roles, configuration and what is kept of tenants: { name, roles, config, tenants = { ROLE = list of fields } }.
function Opened:describe()
  local described = { name = self.definition.name, roles = {}, config = self.definition.config, tenants = {} }
  for i, role in ipairs(self.definition.roles) do described.roles[i], described.tenants[role.name] = role.name, role.fields end
  return described
end

-- ---- one look ---------------------------------------------------------------------------------------------------------------------

local PAGE <const>, BATCH <const> = host.page_size, 64 -- pages that the kernel charges at once (MEMCG_CHARGE_BATCH)
local MOST_ASKED <const> = 4096 -- times in one look: 1G of growth

local function now() return math.floor(host.monotonic() * 1000) end

-- Asks about the first 64 pages of those that weren't asked about. The kernel asks as it charges, so the usage is as it was by then.
local function ask_charged(self, member)
  local memcg, usage = member.memcg, member.memcg.usage
  memcg.usage = math.max(usage - (member.unasked - BATCH) * PAGE, 0)
  local ms = self.instance:call(member.role, "charged", memcg, member.me, BATCH, 0) -- by which thread, nobody tells
  memcg.usage = usage
  return ms
end

-- Asks for each 64 pages that a tenant has charged and wasn't asked about, until one answer is a delay: the time of that passes
-- before the next is asked, as in the kernel. Of a held tenant the same is asked again. Returns the delay, ms, or nil.
local function next_delay(self, member)
  for _ = 1, MOST_ASKED do
    if member.unasked < BATCH then return nil end
    local ms = ask_charged(self, member)
    local is_delay = ms > 10 -- the kernel sleeps for no less
    if not (is_delay and member.hold) then member.unasked = member.unasked - BATCH end
    if is_delay then return ms end
  end
end

-- Frozen it stays until nothing is left to ask about.
local function delay(self, member)
  local time = now()
  if member.frozen_until and time < member.frozen_until then return end
  local ms = next_delay(self, member)
  if ms then
    if not member.frozen_until then member.target:freeze() end
    member.frozen_until = (member.frozen_until or time) + ms
  elseif member.frozen_until then
    member.frozen_until = nil
    member.target:thaw()
  end
end

local function look_at_charges(self, member)
  local usage = member.memcg.usage
  local pages = (usage - member.usage) // PAGE
  member.usage = member.usage + pages * PAGE
  if pages > 0 then member.unasked = member.unasked + pages end
  if pages < 0 and member.functions.uncharged then self.instance:call(member.role, "uncharged", member.memcg, member.me, -pages) end
  if member.functions.charged then delay(self, member) end
end

local PROTECTION <const> = { below_low = "low", below_min = "min" }

local function protect(self, member)
  for callback, knob in pairs(PROTECTION) do
    if member.functions[callback] then
      local is_protected = self.instance:call(member.role, callback, member.memcg, member.me, member.own[knob], member.memcg.usage)
      if is_protected ~= member.protected[knob] then
        member.protected[knob] = is_protected
        member.target:set("memory." .. knob, is_protected and "max" or member.own[knob])
      end
    end
  end
end

local function look_at_faults(self, member)
  if not member.functions.faulted then return end
  local faults = files.page_faults(member.target.path)
  local new = faults - (member.faults or faults)
  member.faults = faults
  if new > 0 then self.instance:call(member.role, "faulted", member.memcg, member.me, new) end
end

local function look(self)
  for _, member in ipairs(self.members) do member.memcg = files.cgroup(member.target.path) end
  for _, member in ipairs(self.members) do
    if sys.exists(member.target.path .. "/memory.current") then
      look_at_faults(self, member)
      look_at_charges(self, member)
      protect(self, member)
    else
      member.me.gone = true
    end
  end
end

-- ---- the controller ------------------------------------------------------------------------------------------------------------------

local function member_of(self, c, role, name, given)
  local target = c:tenant(name)
  local member = { target = target, role = role.name, functions = role.functions, hold = role.hold, me = self.instance:tenant(role.name),
    memcg = files.cgroup(target.path), unasked = 0, protected = { low = false, min = false } }
  for key, v in pairs(values_of(role.fields, given, is_setting)) do member.me[key] = v end
  member.usage, member.own = member.memcg.usage, { low = member.memcg.low, min = member.memcg.min }
  return member
end

local function join(self)
  for _, member in ipairs(self.members) do
    local why = member.functions.join and self.instance:call(member.role, "join", member.memcg, member.me)
    if why then refuse(member.target.name, "%s", why) end
  end
end

local function tenants_of(self, role)
  local list = {}
  for _, member in ipairs(self.members) do
    if member.role == role and not member.me.gone then list[#list + 1] = { me = member.me, memcg = member.memcg } end
  end
  return list
end

-- For user.outcome.
local function tell(self)
  local told = { stats = self.instance.stats, tenants = {} }
  for _, member in ipairs(self.members) do told.tenants[member.target.name] = member.me end
  io.stdout:write("\n", json.encode(told), "\n")
  io.stdout:flush()
end

--- The controller f(c) of a policy (user.open's), as a strategy takes one. `roles`: { ROLE = { tenant's name, ... } }; `settings`: { NAME =
--- { KEY = value } }; `period`: seconds between two looks. A tenant whose usage grew is asked about once for each 64 pages, with its own usage
--- as it was by then (all else is as the look finds it), and frozen for each answer in turn; one of 10 ms or less is left out.
function user.controller(opened, roles, settings, period)
  return function(c)
    local self = { members = {} }
    self.instance = plain.new(opened.definition, { now = now, tenants = function(role) return tenants_of(self, role) end })
    self.instance.config = opened:config()
    local there = {}
    for _, t in ipairs(c.tenants) do there[t.name] = true end
    for _, role in ipairs(opened.definition.roles) do
      for _, name in ipairs(roles[role.name] or {}) do
        if there[name] then self.members[#self.members + 1] = member_of(self, c, role, name, settings[name]) end
      end
    end
    join(self)
    c:every(period, function() look(self) end)
    c:at_end(function() tell(self) end)
  end
end

-- What it told at its end, in the last line of its output.
local function told_by(controller)
  local last
  for line in (controller and sys.read(controller.output) or ""):gmatch "[^\n]+" do last = line end
  local told = last and json.decode(last)
  return type(told) == "table" and type(told.tenants) == "table" and told or { tenants = {} }
end

--- What a run's result has of a policy `p` of a strategy whose `controller` it was: { name, where, roles, config, stats }. Gives
--- each of the run's tenants its callbacks. What a controller that was killed didn't tell is absent.
function user.outcome(p, controller, tenants)
  local told = told_by(controller)
  for _, t in ipairs(tenants) do t.callbacks = told.tenants[t.spec.name] end
  return { name = p.name, where = p.where, roles = p.roles, config = p.shown(), stats = told.stats }
end

return user
