--- memlua.policy.scope: what a name means in a function: a local, one of the function around it, a constant from outside of the
--- policy, or one of the names that the subset has: now, for_each, refuse, stats, state, math.
local kinds = require "memlua.policy.kinds"
local memlua = require "memlua"
local refusal = require "memlua.policy.refusal"
local source = require "memlua.policy.source"
local value = require "memlua.policy.value"

local scope = {}

local BUILTIN <const> = { now = "function", for_each = "function", refuse = "function", stats = "stats", state = "state", math = "math" }

-- ---- what is declared ------------------------------------------------------------------------------------------------

--- Begins a block: what is declared from now on is forgotten at its end.
function scope.open(fn) fn.scopes[#fn.scopes + 1] = {} end

--- Ends a block.
function scope.close(fn) fn.scopes[#fn.scopes] = nil end

--- Declares a name. `entry`: { value = v } or { routine = Function node, owner = fn }, and what a loop wants to know of it.
function scope.declare(fn, name, entry)
  fn.scopes[#fn.scopes][name] = entry
  entry.name = name
  return entry
end

--- A local variable of the function's own, with a value.
function scope.variable(fn, name, v)
  local c = fn:fresh(name)
  local is_hidden = fn.changed[name] and v.const and v.type == "number" -- see lua.bpf.h
  fn:emit("%s%s = %s;", kinds.c(v.type), c, is_hidden and ("lua_hidden(%s)"):format(v.c) or v.c)
  local entry = { value = { type = v.type, c = c }, is_variable = true, initial = v.lo }
  if not fn.changed[name] then entry.value.const, entry.value.lo, entry.value.hi = v.const, v.lo, v.hi end
  return scope.declare(fn, name, entry)
end

--- How often each name is assigned, and how often declared, below a node.
function scope.changes(node)
  local changed, declared = {}, {}
  local function add(list, name) list[name] = (list[name] or 0) + 1 end
  source.walk(node, function(n)
    for _, target in ipairs(n.tag == "Set" and n[1] or {}) do
      if target.tag == "Id" then add(changed, target[1]) end
    end
    local names = (n.tag == "Local" or n.tag == "Localrec") and n[1] or n.tag == "Function" and n[1] or n.tag == "Fornum" and { n[1] } or {}
    for _, id in ipairs(names) do add(declared, id[1]) end
  end)
  return changed, declared
end

-- ---- finding ---------------------------------------------------------------------------------------------------------

local function own(fn, name)
  for i = #fn.scopes, 1, -1 do
    if fn.scopes[i][name] then return fn.scopes[i][name] end
  end
end

local find

-- A variable of another function that never changes is a constant in this one.
local function constant(entry)
  local v = entry.value.const
  return { value = type(v) == "boolean" and value.boolean(v) or value.number(v) }
end

-- In the body of a for_each, a variable of the function around it is a member of a struct that is copied there and back.
local function captured(fn, name, node)
  local entry = find(fn.around, name, node)
  if not entry or not entry.is_variable then return entry end
  if entry.value.const ~= nil then return constant(entry) end
  local mine = fn.captures[entry]
  if not mine then
    local v = entry.value
    mine = { is_variable = true, name = name, value = { type = v.type, c = "env->" .. v.c, lo = v.lo, hi = v.hi } }
    fn.captures[entry], fn.captures[#fn.captures + 1] = mine, entry
  end
  return mine
end

local function of_outside(fn, name, node)
  local is_there, v = source.outside(fn.origin, name, node)
  if not is_there then return nil end
  if type(v) == "boolean" then return { value = value.boolean(v) } end
  if math.type(v) == "integer" then return { value = value.number(v) } end
  if type(v) == "string" then return { value = { type = "text", text = v } } end
  if type(v) == "function" then return { outside = v } end
  if math.type(v) == "float" then refusal.at(fn.origin, node, "'%s' is %s, a float; a policy computes with integers: %s", name, v,
    math.tointeger(v) and ("write %d"):format(v) or "scale it, as in n * 3 // 2") end
  refusal.at(fn.origin, node, "'%s' is a %s from outside; a policy takes integers, booleans and functions: give it what it needs by "
    .. "its configuration, or as `local x <const> = ...`", name, type(v))
end

function find(fn, name, node)
  local entry = own(fn, name)
  if entry then return entry end
  if fn.around then return captured(fn, name, node) end
  if fn.outside then
    entry = find(fn.outside, name, node)
    if entry and entry.is_variable and entry.value.const ~= nil then return constant(entry) end
    if entry and entry.is_variable then
      refusal.at(fn.origin, node, "'%s' belongs to the function around this one, and may have changed when it is called; hand it over "
        .. "as an argument", name)
    end
    return entry
  end
  return of_outside(fn, name, node) or BUILTIN[name] and { builtin = name }
end

--- What a name means: { value } or { routine, owner } or { outside = function } or { builtin = name }. Refuses globals.
function scope.find(fn, name, node)
  local entry = find(fn, name, node)
  if entry then return entry end
  refusal.at(fn.origin, node, "'%s' is a global; a policy has its parameters, its locals and %s%s", name,
    table.concat(memlua.keys(BUILTIN), ", "), name == "print" and "; what it did it tells by counters and stats"
      or memlua.hint(name, memlua.keys(BUILTIN)):match "; did you.*" or "")
end

return scope
