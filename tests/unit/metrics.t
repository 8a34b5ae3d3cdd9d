-- Figures of a workload's own: what the real programs printed (tests/fixtures/output), and what goes wrong.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local metrics = require "memlua.experiment.metrics"

local OUTPUT <const> = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/fixtures/output/"

local function read(parse, path)
  local found, why = metrics.read({ spec = { metrics = metrics.check(parse, "metrics") }, output = path }, "/nowhere")
  local values = {}
  for name, figure in pairs(found or {}) do values[name] = figure.value end
  return found and values or nil, why, found
end

local PRINTED <const> = {
  { "redis-benchmark", "redis-benchmark.txt", { set_rps = 10085.73, set_p99_ms = 20.623, set_max_ms = 179.327, get_rps = 10346.61,
    get_avg_ms = 3.366, get_min_ms = 0.16, get_p50_ms = 2.535, get_p95_ms = 9.095, get_p99_ms = 17.551 } },
  { "redis-benchmark", "redis-benchmark.csv.txt", { set_rps = 10493.18, set_p99_ms = 14.383, get_p50_ms = 2.911, get_max_ms = 21.215 } },
  { "pgbench", "pgbench.txt", { tps = 84.639163, avg_ms = 11.815, failed = 0 } },
  { "pgbench", "pgbench-rate.txt", { tps = 45.860483, avg_ms = 43.075, stddev_ms = 56.615, lag_avg_ms = 29.885, lag_max_ms = 198.634 } },
  { "sysbench", "sysbench.txt", { events_per_s = 1754692.92, max_ms = 8.11, p95_ms = 0.0 } },
  { "stress-ng", "stress-ng.txt", { bogo_ops_per_s = 4701.24 } },
  { "wrk", "wrk.txt", { rps = 558.75, p50_ms = 1.37, p90_ms = 48.13, p99_ms = 176.57, max_ms = 202.16 } },
  { "h2load", "h2load.txt", { rps = 351.15, avg_ms = 4.37, max_ms = 29.89, failed = 0 } },
  { "time", "time.txt", { wall_s = 0.05, user_s = 0.0, resident = 984 * 1024 } },
}
for _, case in ipairs(PRINTED) do
  local values, why = read(case[1], OUTPUT .. case[2])
  for name, value in pairs(case[3]) do tap.is(values and values[name], value, ("%s: %s"):format(case[2], name) .. (why or "")) end
end
local values = read("fio", OUTPUT .. "fio.json.txt")
tap.ok(values.read_iops > 100 and values.read_p99_ms > values.read_p50_ms and values.write_iops == nil, "fio's JSON", values)
values = read("time", OUTPUT .. "time-v.txt")
tap.ok(values.wall_s >= 0 and values.resident > 100000, "GNU time -v", values)

local scratch <close> = assert(host.scratch())
local path <const> = scratch:path() .. "/out"
local function printed(text)
  local file <close> = assert(io.open(path, "w"))
  file:write(text)
  return path
end

local _, _, whole = read("json", printed 'warming up\n{"p99_ms": 5.5, "ops": {"value": 3, "unit": "1/s", "better": "higher"}, "name": "x"}\n')
tap.is(whole, { p99_ms = { value = 5.5, unit = "ms", better = "lower" }, ops = { value = 3, unit = "1/s", better = "higher" } },
  "one JSON object: units by name, or as given")
local function mine(text) return { wait_ms = tonumber(text:match "wait (%S+)") } end
tap.is(read(mine, printed "wait 12"), { wait_ms = 12 }, "a function of one's own")

local WRONG <const> = {
  { mine, "", "it has printed nothing" }, { mine, " \n", "it has printed nothing" }, { mine, "hello", "none were found" },
  { "redis-benchmark", "Could not connect", "what it printed is not redis-benchmark's output" },
  { "pgbench", "psql: error", "what it printed is not pgbench's output" },
  { "json", "hello", "reading them failed" }, { "fio", "hello", "reading them failed" },
  { function() error "oh" end, "x", "oh" }, { function() return 5 end, "x", "its function returned a number, a table is needed" },
  { function() return { x_ms = 0 / 0 } end, "x", "x_ms: -nan is no number to compare" },
  { function() return { x_ms = 1 / 0 } end, "x", "x_ms: inf is no number to compare" },
  { function() return { x_ms = "5" } end, "x", "x_ms: a number is needed, not a string" },
  { function() return { quality = 5 } end, "x", "quality: which way is better isn't known" },
  { function() return { ["a b"] = 5 } end, "x", "a b: a name of letters" },
  { { parse = mine, file = "r.txt" }, "x", "$MEMLUA_OUT/r.txt isn't there" },
}
for _, case in ipairs(WRONG) do
  local found, why = read(case[1], printed(case[2]))
  tap.ok(found == nil, "refused", found)
  tap.like(why, case[3], "and told: " .. case[3])
end
tap.fails(function() metrics.check("pgbnech", "tenants.db.metrics") end, "pgbench", "an unknown client, with the nearest", 1)

-- ---- as they are written ---------------------------------------------------------------------------------------------------------

local figures = require "memlua.base.figures"
local written = {}
for i, x in ipairs { 1.543, 5208.33, 191, 22.825045, 0.7131551419, 123456.789, 0 } do written[i] = figures.as_printed "ms"(x) end
tap.is(written, { "1.543 ms", "5208.33 ms", "191 ms", "22.83 ms", "0.7132 ms", "123457 ms", "0 ms" }, "what a program printed as it did, what was computed of it with four digits")
tap.is(figures.text({ n = 6, median = 1.98379670, low = 1.9649, high = 2.0140, level = 0.97 }, figures.as_printed "1/s"), "1.984 1/s [1.9649, 2.014] 97 %", "a unit stands once, \"1/s\" as well")

tap.done()
