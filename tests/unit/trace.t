-- memlua.trace and memlua.base.percentiles: both formats, each kind of bad input with the file and sample it names,
-- statistics, scaling, synthesis; then what worker.spawn makes of bad curves.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local json = require "memlua.json"
local percentiles = require "memlua.base.percentiles"
local stats = require "memlua.stats"
local trace = require "memlua.trace"
local spec = require "memlua.experiment.spec"
local worker = require "memlua.worker"

local MB <const> = 1 << 20

local function sample(epoch, usage, cpu) return { epoch = epoch, mem_usage = usage, cpu_percent = cpu } end
local function document(...) return json.encode { samples = json.array { ... } } end
local function parse(text) return trace.parse(text, "x.json") end

-- ---- sizes -------------------------------------------------------------------------------------------------

for text, bytes in pairs {
  ["147.9MB / 134.5GB"] = 147900000, ["0B / 0B"] = 0, ["2.195MB / 134.5GB"] = 2195000, ["1.5kB / 1GB"] = 1500,
  ["2GB"] = 2000000000, ["1KiB / 1GiB"] = 1024, ["1.5MiB / 2GiB"] = 1572864, ["2GiB / 2GiB"] = 2147483648,
  [" 12 MB / 1GB"] = 12000000, ["272.8MB / 1GB"] = 272800000,
} do
  tap.is(trace.usage(text, "x"), bytes, ("usage %q"):format(text))
end
for text, why in pairs {
  ["-5MB / 1GB"] = "a negative size", ["nanMB / 1GB"] = "not a size", ["5XB / 1GB"] = "not a size", [""] = "not a size",
  ["5 / 6"] = "not a size", ["9999999TB / 1GB"] = "more than a machine can have", ["1.2.3MB / 1GB"] = "not a size",
} do
  tap.fails(function() trace.usage(text, "x.json: sample 7: mem_usage") end, "x.json: sample 7: mem_usage: " .. text .. ": " .. why,
    ("usage %q: %s"):format(text, why), 1)
end

-- ---- JSON ----------------------------------------------------------------------------------------------------

