--- memlua.controllers.reclaim: the laws that have the kernel reclaim, in their own time.
local check = require "memlua.base.check"
local common = require "memlua.controllers.common"
local sys = require "memlua.base.sys"

local reclaim = {}

-- ---- Senpai ------------------------------------------------------------------------------------------------------------

local SENPAI <const> = {
  period = { "6s", check.duration }, probe = { 0.01, common.share }, pressure = { 0.1, check.number { min = 0, max = 100 } },
  floor = { "100M", check.bytes },
}

local function has_swap(c, t)
  local total = (sys.read "/proc/meminfo" or ""):match "SwapTotal:%s*(%d+)"
  return total ~= "0" and c.session:get "memory.swap.max" ~= "0" and t:get "memory.swap.max" ~= "0"
end

-- Files that are cached, and anonymous memory where there is somewhere to swap it to.
local function reclaimable(c, t)
  local stat = t:stat()
  return stat.active_file + stat.inactive_file + (has_swap(c, t) and stat.active_anon + stat.inactive_anon or 0)
end

local function is_calm(t, percent)
  for _, resource in ipairs { "memory", "io" } do
    local some = t:pressure(resource).some
    if math.max(some.avg10, some.avg60) >= percent then return false end
  end
  return true
end

--- The law controllers.senpai, whose contract stands there (memlua.controllers).
function reclaim.senpai(given)
  local o = common.options("senpai", given, SENPAI)
  return function(c)
    local _, low = common.sides(c, "senpai")
    c:every(o.period, function()
      for _, t in ipairs(low) do
        local spare = reclaimable(c, t) - o.floor
        if spare > 0 and is_calm(t, o.pressure) then t:reclaim(o.probe * spare) end
      end
    end)
  end
end

return reclaim
