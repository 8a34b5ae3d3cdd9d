-- A real service: what its client prints is what memlua's table says.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local memlua = require "memlua"
local report = require "memlua.report"
local run = require "memlua.run"
local scenario = require "memlua.scenario"
local sys = require "memlua.base.sys"

if not sys.which("redis-server", "/usr/bin") then return tap.done "redis is not installed: apt-get install redis-server" end

host.enter()
host.settings.quiet, host.settings.out = true, os.getenv "TMPDIR" .. "/redis"
local PORT <const> = "6390"
scenario.run {
  name = "cache", limits = { ["memory.max"] = "150M", ["memory.swap.max"] = 0 }, runs = 2, warmup = 0,
  tenants = { { name = "cache", role = "high",
    prepare = { kind = "exec", argv = { "redis-cli", "-p", PORT, "debug", "populate", "1000", "key", "10000" } },
    workloads = {
      { kind = "exec", name = "server", argv = { "redis-server", "--port", PORT, "--save", "", "--enable-debug-command", "yes" },
        user = "nobody", background = true, ready = { port = tonumber(PORT) }, stop = "TERM" },
      { kind = "exec", name = "client", argv = { "redis-benchmark", "-p", PORT, "-n", "2000", "-t", "get", "--csv" },
        metrics = "redis-benchmark" } } } },
}

local folder = run.load(host.settings.out)
local result
for _, r in ipairs(folder.runs) do if not r.solo then result = r end end
local cache = result.tenants[1]
tap.is({ cache.ended, cache.workloads[1].ended }, { "done", "stopped" }, "redis ran, and was stopped as it likes it")
tap.ok(cache.memory[1][2] > 10 << 20, "with its data from the start", cache.memory[1][2])
local printed = sys.read(("%s/runs/%s/cache.client.out"):format(folder.path, result.id))
local p99 = printed:match '"GET",".-",".-",".-",".-",".-","(.-)"'
tap.is(cache.metrics.p99_ms, { value = tonumber(p99), unit = "ms", better = "lower" }, "its P99 is what its client printed")
tap.is(cache.metrics.rps.better, "higher", "of requests more is better")

local figure
for _, s in ipairs(folder.summary and folder.summary.strategies or report.summarise(folder).strategies) do
  if not s.solo then figure = s.tenants[1].metrics.p99_ms end
end
tap.is(figure.n, 2, "both runs count")
tap.ok(figure.times_solo and figure.times_solo.median > 0.3 and figure.times_solo.median < 3, "and are set against running alone", figure)
local shown = report.text({ folder }, true)
tap.like(shown, "cache%s+p99_ms%s+none%s+[%d.]+ ms", "the table shows it")
tap.like(shown, "cache%s+rps%s+none%s+[%d.]+ 1/s", "with the others")
tap.ok(memlua.keys(cache.metrics)[1], "names")
tap.done()
