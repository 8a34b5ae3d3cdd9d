-- memlua.results.verdict and best_order: the best order, and what may be called protection.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local best_order = require "memlua.results.best_order"
local estimate = require "memlua.results.estimate"
local stats = require "memlua.stats"
local verdict = require "memlua.results.verdict"

local function jobs(...)
  local list = {}
  for i, job in ipairs { ... } do list[i] = { size = job[1], duration = job[2] } end
  return list
end

local three = jobs({ 256, 5 }, { 256, 5 }, { 256, 5 })
tap.is(best_order.makespan(three, 768), 5, "all three fit: as long as one")
tap.is(best_order.makespan(three, 544), 10, "two fit: two rounds")
tap.is(best_order.makespan(three, 512), 10, "just")
tap.is(best_order.makespan(three, 511), 15, "one byte less: one after the other")
tap.is(best_order.makespan(three, 256), 15, "the limit of one")
tap.is(best_order.makespan(three, 255), math.huge, "none fits: never")
tap.is(best_order.makespan({}, 100), 0, "no jobs, no time")
tap.is(best_order.makespan(jobs({ 3, 4 }, { 1, 6 }, { 2, 2 }, { 2, 4 }), 4), 8, "big and small ones share the room: 3+1, then 2+2")
tap.is(best_order.makespan(jobs({ 2, 1 }, { 2, 1 }, { 4, 1 }), 4), 2, "whatever the order they are given in")
local nine = {}
for i = 1, 9 do nine[i] = { size = 1, duration = i } end
tap.is(best_order.makespan(nine, 9), 9, "nine jobs that all fit")

-- ---- tenants that shrink -------------------------------------------------------------------------------------------

local function sampled(...)
  local tenant = { memory = {}, finish = 10 }
  for i, held in ipairs { ... } do tenant.memory[i] = { i, held } end
  return best_order.shrinks(tenant)
end
tap.is(sampled(1, 5, 10, 10, 10, 10, 10, 10, 10, 10), false, "who grows and stays doesn't shrink")
tap.is(sampled(1, 5, 10, 10, 10, 10, 10, 10, 10, 10, 0, 0, 0), false, "nor who gives all back at its end")
tap.is(sampled(1, 10, 10, 4, 4, 4, 4, 10, 10, 10), true, "who gives back half of it for a while does")
tap.is(sampled(1, 10, 10, 9.5, 9.5, 9.5, 9.5, 10, 10, 10), false, "a little is nothing")

-- ---- what is said --------------------------------------------------------------------------------------------------

local PRESSED <const>, IDLE <const> = { runs = 1, pressed = 1, events = 50, stalled = 0.2 }, { runs = 1, pressed = 0, events = 0, stalled = 0.0 }

local function repeated(value, n)
  local list = {}
  for i = 1, n do list[i] = value end
  return list
end

-- A folder of one strategy x, beside one that does nothing, as memlua.results.summary makes it: `o` has runs, intact, times
-- (ratios to alone, of which there are as many as intact runs unless it is a list), makespan, pressure (of none).
local function folder(o)
  local runs, intact = o.runs, o.intact or o.runs
  local values = type(o.times) == "number" and repeated(o.times, intact) or o.times or {}
  local tenants = {}
  for i, name in ipairs { "high", "low" } do
    tenants[i] = { name = name, rank = i, solo_s = 5, times_solo = estimate.of(values), slowdown = stats.median(values),
                   completion = #values > 0 and { median = 5 * stats.median(values) } or nil, service = o.service,
                   rate = o.rate and o.rate[name] }
    tenants[i].metrics = o.own and { rps = estimate.of(o.own) }
    tenants[i].latency = o.p99 and { of_runs = { p99 = estimate.of(o.p99) } }
  end
  local strategies = { { name = "solo-high", solo = true, runs = runs, intact = runs, tenants = { { peak = { median = 60 } } } } }
  if o.pressure ~= false then
    strategies[2] = { name = "none", runs = 1, intact = 0, tenants = { { name = "high", rank = 1 } }, pressure = o.pressure or PRESSED }
  end
  table.insert(strategies, { name = "x", runs = runs, intact = intact, failed = o.failed, tenants = tenants,
                             makespan = o.makespan and estimate.of(repeated(o.makespan, runs)) })
  return {
    manifest = { scenario = { limits = { ["memory.max"] = 100 }, strategies = { { name = "none", limits = {} }, { name = "x", policy = { name = "p" } } },
                              tenants = { { name = "high", slo = o.slo } } },
                 solo_of = { high = "solo-high", low = "solo-high" } },
    summary = { strategies = strategies },
  }
end

