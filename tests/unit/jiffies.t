-- memlua.machine.jiffies and memlua.report.precision against what the kernel's sources and a kernel say.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local jiffies = require "memlua.machine.jiffies"
local sleeps = require "memlua.report.precision"

local HZ_250, HZ_1000 = 4000000, 1000000

-- msecs_to_jiffies() rounds up
tap.is({ jiffies.of_ms(0, HZ_250), jiffies.of_ms(1, HZ_250), jiffies.of_ms(4, HZ_250), jiffies.of_ms(5, HZ_250) },
  { 0, 1, 1, 2 }, "milliseconds to jiffies of 4 ms")
tap.is({ jiffies.of_ms(50, HZ_250), jiffies.of_ms(2000, HZ_250), jiffies.of_ms(50, HZ_1000) }, { 13, 500, 50 },
  "other delays, other ticks")

-- the table in the comment at the top of kernel/time/timer.c, HZ 250: level 1 from 63 jiffies, level 2 from 504
tap.is({ jiffies.slot(1), jiffies.slot(62), jiffies.slot(63), jiffies.slot(503), jiffies.slot(504), jiffies.slot(4031),
  jiffies.slot(4032) }, { 1, 1, 8, 8, 64, 64, 512 }, "the slots of the timer wheel, at the edges of its levels")

-- seen on Linux 6.12 with HZ 250
for asked, slept in pairs { [20] = 24, [50] = 56, [100] = 104, [200] = 204, [500] = 512, [1000] = 1024, [2000] = 2016 } do
  tap.is(jiffies.sleep_ms(asked, HZ_250), slept + 0.0, asked .. " ms asked")
end

local list, without = sleeps.of({ 0.105, 0.209, 0.001 }, 0.001, 100)
tap.is(#list, 2, "a chunk without a charge is no sleep")
tap.is(without, 1, "but counted")
tap.near(list[1], 104, 1e-6, "one charge: its sleep, less the chunk's own time")
tap.near(list[2], 104, 1e-6, "two charges: half of it")
tap.is({ sleeps.of({}, 0.001, 100) }, { {}, 0 }, "no chunk, no sleep")

local function folder(runs) return { host = { tick_ns = HZ_250 }, manifest = { seed = 1 }, runs = runs } end
local quiet = { asked_ms = 0, chunks_s = { 0.001, 0.001, 0.002 } }
local d = sleeps.summarise(folder { quiet, { asked_ms = 100, chunks_s = { 0.105, 0.105 } } }).delays[1]
tap.near(d.raw.mean, 0.04, 1e-9, "the error as it is")
tap.near(d.left.mean, 0, 1e-9, "and with the rounding taken out")
d = sleeps.summarise(folder { quiet, { asked_ms = 9, chunks_s = { 0.017, 0.033 } } }).delays[1]
tap.near(d.slept_ms.mean, 16, 1e-9, "a short delay, of which the rounding is most, is one sleep all the same")
d = sleeps.summarise(folder { quiet, { asked_ms = 4, chunks_s = { 0.001, 0.001 } } }).delays[1]
tap.is({ d.slept_ms, d.raw, d.left, d.without }, { nil, nil, nil, 2 }, "a delay that never slept has no error")

tap.done()
