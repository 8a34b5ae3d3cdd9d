--- memlua.policy.operator: Lua's operators in C, on values (memlua.policy.value).
local refusal = require "memlua.policy.refusal"
local value = require "memlua.policy.value"

local operator = {}

local SIGNS <const> = {
  add = "+", sub = "-", mul = "*", idiv = "//", mod = "%", band = "&", bor = "|", bxor = "~", shl = "<<", shr = ">>",
  lt = "<", le = "<=", gt = ">", ge = ">=", eq = "==", ne = "~=", unm = "-", bnot = "~", ["not"] = "not",
}

-- By Lua itself, of constants; a division by zero is left to the policy's run.
local FOLDED <const> = {
  add = function(a, b) return a + b end, sub = function(a, b) return a - b end, mul = function(a, b) return a * b end,
  idiv = function(a, b) return b ~= 0 and a // b or nil end, mod = function(a, b) return b ~= 0 and a % b or nil end,
  band = function(a, b) return a & b end, bor = function(a, b) return a | b end, bxor = function(a, b) return a ~ b end,
  shl = function(a, b) return a << b end, shr = function(a, b) return a >> b end,
}

local C <const> = {
  add = "lua_add(%s, %s)", sub = "lua_sub(%s, %s)", mul = "lua_mul(%s, %s)", shl = "lua_shl(%s, %s)", shr = "lua_shr(%s, %s)",
  idiv = "lua_idiv(%s, %s)", mod = "lua_mod(%s, %s)", band = "(%s & %s)", bor = "(%s | %s)", bxor = "(%s ^ %s)",
  lt = "(%s < %s)", le = "(%s <= %s)", gt = "(%s > %s)", ge = "(%s >= %s)", eq = "(%s == %s)", ne = "(%s != %s)",
}

-- ---- what is known of a result ----------------------------------------------------------------------------------------

-- The bounds of a & b and a % b, where one is a constant: loops want to see them.
local function bound(name, a, b, result)
  if name == "band" then
    for _, v in ipairs { a, b } do
      if v.const and v.const >= 0 then result.lo, result.hi = 0, v.const end
    end
  elseif name == "mod" and b.const and b.const > 0 then
    result.lo, result.hi = 0, b.const - 1
  end
  return result
end

-- ---- numbers ----------------------------------------------------------------------------------------------------------

local function arithmetic(fn, node, name, a, b)
  local what = ("an operand of %s"):format(SIGNS[name])
  value.expect(fn, node, a, "number", what)
  value.expect(fn, node, b, "number", what)
  local folded = a.const and b.const and FOLDED[name](a.const, b.const)
  if folded then return value.number(folded) end
  if name ~= "idiv" and name ~= "mod" then return bound(name, a, b, value.new("number", C[name]:format(a.c, b.c))) end
  if not b.const or b.const == 0 then fn:fail_if(node, ("%s == 0"):format(b.c)) end
  return value.kept(fn, bound(name, a, b, value.new("number", C[name]:format(a.c, b.c))))
end

local function order(fn, node, name, a, b)
  local what = ("an operand of %s"):format(SIGNS[name])
  value.expect(fn, node, a, "number", what)
  value.expect(fn, node, b, "number", what)
  return value.new("boolean", C[name]:format(a.c, b.c))
end

-- ---- equality -----------------------------------------------------------------------------------------------------------

local function word_of(fn, node, a, text)
  local role = a.type:match "^enum (.*)"
  for _, word in ipairs(a.words) do
    if word == text then return value.new(a.type, role .. "_" .. word) end
  end
  refusal.at(fn.origin, node, "\"%s\" is none of the words of %s: %s", text, a.name, table.concat(a.words, ", "))
end

local function equality(fn, node, name, a, b)
  if a.type == "text" and b.words then a = word_of(fn, node, b, a.text) end
  if b.type == "text" and a.words then b = word_of(fn, node, a, b.text) end
  local kind = a.type:match "^%l+"
  if a.type == b.type and (kind == "number" or kind == "boolean" or kind == "tenant" or kind == "enum") then
    return value.new("boolean", C[name]:format(a.c, b.c))
  end
  refusal.at(fn.origin, node, "%s compares %s with %s; it takes two numbers, two booleans, two tenants of a role, or a word of the "
    .. "configuration and its name", SIGNS[name], value.words(a), value.words(b))
end

-- ---- the operators ------------------------------------------------------------------------------------------------------

local BINARY <const> = { eq = equality, ne = equality, lt = order, le = order, gt = order, ge = order }
for name in pairs(FOLDED) do BINARY[name] = arithmetic end

local REFUSED <const> = {
  div = "/ makes a float; divide integers with //", pow = "^ makes a float; multiply, or shift for powers of two: 1 << n",
  concat = ".. makes a string; a policy has none", len = "# is for tables and strings; a policy has none",
}

--- Of two operands; `name` as luacheck's parser has it: "add".
function operator.binary(fn, node, name, a, b)
  if REFUSED[name] then refusal.at(fn.origin, node, "%s", REFUSED[name]) end
  return BINARY[name](fn, node, name, a, b)
end

--- Of one operand.
function operator.unary(fn, node, name, a)
  if REFUSED[name] then refusal.at(fn.origin, node, "%s", REFUSED[name]) end
  if name == "not" then return value.new("boolean", ("!%s"):format(value.expect(fn, node, a, "boolean", "the operand of not").c)) end
  value.expect(fn, node, a, "number", ("the operand of %s"):format(SIGNS[name]))
  if a.const then return value.number(name == "unm" and -a.const or ~a.const) end
  return value.new("number", (name == "unm" and "lua_sub(0, %s)" or "(~%s)"):format(a.c))
end

return operator
