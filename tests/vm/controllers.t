-- The ready-made controllers that controller.t hasn't: each does to real tenants what its law says, and nothing is left of it.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local controllers = require "memlua.controllers"
local host = require "memlua.host"
local scenario = require "memlua.scenario"
local sys = require "memlua.base.sys"

host.enter()
host.settings.quiet = true

local KNOBS <const> = { "memory.low", "memory.high", "cgroup.freeze" }
local runs, left = 0, nil

-- Whether a tenant's knobs are as they were once all was measured.
local function look(self)
  left = {}
  for _, t in ipairs(self.tenants) do
    for i, knob in ipairs(KNOBS) do
      local value = t.cg:get(knob)
      if value ~= ({ "0", "max", "0" })[i] then left[#left + 1] = ("%s: %s = %s"):format(t.spec.name, knob, value) end
    end
  end
end

-- A run of these tenants under a law, beside which somebody looks every 50 ms; what he saw, a line for each look: each
-- tenant's memory.low, memory.high and whether it is frozen.
local function observed(name, law, tenants, more)
  runs = runs + 1
  host.settings.out = ("%s/law-%d"):format(os.getenv "TMPDIR", runs)
  local value = {
    name = name, limits = { ["memory.max"] = "100M", ["memory.swap.max"] = 0 }, solo = false, shares = "equal", warmup = 0, tenants = tenants,
    hooks = { teardown = look }, strategies = { { name = "law", controller = function(c)
      law(c)
      c:every("50ms", function()
        local words = {}
        for i, t in ipairs(c.tenants) do words[i] = ("%s %s %s"):format(t:get "memory.low", t:get "memory.high", t:get "cgroup.freeze") end
        print(table.concat(words, " | "))
      end)
    end } },
  }
  for key, item in pairs(more or {}) do value[key] = item end
  local folder = scenario.run(value)
  local result = folder.runs[1]
  tap.is({ result.controller.ended, result.controller.error }, { "done" }, name .. ": ends with the run")
  tap.is(left, {}, "  nothing is left of it")
  return result, "\n" .. (sys.read(("%s/runs/%s/%s"):format(folder.path, result.id, result.controller.output)) or "")
end

local function anon(name, role, rank, size, duration) return { name = name, role = role, rank = rank, workload = { kind = "anon", size = size, duration = duration } } end

-- ---- memory.low by the working set -----------------------------------------------------------------------------------

-- high grows for 1 s up to 32M, and keeps that for 4 s without a refault.
local _, seen = observed("low", controllers.low { decay = 0.05 }, {
  { name = "high", role = "high", workload = { kind = "trace", curve = { { 0, 1 << 20 }, { 1, 32 << 20 }, { 5, 32 << 20 } } } }, anon("low", "low", 2, "16M", 5) })
local most, last = 0, 0
for value in seen:gmatch "\n(%d+) max 0 | 0 max 0" do
  last = tonumber(value)
  most = math.max(most, last)
end
tap.ok(most >= 32 << 20 and most < 40 << 20, "  it protects what high has", most)
tap.ok(last < most / 2, "  less and less of it, once nothing of it is missed", last)

-- ---- freezing by pressure ----------------------------------------------------------------------------------------------

-- high thrashes in the file cache below a limit of its own, which is felt as pressure.
local result
result, seen = observed("stall", controllers.stall { threshold = "50ms", window = "500ms", hold = "300ms" }, {
  { name = "high", role = "high", limits = { ["memory.high"] = "24M" }, workload = { kind = "anon", size = "25M", duration = 3 } },
  anon("first", "low", 2, "16M", 4), anon("second", "low", 3, "16M", 4) }, { hooks = { teardown = function(self)
    look(self)
    table.remove(left) -- high's own limit
  end } })
local freezes = seen:find "| 0 max 0 | 0 max 1\n"
tap.ok(freezes and (result.tenants[1].stalled_us.some or 0) > 0, "  the worst rank is frozen first", seen, result.tenants[1].stalled_us)
tap.ok(freezes and seen:find("| 0 max 0 | 0 max 0\n", freezes), "  and goes on once the pressure is over", seen)

-- ---- the twin of reserve ---------------------------------------------------------------------------------------------

local FULL <const> = { anon("high", "high", 1, "60M"), anon("low_1", "low", 2, "60M"), anon("low_2", "low", 3, "60M") }
for _, t in ipairs(FULL) do t.workload.hold = "1s" end
result, seen = observed("reserve", controllers.reserve(), FULL)
local ended, finish = {}, {}
for i, t in ipairs(result.tenants) do ended[i], finish[i] = t.ended, t.finish end
tap.is(ended, { "done", "done", "done" }, "  all keep their memory, though together they have nearly twice what there is")
tap.ok(finish[1] and finish[3] and finish[1] < finish[2] and finish[2] < finish[3], "  in the order of their ranks", finish)
tap.ok(seen:find "0 max 0 | 0 max 1 | 0 max 1\n" ~= nil and not seen:find "\n0 max 1", "  by the freezer, but for the best-ranked", seen)

-- ---- killing ---------------------------------------------------------------------------------------------------------

-- All thrash; the larger of the low ones goes, though the kernel would never run out of memory.
local THRASH <const> = { { name = "high", role = "high", workload = { kind = "anon", size = "8M", duration = 6 } },
                         { name = "small", workload = { kind = "anon", size = "8M", duration = 6 } },
                         { name = "large", workload = { kind = "file", size = "96M", duration = 6 } } }
result = observed("kill", controllers.kill { period = "200ms", pressure = 0.01, duration = "500ms", delay = "60s" }, THRASH,
  { limits = { ["memory.max"] = "48M", ["memory.swap.max"] = 0 } })
ended = {}
for i, t in ipairs(result.tenants) do ended[i] = t.ended end
tap.is({ ended, result.controller.killed }, { { "done", "done", "killed" }, { "large" } }, "  the largest of the low ones is killed")
tap.is(result.parent.events.oom_kill, 0, "  by nobody else")

-- ---- proactive reclaim -------------------------------------------------------------------------------------------------

result = observed("senpai", controllers.senpai { period = "200ms", probe = 0.2, floor = "4M" }, { anon("high", "high", 1, "8M", 4),
  { name = "low", workload = { kind = "file", size = "32M", passes = 1, hold = "3s" } } })
local low, peak, final = result.tenants[2], 0, nil
for _, sample in ipairs(low.memory) do
  peak = math.max(peak, sample[2])
  if sample[1] < low.finish - 0.1 then final = sample[2] end
end
tap.ok(peak > 30 << 20 and final < peak * 0.6 and final >= 4 << 20, "  what low doesn't use is taken from it, down to the floor", peak, final)
tap.ok(low.stat.pgscan > 0 and result.parent.events.max == 0, "  though no limit was reached", low.stat.pgscan, result.parent.events)

tap.done()
