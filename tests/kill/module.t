-- SIGKILL at random points of a scenario's life, the module loaded on the spot: nothing stays in the kernel or on it, or
-- the very next memlua removes it and says so.  memlua tests/kill/module.t [POINTS [SEED]]; make check-kill tries many.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local shell = require "shell"
local kill = require "kill"
local left = require "left"

host.settings.clock = "real" -- the virtual one runs ahead while the machine reads for the guest
host.enter() -- without a kernel of its own for this, the machine runs it in the microVM
if not host.in_guest then return tap.done "kills memluas and looks at the whole kernel: only in the microVM (--vm)" end

local TMP <const>, WORK <const> = "/run/tmp", "/run/kill"
local memlua <const> = host.executable()
assert(os.execute("mkdir " .. WORK))

local function save(name, code)
  local path = WORK .. "/" .. name
  assert(host.save(path, [[require("memlua.machine.way").name = "module" -- no need to look for it again
  ]] .. code))
  return path
end

-- Under emulation gnuplot takes ten times as long as all that touches the kernel: few points are spent on it.
local PICTURED <const> = 20
local SCENARIO <const> = [[
  require "memlua.scenario".run {
    name = "killed", warmup = 0, solo = false, limits = { ["memory.max"] = "48M" },
    tenants = {
      { name = "high", role = "high", workload = { kind = "anon", size = "16M", hold = "200ms" } },
      { name = "low", role = "low", workload = { kind = "anon", size = "16M", hold = "100ms" } },
      { name = "shell", role = "low", workload = { kind = "exec", size = "4M", argv = { "sh", "-c", "sleep 0.3 & wait" } } },
    },
    strategies = { { name = "none" }, { name = "priority", policy = { name = "priority", config = { delay_ms = 20 } } } },
  }
]]
local function scenario(name, first) return ("%s --out %s/out %s"):format(memlua, WORK, save(name, first .. SCENARIO)) end
local plain <const> = scenario("plain.lua", 'require "memlua.plot".draw = function() end\n')
local pictured <const> = scenario("pictured.lua", "")
local next_one <const> = ("%s %s"):format(memlua, save("next.lua", [[
  local cg <close> = assert(require "memlua.cgroup".create "next")
  local p <close> = assert(require "memlua.policy".attach("priority", { high = cg }))
]]))

local function state() return left(TMP) end
local clean <const> = state()
local swept, lived = 0, 0

-- Kills it at `points` points; the next one must leave this kernel as it was, and say so where it had to do anything.
local function try(command, what, points)
  os.execute("rm -rf " .. WORK .. "/out") -- of a point before
  local lifetime = kill.lifetime(command)
  tap.is(kill.settle(state, clean, 60), clean, what .. ": one that ends by itself leaves nothing")
  kill.each(lifetime, function(_, seconds)
    os.execute("rm -rf " .. WORK .. "/out")
    local _, alive = kill.after(seconds, command, WORK)
    local dirty = kill.settle(state, clean, 0.5)
    local said, status = shell.said(next_one)
    local after = kill.settle(state, clean, 60) -- a gnuplot that the dead one started ends its picture first
    local told = said:find "which a killed memlua left" ~= nil
    if told then swept = swept + 1 end
    if alive then lived = lived + 1 end
    tap.ok(status == 0 and after == clean and (dirty == clean or told), ("%s: killed after %.3f s: the next one finds it clean"):format(what, seconds),
      "status " .. status, "said " .. said, "before the next one: " .. dirty, "after it: " .. after, "clean: " .. clean)
  end, points)
  return ("%d points over %.1f s"):format(points, lifetime)
end

local few <const> = kill.points // PICTURED
local told = try(plain, "measuring", kill.points - few)
if few > 0 then told = told .. ", of pictures " .. try(pictured, "with pictures", few) end
tap.ok(lived > 0, ("%s, seed %d: %d met a living memlua, %d left something to be swept"):format(told, kill.seed, lived, swept))
tap.done()