local t = parse(document(sample(1000.5, "10MB / 1GB", "117.65%"), sample(1001.5, "20MB / 1GB", "50%"), sample(1003.5, "0B / 0B", "0%")))
tap.is(t.samples, { { 0.0, 10000000, 1.1765 }, { 1.0, 20000000, 0.5 }, { 3.0, 0, 0.0 } }, "JSON: seconds from the first sample, bytes, shares of a CPU")
t = parse(document(sample(5, "1MB / 1GB")))
tap.is(t.samples, { { 0, 1000000 } }, "one sample without cpu_percent is a trace")
tap.is(#parse(document(sample(5, "1MB"), sample(5, "2MB"))).samples, 2, "two samples at one time are allowed")

local function refused(text, why, name) tap.fails(function() parse(text) end, why, name, 1) end

refused('{"samples": []}', "x.json: no samples: an empty trace", "empty samples")
refused('{"summary": {}}', 'x.json: no "samples"', "no samples at all")
refused('{"samples": 5}', 'x.json: no "samples"', "samples that are no list")
refused('{"samples": [{"epoch": 1, "mem_us', "x.json: not JSON: ", "truncated JSON")
refused("", "x.json: no samples: an empty trace", "an empty file")
refused(document(sample(1, "1MB"), sample(2)), "x.json: sample 2: mem_usage: missing", "a missing field")
refused(document(sample(1, "1MB"), { mem_usage = "1MB" }), "x.json: sample 2: epoch: missing", "another one")
refused(document(sample(1, "1MB"), 5), "x.json: sample 2: a record is needed, not a number", "a sample that is no record")
refused(document(sample("soon", "1MB")), "x.json: sample 1: epoch: soon: not a time", "a time that is none")
refused(document(sample(1, 5)), "x.json: sample 1: mem_usage: a text like '147.9MB / 134.5GB' is needed, not a number", "a usage that is no text")
refused(document(sample(2, "1MB"), sample(3, "1MB"), sample(1, "1MB")), "x.json: sample 3: time runs backwards, from 3 to 1 s", "time running backwards")
refused(document(sample(1, "1MB", "lots")), "x.json: sample 1: cpu_percent: lots: not a percentage", "a CPU share that is none")
refused('{"samples": [{"epoch": NaN, "mem_usage": "1MB"}]}', "x.json: not JSON", "NaN is not JSON")

-- ---- CSV -------------------------------------------------------------------------------------------------------

local csv = trace.parse("seconds,bytes\n# comment\n10, 100\n\n11.5,200.6\r\n", "x.csv")
tap.is(csv.samples, { { 0.0, 100 }, { 1.5, 201 } }, "CSV: a head line, comments and empty lines are passed over")
tap.is(trace.parse("1,5,50\n2,6,25\n", "x.csv").samples, { { 0, 5, 0.5 }, { 1, 6, 0.25 } }, "without a head, with CPU")
for text, why in pairs {
  ["1,5\nnan,6\n"] = "x.csv: sample 2: seconds: 'nan' is not a number", ["nan,5\n"] = "x.csv: sample 1: seconds: 'nan' is not a number",
  ["1,nan\n"] = "x.csv: sample 1: bytes: 'nan' is not a number", ["1,5\n2\n"] = "x.csv: sample 2: '2': seconds,bytes is needed",
  ["1,5\n2,-6\n"] = "x.csv: sample 2: -6: a negative size", ["1,1e30\n"] = "x.csv: sample 1: 1e30: more than a machine can have",
  ["2,5\n1,5\n"] = "x.csv: sample 2: time runs backwards, from 2 to 1 s", ["1,1e999\n"] = "x.csv: sample 1: bytes: '1e999' is not a number",
  ["seconds,bytes\n"] = "x.csv: no samples: an empty trace", ["1,2,3,4\n"] = "x.csv: sample 1: '1,2,3,4': seconds,bytes is needed",
} do
  tap.fails(function() trace.parse(text, "x.csv") end, why, "CSV: " .. why, 1)
end
t = parse(document(sample(1000.25, "10MB", "12.5%"), sample(1001.5, "20MB", "0%")))
tap.is(trace.parse(trace.csv(t), "again").samples, t.samples, "what is written as CSV is read back")

-- ---- files -------------------------------------------------------------------------------------------------------

local path = os.tmpname()
local function write(text)
  local file <close> = assert(io.open(path, "w"))
  file:write(text)
end
write "1,5\n2,6\n"
tap.is(#trace.read(path).samples, 2, "a file is read")
write "1,5\n2,x\n"
tap.fails(function() trace.read(path) end, path .. ": sample 2: bytes: 'x' is not a number", "its errors name it", 1)
write(("1,5\n"):rep(25 << 20))
tap.fails(function() trace.read(path) end, path .. ": more than 16M: too long for a trace; thin it out or cut it", "100 MB are refused", 1)
os.remove(path)
tap.fails(function() trace.read(path) end, path .. ": No such file", "a file that isn't there", 1)
tap.fails(function() trace.read "/" end, "/: Is a directory", "a folder is no trace", 1)

-- ---- statistics ----------------------------------------------------------------------------------------------------

t = { name = "t", samples = { { 0, 100, 0.5 }, { 1, 300, 1 }, { 3, 100, 0 }, { 3, 200, 0.5 } } }
tap.is(trace.stats(t), { samples = 4, duration = 3, peak = 300, mean = 175.0, median = 150.0, burstiness = 300 / 175, rise = 200.0,
  fall = 100.0, grown = 300, rises = 2, cpu = 0.5 }, "statistics by hand")
tap.is({ trace.at(t, -1), trace.at(t, 0), trace.at(t, 0.9), trace.at(t, 1), trace.at(t, 3), trace.at(t, 99) }, { 0, 100, 100, 300, 200, 200 },
  "the level at a time is the last sample's")
tap.is(trace.stats({ name = "0", samples = { { 0, 0 } } }).burstiness, nil, "nothing used: no burstiness")

tap.is(trace.scale(t, 2, 0.5).samples, { { 0.0, 200, 0.5 }, { 0.5, 600, 1 }, { 1.5, 200, 0 }, { 1.5, 400, 0.5 } }, "scaled in memory and time")
tap.fails(function() trace.scale(t, 0) end, "memory: 0: must be more than 0", "by 0", 1)
tap.fails(function() trace.scale(t, 1, 0 / 0) end, "time: ", "by NaN", 1)
tap.fails(function() trace.scale(t, 1e18) end, "t: sample 1: 100: more than a machine can have", "beyond all machines", 1)

-- ---- synthesis -----------------------------------------------------------------------------------------------------

for seed = 1, 20 do
  local s = trace.stats(trace.synthesise { peak = 320000000, mean = 200000000, duration = 98, seed = seed })
  tap.ok(s.peak == 320000000 and math.abs(s.mean - 200000000) < 1 and s.samples == 99 and s.duration == 98 and s.rises > 10,
    "seed " .. seed .. ": peak and mean as asked", s)
end
local one, same, other = trace.synthesise { peak = 1 << 30, mean = 1 << 29, duration = 50, seed = 3 },
  trace.synthesise { peak = 1 << 30, mean = 1 << 29, duration = 50, seed = 3 },
  trace.synthesise { peak = 1 << 30, mean = 1 << 29, duration = 50, seed = 4 }
tap.is(one.samples, same.samples, "equal seeds, equal traces")
tap.ok(trace.csv(one) ~= trace.csv(other), "other seeds, other traces")
tap.is(trace.stats(trace.synthesise { peak = 100, mean = 100, duration = 4 }).mean, 100.0, "as flat as can be")
for why, s in pairs {
  ["mean: 300 is above the peak, 200"] = { peak = 200, mean = 300, duration = 10 },
  ["can't be reached"] = { peak = 1000000, mean = 10, duration = 100 },
  ["duration: 0: must be more than 0 s"] = { peak = 200, mean = 100, duration = 0 },
  ["interval: 0: must be more than 0 s"] = { peak = 200, mean = 100, duration = 10, interval = 0 },
  ["2 samples of 10 s"] = { peak = 200, mean = 100, duration = 10, interval = 10 },
  ["samples of 1e-09 s"] = { peak = 200, mean = 100, duration = 10, interval = 1e-9 },
} do
  tap.fails(function() trace.synthesise(s) end, why, "synthesis: " .. why, 1)
end

-- ---- workloads -------------------------------------------------------------------------------------------------------

local w = trace.workload(t, { speed = 50, base = 1000 })
tap.is(w, { kind = "trace", curve = { { 0, 100 }, { 1, 300 }, { 3, 100 }, { 3, 200 } }, speed = 50, base = 1000, size = 1300 },
  "a trace as a workload, its size the peak on the base")
tap.is(trace.workload(t, { cpu = true }).curve[2], { 1, 300, 1 }, "with its CPU shares when asked for")
tap.fails(function() trace.workload(t, { speed = 0 }) end, "speed: 0: must be more than 0", "speed 0", 1)
tap.fails(function() trace.workload(t, { speed = 0 / 0 }) end, "must be more than 0", "speed NaN", 1)
tap.fails(function() trace.workload(trace.parse("0,1e15\n", "big.csv"), {}) end, "big.csv: its peak of 909T on a base of 0 is more than this machine's memory",
  "above the machine's memory", 1)

local function checked(workload)
  workload.kind = "trace"
  return spec.check { name = "x", limits = {}, tenants = { { name = "a", workload = workload } } }.tenants[1].workloads[1]
end
tap.is(checked { curve = { { 0, 100 }, { 1, 300 } }, base = "1M" }.size, MB + 300, "in a scenario its size is base and peak")
tap.fails(function() checked { curve = { { 0, 100 } }, speed = 0 } end, "tenants.a.workload.speed: 0 is below the least possible", "speed 0", 1)
tap.fails(function() checked {} end, "tenants.a.workload.curve: missing", "no curve", 1)
tap.fails(function() checked { curve = { { 0, 100 }, { 1 } } } end, "tenants.a.workload.curve: point 2: {seconds, bytes} is needed", "half a point", 1)

local function spawn(spec)
  spec.kind = "trace"
  local ok, started, why = pcall(worker.spawn, nil, spec)
  return ok and (started and "started" or why) or started
end
tap.like(spawn {}, "curve: empty", "worker: no curve")
tap.like(spawn { curve = {} }, "curve: empty", "worker: an empty one")
tap.like(spawn { curve = { { 0, 1 }, { 2, 1 }, { 1, 1 } } }, "curve: point 3: time runs backwards, from 2 s to 1 s", "worker: backwards")
tap.like(spawn { curve = { { 0, 1 }, { 1 } } }, "curve: point 2: must be {seconds, bytes[, cpu]}", "worker: half a point")
tap.like(spawn { curve = { 5 } }, "curve: point 1: must be {seconds, bytes[, cpu]}", "worker: no point")
tap.like(spawn { curve = { { 0, -1 } } }, "curve: point 1: -1", "worker: a negative size")
tap.like(spawn { curve = { { 0, 0 / 0 } } }, "is not a size in bytes", "worker: NaN bytes")
tap.like(spawn { curve = { { 0 / 0, 1 } } }, "is not a time in seconds", "worker: NaN seconds")
tap.like(spawn { curve = { { 0, 1, -1 } } }, "curve: point 1: -1 is not a share of a CPU", "worker: a negative CPU share")
tap.like(spawn { curve = { { 0, 1 } }, speed = 0 }, "speed = 0: must be more than 0", "worker: speed 0")
tap.like(spawn { curve = { { 0, 1 }, { 1, 1 } }, speed = 1e-12 }, "speed = 1e-12: the trace would take 1e+12 s", "worker: a speed of next to nothing")
tap.like(spawn { curve = { { 0, 1 } }, speed = "fast" }, "speed: must be a number", "worker: no number")
tap.like(spawn { curve = { { 0, 1e15 } } }, "is more than this machine's memory", "worker: above the machine's memory")

local spiky = trace.parse("0,1000000\n1,1000000\n2,9000000\n3,1000000\n", "spiky")
local slow = trace.parse("0,0\n0.5,5000000\n1,5000000\n", "slow")
tap.is(trace.bursts { slow, spiky }, { ratio = 3.0, ratio_of = "spiky", change = 10000000.0, change_of = "slow" }, "bursts: the greatest ratio, the greatest change a second")
tap.is(trace.bursts { trace.parse("0,0\n", "flat") }, { ratio = 0, change = 0 }, "of a trace that is nothing there are none")

-- ---- replaying, without a cgroup ---------------------------------------------------------------------------------------

local r = assert(worker.spawn(nil, { kind = "trace", base = "1M", curve = { { 7, 2 * MB }, { 8, 4 * MB }, { 9, MB + 1 }, { 10, MB + 1 }, { 11, 3 * MB },
  { 12, 0 } }, speed = 1000 })):wait(60)
tap.is({ r.ended, r.kind, r.steps_done, r.latency.count, r.reached }, { "done", "trace", 6, 3, 5 * MB }, "every sample is done, every rise has a latency")
local levels = {}
for i, p in ipairs(r.progress) do levels[i] = p[2] end
tap.is(levels, { 3 * MB, 5 * MB, 2 * MB + 4096, 2 * MB + 4096, 4 * MB, MB }, "it holds base and curve, in whole pages")
tap.ok(r.completion_s >= 0.005 and r.lag_max_s >= r.lag_last_s and r.lag_last_s >= 0, "not faster than its clock; lags are told",
  r.completion_s, r.lag_max_s, r.lag_last_s)
r = assert(worker.spawn(nil, { kind = "trace", curve = { { 0, 0 } } })):wait(60)
tap.is({ r.ended, r.steps_done, r.latency.count, r.reached }, { "done", 1, 0, 0 }, "a trace of nothing")
r = assert(worker.spawn(nil, { kind = "trace", curve = { { 0, 8 * MB }, { 0, 0 }, { 0, 8 * MB } }, speed = 1000 })):wait(60)
tap.is({ r.ended, r.steps_done, r.latency.count }, { "done", 3, 2 }, "three samples at once: late, but none is skipped")
r = assert(worker.spawn(nil, { kind = "trace", curve = { { 0, 0 }, { 50, 0, 1 } }, speed = 1000 })):wait(60)
tap.ok(r.cpu_s >= 0.05, "the CPU is used as the trace says", r.cpu_s)

-- ---- percentiles over runs -----------------------------------------------------------------------------------------------

local runs = {}
for i = 1, 6 do runs[i] = worker.histogram { 10 * i, 11 * i, 12 * i, 40 } end
local ps = percentiles.of(runs, { 0.5, 0.95, 0.99 })
for k, p in ipairs { 0.5, 0.95, 0.99 } do
  local values = {}
  for i, h in ipairs(runs) do values[i] = stats.percentile(h, p) end
  tap.is(ps[k].median, stats.median(values), ("P%g: the median of the runs' own"):format(p * 100))
  table.sort(values)
  tap.ok(ps[k].low <= values[1] and ps[k].high >= values[6], "  within its interval", ps[k].low, ps[k].high)
  tap.is(ps[k].level, 0.96875, "  which says its level")
end
local function bucketed(lo, hi) return { unit = "ns", count = 1, min = 0, max = 99, sum = lo, buckets = { { lo, hi, 1 } } } end
local wide = percentiles.of({ bucketed(10, 19), bucketed(10, 19), bucketed(10, 19), bucketed(20, 29), bucketed(20, 29) }, { 0.99 })[1]
tap.is({ wide.low, wide.median, wide.high, wide.level }, { 10, 19, 29, 0.9375 }, "the buckets' width is in the interval")
tap.is(percentiles.of({ worker.histogram {} }, { 0.5 }), nil, "nothing counted, no percentile")
tap.is(percentiles.of({ worker.histogram { 5 }, worker.histogram {} }, { 0.5 }), { { n = 1, median = 5.0, values = { 5 } } },
  "one run alone has no interval")

tap.done()
