-- Requests at a fixed rate: what a scenario may say of them. What becomes of them: tests/vm/rate.t, by a clock that is steady.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local spec = require "memlua.experiment.spec"
local rates = require "memlua.results.rates"
local remarks = require "memlua.report.rates"
local worker = require "memlua.worker"

tap.fails(function() worker.spawn(nil, { kind = "lua", phases = { { -1, 1 } }, run = function() end }) end, "must be {rate, seconds}", "a negative rate")

tap.fails(function() worker.spawn(nil, { kind = "lua", phases = { { 1, 1 } }, lane = 2, lanes = 2, run = function() end }) end, "lane: must be below lanes",
  "a lane that there isn't")

local function tenant_of(workload)
  return spec.check { name = "x", limits = {}, tenants = { { name = "t", workload = workload } } }.tenants[1]
end
local function checked(workload)
  workload.kind = workload.kind or "lua"
  return function() return tenant_of(workload).workloads[1].rate end
end
local f = function() end
tap.is(checked({ request = f, rate = 5, duration = "2s" })(), { { rate = 5, duration = 2 } }, "a constant rate is one phase")
for _, case in ipairs {
  { {}, "workload.run: missing; or request = f(i)" }, { { run = f, rate = 5 }, "it runs by itself" },
  { { request = f }, "rate: missing; how many" }, { { request = f, rate = 5 }, "duration: missing; for how long" },
  { { request = f, rate = { { rate = 5, duration = 1 } }, duration = 1 }, "each phase of the rate has its own" },
  { { request = f, rate = { { rate = 0, duration = 1 } } }, "not one request is due" }, { { request = f, rate = -1, duration = 1 }, "rate" },
  { { request = f, rate = { { rat = 5 } } }, "rat: unknown key; did you mean 'rate'" } } do
  tap.fails(checked(case[1]), case[2], "refused: " .. case[2], 1)
end

-- ---- native ones -----------------------------------------------------------------------------------------------------

for _, kind in ipairs { "anon", "file" } do
  tap.is(checked { kind = kind, size = "1M", rate = 5, duration = "2s" }(), { { rate = 5, duration = 2 } }, kind .. ": pages at a rate")
  tap.fails(checked { kind = kind, size = "1M", rate = 5 }, "duration: missing; for how long", kind .. ": without end", 1)
  tap.fails(checked { kind = kind, size = "1M", rate = 5, duration = 1, passes = 2 }, "passes: beside a rate", kind .. ": and passes", 1)
  tap.fails(checked { kind = kind, size = "1M", rate = 5, duration = 1, concurrency = 2 }, "kind = \"lua\" takes it", kind .. ": one process", 1)
end
local mixed = tenant_of { kind = "anon", size = "1M", rate = { { rate = 5, duration = 2, name = "burst" } } }
tap.is(mixed.workloads[1].rate[1].name, "burst", "a phase may have a name")

-- ---- several in flight -----------------------------------------------------------------------------------------------

local three = tenant_of { kind = "lua", name = "client", request = f, rate = 30, duration = 1, concurrency = 3 }.workloads
tap.is({ #three, three[1].name, three[3].name }, { 3, "client_1", "client_3" }, "so many processes")
tap.is({ three[1].lane, three[3].lane, three[3].lanes, three[3].concurrency }, { 0, 2, 3 }, "to each its turn")
tap.is(tenant_of { kind = "lua", request = f, rate = 30, duration = 1, concurrency = 1 }.workloads[1].lanes, nil, "one is one")
for _, case in ipairs { { { run = f, concurrency = 2 }, "it runs by itself" }, { { request = f, rate = 1, duration = 1, concurrency = 0 }, "concurrency" },
                        { { request = f, rate = 1, duration = 1, concurrency = 2, ready = { port = 1 }, background = true }, "its copies would all want" } } do
  tap.fails(checked(case[1]), case[2], "refused: " .. case[2], 1)
end

-- ---- kept or not -----------------------------------------------------------------------------------------------------

local function lane(due, done, lanes) return { workload = { kind = "lua", rate = { { rate = 50, duration = 2 }, { rate = 0, duration = 2 } }, lanes = lanes }, requests_due = due, requests_done = done } end
local whole = lane(100, 99)
tap.is(rates.of(whole), { asked = 25, achieved = 24.75, kept = true, unit = "requests" }, "one in a hundred may be cut off by the end")
tap.is(rates.of(lane(100, 98)).kept, false, "two may not")
local both = { workloads = { lane(50, 50, 2), lane(50, 25, 2) }, requests_due = 100, requests_done = 75 }
tap.is(rates.of(both), { asked = 25, achieved = 18.75, kept = false, unit = "requests" }, "those of several processes are one rate")
tap.is(rates.of { workload = { kind = "anon" } }, nil, "who has no rate keeps none")
tap.is(rates.of { workload = { kind = "file", rate = { { rate = 5, duration = 1 } } }, requests_due = 5, requests_done = 5 }.unit, "pages", "of a file pages")
local over = rates.over { { tenant = whole }, { tenant = lane(100, 40) }, { tenant = lane(100, 100) } }
tap.is({ over.runs, over.broken, over.kept, over.achieved, over.requests_due }, { 3, 1, false, 24.75, 300 }, "over several runs")
local lines = {}
remarks.add({ label = "none", strategy = { tenants = { { name = "web", rate = over } } } }, lines)
tap.like(lines[1], "none: web: the rate was not kept in 1 of 3 runs: 24.75 of 25 requests/s asked: 300 due, 0 late by more than 1 ms, 0 missed", "the report tells it")
tap.done()
