-- The wish list's scripts: each shows what it says, by counts, orders and ratios of its runs.
local root = arg[0]:match "^(.*)tests/[^/]*/[^/]*$"
package.path = root .. "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local memlua = require "memlua"
local run = require "memlua.run"
local shell = require "shell"
local stats = require "memlua.stats"

-- Compiled here, not by an emulated clang: a dry run checks the scenario, which takes the object.
for _, name in ipairs(host.in_guest and {} or { "threads", "memory-and-swap", "working-set" }) do
  assert(select(2, shell.said(("%s -q --dry-run %sscripts/wishes/%s.lua"):format(host.executable(), root, name))) == 0)
end
host.settings.vm = true
host.enter()
local scratch <close> = assert(host.scratch())

-- Runs the script as a command line would, whatever it expects. Returns its runs by their strategies, and tenants by their names.
local function runs_of(name, ...)
  arg = { [0] = ("%sscripts/wishes/%s.lua"):format(root, name), ... }
  host.settings.quiet, host.settings.out = true, ("%s/%s"):format(scratch:path(), name)
  local ok, why = pcall(dofile, arg[0])
  if not ok and why.status ~= memlua.status.assertion then error(why) end
  local runs = {}
  for _, result in ipairs(run.load(host.settings.out).runs) do
    runs[result.strategy] = { run = result }
    for _, tenant in ipairs(result.tenants) do runs[result.strategy][tenant.name] = tenant end
  end
  return runs
end

do
  local runs = runs_of("lock-holders", "--duration", "3s")
  local slept = runs.priority.low.callbacks.active
  tap.ok(slept >= 2, "lock holders: LOW sleeps a second, several times, after it has made files", slept)
  tap.ok(runs.priority.high.latency.max < 0.25e9, "none of HIGH's files in the same folder waits for that", runs.priority.high.latency)
  print(("# HIGH's longest: none %.2f ms, priority %.2f ms"):format(runs.none.high.latency.max / 1e6, runs.priority.high.latency.max / 1e6))
  tap.is({ runs.none.high.ended, runs.priority.high.ended, runs.priority.high.latency.count }, { "done", "done", 300 }, "and all are made")
end

do
  local runs = runs_of "threads"
  local seen = runs.by_thread.tenant.callbacks
  local part = {}
  for strategy, of in pairs(runs) do
    part[strategy] = {}
    for _, workload in ipairs(of.tenant.workloads) do part[strategy][workload.name] = workload.completion_s end
  end
  tap.ok(seen.background >= 10 and seen.serving >= 10, "threads: the policy tells them apart by their nice value", seen)
  for _, strategy in ipairs { "none", "high", "by_thread" } do
    print(("# %s: serving %.3f s, background %.3f s"):format(strategy, part[strategy].serving, part[strategy].background))
  end
  tap.ok(part.by_thread.background > 3 * part.none.background, "the background thread waits", part)
  tap.ok(part.by_thread.serving < 1.5 * part.none.serving, "the serving one of the same tenant doesn't", part)
end

do
  local runs = runs_of "memory-and-swap"
  tap.is({ runs.none.tenant.ended, runs.together.tenant.ended }, { "done", "done" }, "memory and swap: the tenant gets all in the end")
  local ratio = runs.together.tenant.completion_s / runs.none.tenant.completion_s
  tap.ok(ratio > 20, "but is delayed from where both together are over the limit, which memory.max never does", ratio)
  tap.ok(runs.together.tenant.callbacks.over >= 64, "once per 64 pages", runs.together.tenant.callbacks)
end

do
  local runs = runs_of "shedding"
  tap.is({ runs.told.cache.ended, runs.told.batch.ended }, { "done", "done" }, "shedding: who hears gives back, and nobody is lost")
  local lost = 0
  for _, name in ipairs { "cache", "batch" } do lost = lost + (runs.deaf[name].ended == "oom-killed" and 1 or 0) end
  tap.ok(lost > 0, "where it doesn't, somebody is", runs.deaf.cache.ended, runs.deaf.batch.ended)
end

do
  local runs = runs_of("working-set", "--duration", "7s")
  local function back(strategy) return runs[strategy].reuser.stat.workingset_activate_file end
  local reuser, streamer = runs.refaults.reuser, runs.refaults.streamer
  print(("# pages of the reuser that came back: none %d, refaults %d; its P99 %.0f and %.0f us; protected %d of %d, the streamer %d of %d"):format(
    back "none", back "refaults", stats.percentile(runs.none.reuser.latency, 0.99) / 1e3, stats.percentile(reuser.latency, 0.99) / 1e3,
    reuser.callbacks.protected, reuser.callbacks.protected + reuser.callbacks.open, streamer.callbacks.protected,
    streamer.callbacks.protected + streamer.callbacks.open))
  if back "none" == 0 and runs.none.reuser.stat.workingset_refault_file > 0 then
    tap.skip("working set: whose pages come back is protected", "this kernel's LRU counts refaults, but none of them as an activation")
  else
    tap.ok(reuser.callbacks.protected > 0, "working set: whose pages come back is protected", reuser.callbacks)
    tap.is(streamer.callbacks.protected, 0, "who streams isn't, by the same policy")
    tap.ok(back "refaults" < 0.7 * back "none", "and fewer of them come back", back "refaults", back "none")
  end
end

tap.done()
