-- The sentence in which a question's report ends.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local answer = require "memlua.report.answer"
local host = require "memlua.host"
local spec = require "memlua.experiment.spec"

local function said(told, o)
  o = o or {}
  local function strategy(name, intact, solo) return { name = name, runs = 6, intact = intact or 6, tenants = { { name = "high", times_solo = solo and { median = solo }, metrics = { qps = { times_solo = { median = 3 } } } } } } end
  local c = { tenant = "high", what = o.what or "time", a = "user", b = "bpf", told = told, ratio = o.ratio or { median = 0.5, low = 0.4, high = 0.8, level = 0.97 } }
  return answer.text { manifest = { scenario = { answer = not o.none and { tenant = "high", under = "bpf", against = "user", metric = o.metric } or nil } },
                       summary = { strategies = { strategy("bpf", o.intact, o.solo), not o.missing and strategy("user") or nil }, effects = { comparisons = { told and c or nil } } } }
end
tap.is(said "different", "answer: high's time under bpf is 2.00 [1.25, 2.50] 97 % times that under user: a difference, at 5 % for all comparisons together.\n",
  "the ratio, turned to how it was asked for")
tap.like(said("different", { ratio = { median = 82, low = 71, high = 87, level = 0.97 } }), "is 0%.0122 %[0%.0115, 0%.0141%] 97 %% times", "a small one has its digits")
tap.like(said "same", "no difference beyond 5 %%%.\n$", "no difference is an answer")
tap.like(said "untold", "which these runs don't tell", "so is that it isn't known")
tap.like(said("same", { solo = 1.5 }), " Under bpf it is 1%.50 times as slow as alone%.\n$", "against alone, where that was run")
tap.like(said("same", { metric = "qps", what = "qps" }), "^answer: high's qps under bpf is 2%.00 .* Under bpf it is 3%.00 times as bad as alone%.", "by a figure of its own")
tap.like(said("same", { metric = "qps" }), "answer: none, the runs are too few", "which another doesn't stand for")
tap.is(said("same", { intact = 2 }), "answer: all tenants are kept in 2 of 6 runs under bpf, and in 6 of 6 runs under user.\n", "losses say it all")
tap.like(said(nil), "answer: none, the runs are too few", "too few runs")
tap.like(said("same", { missing = true }), "answer: none, without runs under bpf and user", "one that couldn't be run")
tap.is(said("same", { none = true }), "", "nothing asked, nothing said")

local function scenario(asked)
  return spec.check({ name = "x", limits = { ["memory.max"] = "10M" }, tenants = { { name = "high", workload = { size = "1M" } } }, strategies = { { name = "a" }, { name = "b" } },
                      answer = asked }, host.settings)
end
tap.is(scenario({ tenant = "high", under = "a", against = "b" }).answer.under, "a", "a scenario may ask")
tap.fails(function() scenario { tenant = "high", under = "a" } end, "answer.against: missing", "whole", 1)
tap.fails(function() scenario { tenant = "high", under = "a", against = "c" } end, "answer.against.c: c; ", "about what is there", 1)
tap.done()
