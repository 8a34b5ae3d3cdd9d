-- Requests at a fixed rate: what a scenario may say of them. What becomes of them: tests/vm/rate.t, by a clock that is steady.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local spec = require "memlua.experiment.spec"
local worker = require "memlua.worker"

tap.fails(function() worker.spawn(nil, { kind = "lua", phases = { { -1, 1 } }, run = function() end }) end, "must be {rate, seconds}", "a negative rate")

local function checked(workload)
  workload.kind = "lua"
  return function()
    return spec.check { name = "x", limits = {}, tenants = { { name = "t", workload = workload } } }.tenants[1].workloads[1].rate
  end
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
tap.done()
