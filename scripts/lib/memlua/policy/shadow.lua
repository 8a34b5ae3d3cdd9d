--- memlua.policy.shadow: a policy in Lua on a recording: each recorded call is asked of the plain functions, which read what the
--- kernel's program has read. What the policy keeps (of a tenant, statistics, state) it keeps by itself, as it answers.
---
--- A reading is, in this order: what the call has recorded, its n-th by the n-th of its kind; what the recording took at the
--- call's begin (usage, limits of the tenant and its parent; the time); the last one that an earlier call has recorded: the call is
--- then told by "older" readings. Where there is none, the call can't be told.
local kinds = require "memlua.policy.kinds"
local memlua = require "memlua"
local plain = require "memlua.policy.plain"
local recording = require "memlua.policy.recording"

local shadow = {}

local UNLIMITED <const> = 0x7ffffffffffff000 -- PAGE_COUNTER_MAX, in bytes
local KIND <const> = kinds.recorded
local key, parts = recording.key, recording.parts

local Shadow = {}
Shadow.__index = Shadow

-- ---- readings ---------------------------------------------------------------------------------------------------------

local function note(self, of, value)
  local seen = self.call.seen
  seen[#seen + 1] = { of = of, value = value }
  return value
end

-- What the call itself has recorded, or nil.
local function own(self, of)
  local list = self.call.own[of]
  if not list then return self.call.base[of] end
  list.at = math.min(list.at + 1, #list)
  return list[list.at]
end

-- Above the root there is nothing, and nothing that limits.
local ABOVE_ROOT <const> = { max = UNLIMITED, high = UNLIMITED, low = UNLIMITED, min = UNLIMITED }

local function read(self, id, name)
  if id == 0 then return ABOVE_ROOT[name] or 0 end
  local of = key(id, kinds.reading(name))
  local value = own(self, of)
  if not value then
    value = self.known[of]
    self.call.is_older = true
  end
  if not value then error({ untold = ("%s of %s is not in the recording"):format(name, self:cgroup_name(id)) }, 0) end
  return note(self, of, value)
end

-- ---- what the functions see -------------------------------------------------------------------------------------------

local cgroup

-- memcg.events, memcg.stat
local function group(self, id, prefix)
  return setmetatable({}, { __index = function(_, name) return read(self, id, prefix .. "." .. name) end })
end

function cgroup(self, id)
  local known = self.cgroups[id]
  if known then return known end
  local groups = {}
  known = setmetatable({}, { __index = function(_, name)
    if name == "parent" then return cgroup(self, read(self, id, name)) end
    if kinds.memcg[name].type == name then
      groups[name] = groups[name] or group(self, id, name)
      return groups[name]
    end
    return read(self, id, name)
  end })
  self.cgroups[id] = known
  return known
end

-- A recorded number as a value of the field.
local function decoded(field, n)
  if field.words then return field.words[n + 1] end
  if field.type == "boolean" then return n ~= 0 end
  return n
end

-- What the host gives a policy: as the call has read it, or as it was when the recording began, or as it is without.
local function given(self, fields, of, kind, values, initial)
  return function(_, name)
    local field = fields[name]
    local at = field and (kind == KIND.config and key(field.number, kind) or key(of, kind + field.number))
    local n = at and (own(self, at) or self.known[at])
    if n then return decoded(field, note(self, at, n)) end
    if values[name] ~= nil then return values[name] end
    return initial[name]
  end
end

local function initials(fields)
  local values = {}
  for _, field in ipairs(fields) do values[field.name] = field.initial end
  return values
end

-- What the policy keeps of a tenant; its settings are read, as they may change.
local function new_tenant(self, tenant)
  local role = memlua.named(self.definition.roles, tenant.role)
  local me, settings = self.instance:tenant(tenant.role), {}
  for _, field in ipairs(role.fields) do
    if field.is_setting then settings[field.name], me[field.name] = field.initial, nil end
  end
  local recorded = memlua.named(self.header.roles, tenant.role)
  return setmetatable(me, { __index = given(self, memlua.by_name(recorded.settings), tenant.id, KIND.setting, tenant.settings, settings) })
end

local function member(self, tenant) return { me = self.tenants[tenant.id], memcg = cgroup(self, tenant.id) } end

-- The tenants that have not ended, but those in `list`.
local function add_others(self, role, list, is_there)
  for _, tenant in ipairs(self.header.tenants) do
    if tenant.role == role and not self.ended[tenant.id] and not is_there[tenant.id] then list[#list + 1] = member(self, tenant) end
  end
  return list
end

-- For for_each: those that the call came to, in its order, and where its function has ended it early, the others.
local function tenants_of(self, role)
  local list, is_there, turns = {}, {}, nil
  local each = self.call.each
  while each.at <= #each and not turns do
    if each[each.at].role == role then turns = each[each.at] end
    each.at = each.at + 1
  end
  for _, id in ipairs(turns or {}) do
    local tenant = self.header.by_id[id]
    if tenant and self.tenants[id] then list[#list + 1], is_there[id] = member(self, tenant), true end
  end
  if turns and not turns.ends then return list end
  return add_others(self, role, list, is_there)
end

-- ---- one call -----------------------------------------------------------------------------------------------------------

local function add_reading(self, call, reading)
  local of, what = parts(reading.of)
  local each = call.each
  if what == KIND.role then
    local role = self.header.roles[reading.value + 1]
    each[#each + 1] = { role = role and role.name }
  elseif what == KIND.turn then
    if each[#each] then table.insert(each[#each], of) end
  elseif what == KIND.last then
    if each[#each] then each[#each].ends = reading.value ~= 0 end
  else
    call.own[reading.of] = call.own[reading.of] or { at = 0 }
    table.insert(call.own[reading.of], reading.value)
  end
end

local function begin(self, recorded)
  local call = { own = {}, base = {}, each = { at = 1 }, seen = {}, time = recorded.time }
  for i, reading in ipairs(recorded.readings) do
    if i <= recorded.base then call.base[reading.of] = reading.value else add_reading(self, call, reading) end
  end
  self.call = call
  return call
end

local function remember(self, recorded)
  for _, reading in ipairs(recorded.readings) do self.known[reading.of] = reading.value end
end

local function now(self)
  local of = key(0, KIND.now)
  return note(self, of, own(self, of) or self.call.time // 1000000)
end

-- What a policy without the function answers: what nobody is asked for.
local NOTHING <const> = { number = 0, boolean = false }

local function ask(self, recorded)
  local role, tenant = memlua.named(self.definition.roles, recorded.role), recorded.tenant
  if not role.functions[recorded.callback] then return NOTHING[kinds.callbacks[recorded.callback].answer] end
  return self.instance:call(recorded.role, recorded.callback, cgroup(self, tenant.id), self.tenants[tenant.id], table.unpack(recorded.arguments))
end

local function add_changed(list, fields, values)
  for _, field in ipairs(fields) do
    if not field.is_setting and values[field.name] ~= field.initial then list[#list + 1] = { field = field, value = values[field.name] } end
  end
end

-- What the policy keeps as a call comes, of its tenant and of itself, where it isn't as it began.
local function kept(self, recorded)
  local list = {}
  add_changed(list, memlua.named(self.definition.roles, recorded.role).fields, self.tenants[recorded.tenant.id])
  add_changed(list, self.definition.state, self.instance.state)
  return list
end

--- Asks the policy what a recorded call asked. Returns { answer = as plain's call gives it, seen = what it has read: list of { of, value },
--- kept = what it kept as the call came, where that isn't as it began: list of { field, value }, is_older } or, where that can't be told, { untold = why }.
function Shadow:ask(recorded)
  local call, before = begin(self, recorded), kept(self, recorded)
  local ok, answer = pcall(ask, self, recorded)
  remember(self, recorded)
  if ok and recorded.is_cut then return { untold = "it has read more than a recording keeps of a call" } end
  if ok then return { answer = answer, seen = call.seen, kept = before, is_older = call.is_older } end
  if type(answer) ~= "table" or not answer.untold then error(answer, 0) end
  return { untold = answer.untold }
end

--- A tenant has ended: for_each comes to it no more.
function Shadow:drop(tenant) self.ended[tenant.id] = true end

--- What people call a cgroup: the tenant's name, or "the parent".
function Shadow:cgroup_name(id)
  local tenant = self.header.by_id[id]
  return tenant and tenant.name or "the parent"
end

local function check_roles(definition, header)
  local names = {}
  for i, role in ipairs(definition.roles) do names[i] = role.name end
  for _, tenant in ipairs(header.tenants) do
    if not memlua.named(definition.roles, tenant.role) then
      memlua.fail(memlua.status.misuse, "%s: has no role '%s', which %s has in the recording%s", definition.name, tenant.role, tenant.name,
        memlua.hint(tenant.role, names))
    end
  end
end

--- A policy on a recording with this header (recording.parse). `config`: { NAME = value } that shall be other than in the recording. Fails
--- with status 1 where it lacks a role that a tenant has.
function shadow.new(definition, header, config)
  check_roles(definition, header)
  local self = setmetatable({ definition = definition, header = header, known = {}, cgroups = {}, tenants = {}, ended = {} }, Shadow)
  self.instance = plain.new(definition, { now = function() return now(self) end, tenants = function(role) return tenants_of(self, role) end })
  local recorded, values = memlua.by_name(header.config_fields), {}
  for name, v in pairs(header.config) do values[name] = v end
  for name, v in pairs(config or {}) do recorded[name], values[name] = nil, v end
  self.instance.config = setmetatable({}, { __index = given(self, recorded, nil, KIND.config, values, initials(definition.config)) })
  for _, tenant in ipairs(header.tenants) do self.tenants[tenant.id] = new_tenant(self, tenant) end
  return self
end

return shadow
