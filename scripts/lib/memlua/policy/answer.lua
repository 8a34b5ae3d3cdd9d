--- memlua.policy.answer: `return`, which means something else in a callback, a join, a local function and the function of a for_each.
local expression = require "memlua.policy.expression"
local kinds = require "memlua.policy.kinds"
local refusal = require "memlua.policy.refusal"
local scope = require "memlua.policy.scope"
local value = require "memlua.policy.value"

local answer = {}

-- ---- join ------------------------------------------------------------------------------------------------------------

-- The text of refuse as BPF_SNPRINTF takes it, and how many numbers it wants.
local function form_of(fn, node, text)
  if text:find "%c" then refusal.at(fn.origin, node, "the text of refuse is one line") end
  local n = 0
  local form = text:gsub("%%(.?)", function(letter)
    if letter == "%" then return "%%" end
    if letter ~= "d" then refusal.at(fn.origin, node, "refuse knows %%d and %%%%, not %%%s", letter) end
    n = n + 1
    return "%lld"
  end)
  return form:gsub('[\\"]', "\\%0"), n
end

-- What the kernel's bpf_snprintf takes (MAX_BPRINTF_VARARGS).
local MOST_NUMBERS <const> = 12

-- return refuse("claim: %d exceeds %d", a, b)
local function of_join(fn, node, given)
  if not given then return fn:emit("return 0;") end
  local is_refusal = given.tag == "Call" and given[1].tag == "Id" and scope.find(fn, given[1][1], given).builtin == "refuse"
  if not is_refusal or not given[2] or given[2].tag ~= "String" then
    refusal.at(fn.origin, node, "a join returns nothing, or refuse(\"why: %%d\", number)")
  end
  local form, n = form_of(fn, node, given[2][1])
  local words = {}
  for i = 3, #given do words[#words + 1] = ", " .. expression.typed(fn, given[i], "number", "a number of refuse").c end
  if n ~= #words or n > MOST_NUMBERS then
    refusal.at(fn.origin, node, "refuse has %d %%d and %d numbers; give each its own, %d at most", n, #words, MOST_NUMBERS)
  end
  fn:emit("return refuse(%s->join, -EINVAL, \"%s\"%s);", fn.call, form, table.concat(words))
end

-- ---- the others ------------------------------------------------------------------------------------------------------

local function of_each(fn, _, given)
  if not given then return fn:emit("return 0;") end
  fn:emit("return lua_end(LUA_EACH_ENDS(%s, %s));", fn.call, expression.typed(fn, given, "boolean", "what the function of a for_each returns (true ends it)").c)
end

-- What a callback answers is known before; to return nothing is to answer 0.
local function of_callback(fn, node, v)
  if v.type == "nothing" then return end
  if fn.wanted == "nothing" then refusal.at(fn.origin, node, "nobody asks for an answer of this callback; write `return` alone") end
  value.expect(fn, node, v, fn.wanted, "the answer")
end

-- What a local function returns shows.
local function of_function(fn, node, v)
  if v.type == "maybe" then value.expect(fn, node, v, "number", "what is returned") end
  if v.type ~= "number" and v.type ~= "boolean" and v.type ~= "nothing" then
    refusal.at(fn.origin, node, "a function returns a number or a boolean, not %s", value.words(v))
  end
  if fn.returns and fn.returns ~= v.type then
    refusal.at(fn.origin, node, "the function returns %s here and %s before; it returns one or the other", value.words(v), kinds.words(fn.returns))
  end
  fn.returns = v.type
end

local function of_value(fn, node, given)
  local v = given and expression.of(fn, given) or { type = "nothing", c = "0" }
  if fn.wanted then of_callback(fn, node, v) else of_function(fn, node, v) end
  fn:emit("return %s;", v.c)
end

local OF <const> = { join = of_join, each = of_each }

--- Compiles a return of what the node `given` computes, nil for nothing.
function answer.compile(fn, node, given) (OF[fn.wanted] or of_value)(fn, node, given) end

return answer
