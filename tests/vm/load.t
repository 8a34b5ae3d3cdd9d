-- What tenants use and wait for beside memory, and what memlua itself takes: as figures, over time, and in the report.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"
local gauge = require "memlua.gauge"
local host = require "memlua.host"
local load_of = require "memlua.experiment.load".of
local report = require "memlua.report"
local runs_of = require "memlua.run"
local scenario = require "memlua.scenario"
local sys = require "memlua.base.sys"

host.enter()
host.settings.quiet, host.settings.out = true, os.getenv "TMPDIR" .. "/load"

local function spin()
  local begun = os.clock()
  while os.clock() - begun < 2 do end
end
pcall(scenario.run, { -- whether it is to be trusted is not what is looked at here
  name = "load", limits = { ["memory.max"] = "120M", ["memory.swap.max"] = 0 }, solo = false, warmup = 0, shares = "equal",
  tenants = { { name = "spinner", role = "high", workload = { kind = "lua", run = spin } }, { name = "rival", workload = { kind = "lua", run = spin } },
              { name = "writer", start = "4200ms", workload = { kind = "file", size = "20M" } },
              { name = "idle", workload = { kind = "anon", size = "1M", hold = "3s" } } },
})
local folder = runs_of.load(host.settings.out)
local run = folder.runs[1]
local spinner, rival, writer, idle = table.unpack(run.tenants)
tap.ok(spinner.load.cpu_us > 1.9e6 and spinner.load.cpu_us < 2.5e6, "CPU time, of the tenant's cgroup", spinner.load)
tap.near(spinner.load.user_us + spinner.load.system_us, spinner.load.cpu_us, 1000, "in user mode and in the kernel")
tap.ok(idle.load.cpu_us < spinner.load.cpu_us / 20, "one that sleeps has none", idle.load)
tap.ok(spinner.load.cpu_stalled_us > 1e6 and rival.load.cpu_stalled_us > 1e6, "two that share a CPU wait for it", spinner.load, rival.load)
tap.ok(idle.load.cpu_stalled_us < 2e5, "who wants none doesn't", idle.load)
local total = 0
for _, t in ipairs(run.tenants) do total = total + t.load.cpu_us end
tap.ok(run.parent.load.cpu_us >= total * 0.95 and run.parent.load.cpu_us <= total * 1.1, "the session has what its tenants have", run.parent.load, total)

if sys.exists "/sys/fs/cgroup/cgroup.controllers" and (sys.read "/sys/fs/cgroup/cgroup.controllers"):find "%f[%w]io%f[%W]" then
  tap.ok(writer.load.written_bytes >= 20 << 20, "what a file of 20M wrote to its disk is the tenant's", writer.load)
  tap.is({ spinner.load.written_bytes, spinner.load.reads }, { 0, 0 }, "who touches no disk has nothing of it")
else
  tap.is({ writer.load.written_bytes }, {}, "without the controller nothing is told of disks")
end

-- ---- over time -------------------------------------------------------------------------------------------------------

local loads = spinner.loads
tap.ok(#loads >= 3 and #loads < #spinner.memory / 5, "it is looked at now and then, less often than memory", #loads, #spinner.memory)
for i = 2, #loads do
  tap.ok(loads[i].at > loads[i - 1].at and loads[i].cpu_us >= loads[i - 1].cpu_us, "and only grows", loads[i])
end
tap.ok(loads[#loads].cpu_us > 1e6, "up to the end", loads[#loads])
tap.ok(run.supervisor.load.cpu_us > 0 and run.supervisor.load.cpu_us / 1e6 < 0.05 * run.duration_s, "memlua itself takes little", run.supervisor)
tap.near(run.supervisor.load.cpu_us / 1e6, run.supervisor.cpu_s, 1e-6, "as it says elsewhere")
tap.is(#run.supervisor.loads, #loads, "over time, too")
tap.ok(run.supervisor.load.waited_us and run.supervisor.load.written_bytes, "and how long it waited, and what it wrote", run.supervisor.load)

local shown = report.text({ folder }, true)
tap.like(shown, "CPU and I/O: not memory alone is short", "that the best-ranked waited for a CPU is told")
tap.like(shown, "STRATEGY +BEST CPU +OTHERS CPU +MEMLUA CPU +BEST WAITS FOR CPU +OTHERS WAIT", "with who had it")

-- ---- of a cgroup that goes -----------------------------------------------------------------------------------------

local cg <close> = assert(cgroup.create "gone")
local g <close> = assert(gauge.open(cg))
tap.ok(g:load().cpu_us and load_of(cg).cpu_us, "an empty cgroup has used nothing", g:load())
assert(cg:remove())
tap.is(g:load(), {}, "of one that is gone nothing is known")
tap.is(load_of(cg), {}, "neither way")
g:close()
tap.fails(function() g:load() end, "it is closed", "a closed gauge")
tap.done()
