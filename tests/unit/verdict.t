-- memlua.results.verdict: the best order, and what may be called protection.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local verdict = require "memlua.results.verdict"

local function jobs(...)
  local list = {}
  for i, job in ipairs { ... } do list[i] = { size = job[1], duration = job[2] } end
  return list
end

local three = jobs({ 256, 5 }, { 256, 5 }, { 256, 5 })
tap.is(verdict.best_makespan(three, 768), 5, "all three fit: as long as one")
tap.is(verdict.best_makespan(three, 544), 10, "two fit: two rounds")
tap.is(verdict.best_makespan(three, 512), 10, "just")
tap.is(verdict.best_makespan(three, 511), 15, "one byte less: one after the other")
tap.is(verdict.best_makespan(three, 256), 15, "the limit of one")
tap.is(verdict.best_makespan(three, 255), math.huge, "none fits: never")
tap.is(verdict.best_makespan({}, 100), 0, "no jobs, no time")
tap.is(verdict.best_makespan(jobs({ 3, 4 }, { 1, 6 }, { 2, 2 }, { 2, 4 }), 4), 8, "big and small ones share the room: 3+1, then 2+2")
tap.is(verdict.best_makespan(jobs({ 2, 1 }, { 2, 1 }, { 4, 1 }), 4), 2, "whatever the order they are given in")
local nine = {}
for i = 1, 9 do nine[i] = { size = 1, duration = i } end
tap.is(verdict.best_makespan(nine, 9), 9, "nine jobs that all fit")

-- A folder of one strategy as memlua.results.summary makes it.
local function folder(runs, intact, slowdown, makespan)
  local tenants = {
    { name = "high", rank = 1, solo_s = 5, slowdown = slowdown, completion = slowdown and { median = 5 * slowdown } },
    { name = "low", rank = 2, solo_s = 5, slowdown = slowdown, completion = slowdown and { median = 5 * slowdown } },
  }
  return {
    manifest = { scenario = { limits = { ["memory.max"] = 100 } },
                 solo_of = { high = "solo-high", low = "solo-high" } },
    summary = { strategies = {
      { name = "solo-high", solo = true, runs = runs, intact = runs, tenants = { { peak = { median = 60 } } } },
      { name = "x", runs = runs, intact = intact, tenants = tenants, makespan = makespan and { median = makespan } },
    } },
  }
end

local function word(...)
  local rows = verdict.of(folder(...))
  return #rows == 1 and rows[1].verdict
end
tap.is(word(10, 10, 1.0, 10.5), "protects", "no losses, no slowdown: protects")
tap.is(word(10, 10, 1.0, 15), "protects, at the price of time", "later than the best order")
tap.is(word(10, 10, 1.5, 10), "keeps all, but slows the best-ranked", "slowing alone isn't protecting")
tap.is(word(10, 0), "loses tenants", "losses in all runs")
tap.is(word(10, 7), "unreliable: loses tenants in 3 of 10 runs", "losses in some")
tap.is(word(3, 3, 1.0, 10), "inconclusive: 3 runs, none with losses; 4 would tell", "three runs without a loss prove nothing")
tap.is(word(3, 0), "inconclusive: 3 runs, all with losses; 4 would tell", "nor do three with")
tap.is(word(1, 1, 1.0, 10), "inconclusive: 1 run, none with losses; 4 would tell", "nor does one")
tap.is(word(4, 0), "loses tenants", "four with losses do")
tap.is(word(4, 4, 1.0, 10), "protects", "four do")

local row = verdict.of(folder(10, 10, 1.2, 12))[1]
tap.near(row.later, 1.2, 1e-9, "makespan is set against the best order, 10 s")
tap.is({ row.slowdown, row.worst }, { 1.2, 1.2 }, "slowdowns are those of the best-ranked and of the worst off")
local unmeasured = folder(10, 10, 1.0, 10)
for _, tenant in ipairs(unmeasured.summary.strategies[2].tenants) do tenant.slowdown = nil end
tap.is(verdict.of(unmeasured)[1].worst, nil, "without solo runs there is no slowdown")
tap.is(verdict.of(folder(10, 0))[1].later, nil, "no makespan where nobody finished")
tap.like(verdict.text(verdict.of(folder(10, 10, 1.0, 10))), "10 of 10", "the table shows the counts")

local partial = folder(10, 10, 1.0, 10)
partial.summary.skipped = { { name = "zswap", reason = "this kernel does not have it" } }
row = verdict.of(partial)[2]
tap.is(row, { name = "zswap", verdict = "skipped: this kernel does not have it" }, "what was skipped has no figures, but a reason")
tap.like(verdict.text(verdict.of(partial)), "zswap +%- +%- +%- +%- +%- +skipped: this kernel", "which the table shows")

tap.done()
