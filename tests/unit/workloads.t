-- memlua.experiment.workloads: what several processes of one tenant come to together.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local metrics = require "memlua.experiment.metrics"
local workloads = require "memlua.experiment.workloads"

local ORIGIN <const> = 1000 -- when the run began, by the monotonic clock

-- A part of a tenant that started at `from` and ended at `to` (nil: it was lost), seconds from the origin.
local function part(kind, from, to, more, spec)
  local p = { spec = { kind = kind, name = kind, start = 0 }, ended_at = to or 99 }
  p.result = { ended = to and "done" or "failed", pid = 7, spawned = ORIGIN, start = ORIGIN + from,
               finish = to and ORIGIN + to, exit_code = 0 }
  for key, value in pairs(more or {}) do p.result[key] = value end
  for key, value in pairs(spec or {}) do p.spec[key] = value end
  return p
end

local function nobody() end

local function outcome(parts, start, killed_at, oom_kills)
  local specs = {}
  for i, p in ipairs(parts) do specs[i] = p.spec end
  return workloads.outcome({ spec = { name = "t", start = start or 0, workloads = specs }, parts = parts,
                              growth = { events = { oom_kill = oom_kills } } }, ORIGIN, killed_at or nobody)
end

local function histogram(count) return { unit = "ns", count = count, sum = count, min = 1, max = 1, buckets = { { 1, 1, count } } } end

-- ---- one --------------------------------------------------------------------------------------------------------

local one = outcome({ part("anon", 2, 5, { reached = 10, alloc_s = 1, progress = { { ORIGIN + 3, 10 } } }) }, 2)
tap.is({ one.ended, one.completion_s, one.alloc_s, one.held_s, one.finish, one.reached }, { "done", 3.0, 1.0, 0.0, 5.0, 10 },
  "one workload is the tenant; its time runs from when it was due")
tap.is({ one.workloads, one.name, one.progress[1][1], one.workload.kind }, { nil, nil, 3, "anon" }, "and needs no list")

-- ---- several ----------------------------------------------------------------------------------------------------

local two = outcome { part("anon", 0, 5, { reached = 10, alloc_s = 1, latency = histogram(2) }),
                      part("file", 1, 8, { reached = 20, alloc_s = 3, read_bytes = 100 }) }
