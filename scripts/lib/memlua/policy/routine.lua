--- memlua.policy.routine: a function of a policy as a function of C. It is compiled for the types of its arguments: called with
--- others, it is compiled again.
local answer = require "memlua.policy.answer"
local kinds = require "memlua.policy.kinds"
local refusal = require "memlua.policy.refusal"
local scope = require "memlua.policy.scope"
local source = require "memlua.policy.source"
local statement = require "memlua.policy.statement"

local routine = {}

-- ---- a function that is being compiled -----------------------------------------------------------------------------------

local Routine = {}
Routine.__index = Routine

--- A name of C that nothing else has, beginning with that of Lua's.
function Routine:fresh(name)
  self.program.count = self.program.count + 1
  return ("%s_%d"):format(name, self.program.count)
end

--- Adds a line of C, which belongs to the statement of Lua that is compiled.
function Routine:emit(fmt, ...) self.lines[#self.lines + 1] = { text = fmt:format(...), line = self.line } end

--- Adds lines that aside() has returned.
function Routine:append(lines) table.move(lines, 1, #lines, #self.lines + 1, self.lines) end

--- Calls f(); what it emits is returned instead of added, before what f returns.
function Routine:aside(f)
  local lines = self.lines
  self.lines = {}
  local result = f()
  local mine = self.lines
  self.lines = lines
  return mine, result
end

--- The call ends with an error of the node's line where the condition of C holds.
function Routine:fail_if(node, condition)
  self.may_fail = true
  self:emit("if (%s) {", condition)
  self:emit("%s->line = %d;", self.call, node.line)
  self:emit("%s", self.failing)
  self:emit("}")
end

--- Ends where the function called just now did with an error.
function Routine:pass_failure()
  self.may_fail = true
  self:emit("if (%s->line)", self.call)
  self:emit("%s", self.failing)
end

--- The function that for_each calls: it shares the names of this one.
function Routine:inside(name)
  return setmetatable({ program = self.program, origin = self.origin, around = self, lines = {}, scopes = {}, captures = {}, turns = { 1 },
    changed = self.changed, declared = self.declared, call = "env->call", failing = "return 1;", wanted = "each", c = name, line = self.line }, Routine)
end

--- Compiles a return of what `given` computes, or of nothing.
function Routine:answer(node, given) answer.compile(self, node, given) end

-- ---- compiling one ------------------------------------------------------------------------------------------------------------

local function new(program, origin, node, name)
  local fn = setmetatable({ program = program, origin = origin, node = node, lines = {}, scopes = {}, turns = { 1 }, call = "L",
    failing = "return 0;", line = node.line }, Routine)
  fn.c = fn:fresh(name)
  fn.changed, fn.declared = scope.changes(node)
  return fn
end

-- Declares the parameters. Returns those of C.
local function declare_parameters(fn, types)
  local words = { "struct lua_call *L" }
  for i, id in ipairs(fn.node[1]) do
    if id.tag == "Dots" then refusal.at(fn.origin, id, "...; name the parameters") end
    local type = types[i]
    local c = kinds.c(type)
    if c then
      local name = fn:fresh(id[1])
      words[#words + 1] = c .. name
      scope.declare(fn, id[1], { value = { type = type, c = name }, is_variable = true })
    else
      scope.declare(fn, id[1], { value = { type = type, c = type } })
    end
  end
  return table.concat(words, ", ")
end

local function check_end(fn)
  local node = fn.node
  if statement.returns(node[2]) then return end
  if not fn.wanted and fn.returns and fn.returns ~= "nothing" then
    refusal.at(fn.origin, { line = node.end_range.line }, "the function that begins in line %d can end here without returning %s; return one on every way",
      node.line, kinds.words(fn.returns))
  end
  fn.line = node.end_range.line
  fn:emit("return 0;")
end

local RETURNS <const> = { boolean = "bool ", join = "int " }

local function finish(fn, parameters)
  fn.returns = fn.wanted or fn.returns or "nothing"
  local head = ("static __always_inline %s%s(%s)"):format(RETURNS[fn.returns] or "__s64 ", fn.c, parameters)
  local lines = { { text = head, line = fn.node.line }, { text = "{", line = fn.node.line } }
  table.move(fn.lines, 1, #fn.lines, 3, lines)
  lines[#lines + 1] = { text = "}", line = fn.node.end_range.line }
  fn.program.add(lines, fn.origin)
  return fn
end

local function compile(fn, types)
  scope.open(fn)
  local parameters = declare_parameters(fn, types)
  statement.block(fn, fn.node[2])
  check_end(fn)
  scope.close(fn)
  return finish(fn, parameters)
end

--- Compiles a callback. `types` are those of its parameters; one that takes fewer is given fewer. Returns what
--- program.lua calls it by: { c = name, line }.
function routine.callback(program, origin, name, answer, types)
  local fn = new(program, origin, origin.node, name)
  if #origin.node[1] > #types then
    refusal.at(origin, origin.node, "%s takes %d parameters at most, not %d: see `memlua help policy.lua`", name:match "[^_]*_?[^_]*$", #types, #origin.node[1])
  end
  fn.wanted = answer or "nothing"
  return compile(fn, table.move(types, 1, #origin.node[1], 1, {}))
end

--- What a call of a function of Lua calls: { c = name, returns = type, may_fail }. Refuses recursion.
function routine.called(caller, node, entry, name, types)
  local program = caller.program
  local origin = entry.outside and source.of(entry.outside) or entry.owner.origin
  local f = entry.routine or origin.node
  if #types ~= #f[1] then refusal.at(caller.origin, node, "%s takes %d argument%s, not %d", name, #f[1], #f[1] == 1 and "" or "s", #types) end
  local key = tostring(f) .. table.concat(types, ",") .. (entry.outside and tostring(entry.outside) or "")
  local known = program.compiled[key]
  if known == "open" then refusal.at(caller.origin, node, "%s calls itself; a policy has no recursion: write a loop", name) end
  if known then return known end
  program.compiled[key] = "open"
  local fn = new(program, origin, f, name)
  fn.outside = entry.owner
  program.compiled[key] = compile(fn, types)
  return program.compiled[key]
end

return routine
