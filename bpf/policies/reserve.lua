-- reserve in Lua: ranked tenants with claims, each held while a better-ranked one may need the room. Why it is so, and what the
-- margin is for, is told by reserve.bpf.c, which is the same in C.
local policy = require "memlua.policy"

local UNLIMITED <const> = 1 << 62

local function limit_of(memcg, config)
  local max = memcg.parent.max
  return config.limit > 0 and config.limit < max and config.limit or max
end

local function margin(tenants, config) return config.slack + config.batch * tenants end

-- All tenants together, so that most questions are answered without asking after each. A word has all that belongs together, as another CPU
-- may write at the same time: 12 bits tell of which tenants, the rest how many they are and what they claim, in pages; or the best rank.
local TOTALS_MS <const>, FEW <const>, PAGE <const>, MOST_PAGES <const> = 100, 0xfff, 4096, 0xffffffffff

local function are_known(time)
  local generation = state.generation & FEW
  return state.claims >> 52 == generation and state.best >> 52 == generation and time - state.counted < TOTALS_MS
end

local function count_all(time)
  local generation, tenants, pages, best = state.generation & FEW, 0, 0, 0xffffffff
  for_each("tenant", function(other)
    tenants = tenants + 1
    pages = pages + (other.claim + PAGE - 1) // PAGE
    best = math.min(best, other.rank)
  end)
  if tenants > FEW or pages > MOST_PAGES then return end -- more than a word holds: each question asks after each tenant
  state.claims, state.best, state.counted = generation << 52 | tenants << 40 | pages, generation << 52 | best, time
end

-- Whether that suffices to know that there is room: nobody is better-ranked, or all that is claimed leaves the margin.
local function has_surely_room(memcg, me, config)
  local time = now()
  if not are_known(time) then count_all(time) end
  if not are_known(time) then return false end
  if me.rank <= state.best & 0xffffffff then return true end
  return limit_of(memcg, config) - memcg.parent.usage - (state.claims & MOST_PAGES) * PAGE > margin(state.claims >> 40 & FEW, config)
end

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
  state = { generation = 1, claims = 0, best = 0, counted = 0 },
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
      if has_surely_room(memcg, me, config) or has_room(memcg, me, config) then return 0 end
      stats.delay_active = stats.delay_active + 1
      me.active = me.active + 1
      return config.poll_ms
    end,

    join = function(memcg, me, config)
      state.generation = state.generation + 1
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