tap.is({ two.ended, two.completion_s, two.finish, two.ended_at }, { "done", 8.0, 8.0, 8.0 }, "several are done with the last of them")
tap.is({ two.reached, two.read_bytes, two.alloc_s, two.start }, { 30, 100, 4.0, 0.0 }, "sums and extremes")
tap.is({ #two.workloads, two.workloads[2].name, two.workloads[2].reached }, { 2, "file", 20 }, "each is told, too")
tap.is(two.latency.count, 2, "the latency of the only one that has any")
tap.is(outcome({ part("anon", 0, 1, { latency = histogram(2) }), part("anon", 0, 1, { latency = histogram(3) }, { name = "b" }) }).latency.count,
  5, "latencies of one kind are one distribution")
tap.is(outcome({ part("anon", 0, 1, { latency = histogram(2) }), part("lua", 0, 1, { latency = histogram(3) }) }).latency, nil,
  "of different kinds they are not")
tap.is(outcome({ part("anon", 3, 5, nil, { start = 1 }), part("exec", 2, 4) }, 2).completion_s, 3.0,
  "all count from the tenant's start")

local lost = outcome({ part("exec", 0, 9), part("anon", 0, nil, { ended = "oom-killed", signal = 9 }), part("lua", 0, nil) }, 0,
  function() return 4.5 end)
tap.is({ lost.ended, lost.ended_at, lost.signal, lost.completion_s, lost.finish }, { "oom-killed", 4.5, 9 },
  "an OOM kill speaks for the tenant, and it has no completion")
tap.is(lost.error, "anon: oom-killed", "and is named")
tap.is(outcome({ part("anon", 0, 9), part("exec", 0, nil, { error = "exit status 3", exit_code = 3 }) }).error, "exec: exit status 3",
  "so is a failure")

-- ---- processes of a program ----------------------------------------------------------------------------------------

local function shell(code) return part("exec", 0, 3, { ended = code == 0 and "done" or "failed", exit_code = code, cpu_s = 1 }) end
local child = outcome({ shell(137) }, 0, nobody, 1)
tap.is({ child.ended, child.lost_children, child.exit_code, child.completion_s }, { "lost a child", 1, 137 },
  "a program whose child was OOM-killed has not failed by itself")
tap.is(outcome({ shell(0) }, 0, nobody, 2).ended, "lost a child", "whatever status it ends with")
tap.is(outcome({ shell(1) }, 0, nobody, 0).ended, "failed", "one that lost none has")
tap.is({ outcome({ part("anon", 0, nil, { ended = "oom-killed" }) }, 0, nobody, 1).ended,
  outcome({ part("anon", 0, nil, { ended = "oom-killed" }) }, 0, nobody, 1).lost_children }, { "oom-killed" }, "a worker is no child of its own")
child = outcome({ shell(0), part("exec", 0, 2, { ended = "failed", exit_code = 1 }, { name = "job" }) }, 0, nobody, 1)
tap.is({ child.ended, child.workloads[1].ended, child.workloads[2].ended, child.cpu_s }, { "lost a child", "done", "lost a child", 1 },
  "of several workloads the one that didn't end well lost it")
tap.is(outcome({ shell(0), shell(0) }, 0, nobody, 1).ended, "lost a child", "if all did, the tenant")

-- ---- in the background ------------------------------------------------------------------------------------------

local server = part("exec", 0, nil, { ended = "stopped", signal = 9 }, { background = true })
local both = outcome { part("lua", 0, 6), server }
tap.is({ both.ended, both.completion_s, both.exit_code, both.signal }, { "done", 6.0, 0 }, "what was stopped in the background doesn't count")
server.result.ended = "oom-killed"
tap.is(outcome({ part("lua", 0, 6), server }).ended, "oom-killed", "what was lost there does")

tap.is({ outcome({ part("lua", 0, nil, { ended = "stopped", signal = 9 }) }).ended, outcome({ part("lua", 0, nil,
  { ended = "stopped" }) }).completion_s }, { "done" }, "a service that was stopped in the end is done, without a time")
local service = outcome { part("lua", 0, nil, { ended = "stopped" }), part("exec", 0, nil, { ended = "stopped" }) }
tap.is({ service.ended, service.completion_s, service.finish }, { "done" }, "so is one of several workloads")

local stopped = {}
local function running(background, ended)
  return { spec = { background = background }, result = ended and {} or nil,
           worker = { kill = function(_, how) stopped[#stopped + 1] = how end } }
end
workloads.stop_background { running(true), running(false, true), running(false) }
tap.is(stopped, {}, "it runs on while another one does")
workloads.stop_background { running(true), running(true, true), running(false, true) }
tap.is(stopped, { "stopped" }, "and is stopped, once, with the last one")
tap.is({ workloads.ended { running(true, true), running(false, true) }, workloads.ended { running(true), running(false, true) } },
  { true, false }, "a tenant ends with all of them")

-- ---- figures of its own -------------------------------------------------------------------------------------------

-- A program whose figures can't be read has nothing to compare, however well it ended.
local scratch <const>, tidy <close> = require "shell".folder()
local function told(text, parse)
  local path = scratch .. "/out"
  local file <close> = io.open(path, "w")
  file:write(text)
  file:close()
  local p = part("exec", 0, 5, nil, { metrics = metrics.check(parse, "metrics") })
  p.output = path
  return outcome { p }
end
local fine = told("p99_ms 5", function(text) return { p99_ms = tonumber(text:match "%d+$") } end)
tap.is({ fine.ended, fine.metrics.p99_ms.value, fine.completion_s }, { "done", 5, 5.0 }, "what it printed is a figure of the tenant")
for _, case in ipairs {
  { "", "redis-benchmark", "no figures of its own: it has printed nothing" },
  { "Could not connect", "redis-benchmark", "no figures of its own: what it printed is not redis-benchmark's output" },
  { "nan", function(text) return { p99_ms = tonumber(text) or 0 / 0 } end, "p99_ms: -nan is no number to compare" },
  { "x", function() error "a bug" end, "reading them failed: .*a bug" },
} do
  local bad = told(case[1], case[2])
  tap.is({ bad.ended, bad.completion_s, bad.metrics }, { "failed" }, "failed: " .. case[3])
  tap.like(bad.error, case[3]:gsub("%-nan", "%%-?nan"), "and says so")
end

tap.done()
