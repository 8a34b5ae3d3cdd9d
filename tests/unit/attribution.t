-- What a strategy costs and who pays: from runs to estimates to the table.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local attribution = require "memlua.results.attribution"
local begin = require "memlua.experiment.attribution".begin
local format = require "memlua.results.format"
local table_of = require "memlua.report.attribution"
local verdict = require "memlua.results.verdict"

local function tenant(rank, scanned, stalled)
  return { name = "t" .. rank, rank = rank, ended = "done", stat = { pgscan_direct = scanned }, stalled_us = { some = stalled } }
end
local function result(n)
  return { strategy = "s", tenants = { tenant(1, n, 1000000 * n), tenant(2, 10 * n, 0), tenant(3, 100 * n, 2000000 * n) },
           paid = { threads = { kswapd_s = n, kworkers_s = 0.5, others_s = 0 }, programs = { a = { calls = n, time_s = n / 4 }, b = { calls = 2, time_s = 0.25 } } } }
end
local paid = attribution.payers { result(1), result(2), result(3) }
tap.is({ paid.kswapd_s.median, paid.kworkers_s.values, paid.others_s.median }, { 2, { 0.5, 0.5, 0.5 }, 0 }, "the kernel's threads")
tap.is({ paid.programs_s.values, paid.program_calls.median }, { { 0.5, 0.75, 1.0 }, 4 }, "all programs of a policy together")
tap.is({ paid.best_scanned.values, paid.others_scanned.values }, { { 1, 2, 3 }, { 110, 220, 330 } }, "reclaim in the tenants' own context, the best-ranked apart")
tap.is({ paid.best_stalled_s.median, paid.others_stalled_s.median }, { 2, 4 }, "and their stalls, in seconds")
local none = attribution.payers { { tenants = { { name = "t", rank = 1 } } } }
tap.is(none, {}, "what wasn't measured is absent")
tap.ok(format.result(result(1), "run.json", { scenario = {} }), "what a file may say of it")
local bad = result(1)
bad.paid.programs.a.calls = -1
tap.fails(function() format.result(bad, "run.json", { scenario = {} }) end, "paid.programs.a.calls", "and must not", 1)

-- ---- the table -------------------------------------------------------------------------------------------------------

local function series(label, strategy) return { label = label, strategy = strategy } end
local CONTROLLER <const> = { cpu_s = { median = 0.05 }, reactions = { count = 5, p50 = 0.003, p99 = 0.008 } }
local said = table_of.text { series("none", { paid = { kworkers_s = { median = 0.01 } } }), series("policy", { paid = paid }), series("law", { controller = CONTROLLER }) }
tap.like(said, "\n\nSTRATEGY +CONTROLLER +BPF +CALLS +KSWAPD +KWORKERS +KTHREADS +BEST SCANS +OTHERS SCAN", "a table of who pays")
tap.like(said, "\nnone +%- +%- +%- +%- +10 ms +%-", "nobody, of what wasn't measured")
tap.like(said, "\npolicy +%- +750 ms +4 +2%.00 s +500 ms +0 s +2 +220 +2%.00 s +4%.00 s +%- +%-\n", "a policy")
tap.like(said, "\nlaw +50 ms .* 3 ms +8 ms\n", "a controller, and how fast it is")
tap.is(table_of.text { series("none", { paid = { kworkers_s = { median = 0.01 } } }) }, nil, "no table where nobody does anything")
said = table_of.text { series("law", { controller = CONTROLLER, paid = { kswapd_s = { median = 0 } } }) }
tap.is({ said:find "BPF", said:find "KSWAPD" }, {}, "no column of what nobody paid")

-- ---- CPU and I/O ------------------------------------------------------------------------------------------------------

local function loaded(rank, cpu_us, waits_us, io_us)
  return { name = "t" .. rank, rank = rank, ended = "done", load = { cpu_us = cpu_us, cpu_stalled_us = waits_us, io_stalled_us = io_us } }
end
local function busy(waits_us, io_us)
  local runs = {}
  for i = 1, 2 do
    runs[i] = { strategy = "s", duration_s = 10, supervisor = { cpu_s = 0.01 }, tenants = { loaded(1, 1000000, waits_us, io_us), loaded(2, 2000000, 4000000, 0), loaded(3, 3000000) } }
  end
  return { series("s", { paid = attribution.payers(runs) }) }
end
tap.is(table_of.load(busy(499000, 0)), nil, "no table where the best-ranked waited for neither")
said = table_of.load(busy(500000, 0))
tap.like(said, "STRATEGY +BEST CPU +OTHERS CPU +MEMLUA CPU +BEST WAITS FOR CPU +OTHERS WAIT\ns +1%.00 s +5%.00 s +10 ms +500 ms +4%.00 s\n",
  "who had the CPU, and who waited for it")
tap.like(table_of.load(busy(0, 600000)), "BEST WAITS FOR I/O", "or for a disk")
tap.is(table_of.load { series("none", {}) }, nil, "nothing of what wasn't measured")

-- ---- what is no protection ---------------------------------------------------------------------------------------------

local PRESSED <const> = { runs = 1, pressed = 1, events = 50, stalled = 0.2 }
local function verdict_of(strategy)
  return verdict.of({ manifest = { scenario = { limits = { ["memory.max"] = 100 }, strategies = { strategy }, tenants = {} } },
                      summary = { strategies = { { name = strategy.name, runs = 1, intact = 1, pressure = PRESSED, tenants = { { name = "t", rank = 1 } } } } } })[1]
end
tap.ok(verdict_of({ name = "none" }).unprotected and verdict_of({ name = "none" }).tested, "a strategy that does nothing is the measure of pressure")
tap.ok(not verdict_of({ name = "law", controller = true }).unprotected, "one with a controller isn't")

-- ---- on a real kernel --------------------------------------------------------------------------------------------------

local now = begin(nil):since()
tap.is(now.programs, nil, "no policy, no programs")
if now.threads then
  tap.ok(now.threads.kswapd_s >= 0 and now.threads.kworkers_s >= 0 and now.threads.others_s >= 0, "this kernel's threads are counted", now.threads)
else
  tap.skip("this kernel's threads are counted", "/proc/2 is not the kernel's here")
end

tap.done()
