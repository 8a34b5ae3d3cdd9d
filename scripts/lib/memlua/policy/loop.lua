--- memlua.policy.loop: loops, of which the compiler must see that they end.
local expression = require "memlua.policy.expression"
local refusal = require "memlua.policy.refusal"
local scope = require "memlua.policy.scope"
local value = require "memlua.policy.value"

local loop = {}

--- So many turns a loop may take, those of the loops around it included: a callback runs while a task waits for memory.
loop.MOST = 4096

-- ---- how many turns ------------------------------------------------------------------------------------------------------

-- Of the loops around it, times its own `turns`.
local function enter(fn, node, turns, remedy)
  local all = turns * fn.turns[#fn.turns]
  if all > loop.MOST then
    refusal.at(fn.origin, node, "up to %d turns%s; a policy's loops may take %d: %s", all, #fn.turns > 1 and " with the loops around it" or "",
      loop.MOST, remedy)
  end
  fn.turns[#fn.turns + 1] = math.max(all, 1)
end

local function leave(fn) fn.turns[#fn.turns] = nil end

-- (b - a) // step + 1, exactly: the difference of two integers may need 65 bits.
local function distance(a, b, step)
  if a > b then return 0 end
  if b - a < 0 then return math.maxinteger end
  return math.min((b - a) // step, math.maxinteger - 1) + 1
end

-- ---- for i = a, b, step ------------------------------------------------------------------------------------------------------

local SEEN <const> = "write a constant, or math.min(%s, 64)"

local function step_of(fn, node)
  local step = node[5] and expression.typed(fn, node[4], "number", "the step of a loop") or value.number(1)
  if not step.const then refusal.at(fn.origin, node, "the step of a loop must be a constant, for the compiler to see how often it turns") end
  if step.const == 0 then refusal.at(fn.origin, node, "the step of a loop is 0: it would never end") end
  return step.const
end

local function visible_turns(fn, node, from, to, step)
  local first, last = step > 0 and from.lo or step < 0 and from.hi, step > 0 and to.hi or step < 0 and to.lo
  local function unseen(n) return fn.origin, node[n], "the compiler can't see how far this loop goes; " end
  if not last then
    local origin, at, said = unseen(3)
    refusal.at(origin, at, said .. SEEN, "n")
  elseif not first then
    local origin, at, said = unseen(2)
    refusal.at(origin, at, said .. "begin at a constant, or at math.max(n, 0)")
  end
  if step == math.mininteger then refusal.at(fn.origin, node, "the step of a loop is too large") end
  return step > 0 and distance(first, last, step) or distance(last, first, -step)
end

--- Compiles a numeric for. `block` compiles a block.
function loop.numeric(fn, node, block)
  local from = expression.typed(fn, node[2], "number", "where a loop begins")
  local to = expression.typed(fn, node[3], "number", "where a loop ends")
  local step = step_of(fn, node)
  local turns = visible_turns(fn, node, from, to, step)
  enter(fn, node, turns, "let it end earlier")
  local at, left = fn:fresh "at", fn:fresh "left"
  local up = step > 0
  fn:emit("if (%s %s %s) {", from.c, up and "<=" or ">=", to.c)
  fn:emit("__s64 %s = %s;", at, from.const and ("lua_hidden(%s)"):format(from.c) or from.c)
  fn:emit("__u64 %s = (__u64)lua_hidden(lua_sub(%s, %s)) / %d;", left, up and to.c or from.c, up and from.c or to.c, up and step or -step)
  fn:emit("LUA_LOOP(%d) {", math.max(turns, 1))
  scope.open(fn)
  local v = { type = "number", c = at, lo = up and from.lo or to.lo, hi = up and to.hi or from.hi }
  scope.variable(fn, node[1][1], v)
  block(fn, node[#node])
  scope.close(fn)
  fn:emit("if (!%s--)", left)
  fn:emit("break;")
  fn:emit("%s = lua_add(%s, %s);", at, at, value.number(step).c)
  fn:emit("}")
  fn:emit("}")
  leave(fn)
end

-- ---- while i < n -----------------------------------------------------------------------------------------------------------

local FORM <const> = "the compiler can't see that this loop ends; let its condition begin with i < N (or i <= N), N a constant or "
  .. "math.min(n, 64), where i is a local that nothing but `i = i + 1` in the loop itself changes; or write `for`"

-- The parts of `a and b and c`.
local function parts(node, list)
  if node.tag == "Paren" then return parts(node[1], list) end
  if node.tag == "Op" and node[1] == "and" then
    parts(node[2], list)
    return parts(node[3], list)
  end
  list[#list + 1] = node
  return list
end

-- By how much the loop's own `i = i + STEP` takes it further; nil without.
local function step_in(block, name)
  for _, node in ipairs(block) do
    local target, sum = node.tag == "Set" and node[1][1], node.tag == "Set" and node[2][1]
    if target and #node[1] == 1 and target.tag == "Id" and target[1] == name and sum.tag == "Op" and sum[1] == "add" and sum[3]
      and sum[2].tag == "Id" and sum[2][1] == name and sum[3].tag == "Number" then
      return math.tointeger(tonumber(sum[3][1]))
    end
  end
end

-- Turns of the loop if this part of its condition bounds them.
local function turns_by(fn, part, block)
  local name = part.tag == "Op" and (part[1] == "lt" or part[1] == "le") and part[2].tag == "Id" and part[2][1]
  if not name or fn.changed[name] ~= 1 or fn.declared[name] ~= 1 then return nil end
  local entry, step, limit = scope.find(fn, name, part), step_in(block, name), nil
  fn:aside(function() limit = expression.typed(fn, part[3], "number", "an operand of <").hi end)
  if not entry.initial or not step or step <= 0 or not limit or limit > math.maxinteger - step then return nil end
  return distance(entry.initial, part[1] == "lt" and limit - 1 or limit, step)
end

local function bounded_turns(fn, node)
  local least
  for _, part in ipairs(parts(node[1], {})) do
    local turns = turns_by(fn, part, node[2])
    least = turns and (not least or turns < least) and turns or least
  end
  if not least then refusal.at(fn.origin, node, "%s", FORM) end
  return least
end

--- Compiles a while.
function loop.conditional(fn, node, block)
  local turns = bounded_turns(fn, node)
  enter(fn, node, turns, "let it end earlier")
  fn:emit("LUA_LOOP(%d) {", turns + 1) -- the last one finds the condition false
  local condition = expression.typed(fn, node[1], "boolean", "the condition")
  fn:emit("if (!(%s))", condition.c)
  fn:emit("break;")
  block(fn, node[2])
  fn:emit("}")
  leave(fn)
end

return loop
