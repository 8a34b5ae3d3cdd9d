--- memlua.policy.call: calls: of the functions that the subset has, and of local ones, which are compiled for the types that they are
--- given.
local kinds = require "memlua.policy.kinds"
local refusal = require "memlua.policy.refusal"
local scope = require "memlua.policy.scope"
local value = require "memlua.policy.value"

local call = {}

-- ---- what the subset has -----------------------------------------------------------------------------------------------

local function counted(fn, node, name, least, most)
  local n = #node - 1
  if n < least or n > most then
    refusal.at(fn.origin, node, "%s takes %s argument%s, not %d", name, least == most and least or "at least " .. least, least == 1 and "" or "s", n)
  end
end

local function extreme(name, lo, hi)
  return function(fn, node, expression)
    counted(fn, node, "math." .. name, 2, 255)
    local result
    for i = 2, #node do
      local v = expression.typed(fn, node[i], "number", ("an argument of math.%s"):format(name))
      local a = result
      result = not a and v or value.new("number", ("lua_%s(%s, %s)"):format(name, a.c, v.c))
      if a then result.lo, result.hi = lo(a.lo, v.lo), hi(a.hi, v.hi) end
    end
    return result
  end
end

-- Of two bounds, of which either may not be known.
local function both(f) return function(a, b) return a and b and f(a, b) end end
local function any(f) return function(a, b) return a and b and f(a, b) or a or b end end

local MATH <const> = {
  min = extreme("min", both(math.min), any(math.min)),
  max = extreme("max", any(math.max), both(math.max)),
}

local function of_math(fn, node, expression)
  local name = node[1][2][1]
  if not MATH[name] then refusal.at(fn.origin, node, "math.%s; a policy has math.min, math.max, math.maxinteger and math.mininteger", name) end
  return MATH[name](fn, node, expression)
end

local BUILTIN <const> = {}

function BUILTIN.now(fn, node)
  counted(fn, node, "now", 0, 0)
  return value.kept(fn, value.new("number", ("LUA_READ(%s, 0, %d, lua_now())"):format(fn.call, kinds.recorded.now)))
end

function BUILTIN.for_each(fn, node) refusal.at(fn.origin, node, "for_each gives no value; call it by itself, and let its function change locals") end
function BUILTIN.refuse(fn, node) refusal.at(fn.origin, node, "refuse stands in a join alone: return refuse(\"why: %%d\", number)") end

-- ---- local functions ---------------------------------------------------------------------------------------------------

local function arguments(fn, node, expression)
  local list = {}
  for i = 2, #node do
    local v = expression.of(fn, node[i])
    if v.type == "maybe" or v.type == "text" or v.type == "events" or v.type == "stat" or v.words then
      refusal.at(fn.origin, node[i], "an argument is %s; a function takes numbers, booleans, tenants, cgroups and config", value.words(v))
    end
    list[#list + 1] = v
  end
  return list
end

local function apply(fn, node, entry, name, expression)
  local given, words, types = arguments(fn, node, expression), { fn.call }, {}
  for i, v in ipairs(given) do types[i] = v.type end
  local routine = fn.program.routine(fn, node, entry, name, types)
  for _, v in ipairs(given) do
    if v.c and v.type ~= "config" and v.type ~= "stats" and v.type ~= "state" then words[#words + 1] = v.c end
  end
  local text = ("%s(%s)"):format(routine.c, table.concat(words, ", "))
  local result = value.new(routine.returns, text)
  if routine.returns == "nothing" then
    fn:emit("%s;", text)
  else
    local kept = fn:fresh "t"
    fn:emit("%s%s = %s;", routine.returns == "number" and "__s64 " or "bool ", kept, text)
    result.c = kept
  end
  if routine.may_fail then fn:pass_failure() end
  return result
end

--- Compiles a call. Returns its value, of type "nothing" where the function returns none. `expression`: the module.
function call.value(fn, node, expression)
  local f = node[1]
  if f.tag == "Index" and f[1].tag == "Id" and f[2].tag == "String" and scope.find(fn, f[1][1], f[1]).builtin == "math" then
    return of_math(fn, node, expression)
  end
  if f.tag ~= "Id" then refusal.at(fn.origin, node, "only functions with a name are called here; write `local function`") end
  local entry = scope.find(fn, f[1], f)
  if BUILTIN[entry.builtin and f[1]] then return BUILTIN[f[1]](fn, node) end
  if not entry.routine and not entry.outside then refusal.at(fn.origin, node, "'%s' is no function", f[1]) end
  return apply(fn, node, entry, f[1], expression)
end

return call
