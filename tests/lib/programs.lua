-- Random policies of the Lua subset, for the differential fuzzing of its compiler (tests/lib/differential.lua): each is the text of
-- a function charged or below_low. They terminate, and are of the right types; what they compute is arbitrary.
local programs = {}

-- What each tenant, the policy and its configuration have; differential.lua declares the same.
programs.FIELDS = {
  config = { "scale", "bias" }, flags = { "eager" }, stats = { "calls", "sum" }, state = { "last", "seen" },
  settings = { "soft", "claim" }, counters = { "active", "total" }, tenant_state = { "since" },
}

local INTEGERS <const> = { "0", "1", "-1", "2", "3", "7", "63", "64", "65", "1000", "-1000", "4096", "0x7fffffffffffffff",
  "math.mininteger", "math.maxinteger", "1 << 40", "-(1 << 33)", "4294967296", "2147483648", "0xffffffffffffffff" }

local Maker = {}
Maker.__index = Maker

function Maker:pick(list) return list[self.random(#list)] end
function Maker:chance(percent) return self.random(100) <= percent end
function Maker:fresh(letter)
  self.count = self.count + 1
  return letter .. self.count
end

-- ---- expressions -------------------------------------------------------------------------------------------------------

local number, boolean

local function leaf(self)
  local choice = self.random(10)
  if choice <= 3 and #self.numbers > 0 then return self:pick(self.numbers) end
  if choice <= 5 then return self:pick(INTEGERS) end
  if choice == 6 then return tostring(self.random(-100, 100)) end
  if choice == 7 and self.in_function then return self:pick(self.numbers) end
  return self:pick(self.fields)
end

local BINARY <const> = { "+", "-", "*", "//", "%", "&", "|", "~", "<<", ">>" }

function number(self, depth)
  if depth <= 0 then return leaf(self) end
  local choice = self.random(12)
  if choice <= 2 then return leaf(self) end
  if choice == 3 then return ("(%s %s)"):format(self:pick { "-", "~" }, number(self, depth - 1)) end
  if choice == 4 then return ("(%s and %s or %s)"):format(boolean(self, depth - 1), number(self, depth - 1), number(self, depth - 1)) end
  if choice == 5 then
    return ("math.%s(%s, %s)"):format(self:pick { "min", "max" }, number(self, depth - 1), number(self, depth - 1))
  end
  if choice == 6 and #self.functions > 0 then
    local f = self:pick(self.functions)
    local arguments = {}
    for i = 1, f.takes do arguments[i] = number(self, depth - 1) end
    return ("%s(%s)"):format(f.name, table.concat(arguments, ", "))
  end
  local sign = self:pick(BINARY)
  local right = number(self, depth - 1)
  -- most divisors are none that end the call
  if (sign == "//" or sign == "%") and self:chance(80) then right = ("(%s | 1)"):format(right) end
  return ("(%s %s %s)"):format(number(self, depth - 1), sign, right)
end

function boolean(self, depth)
  local choice = self.random(depth <= 0 and 4 or 8)
  if choice == 1 then return self:pick { "true", "false" } end
  if choice == 2 and #self.booleans > 0 then return self:pick(self.booleans) end
  if choice == 3 and not self.in_function then return self:pick { "config.eager", "(config.mood == 'wild')", "(config.mood ~= 'calm')" } end
  if choice == 5 then return ("(not %s)"):format(boolean(self, depth - 1)) end
  if choice == 6 then return ("(%s %s %s)"):format(boolean(self, depth - 1), self:pick { "and", "or" }, boolean(self, depth - 1)) end
  if choice == 7 then return ("(%s %s %s)"):format(boolean(self, depth - 1), self:pick { "==", "~=" }, boolean(self, depth - 1)) end
  return ("(%s %s %s)"):format(number(self, depth - 1), self:pick { "<", "<=", ">", ">=", "==", "~=" }, number(self, depth - 1))
end

-- ---- statements ----------------------------------------------------------------------------------------------------------

local block

-- What f adds to the names is forgotten after it.
local function scoped(self, f)
  local numbers, booleans, functions, places, fixed = #self.numbers, #self.booleans, #self.functions, #self.places, self.fixed
  f()
  for _, list in ipairs { { self.numbers, numbers }, { self.booleans, booleans }, { self.functions, functions }, { self.places, places } } do
    for i = #list[1], list[2] + 1, -1 do list[1][i] = nil end
  end
  self.fixed = fixed
end

local function declare(self, name)
  self.numbers[#self.numbers + 1], self.places[#self.places + 1] = name, name
end

local statements = {}

function statements.number(self)
  local name, value = self:fresh "n", number(self, 3)
  self:put("local %s = %s", name, value)
  declare(self, name)
end

function statements.boolean(self)
  local name, value = self:fresh "b", boolean(self, 3)
  self:put("local %s = %s", name, value)
  self.booleans[#self.booleans + 1] = name
end

function statements.assign(self)
  if #self.places == 0 then return statements.number(self) end
  local place = self:pick(self.places)
  if self:chance(40) then return self:put("%s = %s %s %s", place, place, self:pick { "+", "-" }, number(self, 2)) end
  if self:chance(20) then
    local other = self:pick(self.places)
    if other ~= place then return self:put("%s, %s = %s, %s", place, other, number(self, 2), number(self, 2)) end
  end
  self:put("%s = %s", place, number(self, 3))
end

function statements.branch(self, depth)
  self:put("if %s then", boolean(self, 2))
  block(self, depth - 1)
  if self:chance(30) then
    self:put("elseif %s then", boolean(self, 2))
    block(self, depth - 1)
  end
  if self:chance(50) then
    self:put("else")
    block(self, depth - 1)
  end
  self:put("end")
end

local function leave_sometimes(self, leaving)
  if self:chance(30) then self:put("if %s then %s end", boolean(self, 1), leaving) end
end

function statements.loop(self, depth)
  local name = self:fresh "i"
  local ends = self:chance(50) and tostring(self.random(-2, 9)) or ("math.min(%s, %d)"):format(number(self, 1), self.random(1, 8))
  local head = ("for %s = %d, %s"):format(name, self.random(-3, 3), ends)
  if self:chance(25) then head = ("for %s = %s, math.max(%s, %d), -%d"):format(name, self.random(0, 9), number(self, 1), self.random(-3, 3), self.random(1, 3)) end
  self:put("%s do", head)
  scoped(self, function()
    self.numbers[#self.numbers + 1] = name
    block(self, depth - 1, 2)
    leave_sometimes(self, "break")
  end)
  self:put("end")
end

statements["while"] = function(self, depth)
  local name = self:fresh "w"
  self:put("local %s = %d", name, self.random(-2, 2))
  self:put("while %s %s %d%s do", name, self:pick { "<", "<=" }, self.random(0, 7), self:chance(50) and " and " .. boolean(self, 2) or "")
  scoped(self, function()
    self.numbers[#self.numbers + 1] = name
    block(self, depth - 1, 2)
    self:put("%s = %s + %d", name, name, self.random(1, 3))
    leave_sometimes(self, "break")
  end)
  self:put("end")
end

-- A local function knows its parameters, statistics and state.
function statements.func(self, depth)
  if self.in_function or self.in_each then return statements.assign(self) end
  local f = { name = self:fresh "f", takes = self.random(0, 3) }
  local names = {}
  for i = 1, f.takes do names[i] = self:fresh "p" end
  self:put("local function %s(%s)", f.name, table.concat(names, ", "))
  local inner = { numbers = names, booleans = {}, functions = {}, places = { "stats.calls", "state.last", table.unpack(names) },
    fields = { "stats.sum", "state.seen" }, in_function = true }
  local outer = {}
  for key, value in pairs(inner) do outer[key], self[key] = self[key], value end
  if #names == 0 then self.numbers[1] = "7" end
  block(self, depth - 1, 2)
  self:put("return %s", number(self, 2))
  for key in pairs(inner) do self[key] = outer[key] end
  self:put("end")
  self.functions[#self.functions + 1] = f
end

function statements.each(self, depth)
  if self.in_function or self.in_each then return statements.assign(self) end
  local tenant, cg = self:fresh "o", self:fresh "m"
  self:put("for_each('ROLE', function(%s, %s)", tenant, cg)
  self.in_each = true
  scoped(self, function()
    table.move({ tenant .. ".soft", tenant .. ".active", cg .. ".usage", cg .. ".parent.max" }, 1, 4, #self.numbers + 1, self.numbers)
    self.places[#self.places + 1] = tenant .. ".total"
    self.booleans[#self.booleans + 1] = ("(%s == me)"):format(tenant)
    block(self, depth - 1, 3)
    leave_sometimes(self, "return true")
  end)
  self.in_each = nil
  self:put("end)")
end

statements["do"] = function(self, depth)
  self:put("do")
  block(self, depth - 1)
  self:put("end")
end

local KINDS <const> = { "number", "number", "boolean", "assign", "assign", "assign", "branch", "branch", "loop", "while", "func", "each", "do" }

function block(self, depth, most)
  scoped(self, function()
    for _ = 1, self.random(most or 4) do
      local kind = depth > 0 and self:pick(KINDS) or self:pick { "number", "assign", "boolean" }
      statements[kind](self, depth)
    end
  end)
end

-- ---- a program -------------------------------------------------------------------------------------------------------------

local CHARGED <const> = { "memcg.usage", "memcg.max", "memcg.parent.usage", "memcg.parent.parent.high", "memcg.events.high", "memcg.low",
  "memcg.stat.anon", "memcg.parent.stat.pgfault", "me.soft", "me.claim", "me.active", "me.since", "config.scale", "config.bias", "stats.sum", "state.seen", "now()" }

--- The body of a function of (memcg, me, config, pages), as text; "ROLE" in it is to be replaced by its role. `is_number`: of charged,
--- else of below_low. `random`: as math.random. `most`: statements; `depth`: of blocks in blocks.
function programs.body(random, is_number, most, depth)
  local self = setmetatable({ random = random, count = 0, lines = {}, numbers = { "pages" }, booleans = {}, functions = {}, fields = CHARGED,
    places = { "me.active", "me.total", "me.since", "stats.calls", "stats.sum", "state.last", "state.seen" } }, Maker)
  function self:put(fmt, ...) self.lines[#self.lines + 1] = fmt:format(...) end
  for _ = 1, random(2, most) do statements[self:pick(KINDS)](self, depth) end
  self:put("return %s", is_number and ("(%s) & %s"):format(number(self, 3), self:pick { "0x7fffffff", "2047", "-1" }) or boolean(self, 3))
  return table.concat(self.lines, "\n")
end

return programs
