--- memlua.controllers: ready-made controllers in user space. A strategy has one as in { name = "freeze", controller =
--- controllers.freeze() }. They protect the tenants of role high by what they do to those of role low. Each is a law with its
--- source; periods and windows are durations, shares are of the session's memory.max.
local check = require "memlua.base.check"
local common = require "memlua.controllers.common"
local freezer = require "memlua.controllers.freezer"
local host = require "memlua.host"
local reclaim = require "memlua.controllers.reclaim"

local controllers = {}

-- ---- the agents' authors' -----------------------------------------------------------------------------------------

local AGENTS <const> = {
  period = { "1s", check.duration }, window = { "1s", check.duration }, usage = { 0.85, common.share }, events = { 1, common.at_least_one },
  low = { 0.8, common.share }, high = { 0.5, common.share },
}

-- Whether memory is short, by any of three signs; each is looked at every time, so that it is about the last period.
local function shortage(c, high, total, o)
  local events = common.growth(function() return common.sum(high, function(t) return t:events().high end) end)
  local stall = common.growth(function() return common.stall_of(c.session) end)
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
  local o = common.options("agents", given, AGENTS)
  return function(c)
    local high, low = common.sides(c, "agents")
    local total, ends = common.total(c, "agents"), nil
    local is_short = shortage(c, high, total, o)
    local function apply(protection, limit)
      common.set_all(high, "memory.low", protection)
      common.set_all(low, "memory.high", limit)
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

-- ---- dynamic memory.low ----------------------------------------------------------------------------------------------

local WORKING_SET <const> = { period = { "100ms", check.duration }, decay = { 0.02, common.share } }

-- Bytes that came back after they had been reclaimed.
local function refaulted(t)
  local stat = t:stat()
  return host.page_size * ((stat.workingset_refault_anon or 0) + (stat.workingset_refault_file or 0))
end

-- What one tenant's memory.low is to be, asked once a period.
local function working_set_of(t, total, decay)
  local returned, size, used = common.growth(function() return refaulted(t) end), 0, 0
  return function()
    local back, usage = returned(), t:usage()
    local is_in_use = back > 0 or usage > used
    used, size = usage, is_in_use and math.max(size, usage + back) or size * (1 - decay)
    return math.min(size, total)
  end
end

--- controllers.low{ period ("100ms"), decay (0.02) } -> f(c): dynamic memory.low of the high tenants, by their working sets. In each
--- period in which a high tenant grew or refaulted, its memory.low becomes at least its usage and what it refaulted; in each other one
--- it shrinks by `decay`, so that memory that isn't missed loses its protection. Source: that a refault tells of a page of the
--- working set that didn't fit is mm/workingset.c (Weiner, Linux 3.15); the constants are memlua's own.
function controllers.low(given)
  local o = common.options("low", given, WORKING_SET)
  return function(c)
    local high, total, size_of = common.sides(c, "low"), common.total(c, "low"), {}
    for _, t in ipairs(high) do size_of[t] = working_set_of(t, total, o.decay) end
    c:every(o.period, function()
      for _, t in ipairs(high) do t:set("memory.low", size_of[t]()) end
    end)
  end
end

-- ---- dynamic memory.high ---------------------------------------------------------------------------------------------

local LIMIT <const> = {
  period = { "100ms", check.duration }, cut = { 0.9, common.share }, step = { 0.02, common.share }, floor = { 0.05, common.share },
}

--- controllers.limit{ period ("100ms"), cut (0.9), step (0.02), floor (0.05) } -> f(c): dynamic memory.high on the low tenants. In each
--- period in which a high tenant was stalled for memory (PSI, some), a low one's memory.high becomes `cut` of its usage, though not
--- less than `floor`; in each other one it rises by `step`, up to the session's memory.max, where it is max. Source: additive
--- increase, multiplicative decrease (Chiu and Jain, 1989) with PSI as the sign of congestion; the constants are memlua's own.
function controllers.limit(given)
  local o = common.options("limit", given, LIMIT)
  return function(c)
    local high, low = common.sides(c, "limit")
    local total, limits = common.total(c, "limit"), {}
    local stalled = common.growth(function() return common.sum(high, common.stall_of) end)
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

-- ---- those of other files --------------------------------------------------------------------------------------------

--- controllers.freeze{ period ("100ms"), window ("1s"), growth ("1M") } -> f(c): the twin in user space of the BPF policy `priority`
--- with trigger growth: the high tenants have memory.low = max, which is what below_low = true comes to, and the low ones are
--- frozen, where the policy delays their charges, for a window after the high ones' usage grew by more than `growth` within a
--- window. Looks once a period. Source: bpf/policies/priority.bpf.c.
controllers.freeze = freezer.freeze

--- controllers.stall{ kind ("some"), threshold ("150ms"), window ("1s"), hold ("1s") } -> f(c): freezes the lowest rank by
--- pressure. Each time that a high tenant was stalled for memory for `threshold` of a `window`, by a trigger of PSI, the worst-ranked low
--- tenant that still runs is frozen; once it was not for `hold`, the best-ranked of the frozen ones goes on, then the next. Source:
--- the trigger and its numbers, Documentation/accounting/psi.rst; freezing as the answer, oomd's FreezePlugin; `hold` is memlua's own.
controllers.stall = freezer.stall

--- controllers.reserve{ period ("20ms"), slack ("16M"), claims ({ TENANT = size }) } -> f(c): the twin in user space of the BPF policy
--- `reserve`: a tenant is frozen while memory.max less the session's usage less what better-ranked ones may still claim is `slack` or
--- less and what it may still claim itself doesn't fit, and thawed otherwise; the best-ranked one that runs never is. Looks once a
--- period, where the policy is asked at each charge: `slack` is for what may be charged in between; and freezes all that a tenant does,
--- where the policy holds charges only. A claim that isn't given is the one that memlua makes of the tenant's size, as for the policy.
--- Source: bpf/policies/reserve.bpf.c.
controllers.reserve = freezer.reserve

--- controllers.kill{ period ("5s"), pressure (60), duration ("30s"), reclaimed ("10s"), delay ("15s") } -> f(c): kills by oomd's rule of
--- PSI. Where the session's memory pressure (full, avg10, in percent) has been above `pressure` for `duration`, and the session was
--- reclaimed from within `reclaimed`, the low tenant with the largest usage above its memory.low is killed, and then none for `delay`.
--- Looks once a period. Source: oomd, src/oomd/etc/desktop.json, whose detectors and constants these are, and its plugins
--- pressure_above, memory_reclaim and kill_by_memory_size_or_growth, of which the part by growth is left out. systemd-oomd has the
--- same 60 % for 30 s (src/oom/oomd-manager.h).
controllers.kill = freezer.kill

--- controllers.senpai{ period ("6s"), probe (0.01), pressure (0.1), floor ("100M") } -> f(c): proactive reclaim by Senpai's law: once a period
--- `probe` of what each low tenant has above `floor` and what can't be reclaimed from it is reclaimed (memory.reclaim), unless it was
--- stalled for memory or IO for `pressure` percent of the last 10 s or 60 s. That less could be had is an answer. Source: oomd's
--- plugin senpai_poking (SenpaiPoking.cpp, Senpai.h), whose constants these are; it pokes at memory.high where memory.reclaim does the
--- same without a limit. See also Weiner et al., "TMO: Transparent Memory Offloading in Datacenters", ASPLOS 2022.
controllers.senpai = reclaim.senpai

return controllers
