-- The contest's report: the table that holds each strategy to what matters, and the picture of the trade.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local chart = require "memlua.report.charts.contest"
local contest = require "memlua.report.contest"
local host = require "memlua.host"
local plot = require "memlua.plot"
local summary = require "memlua.results.summary"
local sys = require "memlua.base.sys"
local verdict = require "memlua.results.verdict"
local worker = require "memlua.worker"

local owned <close> = assert(host.scratch())

-- ---- a folder ----------------------------------------------------------------------------------------------------------

local function tenant(name, rank, time, how)
  local t = { name = name, role = rank == 1 and "high" or "low", rank = rank, ended = how or "done", delay = 4, spawned = 0, start = 4, peak = 60,
              workload = { kind = "anon", hold = 5 }, stat = { pgscan_direct = 7 }, stalled_us = { some = 1000 } }
  if t.ended == "done" then t.completion_s, t.finish, t.ended_at = time, 4 + time, 4 + time else t.ended_at = 5 end
  return t
end
local function service(p99)
  return { name = "service", role = "high", rank = 1, ended = "done", delay = 0, peak = 20, workload = { kind = "lua" }, latency = worker.histogram { p99 } }
end

-- What strategies do: high's and low's time, or how they are lost.
local DONE <const> = {
  none = { 6, 6, "oom-killed" }, static = { 6, 6, nil, "oom-killed" }, law = { 6.02, 11.5 }, policy = { 6.01, 11 }, mixed = { 6.5, 30 },
}
local NAMES <const> = { "none", "static", "law", "policy", "mixed" }

local function folder_of(n)
  local runs, strategies = {}, {}
  for i, name in ipairs(NAMES) do strategies[i] = { name = name, policy = name == "policy" and { name = "reserve" } or nil, controller = name == "law" or nil,
                                                    limits = name == "static" and { ["memory.high"] = 1 } or nil } end
  local function add(strategy, block, tenants, more)
    local result = { id = ("%03d-%s"):format(#runs + 1, strategy), block = block, strategy = strategy, solo = more and more.solo, duration_s = 20, tenants = tenants,
                     parent = { events = { max = 50, high = 0 }, stalled_us = { some = 1 } } }
    for key, value in pairs(more or {}) do result[key] = value end
    runs[#runs + 1] = result
  end
  for block = 1, n do
    add("solo-high", block, { tenant("high", 1, 6) }, { solo = true })
    for _, name in ipairs(NAMES) do
      local d = DONE[name]
      local noise, lost = block / 1000, name == "mixed" and block == 1 and "oom-killed" or d[4]
      add(name, block, { tenant("high", 1, d[1] + noise, d[3]), service(name == "mixed" and 9e7 or 2e7), tenant("low", 2, d[2] + noise, lost) },
        { controller = name == "law" and { ended = block == 2 and "hung" or "done", error = "slow", cpu_s = 0.25, wakeups = 9, reactions = worker.histogram { 1000000 } } or nil,
          paid = name == "policy" and { programs = { asked = { calls = 5, time_s = 0.002 } } } or nil })
    end
  end
  return {
    path = owned:path() .. "/run", host = { release = "6.12", clock = "virtual", way = "module" }, runs = runs,
    manifest = { name = "contest", about = "a contest", schema_version = 1, solo_of = { high = "solo-high", low = "solo-high" }, scenario = {
      limits = { ["memory.max"] = 100 }, strategies = strategies,
      tenants = { { name = "high", workloads = { { kind = "anon", size = 60, hold = 5 } } }, { name = "service", background = true, slo = { { metric = "p99", below = 0.05 } },
                  workloads = { { kind = "lua" } } }, { name = "low", workloads = { { kind = "anon", size = 60, hold = 5 } } } } } },
  }
end

local folder = folder_of(14)
folder.summary = contest.summarise(folder)

-- ---- the table -----------------------------------------------------------------------------------------------------------

local rows = {}
for _, row in ipairs(verdict.of(folder)) do rows[row.name] = row end
tap.is(rows.law.later.best, 12, "the best order: one after the other, the service's memory beside them")
tap.ok(rows.law.later.median > 0.95 and rows.law.later.median < 0.97, "the makespan counts from when the first is due", rows.law.later)
local said = contest.text { folder }
tap.like(said, "^a contest %(", "what it is, above")
tap.like(said, "\nSTRATEGY +NO LOSS +OBJECTIVE +BEST X WORK +WORST OTHER +X BEST ORDER +CPU PAID +REACTS P99 +VERDICT\n", "the table")
tap.like(said, "\nnone +0 of 14 +met %(20 ms%) +%- .* loses tenants: in all of 14 runs", "who loses all")
tap.like(said, "\nlaw +14 of 14 +met %(20 ms%) +1%.03 %[1%.02, 1%.03%] %d+ %% +1%.92 .* 0%.96 +250 ms +1 ms +protects\n", "a controller: what it cost, how fast it was, what it comes to")
tap.like(said, "\npolicy +14 of 14 .* 2 ms +%- +protects\n", "a policy answers at once")
tap.like(said, "\nmixed +13 of 14 +missed %(90 ms%)", "an objective that was missed")
tap.like(said, "What it costs and who pays\n\nSTRATEGY", "who pays")
tap.like(said, "law: its controller hung in 1 of 14 runs, which went on without it: slow\n", "controllers that ended before their time")
tap.like(said, "low: policy against law: 0%.923 [^\n]* x the working time [^\n]*corrected 0%.0011", "comparisons, corrected for their number")

-- ---- the picture -----------------------------------------------------------------------------------------------------------

local strategies = {}
for _, s in ipairs(summary.series { folder }) do strategies[s.label] = s.strategy end
tap.is(chart.slowest_other(strategies.law).name, "low", "the slowest other is one with a time of its own")
local path <const> = owned:path() .. "/run"
assert(host.mkdir(path))
chart.write(path, folder, "here")
local points = {}
for line in sys.read(path .. "/plots/contest.dat"):gmatch "[^\n]+" do
  local row = {}
  for word in line:gmatch "%S+" do row[#row + 1] = tonumber(word) end
  points[#points + 1] = row
end
local script = sys.read(path .. "/plots/contest.gp")
tap.is(#points, 5, "a point for each strategy")
tap.ok(points[1][4] <= points[2][4] and points[4][4] <= points[5][4], "the lowest first", points)
tap.is({ points[1][7], points[2][7], points[3][7], points[4][7], points[5][7] }, { 2, 0, 0, 1, 2 }, "lost in all runs, in none, in some")
tap.like(script, "array names%[5%] = %['none: lost, 1%.00', 'policy: 1%.02, 1%.83', 'law: 1%.03, 1%.92', 'mixed: [^\n]-', 'static: 1%.01, lost'%]", "each with its figures")
tap.like("\n" .. script, "\nbest_order = 2\n", "the best order is marked")
if os.execute "gnuplot --version >/dev/null 2>&1" then
  tap.is(plot.draw(path), true, "gnuplot draws it")
  tap.like(sys.read(path .. "/plots/contest.svg"), "best possible order", "whole")
else
  tap.skip("gnuplot draws it", "gnuplot is not installed")
end

tap.done()
