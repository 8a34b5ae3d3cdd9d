--- memlua.experiment.clients: what the programs that people measure services with print, as figures (memlua.experiment.metrics).
local json = require "memlua.json"
local memlua = require "memlua"

local clients = {}

local parsers = {} -- program -> f(text) -> its figures

local MS <const> = { us = 1e-3, ms = 1, s = 1000, m = 60000 }

-- "12.3ms" in ms.
local function in_ms(text)
  local value, unit = (text or ""):match "^([%d.]+)(%a+)$"
  return value and MS[unit] and tonumber(value) * MS[unit]
end

local function number(text, pattern) return tonumber((text:match(pattern))) end

-- How many failed.
local function failures(text, pattern)
  local n = number(text, pattern)
  return n and { n, unit = "", better = "lower" }
end

-- The figures of each test under its own name, where there are several.
local function joined(tests)
  local result = {}
  for _, test in ipairs(tests) do
    for name, value in pairs(test.figures) do result[#tests > 1 and test.name .. "_" .. name or name] = value end
  end
  return result
end

local function word(text) return (text:lower():gsub("[^%w]+", "_"):gsub("^_+", ""):gsub("_+$", "")) end

-- With --csv it names its columns, else it prints a summary at the end of each test.
parsers["redis-benchmark"] = function(text)
  local tests = {}
  for name, rps, avg, least, p50, p95, p99, most in
    text:gmatch '"([^"\n]+)","([%d.]+)","([%d.]+)","([%d.]+)","([%d.]+)","([%d.]+)","([%d.]+)","([%d.]+)"' do
    tests[#tests + 1] = { name = word(name), figures = { rps = tonumber(rps), avg_ms = tonumber(avg), min_ms = tonumber(least),
      p50_ms = tonumber(p50), p95_ms = tonumber(p95), p99_ms = tonumber(p99), max_ms = tonumber(most) } }
  end
  for name, rest in text:gmatch "====== ([^\n]-) ======(.-throughput summary.-max%s+[%d. ]+)" do
    local rps = number(rest, "throughput summary: ([%d.]+)")
    local avg, least, p50, p95, p99, most = rest:match "max%s+([%d.]+)%s+([%d.]+)%s+([%d.]+)%s+([%d.]+)%s+([%d.]+)%s+([%d.]+)"
    tests[#tests + 1] = { name = word(name), figures = { rps = rps, avg_ms = tonumber(avg), min_ms = tonumber(least),
      p50_ms = tonumber(p50), p95_ms = tonumber(p95), p99_ms = tonumber(p99), max_ms = tonumber(most) } }
  end
  return joined(tests)
end

-- With -R the latency counts from when a transaction was due, and the lag is how late it began.
function parsers.pgbench(text)
  return {
    tps = number(text, "tps = ([%d.]+)"), avg_ms = number(text, "latency average = ([%d.]+) ms"),
    stddev_ms = number(text, "latency stddev = ([%d.]+) ms"), lag_avg_ms = number(text, "schedule lag: avg ([%d.]+)"),
    lag_max_ms = number(text, "schedule lag: avg [%d.]+ %(max ([%d.]+)%)"),
    failed = failures(text, "number of failed transactions: (%d+)"),
  }
end

function parsers.sysbench(text)
  return {
    events_per_s = number(text, "events per second:%s+([%d.]+)") or number(text, "Total operations: %d+ %(([%d.]+) per second%)")
      or number(text, "transactions:%s+%d+%s+%(([%d.]+) per sec"),
    avg_ms = number(text, "\n%s+avg:%s+([%d.]+)"), max_ms = number(text, "\n%s+max:%s+([%d.]+)"),
    p95_ms = number(text, "95th percentile:%s+([%d.]+)"), p99_ms = number(text, "99th percentile:%s+([%d.]+)"),
  }
end

parsers["stress-ng"] = function(text)
  local tests = {}
  for name, rate in text:gmatch "%] ([%w_-]+)%s+%d+%s+[%d.]+%s+[%d.]+%s+[%d.]+%s+([%d.]+)%s+[%d.]+" do
    tests[#tests + 1] = { name = word(name), figures = { bogo_ops_per_s = tonumber(rate) } }
  end
  return joined(tests)
end

-- Of --output-format=json: every job's reads and writes.
function parsers.fio(text)
  local value = json.decode(text:match "%b{}" or "")
  local result = {}
  for _, job in ipairs(value.jobs or {}) do
    for _, way in ipairs { "read", "write" } do
      local io, prefix = job[way], #value.jobs > 1 and word(job.jobname) .. "_" .. way or way
      if io and (io.total_ios or 0) > 0 then
        local of = (io.clat_ns or {}).percentile or {}
        result[prefix .. "_iops"] = { io.iops, unit = "1/s", better = "higher" }
        result[prefix .. "_p99_ms"], result[prefix .. "_p50_ms"] = of["99.000000"] and of["99.000000"] / 1e6, of["50.000000"] and of["50.000000"] / 1e6
      end
    end
  end
  return result
end

-- With --latency it prints percentiles. wrk2 takes the same options, and -R for a fixed rate.
function parsers.wrk(text)
  return {
    rps = number(text, "Requests/sec:%s+([%d.]+)"), p50_ms = in_ms(text:match "\n%s+50[.%d]*%%%s+(%S+)"),
    p90_ms = in_ms(text:match "\n%s+90[.%d]*%%%s+(%S+)"), p99_ms = in_ms(text:match "\n%s+99%.?0*%%%s+(%S+)"),
    max_ms = in_ms(text:match "Latency%s+%S+%s+%S+%s+(%S+)"),
  }
end

function parsers.h2load(text)
  local most, mean = text:match "time for request:%s+%S+%s+(%S+)%s+(%S+)"
  return {
    rps = number(text, "finished in [^\n]-, ([%d.]+) req/s"), avg_ms = in_ms(mean), max_ms = in_ms(most),
    failed = failures(text, "succeeded, (%d+) failed"),
  }
end

-- Of GNU time: with -v, or its default format.
function parsers.time(text)
  local function clock(said)
    local seconds = 0
    for part in (said or ""):gmatch "[%d.]+" do seconds = seconds * 60 + tonumber(part) end
    return said and seconds
  end
  local kib = number(text, "Maximum resident set size %(kbytes%): (%d+)") or number(text, "(%d+)maxresident")
  return {
    wall_s = clock(text:match "Elapsed %(wall clock%) time [^\n]-: ([%d:.]+)\n" or text:match "([%d:.]+)elapsed"),
    user_s = number(text, "User time %(seconds%): ([%d.]+)") or number(text, "([%d.]+)user"),
    system_s = number(text, "System time %(seconds%): ([%d.]+)") or number(text, "([%d.]+)system"),
    resident = kib and { kib * 1024, unit = "B", better = "lower" },
  }
end

-- One object: its numbers, whatever is printed before and after it.
function parsers.json(text)
  local result = {}
  for name, value in pairs(json.decode(text:match "%b{}" or "")) do
    if type(value) == "number" or type(value) == "table" then result[name] = value end
  end
  return result
end

--- The names of the programs whose output is known, sorted.
function clients.names() return memlua.keys(parsers) end

--- The figures in `text`, which the program `name` has printed: { name = number, or { number, unit =, better = "lower" or "higher" } };
--- empty where it is no such output. An error where what should be JSON isn't.
function clients.parse(name, text) return parsers[name](text) end

return clients
