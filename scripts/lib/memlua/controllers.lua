--- memlua.controllers: ready-made controllers in user space. A strategy has one as in { name = "freeze", controller =
--- controllers.freeze() }. They protect the tenants of role high by what they do to those of role low. Each is a law with its
--- source; periods and windows are durations, shares are of the session's memory.max.
local check = require "memlua.base.check"
local host = require "memlua.host"
local memlua = require "memlua"

local controllers = {}

-- ---- options -----------------------------------------------------------------------------------------------------

local function share(value, path) return check.number { min = 0, max = 1 }(value, path) end
local function at_least_one(value, path) return check.number { min = 1, integer = true }(value, path) end

-- `given` over the defaults { KEY = { default, checker } }, checked.
local function options_of(name, given, known)
  local options = {}
  for _, key in ipairs(memlua.keys(given or {})) do
    check.one_of(memlua.keys(known))(tostring(key), "controllers." .. name)
  end
  for key, form in pairs(known) do
    local value = (given or {})[key]
    options[key] = form[2](value == nil and form[1] or value, ("controllers.%s: %s"):format(name, key))
  end
  return options
end

-- ---- whom it is about ----------------------------------------------------------------------------------------------

local function of_role(c, name, role)
  local list = {}
  for _, t in ipairs(c.tenants) do if t.role == role then list[#list + 1] = t end end
  if #list == 0 then memlua.fail(memlua.status.misuse, "controllers.%s: no tenant has the role %s; it needs high ones and low ones", name, role) end
  return list
end

local function sides(c, name) return of_role(c, name, "high"), of_role(c, name, "low") end

local function total_of(c, name)
  local total = math.tointeger(c.session:get "memory.max")
  if not total then memlua.fail(memlua.status.misuse, "controllers.%s: a share of what? the session has no memory.max", name) end
  return total
end

local function each(list, f, ...) for _, t in ipairs(list) do f(t, ...) end end

local function set_all(list, knob, value) each(list, function(t) t:set(knob, value) end) end

local function sum(list, f)
  local n = 0
  for _, t in ipairs(list) do n = n + f(t) end
  return n
end

-- f() gives a number; the function returned says by how much it has grown since it was last asked.
local function growth(f)
  local last = f()
  return function()
    local now = f()
    local grown = now - last
    last = now
    return grown
  end
end

local function stall_of(t) return t:pressure().some.total end

-- ---- the agents' authors' -----------------------------------------------------------------------------------------

local AGENTS <const> = {
  period = { "1s", check.duration }, window = { "1s", check.duration }, usage = { 0.85, share }, events = { 1, at_least_one },
  low = { 0.8, share }, high = { 0.5, share },
}

-- Whether memory is short, by any of three signs; each is looked at every time, so that it is about the last period.
local function shortage(c, high, total, o)
  local events = growth(function() return sum(high, function(t) return t:events().high end) end)
  local stall = growth(function() return stall_of(c.session) end)
  return function()
    local n, stalled = events(), stall()
    return n >= o.events or stalled > 0 or c.session:usage() >= o.usage * total
  end
end

--- controllers.agents{ period ("1s"), window ("1s"), usage (0.85), events (1), low (0.8), high (0.5) } -> f(c): what protects the
--- sessions of AI agents on a kernel without memcg_bpf_ops. Looks once a period: where the high tenants' memory.events tell of
--- `events` more high, or the session was stalled, or its usage is `usage` of memory.max, each high tenant gets memory.low = `low`
--- and each low one memory.high = `high`, for a window; after that 0 and max. Source: AgentCgroup (Zheng et al., 2026), its fallback
--- on cgroup v2 (memcg_controller.py), whose constants these are but for the period, which is its caller's.
function controllers.agents(given)
  local o = options_of("agents", given, AGENTS)
  return function(c)
    local high, low = sides(c, "agents")
    local total, ends = total_of(c, "agents"), nil
    local is_short = shortage(c, high, total, o)
    local function apply(protection, limit)
      set_all(high, "memory.low", protection)
      set_all(low, "memory.high", limit)
    end
    apply(0, "max")
    c:every(o.period, function()
      if ends and host.monotonic() < ends then return end
      if ends then
        ends = nil
        return apply(0, "max")
      end
      if not is_short() then return end
      ends = host.monotonic() + o.window
      apply(o.low * total, o.high * total)
    end)
  end
end

-- ---- dynamic memory.high ---------------------------------------------------------------------------------------------

local LIMIT <const> = {
  period = { "100ms", check.duration }, cut = { 0.9, share }, step = { 0.02, share }, floor = { 0.05, share },
}

--- controllers.limit{ period ("100ms"), cut (0.9), step (0.02), floor (0.05) } -> f(c): dynamic memory.high on the low tenants. In each
--- period in which a high tenant was stalled for memory (PSI, some), a low one's memory.high becomes `cut` of its usage, though not
--- less than `floor`; in each other one it rises by `step`, up to the session's memory.max, where it is max. Source: additive
--- increase, multiplicative decrease (Chiu and Jain, 1989) with PSI as the sign of congestion; the constants are memlua's own.
function controllers.limit(given)
  local o = options_of("limit", given, LIMIT)
  return function(c)
    local high, low = sides(c, "limit")
    local total, limits = total_of(c, "limit"), {}
    local stalled = growth(function() return sum(high, stall_of) end)
    local function set(t, limit)
      if limit == limits[t] then return end
      limits[t] = limit
      t:set("memory.high", limit or "max")
    end
    c:every(o.period, function()
      local is_short = stalled() > 0
      for _, t in ipairs(low) do
        local raised = limits[t] and limits[t] + o.step * total
        if is_short then
          set(t, math.max(o.floor * total, o.cut * t:usage()))
        else
          set(t, raised and raised < total and raised or nil)
        end
      end
    end)
  end
end

-- ---- the twin of priority ------------------------------------------------------------------------------------------

local FREEZE <const> = { period = { "100ms", check.duration }, window = { "1s", check.duration }, growth = { "1M", check.bytes } }

--- controllers.freeze{ period ("100ms"), window ("1s"), growth ("1M") } -> f(c): the twin in user space of the BPF policy `priority`
--- with trigger growth: the high tenants have memory.low = max, which is what below_low = true comes to, and the low ones are
--- frozen, where the policy delays their charges, for a window after the high ones' usage grew by more than `growth` within a
--- window. Looks once a period. Source: bpf/policies/priority.bpf.c.
function controllers.freeze(given)
  local o = options_of("freeze", given, FREEZE)
  return function(c)
    local high, low = sides(c, "freeze")
    local function usage() return sum(high, function(t) return t:usage() end) end
    local base, since, active_until = usage(), host.monotonic(), nil
    set_all(high, "memory.low", "max")
    c:every(o.period, function()
      local now, used = host.monotonic(), usage()
      if used - base > o.growth then
        if not active_until then each(low, function(t) t:freeze() end) end
        active_until, base, since = now + o.window, used, now
      elseif used < base or now - since > o.window then
        base, since = used, now
      end
      if active_until and now >= active_until then
        active_until = nil
        each(low, function(t) t:thaw() end)
      end
    end)
  end
end

return controllers
