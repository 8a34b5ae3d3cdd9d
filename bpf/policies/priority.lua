-- priority in Lua: HIGH is protected from reclaim, LOW is delayed while HIGH is active. What each role gets, and when HIGH is active,
-- is told by priority.bpf.c, which is the same in C.
local policy = require "memlua.policy"

local COUNTED_MS <const> = 2000 -- the kernel brings memory.stat and memory.pressure up to date that often

local function window_of(config)
  local is_counted = config.trigger == "refaults" or config.trigger == "pressure"
  return is_counted and math.max(config.window_ms, COUNTED_MS) or config.window_ms
end

local function activate(config, time)
  state.active_until = time + window_of(config)
  stats.triggered = stats.triggered + 1
end

-- What the trigger counts of a HIGH, and how much more of it in a window is no activity yet.
local function counted(memcg, config)
  if config.trigger == "refaults" then return memcg.stat.workingset_refault_anon + memcg.stat.workingset_refault_file end
  return config.trigger == "pressure" and memcg.stalled or memcg.usage
end

local function bearable(config)
  if config.trigger == "refaults" then return config.refaults end
  return config.trigger == "pressure" and window_of(config) * config.pressure // 100 or config.growth
end

-- A HIGH whose count rose opens a window; one whose count fell, or whose window is over, begins another.
local function look_for_rise(config, time)
  local rose = false
  for_each("high", function(high, memcg)
    local count = counted(memcg, config)
    if high.window_start ~= 0 and count > high.window_count + bearable(config) then
      rose = true
    elseif count >= high.window_count and time - high.window_start < window_of(config) then
      return
    end
    high.window_count, high.window_start = count, time
  end)
  if rose then activate(config, time) end
end

local function is_high_there()
  local is_there = false
  for_each("high", function(high)
    is_there = true
    return true
  end)
  return is_there
end

local function is_high_active(config)
  local time = now()
  if config.trigger == "always" or config.trigger == "faults" and config.threshold == 0 then return is_high_there() end
  if config.trigger ~= "faults" then look_for_rise(config, time) end
  return time < state.active_until
end

local function protects(config) return not config.only_active or is_high_active(config) end

local function delay_of(memcg, config)
  if config.only_over_high and memcg.usage <= memcg.high then return 0 end
  if not config.graded then return config.delay_ms end
  local headroom, span = math.max(memcg.parent.max - memcg.parent.usage, 0), config.headroom_max
  return headroom < span and config.delay_ms * (span - headroom) // span or 0
end

return policy.lua {
  name = "priority",
  about = "HIGH is protected from reclaim, LOW is delayed while HIGH is active",
  config = {
    trigger = { "faults", one_of = { "always", "faults", "growth", "refaults", "pressure" }, about = "when HIGH counts as active" },
    delay_ms = { 2000, unit = "ms", about = "delay of a LOW's slow-path charge, clamped by the kernel to 2000" },
    window_ms = { 1000, unit = "ms", about = "window of the trigger, and how long it holds" },
    threshold = { 0, about = "faults: page faults of HIGH per window above which it is active; 0: always" },
    growth = { 1 << 20, unit = "bytes", about = "growth: growth of HIGH per window above which it is active" },
    refaults = { 256, about = "refaults: pages that HIGH reads again per window above which it is active" },
    pressure = { 10, about = "pressure: percent of the window in which HIGH stalls for memory above which it is active" },
    use_below_low = { true, about = "answer below_low for HIGH" },
    use_below_min = { false, about = "answer below_min for HIGH" },
    only_active = { false, about = "answer below_low and below_min only while HIGH is active" },
    graded = { false, about = "delay grows from 0 to delay_ms as the parent's headroom shrinks" },
    headroom_max = { 64 << 20, unit = "bytes", about = "graded: headroom from which on there is no delay" },
    only_over_high = { false, about = "delay a LOW only while it is over its own memory.high" },
  },
  stats = {
    below_low_calls = "HIGH weighed by reclaim against memory.low", below_low_active = "of these, answered: protected",
    below_min_calls = "HIGH weighed by reclaim against memory.min", below_min_active = "of these, answered: protected",
    delay_calls = "LOW asked for its delay", delay_active = "of these, delayed", delay_ms = "sum of the delays answered",
    faults = "page faults of HIGH seen (trigger faults)", triggered = "times a window of activity was opened or prolonged",
  },
  state = { active_until = 0 },
  roles = {
    high = {
      counters = { faults = "page faults seen (trigger faults)", below_low = "times protected by below_low", below_min = "times protected by below_min" },
      state = { window_start = 0, window_faults = 0, window_count = 0 },

      below_low = function(memcg, me, config)
        stats.below_low_calls = stats.below_low_calls + 1
        if not config.use_below_low or not protects(config) then return false end
        stats.below_low_active = stats.below_low_active + 1
        me.below_low = me.below_low + 1
        return true
      end,

      below_min = function(memcg, me, config)
        stats.below_min_calls = stats.below_min_calls + 1
        if not config.use_below_min or not protects(config) then return false end
        stats.below_min_active = stats.below_min_active + 1
        me.below_min = me.below_min + 1
        return true
      end,

      faulted_when = { "trigger=faults", "threshold" },
      faulted = function(memcg, me, config, faults)
        stats.faults = stats.faults + faults
        me.faults = me.faults + faults
        local time = now()
        if time - me.window_start >= window_of(config) then me.window_start, me.window_faults = time, 0 end
        me.window_faults = me.window_faults + faults
        if me.window_faults > config.threshold then activate(config, time) end
      end,
    },

    low = {
      counters = { calls = "asked for its delay", active = "of these, delayed", delay_ms = "sum of the delays answered" },

      charged = function(memcg, me, config)
        stats.delay_calls = stats.delay_calls + 1
        me.calls = me.calls + 1
        local delay = is_high_active(config) and delay_of(memcg, config) or 0
        if delay == 0 then return 0 end
        stats.delay_active = stats.delay_active + 1
        stats.delay_ms = stats.delay_ms + delay
        me.active = me.active + 1
        me.delay_ms = me.delay_ms + delay
        return delay
      end,
    },
  },
}
