-- reserve in Lua: ranked tenants with claims, each held while a better-ranked one may need the room. Why it is so, and what the
-- margin is for, is told by reserve.bpf.c, which is the same in C.
local policy = require "memlua.policy"

local UNLIMITED <const> = 1 << 62

local function limit_of(memcg, config)
  local max = memcg.parent.max
  return config.limit > 0 and config.limit < max and config.limit or max
end

local function margin(tenants, config) return config.slack + config.batch * tenants end

local function has_room(memcg, me, config)
  local rank, tenants, better, owed = me.rank, 0, 0, 0
  for_each("tenant", function(other, cg)
    tenants = tenants + 1
    if other.rank >= rank then return end
    better = better + 1
    owed = owed + math.max(other.claim - cg.usage, 0)
  end)
  -- the parent is read after the claims: what is charged in between counts twice, never not at all
  local room = limit_of(memcg, config) - memcg.parent.usage - owed
  return better == 0 or room > margin(tenants, config) or 0 < me.claim - memcg.usage and me.claim - memcg.usage < room
end

return policy.lua {
  name = "reserve",
  about = "ranked tenants with claims: each is held while a better-ranked one may need the room",
  config = {
    limit = { 0, unit = "bytes", about = "memory shared by the tenants; 0: the parent's memory.max" },
    slack = { 4 << 20, unit = "bytes", about = "always left free: charges made without being asked" },
    batch = { 64 * 4096, unit = "bytes", about = "left free per tenant: what it may charge between two asks" },
    poll_ms = { 20, unit = "ms", about = "a held task asks again after this long (over 10)" },
  },
  stats = { delay_calls = "tenants asked", delay_active = "of these, held", over_claim = "asked while over their own claim: the claim is too small" },
  roles = { tenant = {
    hold = true,
    settings = {
      rank = { 0, about = "1 is the best; no two alike" },
      claim = { 0, unit = "bytes", about = "the most it will ever need, kernel memory included" },
    },
    counters = { calls = "asked", active = "of these, held", over_claim = "asked while over its claim" },

    charged = function(memcg, me, config)
      stats.delay_calls = stats.delay_calls + 1
      me.calls = me.calls + 1
      if memcg.usage > me.claim then
        stats.over_claim = stats.over_claim + 1
        me.over_claim = me.over_claim + 1
      end
      if has_room(memcg, me, config) then return 0 end
      stats.delay_active = stats.delay_active + 1
      me.active = me.active + 1
      return config.poll_ms
    end,

    join = function(memcg, me, config)
      if me.rank <= 0 then return refuse "rank: missing; 1 is the best-ranked" end
      if me.claim <= 0 then return refuse "claim: missing; the most memory it will need" end
      local tenants, is_taken = 0, false
      for_each("tenant", function(other)
        tenants = tenants + 1
        if other ~= me and other.rank == me.rank then is_taken = true end
      end)
      if is_taken then return refuse("rank: %d is taken by another tenant", me.rank) end
      local limit, reserve = limit_of(memcg, config), margin(tenants, config)
      if limit >= UNLIMITED then return refuse "limit: 0, and the parent has no memory.max" end
      if me.claim > limit - reserve then
        return refuse("claim: %dK and a margin of %dK exceed the limit of %dK", me.claim >> 10, reserve >> 10, limit >> 10)
      end
    end,
  } },
}
