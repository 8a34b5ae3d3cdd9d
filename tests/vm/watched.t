-- Watching changes nothing: in a terminal, where the live view is drawn, in a pipe and with --json a run has the same figures.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local run = require "memlua.run"
local shell = require "shell"
local sys = require "memlua.base.sys"

local quote <const> = sys.quote
local owned <close> = assert(host.scratch())
local scratch <const> = owned:path()
local LONGER <const> = 0.02 -- of two runs alike the reader has taken 2.31 and 2.28 s on a busy machine; the live view once cost a sixth of the CPU
local SAME <const> = 0.005
local COST <const> = 0.03 -- of a run of 2 s, whose begin and end are dear (2.03 % on a terminal on 7.3.4); scripts/watching.lua looks at a longer one

-- A reader beside four that the policy delays: what the live view looks into. Those end with one of their delays, of up to
-- 0.5 s, in which of two runs alike it is not the same one: the reader is what is compared.
assert(host.save(scratch .. "/watched.lua", [[
local delayed = { kind = "anon", size = "48M", chunk = "1M" }
local tenants = { { name = "reader", role = "high", workload = { kind = "file", size = "32M", passes = 200 } } }
for i = 1, 4 do tenants[i + 1] = { name = "low_" .. i, role = "low", workload = delayed } end
require "memlua.scenario".run { name = "watched", limits = { ["memory.max"] = "400M", ["memory.swap.max"] = 0 }, solo = false,
  tenants = tenants, strategies = { { name = "priority", policy = { name = "priority", config = { delay_ms = 500 } } } } }
]]))

local WAYS <const> = { { "a pipe", "%s | cat" }, { "a terminal", "script -qefc %s /dev/null </dev/null" }, { "--json", "%s --json -" } }
-- The reader's time without what it waited for a CPU: that goes by what else the kernel has to do (0.3 to 1.5 % of one on 7.2.13), whoever watches.
-- What watching takes from it by the CPU is memlua's own.
local times, figures, costs, said = {}, {}, {}, {}
for i, way in ipairs(WAYS) do
  local out = ("%s/out-%d"):format(scratch, i)
  local command = ("%s --vm --warmup 0 --out %s watched.lua"):format(quote(host.executable()), out)
  said[i] = shell.said(("cd %s && TERM=xterm "):format(quote(scratch)) .. way[2]:format(i == 2 and quote(command) or command))
  local ok, folder = pcall(run.load, out)
  tap.ok(ok, way[1] .. ": it runs", said[i])
  local result = ok and folder.runs[1]
  local reader = ok and result.tenants[1]
  times[i] = ok and reader.completion_s or 0
  figures[i] = ok and reader.completion_s - reader.load.cpu_stalled_us / 1e6 or 0
  costs[i] = ok and result.supervisor.cpu_s / result.duration_s or 1
  tap.ok(costs[i] < COST, way[1] .. ": memlua itself takes next to nothing of the CPU", costs[i])
end
tap.ok(said[2]:find("\27[", 1, true) and not said[1]:find("\27[", 1, true), "the terminal shows how it goes, the pipe doesn't", said[1])
for i = 2, #WAYS do
  print(("# %s: the reader takes %.4f s and memlua %.4f of the CPU, in a pipe %.4f s and %.4f"):format(WAYS[i][1], figures[i], costs[i], figures[1], costs[1]))
  tap.ok(times[i] / times[1] - 1 < LONGER, WAYS[i][1] .. ": the reader takes no longer than in a pipe", times)
  tap.ok(math.abs(figures[i] / figures[1] - 1) < SAME, WAYS[i][1] .. ": and as long but for what it waits for a CPU", figures)
  tap.ok(math.abs(costs[i] - costs[1]) < SAME, "  and memlua as much of the CPU", costs)
end
tap.done()
