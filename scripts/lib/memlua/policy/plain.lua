--- memlua.policy.plain: the functions of a policy in Lua as what they are, functions of Lua: the same answers without a kernel.
local kinds = require "memlua.policy.kinds"

local plain = {}

-- The kernel sleeps no longer (MEMCG_BPF_MAX_DELAY_MS).
local MOST_MS <const> = 2000

-- ---- what a function finds by the names of the subset ---------------------------------------------------------------------

-- Gives a function, and those that it calls, `env` in place of the globals.
local function adopt(f, env, seen)
  if seen[f] then return end
  seen[f] = true
  local function holder() return env end
  for i = 1, 255 do
    local name, v = debug.getupvalue(f, i)
    if not name then return end
    if name == "_ENV" then
      debug.upvaluejoin(f, i, holder, 1)
    elseif type(v) == "function" and debug.getinfo(v, "S").what == "Lua" then
      adopt(v, env, seen)
    end
  end
end

local function env_of(definition)
  if definition.env then return definition.env end
  local env, seen = setmetatable({ math = math }, { __index = _G }), {}
  definition.env = env
  for _, role in ipairs(definition.roles) do
    for _, origin in pairs(role.functions) do adopt(origin.f, env, seen) end
  end
  return env
end

local function refuse(text, ...) return { refused = text:format(...) } end

local function initial(fields)
  local values = {}
  for _, field in ipairs(fields) do values[field.name] = field.initial end
  return values
end

-- ---- an instance ------------------------------------------------------------------------------------------------------------

local Instance = {}
Instance.__index = Instance

--- A policy with a state of its own. `world` is what it sees:
---   now()           ms
---   tenants(role)   -> list of { me, memcg }, for for_each
--- Returns { config, stats, state = { name = value } }, with the methods below.
function plain.new(definition, world)
  local self = { definition = definition, world = world, env = env_of(definition), config = initial(definition.config),
    stats = initial(definition.stats), state = initial(definition.state), roles = {} }
  for _, name in ipairs { "asked", "errors", "error_line", "strangers" } do self.stats[name] = 0 end
  for _, role in ipairs(definition.roles) do self.roles[role.name] = role end
  return setmetatable(self, Instance)
end

--- What a policy keeps of a tenant of a role, as it begins: its `me`.
function Instance:tenant(role) return initial(self.roles[role].fields) end

local function enter(self)
  local env, world = self.env, self.world
  env.stats, env.state, env.now, env.refuse = self.stats, self.state, world.now, refuse
  env.for_each = function(role, f)
    for _, tenant in ipairs(world.tenants(role)) do
      if f(tenant.me, tenant.memcg) then return end
    end
  end
end

-- What Lua says of a division by zero (lvm.c).
local DIVISIONS <const> = { "attempt to divide by zero", "attempt to perform 'n//0'", "attempt to perform 'n%0'", "attempt to perform 'n%%0'" }

-- A division by zero is the policy's error; anything else is somebody else's.
local function line_of(why)
  for _, said in ipairs(DIVISIONS) do
    local at = type(why) == "string" and why:find(said, 1, true)
    if at then return math.tointeger(tonumber(why:sub(1, at):match ":(%d+): a$")) end
  end
  error(why, 0)
end

local function count_error(self, line) self.stats.errors, self.stats.error_line = self.stats.errors + 1, line end

--- Calls a callback of a role: "charged", with the cgroup, what is kept of the tenant, and what the kernel tells beside: pages. Returns
--- what the kernel would be answered: ms from 0 to 2000, true or false; of a join nil or why it is refused.
function Instance:call(role, callback, memcg, me, ...)
  local origin, wanted = self.roles[role].functions[callback], kinds.callbacks[callback].answer
  enter(self)
  local ok, v = pcall(origin.f, memcg, me, self.config, ...)
  if wanted == "join" then return not ok and ("error in line %d"):format(line_of(v)) or ok and v and v.refused or nil end
  if wanted then self.stats.asked = self.stats.asked + 1 end
  if not ok then count_error(self, line_of(v)) end
  if wanted == "boolean" then return ok and v or false end
  if wanted ~= "number" or not ok then return 0 end
  if v and v < 0 then count_error(self, origin.node.line) end
  return math.min(math.max(v or 0, 0), MOST_MS)
end

return plain
