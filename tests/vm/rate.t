-- Requests at a fixed rate: due whatever became of those before, and their latency counts from then.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
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
tap.is(run { phases = { { 10, 1 } }, run = function() error "no connection" end }.error:match "no connection", "no connection", "an error ends it, and is told")
tap.done()
