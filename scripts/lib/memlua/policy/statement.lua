--- memlua.policy.statement: the statements of a policy's functions as C.
local call = require "memlua.policy.call"
local each = require "memlua.policy.each"
local expression = require "memlua.policy.expression"
local kinds = require "memlua.policy.kinds"
local loop = require "memlua.policy.loop"
local refusal = require "memlua.policy.refusal"
local scope = require "memlua.policy.scope"
local source = require "memlua.policy.source"
local value = require "memlua.policy.value"

local statement = {}

local visit = {} -- tag -> f(fn, node)

local REFUSED <const> = {
  Repeat = "repeat; write `while`, or `for i = 1, n`", Forin = "a loop over an iterator; write for_each(\"role\", function(tenant, memcg) ... end)",
  Goto = "goto; write a loop, or return early", Label = "a label; write a loop, or return early",
  Invoke = "a method; call a local function",
}

--- Compiles a block, with a scope of its own.
function statement.block(fn, block)
  scope.open(fn)
  for _, node in ipairs(block) do
    fn.line = node.line
    local f = visit[node.tag]
    if not f then refusal.at(fn.origin, node, "%s", REFUSED[node.tag] or node.tag) end
    f(fn, node)
  end
  scope.close(fn)
end

--- Whether what follows a block is never reached, as each way through it returns.
function statement.returns(block)
  local last = block[#block]
  if not last then return false end
  if last.tag == "Return" then return true end
  if last.tag == "Do" then return statement.returns(last) end
  if last.tag ~= "If" or #last % 2 == 0 then return false end
  for i = 2, #last, 2 do
    if not statement.returns(last[i]) then return false end
  end
  return statement.returns(last[#last])
end

-- ---- variables ---------------------------------------------------------------------------------------------------------

-- A constant for words of the configuration and the like, a variable for what can be one in C.
local function declare(fn, id, v)
  if kinds.c(v.type) then return scope.variable(fn, id[1], v) end
  if v.type == "maybe" then value.expect(fn, id, v, "number", ("what local %s is given"):format(id[1])) end
  if v.type == "text" then refusal.at(fn.origin, id, "local %s is a string; a policy computes with integers and booleans, and compares words of its configuration "
    .. "alone: config.mood == \"calm\"", id[1]) end
  scope.declare(fn, id[1], { value = v })
end

function visit.Local(fn, node)
  local names, values = node[1], node[2] or {}
  if #names == 1 and #values == 1 and values[1].tag == "Function" then
    return scope.declare(fn, names[1][1], { routine = values[1], owner = fn })
  end
  if #values ~= #names then
    refusal.at(fn.origin, node, "%d names and %d values; give each local a value, 0 or false if there is none yet", #names, #values)
  end
  local list = {}
  for i, one in ipairs(values) do list[i] = expression.of(fn, one) end
  for i, id in ipairs(names) do declare(fn, id, list[i]) end
end

function visit.Localrec(fn, node) scope.declare(fn, node[1][1][1], { routine = node[2][1], owner = fn }) end

local function variable_place(fn, id)
  local entry = scope.find(fn, id[1], id)
  if not entry.is_variable then
    refusal.at(fn.origin, id, "'%s' can't be changed by a policy; keep what changes in a local or in state", id[1])
  end
  if entry.value.type ~= "number" and entry.value.type ~= "boolean" then
    refusal.at(fn.origin, id, "'%s' is %s and stays the same one; declare another local", id[1], value.words(entry.value))
  end
  return entry.value
end

local function assign(fn, id, place, v)
  value.expect(fn, id, v, place.type, ("what %s is given"):format(id.tag == "Id" and "'" .. id[1] .. "'" or "'" .. id[2][1] .. "'"))
  fn:emit("%s = %s;", place.c, v.c)
end

local function same(a, b)
  if a.tag ~= b.tag or #a ~= #b then return false end
  for i = 1, #a do
    if type(a[i]) == "table" and not same(a[i], b[i]) or type(a[i]) ~= "table" and a[i] ~= b[i] then return false end
  end
  return true
end

local function calls(node)
  local found = false
  source.walk(node, function(n) found = found or n.tag == "Call" and n[1].tag == "Id" end)
  return found
end

-- `x.f = x.f + e` of a counter is one step for the processor, so that two of them don't lose one.
local function added(fn, node, place)
  local target, sum = node[1][1], node[2][1]
  if place.type ~= "number" or sum.tag ~= "Op" or (sum[1] ~= "add" and sum[1] ~= "sub") or not sum[3] then return false end
  if not same(sum[2], target) or calls(sum[3]) then return false end
  local v = expression.typed(fn, sum[3], "number", "an operand of " .. (sum[1] == "add" and "+" or "-"))
  fn:emit("__sync_fetch_and_add(&%s, %s);", place.c, sum[1] == "add" and v.c or ("lua_sub(0, %s)"):format(v.c))
  return true
end

local function place_of(fn, target)
  if target.tag == "Id" then return variable_place(fn, target) end
  return expression.place(fn, target)
end

function visit.Set(fn, node)
  local targets, values = node[1], node[2]
  if values[1].tag == "Function" then refusal.at(fn.origin, node, "a function is no value here; write `local function`") end
  if #targets ~= #values then refusal.at(fn.origin, node, "%d places and %d values; give each place its own", #targets, #values) end
  local places, list = {}, {}
  for i, target in ipairs(targets) do places[i] = place_of(fn, target) end
  if #targets == 1 and targets[1].tag == "Index" and added(fn, node, places[1]) then return end
  for i, one in ipairs(values) do
    list[i] = expression.of(fn, one)
    if #values > 1 then list[i] = value.kept(fn, list[i]) end
  end
  for i = #targets, 1, -1 do assign(fn, targets[i], places[i], list[i]) end
end

-- ---- ways ---------------------------------------------------------------------------------------------------------------

local function branch(fn, node, i)
  if not node[i + 1] then
    if not node[i] then return end
    fn:emit("} else {")
    return statement.block(fn, node[i])
  end
  local condition
  local lines = fn:aside(function() condition = expression.typed(fn, node[i], "boolean", "the condition") end)
  local nested = i > 1
  if nested then fn:emit("} else {") end
  fn:append(lines)
  fn:emit("if (%s) {", condition.c)
  statement.block(fn, node[i + 1])
  branch(fn, node, i + 2)
  fn:emit("}")
end

function visit.If(fn, node) branch(fn, node, 1) end

function visit.Do(fn, node)
  fn:emit("{")
  statement.block(fn, node)
  fn:emit("}")
end

function visit.Fornum(fn, node) loop.numeric(fn, node, statement.block) end
function visit.While(fn, node) loop.conditional(fn, node, statement.block) end

function visit.Break(fn) fn:emit("break;") end

function visit.Return(fn, node)
  if #node > 1 then refusal.at(fn.origin, node, "%d values; a function returns one", #node) end
  fn:answer(node, node[1])
end

function visit.Call(fn, node)
  local f = node[1]
  if f.tag == "Id" and scope.find(fn, f[1], f).builtin == "for_each" then return each.tenant(fn, node, statement.block) end
  call.value(fn, node, expression)
end

return statement