local function row_of(o)
  local rows = verdict.of(folder(o))
  return rows[#rows]
end
local function word(o) return row_of(o).verdict end

tap.is(word { runs = 20, times = 1.0, makespan = 10.5 }, "protects", "no losses, no slowdown, pressure without it: protects")
tap.is(word { runs = 20, times = 1.0, makespan = 15 }, "protects, at the price of time", "later than the best order")
tap.is(word { runs = 20, times = 1.5, makespan = 10 }, "keeps all, but slows the best-ranked", "slowing alone isn't protecting")
tap.is(word { runs = 10, intact = 0 }, "loses tenants: in all of 10 runs [69, 100] %", "losses in all runs")
tap.is(word { runs = 10, intact = 7 }, "unreliable: loses tenants in 3 of 10 runs [7, 65] %", "losses in some, with an interval")
tap.is(word { runs = 1, intact = 0 }, "loses tenants: in all of 1 run", "losses in the only one")
tap.is(word { runs = 5, times = 1.0, makespan = 10 }, "no loss in 5 runs, which shows 55 % or more; 14 would tell whether it protects",
  "five runs without a loss show little")
tap.is(word { runs = 13, times = 1.0 }:match "^no loss in 13 runs", "no loss in 13 runs", "13 too little")
tap.is(word { runs = 14, times = 1.0 }, "protects", "14 enough")
tap.like(word { runs = 1, times = 1.0, makespan = 10 }, "inconclusive: 1 run of high is too few for its slowdown; 14 would tell", "one nothing")
tap.is(word { runs = 3, failed = 2, intact = 1 }, "not judged: a tenant failed by itself in 2 of 3 runs", "a failure is no judgement")

-- the issue is the interval, not the median beside it
local spread = { 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.3, 1.3, 1.3, 1.3, 1.3, 1.3 }
tap.like(word { runs = 14, times = spread }, "inconclusive: the best-ranked's slowdown of 1.00 [1.00, 1.30] 99 % isn't surely below 1.05", "an interval on both sides of the bound tells nothing")
local mostly = { 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.3, 1.3 }
tap.is(word { runs = 14, times = mostly }, "protects", "a few outliers outside of it do no harm")

tap.is(word { runs = 20, times = 1.0, pressure = IDLE }, "nothing was tested: no pressure without protection (0 events, 0.0 % stalled)",
  "where memory wasn't short without it, nothing was tested")
tap.is(word { runs = 20, times = 1.0, pressure = { runs = 6, pressed = 2, events = 5, stalled = 0.001 } }, "little was tested: pressure in only 2 of 6 runs without protection",
  "where it was short in some runs only, that is said")
tap.is(verdict.of(folder { runs = 20, times = 1.0, pressure = IDLE })[1].verdict, "loses tenants: in all of 1 run", "  a loss is a loss")
tap.like(word { runs = 20, times = 1.0, pressure = false }, "keeps all; no unprotected runs", "without unprotected runs it can't be told")
tap.like(word { runs = 20 }, "keeps all; without solo runs", "nor without solo runs")

local idle = folder { runs = 20, times = 1.0 }
idle.manifest.scenario.strategies[2].policy = nil
tap.is(verdict.of(idle)[2].verdict, "keeps all unprotected",
  "what does nothing doesn't protect")
idle.summary.strategies[2].pressure, idle.summary.strategies[2].intact = IDLE, 1
tap.like(verdict.of(idle)[2].verdict, "^nothing was tested", "and with no event at all nothing was tested")

-- ---- services: no time of their own --------------------------------------------------------------------------------

local function ms(...)
  local list = {}
  for i, x in ipairs { ... } do list[i] = x * 1e6 end
  return list
end
local quick, slow = ms(table.unpack(repeated(1, 20))), ms(table.unpack(repeated(5000, 20)))
local GOAL <const> = { { metric = "p99", below = 0.01 } }
tap.is(word { runs = 20, service = true, p99 = quick, slo = GOAL }, "protects", "a service that keeps its objective is protected")
tap.like(word { runs = 20, service = true, p99 = slow, slo = GOAL }, "keeps all, but misses an objective: high's P99 of 5.00 s .* is above 10 ms",
  "one whose P99 is 5 s isn't")
tap.like(word { runs = 20, service = true, p99 = slow }, "keeps all; high is a service without an objective", "without an objective it isn't judged")
tap.like(word { runs = 3, service = true, p99 = ms(1, 1, 1), slo = GOAL }, "inconclusive: high's P99 of 1 ms .n = 3.; too few runs", "three runs are too few")
tap.like(word { runs = 20, times = 1.0, p99 = slow, slo = GOAL }, "misses an objective", "whoever has an objective must keep it")

local function rate(share) return { { metric = "rps", above = 100, share = share } } end
local function own(values, slo, n) return word { runs = n or #values, times = 1.0, own = values, slo = slo } end
tap.is(own(repeated(120, 20), rate()), "protects", "a figure of its own is an objective, too")
tap.like(own(repeated(90, 20), rate()), "keeps all, but misses an objective: high's RPS of 90 .* is below 100", "that it misses")
tap.like(own(repeated(90, 20), { { metric = "rsp", above = 1 } }), "high has no RSP, so its objective is not judged", "one that there isn't is told")
local objective = require "memlua.results.objective"
local function refuses(slo) return function() objective.refuse(folder { runs = 3, times = 1.0, own = repeated(120, 3), slo = slo }) end end
tap.fails(refuses { { metric = "rps", above = 1 }, { metric = "rsp", above = 1 } }, "tenants.high.slo.metric: rsp: no run has such a figure; known: rps",
  "and refused, whichever of several it is", 1)
tap.ok(pcall(refuses { { metric = "rps", above = 1 } }), "one that there is isn't")
local most = repeated(120, 20)
most[1] = 90
tap.is(own(most, rate(0.7)), "protects", "a share of the runs: 19 of 20 show more than 70 %")
tap.like(own(most, rate(0.9)), "inconclusive: high's RPS is above 100 in 19 of 20 runs, which shows %d+ %% or more, not 90 %%", "but not 90 %")
tap.like(own(repeated(90, 20), rate(0.5)), "misses an objective: high's RPS is above 100 in 0 of 20 runs", "and none is too few")

-- ---- rates -----------------------------------------------------------------------------------------------------------

local function made(achieved, broken) return { asked = 100, achieved = achieved, unit = "requests", runs = 20, broken = broken, kept = broken == 0 } end
tap.is(word { runs = 20, times = 1.0, rate = { high = made(100, 0) } }, "protects", "a rate that was kept")
tap.is(word { runs = 20, times = 1.0, rate = { high = made(61.2, 3) } }, "keeps all, but not a rate: high made 61.2 of 100 requests/s in 3 of 20 runs",
  "nobody is protected whose requests aren't made, however quick the others are")
tap.is(word { runs = 20, times = 1.0, rate = { low = made(61.2, 3) } }, "protects", "that the others are slowed is the price")

-- ---- the error rate ------------------------------------------------------------------------------------------------

-- A strategy that loses a tenant in a fifth of its runs, in experiments of n runs: how many say "protects".
local random = stats.random(2024)
for _, n in ipairs { 4, 14, 30 } do
  local wrong = 0
  for _ = 1, 400 do
    local intact = 0
    for _ = 1, n do intact = intact + (random(5) > 1 and 1 or 0) end
    if word { runs = n, intact = intact, times = 1.0 }:find "^protects" then wrong = wrong + 1 end
  end
  tap.ok(wrong <= 0.05 * 400 * 1.3, ("losing in 20 %% of runs is called protection in 5 %% of experiments of %d at most"):format(n), wrong)
end

-- ---- the rows and the table ----------------------------------------------------------------------------------------

local row = row_of { runs = 10, times = 1.2, makespan = 12 }
tap.near(row.later.median, 1.2, 1e-9, "makespan is set against the best order, 10 s")
tap.is({ row.slowdown, row.worst }, { 1.2, 1.2 }, "slowdowns are those of the best-ranked and of the worst off")
local shrinking = folder { runs = 10, times = 1.2, makespan = 12 }
shrinking.runs = { { solo = true, tenants = { { memory = { { 1, 10 }, { 2, 10 }, { 3, 2 }, { 4, 2 } } } } } }
tap.is(verdict.of(shrinking)[2].later, nil, "of tenants that shrink no order is the best")
local apart = folder { runs = 20, times = 1.0 }
apart.summary.strategies[3].tenants[1].times_work = estimate.of(repeated(1.53, 20))
tap.is(verdict.of(apart)[2].verdict, "keeps all, but slows the best-ranked", "the hold doesn't hide that the work takes 1.53 times as long")
tap.is(row_of({ runs = 10 }).worst, nil, "without solo runs there is no slowdown")
tap.is(row_of({ runs = 10, intact = 0 }).later, nil, "no makespan where nobody finished")
tap.like(verdict.text(verdict.of(folder { runs = 10, times = 1.0 })), "10 of 10", "the table shows the counts")

local partial = folder { runs = 10, times = 1.0, makespan = 10 }
partial.summary.skipped = { { name = "zswap", reason = "this kernel does not have it" } }
row = verdict.of(partial)[3]
tap.is(row, { name = "zswap", verdict = "skipped: this kernel does not have it" }, "what was skipped has no figures, but a reason")
tap.like(verdict.text(verdict.of(partial)), "zswap +%- +%- +%- +%- +%- +%- +skipped: this kernel", "which the table shows")

tap.done()
