--- memlua.machine.jiffies: how long the kernel really sleeps when it is asked for so many milliseconds. Delays are counted
--- in jiffies, and end on a slot of the timer wheel, which is never before the time is over and the coarser the
--- longer the delay (msecs_to_jiffies(), include/linux/jiffies.h; calc_wheel_index(), kernel/time/timer.c).
local jiffies = {}

-- The wheel: 64 slots per level, each level 8 times as coarse as the one before it. 9 levels, for HZ > 100.
local SLOTS, COARSER, LEVELS = 64, 8, 9

--- Milliseconds as jiffies, rounded up. `tick_ns`: length of a jiffy, memlua.host.facts().tick_ns.
function jiffies.of_ms(ms, tick_ns)
  return (ms * 1000000 + tick_ns - 1) // tick_ns
end

--- How coarse the wheel's slots are, in jiffies, for a delay of `n` jiffies.
function jiffies.slot(n)
  local slot = 1
  for _ = 2, LEVELS do
    if n < (SLOTS - 1) * slot then break end
    slot = slot * COARSER
  end
  return slot
end

--- The sleep in milliseconds for `ms` asked, of a task that goes to sleep just after it was woken by the last one,
--- hence at the beginning of a slot. Elsewhere in a slot it is shorter by that part of it.
function jiffies.sleep_ms(ms, tick_ns)
  local n = jiffies.of_ms(ms, tick_ns)
  local slot = jiffies.slot(n)
  return (n + slot) // slot * slot * tick_ns / 1e6
end

return jiffies
