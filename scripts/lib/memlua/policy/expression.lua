--- memlua.policy.expression: an expression of Lua as a value: what it takes to compute it is emitted, in Lua's order.
local call = require "memlua.policy.call"
local kinds = require "memlua.policy.kinds"
local memlua = require "memlua"
local operator = require "memlua.policy.operator"
local refusal = require "memlua.policy.refusal"
local scope = require "memlua.policy.scope"
local value = require "memlua.policy.value"

local expression = {}

local visit = {} -- tag -> f(fn, node)

local REFUSED <const> = {
  Table = "a table; keep what a policy needs in state, settings or locals",
  Nil = "nil; a policy knows integers and booleans: write 0 or false",
  Function = "a function as a value; write `local function`, or hand it to for_each", Invoke = "a method; call a local function",
}

--- Compiles an expression. Returns its value.
function expression.of(fn, node)
  local f = visit[node.tag]
  if not f then refusal.at(fn.origin, node, "%s", REFUSED[node.tag] or node.tag) end
  return f(fn, node)
end

--- The same, of a type; `what` names its use in the refusal.
function expression.typed(fn, node, type, what) return value.expect(fn, node, expression.of(fn, node), type, what) end

-- ---- literals and names ----------------------------------------------------------------------------------------------

function visit.Number(fn, node)
  local n = tonumber(node[1])
  if math.type(n) == "integer" then return value.number(n) end
  local whole = n and math.tointeger(n)
  refusal.at(fn.origin, node, "%s is a float; a policy computes with integers: %s", node[1], whole and ("write %d"):format(whole)
    or "scale it, as in n * 3 // 2")
end

function visit.True() return value.boolean(true) end
function visit.False() return value.boolean(false) end
function visit.Paren(fn, node) return expression.of(fn, node[1]) end
function visit.String(_, node) return { type = "text", text = node[1] } end

function visit.Id(fn, node)
  local entry = scope.find(fn, node[1], node)
  if entry.value then return entry.value end
  if entry.builtin == "stats" or entry.builtin == "state" then return { type = entry.builtin, c = entry.builtin } end
  refusal.at(fn.origin, node, "'%s' is a function here; call it", node[1])
end

-- ---- fields ----------------------------------------------------------------------------------------------------------

local function field_of(fn, node, known, name, of)
  local field = known[name]
  if field then return field end
  refusal.at(fn.origin, node, "%s has no '%s'%s", of, name, memlua.hint(name, memlua.keys(known)))
end

-- What is read of a cgroup, for a recording to note.
local function reading(fn, object, name, v)
  local form = v.type == "memcg" and "LUA_READ_CGROUP" or "LUA_READ"
  v.c = ("%s(%s, lua_id(%s), %d, %s)"):format(form, fn.call, object.c, kinds.reading(name), v.c)
  return v
end

local function of_memcg(fn, node, object, name)
  local field = field_of(fn, node, kinds.memcg, name, "a cgroup")
  if field.type == name then return value.new(name, object.c) end -- memcg.events, memcg.stat
  return value.kept(fn, reading(fn, object, name, value.new(field.type, field.c:format(object.c))))
end

local function of_events(fn, node, object, name)
  local event = field_of(fn, node, kinds.events, name, "memcg.events")
  return value.kept(fn, reading(fn, object, "events." .. name, value.new("number", ("lua_event(%s, %s)"):format(object.c, event))))
end

-- What the kernel's functions tell of it: the program then keeps the tenants' cgroups at hand.
local function of_stat(fn, node, object, name)
  local form = field_of(fn, node, kinds.stat, name, "memcg.stat")
  fn.program.reads_stat = true
  return value.kept(fn, reading(fn, object, "stat." .. name, value.new("number", form:format(fn.call, object.c))))
end

-- Of the configuration, statistics, state, or a tenant: what is declared of them. The value knows its `field`.
local function declared(fn, node, object, name)
  local role = object.type:match "^tenant (.*)"
  local known = role and fn.program.fields[role] or fn.program.fields[object.type]
  local field = field_of(fn, node, known, name, role and "a tenant of role " .. role or object.type)
  local place = role and object.c .. "->" .. name or object.c .. "." .. name
  return { type = field.words and "enum " .. name or field.type, c = place, field = field, words = field.words, name = name }
end

--- A field that can be assigned, or is refused: a value whose `c` is its place.
function expression.place(fn, node)
  local object = expression.of(fn, node[1])
  if node[2].tag ~= "String" then refusal.at(fn.origin, node, "an index; a policy has no tables, only fields with names") end
  local name = node[2][1]
  if not object.type:find "^tenant" and object.type ~= "stats" and object.type ~= "state" then
    refusal.at(fn.origin, node, "%s can't be changed by a policy", object.type == "config" and "the configuration" or value.words(object))
  end
  local v = declared(fn, node, object, name)
  if v.field.is_setting then refusal.at(fn.origin, node, "'%s' is a setting, which a policy reads; keep what changes in counters or state", name) end
  return v
