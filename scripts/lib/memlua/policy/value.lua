--- memlua.policy.value: a value while a policy is made into C: { type, c = an expression of C without effects, const, lo, hi = what
--- is known of a number }. Of type "maybe" (false or a number) `ok` is whether it is a number.
local kinds = require "memlua.policy.kinds"
local refusal = require "memlua.policy.refusal"

local value = {}

-- "5", "4294967296LL"; the least integer has no literal in C.
local function literal(n)
  if n == math.mininteger then return "(-9223372036854775807LL - 1)" end
  local text = math.abs(n) < 1 << 31 and ("%d"):format(n) or ("%dLL"):format(n)
  return n < 0 and "(" .. text .. ")" or text
end

--- An integer.
function value.number(n) return { type = "number", c = literal(n), const = n, lo = n, hi = n } end

--- true or false.
function value.boolean(b) return { type = "boolean", c = tostring(b), const = b } end

--- Something of a type, computed by `c`.
function value.new(type, c) return { type = type, c = c } end

--- Keeps a value in a variable of C of its own, so that what follows can't change it. Returns that one.
function value.kept(fn, v)
  if v.const ~= nil or not kinds.c(v.type) then return v end
  local name = fn:fresh "t"
  fn:emit("%s%s = %s;", kinds.c(v.type), name, v.c)
  return { type = v.type, c = name, lo = v.lo, hi = v.hi }
end

--- The type of a value in words.
function value.words(v) return kinds.words(v.type) end

--- Fails unless a value has the type; `what` names its use: "the condition".
function value.expect(fn, node, v, type, what)
  if v.type == type then return v end
  if type == "boolean" and v.type == "number" then
    refusal.at(fn.origin, node, "%s is a number, which Lua always takes for true, 0 too; compare it, as in x ~= 0", what)
  elseif v.type == "maybe" then
    refusal.at(fn.origin, node, "%s is false or a number; write `condition and number or number`", what)
  end
  refusal.at(fn.origin, node, "%s is %s; %s is needed", what, kinds.words(v.type), kinds.words(type))
end

return value
