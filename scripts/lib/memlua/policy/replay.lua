--- memlua.policy.replay: what a policy in Lua answers to all calls of a recording, beside what was answered.
local kinds = require "memlua.policy.kinds"
local memlua = require "memlua"
local recording = require "memlua.policy.recording"
local shadow = require "memlua.policy.shadow"
local units = require "memlua.units"

local replay = {}

-- ---- answers in words -------------------------------------------------------------------------------------------------

-- The recorded answer as plain Lua gives it.
local RECORDED <const> = {
  number = function(n) return n end,
  boolean = function(n) return n ~= 0 end,
  join = function(n) return n ~= 0 end, -- whether it is refused; in which words isn't recorded
}

-- The answer of plain Lua as it is compared.
local function comparable(kind, answer)
  if kind == "join" then return answer ~= nil end
  return answer
end

local function in_words(kind, answer)
  if answer == nil then return "-" end
  if kind == "number" then return ("%d ms"):format(answer) end
  if kind == "join" then return answer and "refused" or "taken" end
  return answer and "protected" or "not protected"
end

-- ---- inputs in words --------------------------------------------------------------------------------------------------

local MOST_SEEN <const> = 6
local UNLIMITED <const> = 0x7ffffffffffff000
local IS_COUNT <const> = { events = true, parent = true }

local function size(n)
  if n == UNLIMITED then return "max" end
  return n >= 0 and units.format_size(n) or ("%d"):format(n)
end

-- "soft 32M"
local function field_in_words(fields, number, value)
  local field = fields[number + 1]
  if not field then return nil end
  if field.words then return ("%s %s"):format(field.name, tostring(field.words[value + 1])) end
  if field.type == "boolean" then return ("%s %s"):format(field.name, value ~= 0) end
  return ("%s %s"):format(field.name, field.unit == "bytes" and size(value) or ("%d"):format(value))
end

-- "usage 48M", "step 20"; nil of what is no input for people.
local function seen_in_words(s, call, of, value)
  local id, what = recording.parts(of)
  local name = kinds.readings[what]
  if name then
    if name == "parent" then return nil end
    local whose = id == call.tenant.id and "" or s:cgroup_name(id) .. "'s "
    return ("%s%s %s"):format(whose, name, IS_COUNT[name:match "^%l+"] and ("%d"):format(value) or size(value))
  end
  if what == kinds.recorded.now then return ("now %d"):format(value) end
  if what == kinds.recorded.config then return field_in_words(s.header.config_fields, id, value) end
  local role = memlua.named(s.header.roles, call.tenant.role)
  local whose = id == call.tenant.id and "" or s:cgroup_name(id) .. "'s "
  return whose .. (field_in_words(role.settings, what - kinds.recorded.setting, value) or "?")
end

-- Adds the first of the words of a list, each once, to those of a call, and how many more there are.
local function add_words(words, list)
  local n, is_told = 0, {}
  for _, said in ipairs(list) do
    if not is_told[said] then
      n, is_told[said] = n + 1, true
      if n <= MOST_SEEN then words[#words + 1] = said end
    end
  end
  if n > MOST_SEEN then words[#words + 1] = ("and %d more"):format(n - MOST_SEEN) end
end

-- "active 3": what the policy kept of the tenant, or of itself, before the call.
local function kept_in_words(kept)
  local field = kept.field
  local value = type(kept.value) == "number" and (field.unit == "bytes" and size(kept.value) or ("%d"):format(kept.value)) or tostring(kept.value)
  return ("%s %s"):format(field.name, value)
end

local function inputs(s, call, told)
  local words, seen, kept = {}, {}, {}
  for i, parameter in ipairs(kinds.callbacks[call.callback].parameters) do
    local value = call.arguments[i]
    if not parameter.seldom or value ~= 0 then words[#words + 1] = ("%s %d"):format(parameter.name, value) end
  end
  for _, reading in ipairs(told.seen) do seen[#seen + 1] = seen_in_words(s, call, reading.of, reading.value) end
  for i, one in ipairs(told.kept) do kept[i] = kept_in_words(one) end
  add_words(words, seen)
  add_words(words, kept)
  return table.concat(words, ", ")
end

-- ---- what comes of it ---------------------------------------------------------------------------------------------------

local function tenant_of(self, tenant)
  local known = self.by_id[tenant.id]
  if known then return known end
  known = { name = tenant.name, role = tenant.role, calls = 0, differ = 0, before_ms = 0, now_ms = 0, before_protected = 0, now_protected = 0 }
  self.by_id[tenant.id], self.tenants[#self.tenants + 1] = known, known
  return known
end

local function add(totals, kind, before, after)
  if kind == "number" then
    totals.before_ms, totals.now_ms = totals.before_ms + (before or 0), totals.now_ms + after
  elseif kind == "boolean" then
    totals.before_protected, totals.now_protected = totals.before_protected + (before and 1 or 0), totals.now_protected + (after and 1 or 0)
  end
end

local function differ(self, s, call, kind, before, after, told)
  self.differ = self.differ + 1
  if #self.differences >= self.most then return end
  self.differences[#self.differences + 1] = { at = call.at, tenant = call.tenant.name, callback = call.callback, inputs = inputs(s, call, told),
    before = in_words(kind, before), now = in_words(kind, after) }
end

local function untold(self, why)
  self.untold = self.untold + 1
  self.untold_why = self.untold_why or why
end

local function take(self, s, call)
  local kind, told = kinds.callbacks[call.callback].answer, s:ask(call)
  self.calls = self.calls + 1
  if told.untold then return untold(self, told.untold) end
  if told.is_older then self.older = self.older + 1 end
  if not kind then return end
  local totals = tenant_of(self, call.tenant)
  local before, after = call.answer and RECORDED[kind](call.answer), comparable(kind, told.answer)
  totals.calls, self.answers = totals.calls + 1, self.answers + 1
  add(totals, kind, before, after)
  if before == nil or before == after then return end
  totals.differ = totals.differ + 1
  differ(self, s, call, kind, before, after, told)
end

--- Asks a policy all calls of a recording (recording.parse, or memlua.policy.feed, whose calls have no answer). `config` as in shadow.new;
--- `most`: differences that are told. Returns { calls, answers = how many of them ask for one, differ, older, untold (see
--- memlua.policy.shadow), untold_why = of the first, differences = the first: list of { at = seconds, tenant, callback, inputs, before, now
--- (in words) }, tenants = list of { name, role, calls, differ, before_ms, now_ms, before_protected, now_protected }, errors, error_line }.
function replay.run(definition, recorded, config, most)
  local self = { calls = 0, answers = 0, differ = 0, older = 0, untold = 0, differences = {}, tenants = {}, by_id = {}, most = most }
  local s = shadow.new(definition, recorded.header, config)
  for call in recorded:calls() do
    if call.is_end then s:drop(call.tenant) else take(self, s, call) end
  end
  self.errors, self.error_line = s.instance.stats.errors, s.instance.stats.error_line
  self.by_id, self.most = nil, nil
  return self
end

return replay
