-- Requests at a fixed rate: due whatever became of those before, and their latency counts from then.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local memlua = require "memlua"
local report = require "memlua.report"
local runs_of = require "memlua.run"
local scenario = require "memlua.scenario"
local stats = require "memlua.stats"
local worker = require "memlua.worker"

host.enter()

local function run(what)
  what.kind = "lua"
  local w <close> = assert(worker.spawn(nil, what))
  return assert(w:wait(100))
end

-- One stall of 500 ms among 200 requests.
local function request(i) if i == 50 then host.sleep(0.5) end end
local open = run { phases = { { 100, 2 } }, run = request }
local closed = run { run = function(step)
  for i = 1, 200 do
    request(i)
    step()
  end
end }
local P99 <const> = 0.99
tap.is({ open.ended, open.latency.count, open.requests_due, open.requests_done }, { "done", 200, 200, 200 }, "all requests are made")
tap.ok(stats.percentile(open.latency, P99) > 0.4e9, "a stall of 500 ms shows in the P99 at a fixed rate", stats.percentile(open.latency, P99))
tap.ok(stats.percentile(closed.latency, P99) < 0.1e9 and closed.latency.max >= 0.5e9, "and doesn't in a closed loop, which makes none meanwhile",
  stats.percentile(closed.latency, P99), closed.latency.max)
tap.ok(open.requests_late >= 40, "those that it kept from being begun are late", open.requests_late)
tap.is({ open.requests_missed, closed.requests_due }, {}, "none was missed; who has no rate has none due")

local slow = run { phases = { { 100, 1 } }, run = function() host.sleep(0.05) end }
tap.ok(slow.requests_missed and slow.requests_missed >= 75 and slow.requests_done + slow.requests_missed == 100,
  "a rate that can't be kept: what was missed is told", slow.requests_done, slow.requests_missed)
local refused = run { phases = { { 100, 0.2 } }, run = function(i) return i > 5 end }
tap.is(refused.requests_failed, 5, "requests that fail are counted")
local phased = run { phases = { { 100, 0.1 }, { 0, 0.5 }, { 10, 0.3 } }, run = function() end }
tap.is(phased.requests_done, 13, "phases: 10, none, and 3")
tap.ok(phased.finish - phased.start >= 0.9, "each of its length", phased.finish - phased.start)
local stopped <close> = assert(worker.spawn(nil, { kind = "lua", phases = { { 10, 100 } }, run = function() end }))
host.sleep(2.05)
stopped:kill()
local part = assert(stopped:wait(60))
tap.is({ part.requests_due, part.requests_done, part.requests_missed }, { 21, 21 }, "who is stopped owes nothing for the time afterwards")

-- ---- over time, and dealt ----------------------------------------------------------------------------------------------

local windows = open.windows
tap.near(windows.width_s, 2 / 60, 1e-6, "its time in 60 parts")
local made, worst, at = 0, 0, nil
for i, one in ipairs(windows.latency) do
  made = made + one.count
  if (one.max or 0) > worst then worst, at = one.max, i end
end
tap.is({ #windows.latency, made }, { 60, 200 }, "each request is in the part in which it was due")
tap.ok(worst >= 0.5e9 and at >= 15 and at <= 16, "the stall is where it was: request 50 was due after 0.49 s", worst, at)
tap.is(closed.windows, nil, "who has no rate has no such parts")
local seen = {}
for lane = 0, 1 do
  seen[lane] = run { phases = { { 100, 0.5 } }, lane = lane, lanes = 2, run = function(i) return i % 2 == 1 - lane end }
  tap.is({ seen[lane].requests_due, seen[lane].requests_done, seen[lane].requests_failed }, { 25, 25 }, "lane " .. lane .. " has every other request")
end

-- ---- native ------------------------------------------------------------------------------------------------------------

local MB <const>, PAGE <const> = 1 << 20, host.page_size
for _, kind in ipairs { "anon", "file" } do
  local w <close> = assert(worker.spawn(nil, { kind = kind, size = MB, phases = { { 200, 1 }, { 0, 0.5 }, { 1000, 0.5 } },
                                               file = kind == "file" and os.getenv "TMPDIR" .. "/paced" or nil }))
  local r = assert(w:wait(100))
  tap.is({ r.ended, r.requests_due, r.requests_done, r.requests_missed }, { "done", 700, 700 }, kind .. ": pages at a rate")
  tap.is({ r.read_bytes, r.latency.count, r.reached }, { 700 * PAGE, 700, MB }, "a page each, and only their latencies are told", r.latency.count)
  tap.ok(r.finish - r.start >= 2 and r.finish - r.start < 3, "for as long as the phases are", r.finish - r.start)
  tap.ok(stats.percentile(r.latency, 0.5) < 5e6, "at once, where memory is not short", r.latency.max)
end
local hasty <close> = assert(worker.spawn(nil, { kind = "anon", size = MB, phases = { { 1e6, 0.5 } } }))
local hurried = assert(hasty:wait(100))
tap.ok(hurried.requests_due == 500000 and hurried.requests_missed > 100000 and hurried.requests_done + hurried.requests_missed == 500000,
  "more than can be done is missed", hurried.requests_done, hurried.requests_missed)

-- ---- in a scenario -----------------------------------------------------------------------------------------------------

host.settings.quiet, host.settings.out = true, os.getenv "TMPDIR" .. "/rates"
local ok, why = pcall(scenario.run, {
  name = "rates", limits = { ["memory.max"] = "100M", ["memory.swap.max"] = 0 }, warmup = 0, shares = "equal",
  tenants = {
    { name = "web", role = "high", workload = { kind = "lua", request = function() host.sleep(0.015) end, rate = 100, duration = "1s", concurrency = 2 } },
    { name = "slow", workload = { kind = "lua", request = function() host.sleep(0.02) end, rate = 100, duration = "1s" } } },
})
tap.ok(not ok and why.status == memlua.status.untrustworthy and why.message:find("slow couldn't keep its rate even alone: ", 1, true)
  and not why.message:find "web couldn't", "who can't keep its rate even alone makes its figures doubtful", why)
local folder = runs_of.load(host.settings.out)
for _, result in ipairs(folder.runs) do
  local web = memlua.named(result.tenants, "web")
  if web then
    tap.is({ web.requests_due, web.rate.kept, web.rate.unit, #web.workloads }, { 100, true, "requests", 2 }, "two in flight keep what one couldn't")
    tap.ok(web.requests_done >= 99, "of 15 ms each, every 10 ms", web.requests_done)
  end
end
local shown = report.text({ folder }, true)
tap.like(shown, "none: slow: the rate was not kept: [%d.]+ of 100 requests/s asked: 100 due", "and the report says achieved against asked")

tap.is(run { phases = { { 10, 1 } }, run = function() error "no connection" end }.error:match "no connection", "no connection", "an error ends it, and is told")
tap.done()