end

-- What the host may change while the policy runs, a recording notes as well.
local function told(fn, object, v)
  local kinds_of = kinds.recorded
  if object.type == "config" then
    v.c = ("LUA_READ(%s, %d, %d, %s)"):format(fn.call, v.field.number, kinds_of.config, v.c)
  elseif v.field.is_setting then
    v.c = ("LUA_READ(%s, %s->cgroup_id, %d, %s)"):format(fn.call, object.c, kinds_of.setting + v.field.number, v.c)
  end
  return v
end

local function of_math(fn, node, name)
  if name == "maxinteger" or name == "mininteger" then return value.number(math[name]) end
  refusal.at(fn.origin, node, "math.%s is no number here; there are math.maxinteger and math.mininteger, and the functions math.min and math.max", name)
end

local READ <const> = { memcg = of_memcg, events = of_events, stat = of_stat }

function visit.Index(fn, node)
  if node[2].tag ~= "String" then refusal.at(fn.origin, node, "an index; a policy has no tables, only fields with names") end
  local name = node[2][1]
  if node[1].tag == "Id" and scope.find(fn, node[1][1], node[1]).builtin == "math" then return of_math(fn, node, name) end
  local object = expression.of(fn, node[1])
  if READ[object.type] then return READ[object.type](fn, node, object, name) end
  if kinds.c(object.type) and not object.type:find "^tenant" or object.type == "text" or object.words then
    refusal.at(fn.origin, node, "%s has no fields", value.words(object))
  end
  local v = told(fn, object, declared(fn, node, object, name))
  if v.words then return v end
  return value.kept(fn, value.new(v.type, v.c))
end

function visit.Call(fn, node)
  local v = call.value(fn, node, expression)
  if v.type == "nothing" then refusal.at(fn.origin, node, "this call gives no value; let the function return one on every way") end
  return v
end

-- ---- and, or -----------------------------------------------------------------------------------------------------------

-- "false or a number" as two variables of C.
local function halves(v)
  if v.type == "maybe" then return v.ok, v.c end
  if v.type == "number" then return "true", v.c end
  return v.c, "0"
end

-- The right operand is computed in a branch of its own; what comes out is kept in variables declared before.
local function branched(fn, left, is_and, type, lines, right)
  local ok, number = fn:fresh "ok", type ~= "boolean" and fn:fresh "n"
  local left_ok, left_number = halves(left)
  local right_ok, right_number = halves(right)
  fn:emit("bool %s = %s;", ok, left_ok)
  if number then fn:emit("__s64 %s = %s;", number, left_number) end
  fn:emit("if (%s%s) {", is_and and "" or "!", ok)
  fn:append(lines)
  fn:emit("%s = %s;", ok, right_ok)
  if number then fn:emit("%s = %s;", number, right_number) end
  fn:emit("}")
  if type == "maybe" then return { type = type, ok = ok, c = number } end
  return value.new(type, number or ok)
end

-- The type of `a and b`, `a or b`; nil: refused.
local function type_of(is_and, a, b)
  if a == "boolean" and b == "boolean" then return "boolean" end
  if is_and then return a == "boolean" and (b == "number" or b == "maybe") and "maybe" or nil end
  if a ~= "maybe" then return nil end
  return b == "number" and "number" or b == "maybe" and "maybe" or nil
end

local function joined(fn, node, is_and)
  local word = is_and and "and" or "or"
  local left = expression.of(fn, node[2])
  if left.type ~= "maybe" or is_and then value.expect(fn, node[2], left, "boolean", ("the left of `%s`"):format(word)) end
  local lines, right = fn:aside(function() return expression.of(fn, node[3]) end)
  local type = type_of(is_and, left.type, right.type)
  if not type then
    refusal.at(fn.origin, node, "`%s` of %s and %s; it takes two booleans, or chooses a number: `condition and number or number`", word,
      value.words(left), value.words(right))
  end
  if type == "boolean" and #lines == 0 then
    return value.new(type, ("(%s %s %s)"):format(left.c, is_and and "&&" or "||", right.c))
  end
  return branched(fn, left, is_and, type, lines, right)
end

function visit.Op(fn, node)
  local name = node[1]
  if name == "and" or name == "or" then return joined(fn, node, name == "and") end
  local a = expression.of(fn, node[2])
  if not node[3] then return operator.unary(fn, node, name, a) end
  return operator.binary(fn, node, name, a, expression.of(fn, node[3]))
end

return expression
