--- memlua.controllers.freezer: the laws that stop the others: by the freezer, or for good.
local check = require "memlua.base.check"
local common = require "memlua.controllers.common"
local host = require "memlua.host"
local memlua = require "memlua"

local freezer = {}

-- ---- the twin of priority ------------------------------------------------------------------------------------------

local FREEZE <const> = { period = { "100ms", check.duration }, window = { "1s", check.duration }, growth = { "1M", check.bytes } }

--- The law controllers.freeze, whose contract stands there (memlua.controllers).
function freezer.freeze(given)
  local o = common.options("freeze", given, FREEZE)
  return function(c)
    local high, low = common.sides(c, "freeze")
    local function usage() return common.sum(high, function(t) return t:usage() end) end
    local base, since, active_until = usage(), host.monotonic(), nil
    common.set_all(high, "memory.low", "max")
    c:every(o.period, function()
      local now, used = host.monotonic(), usage()
      if used - base > o.growth then
        if not active_until then common.each(low, function(t) t:freeze() end) end
        active_until, base, since = now + o.window, used, now
      elseif used < base or now - since > o.window then
        base, since = used, now
      end
      if active_until and now >= active_until then
        active_until = nil
        common.each(low, function(t) t:thaw() end)
      end
    end)
  end
end

-- ---- by pressure ---------------------------------------------------------------------------------------------------

local STALL <const> = {
  kind = { "some", check.one_of { "some", "full" } }, threshold = { "150ms", check.duration }, window = { "1s", check.duration },
  hold = { "1s", check.duration },
}

-- The worst-ranked that still runs, or, if `frozen` is wanted, the best-ranked that doesn't.
local function next_of(order, frozen, wanted)
  local first, last, step = #order, 1, -1
  if wanted then first, last, step = 1, #order, 1 end
  for i = first, last, step do if (frozen[order[i]] or false) == wanted then return order[i] end end
end

--- The law controllers.stall, whose contract stands there (memlua.controllers).
function freezer.stall(given)
  local o = common.options("stall", given, STALL)
  return function(c)
    local high = common.sides(c, "stall")
    local low, frozen, quiet_since = {}, {}, host.monotonic()
    for _, t in ipairs(memlua.ranked(c.tenants)) do if t.role == "low" then low[#low + 1] = t end end
    local function freeze_next()
      local t = next_of(low, frozen, false)
      if t then common.hold(frozen, t, true) end
      quiet_since = host.monotonic()
    end
    for _, t in ipairs(high) do c:on_pressure(t, o.kind, o.threshold, o.window, freeze_next) end
    c:every(o.hold / 4, function()
      local t = host.monotonic() - quiet_since >= o.hold and next_of(low, frozen, true)
      if not t then return end
      common.hold(frozen, t, false)
      quiet_since = host.monotonic()
    end)
  end
end

-- ---- the twin of reserve ---------------------------------------------------------------------------------------------

local RESERVE <const> = { period = { "20ms", check.duration }, slack = { "16M", check.bytes }, claims = { {}, check.map(check.size) } }

local function claims_of(c, given)
  for name in pairs(given) do c:tenant(name) end -- fails where there is no such tenant
  local claims = {}
  for _, t in ipairs(c.tenants) do
    claims[t] = given[t.name] or t.claim
    if not claims[t] then
      memlua.fail(memlua.status.misuse, "controllers.reserve: %s: its claim, the most memory that it will take, isn't known; give claims = { %s = \"100M\" }",
        t.name, t.name)
    end
  end
  return claims
end

--- The law controllers.reserve, whose contract stands there (memlua.controllers).
function freezer.reserve(given)
  local o = common.options("reserve", given, RESERVE)
  return function(c)
    local order, total, claims = memlua.ranked(c.tenants), common.total(c, "reserve"), claims_of(c, o.claims)
    local frozen, began = {}, {}
    c:every(o.period, function()
      local room, is_best = total - c.session:usage(), true
      for _, t in ipairs(order) do
        local is_there = t:populated()
        if is_there or not began[t] then -- what has ended claims nothing
          local owed = math.max(0, claims[t] - t:usage())
          common.hold(frozen, t, is_there and not is_best and room <= o.slack and room <= owed)
          room, is_best = room - owed, false
        end
        began[t] = began[t] or is_there
      end
    end)
  end
end

-- ---- killing ---------------------------------------------------------------------------------------------------------

local KILL <const> = {
  period = { "5s", check.duration }, pressure = { 60, check.number { min = 0, max = 100 } }, duration = { "30s", check.duration },
  reclaimed = { "10s", check.duration }, delay = { "15s", check.duration },
}

local function scanned(t)
  local stat = t:stat()
  return stat.pgscan or (stat.pgscan_kswapd or 0) + (stat.pgscan_direct or 0)
end

local function unprotected_usage(t) return t:usage() - math.min(t:usage(), math.tointeger(t:get "memory.low") or math.huge) end

-- Of those that run the one with the most memory that isn't protected.
local function largest(list)
  local found, most = nil, 0
  for _, t in ipairs(list) do
    local used = t:populated() and unprotected_usage(t) or 0
    if used > most then found, most = t, used end
  end
  return found
end

--- The law controllers.kill, whose contract stands there (memlua.controllers).
function freezer.kill(given)
  local o = common.options("kill", given, KILL)
  return function(c)
    local _, low = common.sides(c, "kill")
    local grown = common.growth(function() return scanned(c.session) end)
    local above_since, reclaimed_at, quiet_until = nil, -math.huge, -math.huge
    c:every(o.period, function()
      local now = host.monotonic()
      if grown() > 0 then reclaimed_at = now end
      above_since = c.session:pressure().full.avg10 > o.pressure and (above_since or now) or nil
      if not above_since or now - above_since < o.duration or now - reclaimed_at > o.reclaimed or now < quiet_until then return end
      local t = largest(low)
      if not t then return end
      t:kill()
      quiet_until = now + o.delay
    end)
  end
end

return freezer
