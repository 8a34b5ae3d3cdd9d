--- memlua.policy.declaration: the table that policy.lua takes, checked: what a policy keeps and is told, and its functions.
local check = require "memlua.base.check"
local kinds = require "memlua.policy.kinds"
local memlua = require "memlua"
local source = require "memlua.policy.source"
local units = require "memlua.units"

local declaration = {}

--- At most so many roles (host/core/policy_parts.h: MAX_ROLES).
local MOST_ROLES <const> = 16

-- ---- names ------------------------------------------------------------------------------------------------------------

local function check_form(name, path)
  if type(name) ~= "string" or not name:find "^%l[%w_]*$" then
    check.refuse(path, "%s: a name begins with a small letter, and has letters, digits and _", tostring(name))
  end
  if #name > 32 then check.refuse(path, "%s: a name has 32 letters at most", name) end
  return name
end

-- One that is a name in C, too.
local function check_name(name, path)
  check_form(name, path)
  if kinds.taken[name] then check.refuse(path, "'%s' %s; take another name", name, kinds.taken[name]) end
  return name
end

local function check_keys(given, known, path)
  for _, key in ipairs(memlua.keys(given)) do
    local is_known = false
    for _, one in ipairs(known) do is_known = is_known or one == key end
    if not is_known then
      local names = {}
      for i, one in ipairs(known) do names[i] = tostring(one) end
      check.refuse(path, "%s: unknown key%s", tostring(key), memlua.hint(tostring(key), names))
    end
  end
end

local function table_of(value, path)
  if value == nil then return {} end
  return check.is "table"(value, path)
end

-- ---- fields with a value ------------------------------------------------------------------------------------------------

local function is_in(list, word)
  for _, one in ipairs(list) do if one == word then return true end end
end

local function words_of(given, path)
  local words = given.one_of and check.is "table"(given.one_of, path .. ".one_of")
  for _, word in ipairs(words or {}) do check_name(word, path .. ".one_of") end
  if words and not is_in(words, given[1]) then check.refuse(path, "%s is not in one_of", tostring(given[1])) end
  return words
end

local function type_of(v, words, path)
  if words then return "enum" end
  if type(v) == "boolean" then return "boolean" end
  if math.type(v) == "integer" then return "number" end
  local bytes = type(v) == "string" and v:find "%d" and units.size(v)
  if bytes then check.refuse(path, "\"%s\" is a string; here it is a number of bytes: %d (strategies may write \"%s\")", v, bytes, v) end
  if type(v) == "string" then check.refuse(path, "\"%s\" is a string; with one_of = {...} it is one of some words", v) end
  check.refuse(path, "%s; a policy keeps integers, booleans, and words: { \"often\", one_of = { \"often\", \"rarely\" } }",
    type(v) == "number" and v .. " is a float" or "a " .. type(v))
end

local UNITS <const> = { bytes = true, ms = true }

-- 20, or { 20, unit = "ms", about = "..." }
local function field_of(name, given, path)
  path = path .. "." .. check_name(name, path)
  local form = type(given) == "table" and given or { given }
  check_keys(form, { 1, "about", "one_of", "unit" }, path)
  if form[1] == nil then check.refuse(path, "has no value; write { 0 }") end
  if form.unit and not UNITS[form.unit] then check.refuse(path, "unit %s; there are \"bytes\" and \"ms\"", tostring(form.unit)) end
  local words = words_of(form, path)
  if form.about then check.is "string"(form.about, path .. ".about") end
  return { name = name, initial = form[1], type = type_of(form[1], words, path), words = words, unit = form.unit, about = form.about }
end

local function fields_of(given, path)
  local list = {}
  for _, name in ipairs(memlua.keys(table_of(given, path))) do list[#list + 1] = field_of(name, given[name], path) end
  return list
end

-- { "calls" } or { calls = "times asked" }: numbers that begin with 0.
local function counters_of(given, path)
  local list = {}
  for key, about in pairs(table_of(given, path)) do
    local name = type(key) == "number" and about or key
    check_name(name, path)
    if type(key) ~= "number" then check.is "string"(about, path .. "." .. name) end
    list[#list + 1] = { name = name, initial = 0, type = "number", about = type(key) == "number" and name:gsub("_", " ") or about }
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

-- ---- roles --------------------------------------------------------------------------------------------------------------

local function check_once(lists, path)
  local seen = {}
  for _, list in ipairs(lists) do
    for _, field in ipairs(list) do
      if seen[field.name] then check.refuse(path, "'%s' is there twice", field.name) end
      seen[field.name] = true
    end
  end
end

-- What is kept of a tenant is made by the host, which begins with zeros.
local function tenants_fields(given, path, is_setting)
  local list = fields_of(given, path)
  for _, field in ipairs(list) do
    field.is_setting = is_setting
    if field.words then check.refuse(path .. "." .. field.name, "words are for config; of a tenant a number or a boolean is kept") end
    if field.initial ~= 0 and field.initial ~= false then
      check.refuse(path .. "." .. field.name, "%s; what is kept of a tenant is 0 or false until it is given: let the policy take that for %s",
        tostring(field.initial), tostring(field.initial))
    end
  end
  return list
end

-- { "trigger=faults", "threshold" }: as __when in memlua.bpf.h.
local function conditions_of(given, path)
  local list = table_of(given, path)
  for _, condition in ipairs(list) do
    if type(condition) ~= "string" or not condition:find "^%l[%w_]*=?[%w_]*$" then
      check.refuse(path, "%s; a condition is the name of what must be other than 0 in config, or \"name=word\"", tostring(condition))
    end
  end
  return list
end

local function role_of(name, given, path)
  check.is "table"(given, path)
  local known = { "settings", "counters", "state", "hold", "faulted_when", table.unpack(memlua.keys(kinds.callbacks)) }
  check_keys(given, known, path)
  local role = { name = check_name(name, path), hold = given.hold, functions = {}, fields = {},
    faulted_when = conditions_of(given.faulted_when, path .. ".faulted_when") }
  if role.name == "config" or role.name == "stats" or role.name == "state" then check.refuse(path, "is memlua's own; take another name") end
  local lists = { tenants_fields(given.settings, path .. ".settings", true), counters_of(given.counters, path .. ".counters"),
    tenants_fields(given.state, path .. ".state") }
  check_once(lists, path)
  for _, list in ipairs(lists) do table.move(list, 1, #list, #role.fields + 1, role.fields) end
  for _, field in ipairs(role.fields) do
    if kinds.taken_of_tenants[field.name] then check.refuse(path, "'%s' is memlua's own in what is kept of a tenant; take another name", field.name) end
  end
  for callback in pairs(kinds.callbacks) do
    local f = given[callback]
    if f ~= nil then role.functions[callback] = source.of(check.is "function"(f, path .. "." .. callback)) end
  end
  if not next(role.functions) then
    check.refuse(path, "has no function; there are %s", table.concat(memlua.keys(kinds.callbacks), ", "))
  end
  return role
end

local function roles_of(given)
  local list = {}
  for _, name in ipairs(memlua.keys(check.is "table"(given, "roles"))) do list[#list + 1] = role_of(name, given[name], "roles." .. tostring(name)) end
  if #list == 0 then check.refuse("roles", "a policy has at least one: roles = { tenant = { charged = function(memcg, me, config) ... end } }") end
  if #list > MOST_ROLES then check.refuse("roles", "%d of them; a policy has %d at most", #list, MOST_ROLES) end
  return list
end

-- Of any of the functions: which file it is.
local function origin_of(roles)
  local _, origin = next(roles[1].functions)
  return origin
end

-- In C the words of all enums and the roles' names are of one kind.
local function check_words(definition)
  local owner = { config = "memlua", stats = "memlua", state = "memlua" }
  for _, role in ipairs(definition.roles) do owner[role.name] = "the roles" end
  for _, field in ipairs(definition.config) do
    for _, word in ipairs(field.words or {}) do
      if owner[word] then
        check.refuse(("config.%s.one_of"):format(field.name), "'%s' is a word of %s, too; C knows it once: take another word", word, owner[word])
      end
      owner[word] = field.name
    end
  end
end

-- Numbers by which a recording tells fields, roles and functions, from 0.
local function number(definition)
  for i, field in ipairs(definition.config) do field.number = i - 1 end
  definition.functions = {}
  for r, role in ipairs(definition.roles) do
    role.number, role.numbers = r - 1, {}
    for i, field in ipairs(role.fields) do field.number = i - 1 end
    for _, callback in ipairs(memlua.keys(role.functions)) do
      role.numbers[callback] = #definition.functions
      definition.functions[#definition.functions + 1] = { role = role.name, callback = callback }
    end
  end
end

--- Checks the table. Returns { name, about, file, config, stats, state = lists of fields, roles = list of { name, hold, fields,
--- functions = { callback = origin, see memlua.policy.source } }, functions = list of { role, callback } }; a field is { name, type,
--- initial, unit, about, words, is_setting, number }.
--- Fails with status 1 at the key that is wrong.
function declaration.of(given)
  check.is "table"(given, "policy.lua")
  check_keys(given, { "name", "about", "config", "stats", "state", "roles" }, "policy.lua")
  local definition = { roles = roles_of(given.roles) }
  local origin = origin_of(definition.roles)
  definition.file = origin.file
  definition.name = given.name and check_form(given.name, "name") or (origin.path or "policy"):match "([^/]*)$":gsub("%..*", ""):gsub("[^%w_-]", "_")
  definition.about = given.about and check.is "string"(given.about, "about") or "a policy in Lua"
  definition.config, definition.stats = fields_of(given.config, "config"), counters_of(given.stats, "stats")
  definition.state = fields_of(given.state, "state")
  check_words(definition)
  number(definition)
  return definition
end

return declaration
