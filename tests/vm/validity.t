-- The gates of a run, for real: a kernel that is tainted while it goes on, and a session that nothing presses.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local run = require "memlua.run"
local scenario = require "memlua.scenario"

host.enter()
if not host.in_guest then return tap.done "taints the kernel: in the microVM only" end
host.settings.quiet = true

local function scenario_of(name, size, limit, measure)
  host.settings.out = os.getenv "TMPDIR" .. "/" .. name
  return { name = name, solo = false, warmup = 0, limits = { ["memory.max"] = limit, ["memory.swap.max"] = 0 },
           tenants = { { name = "web", role = "high", workload = { kind = "file", size = size } },
                       { name = "batch", role = "low", workload = { kind = "file", size = "1M" } } },
           strategies = { { name = "none" } }, hooks = { measure = measure } }
end

local function taint()
  local file <close> = assert(io.open("/proc/sys/kernel/tainted", "w"))
  assert(file:write "512\n")
end

local fine, why = pcall(scenario.run, scenario_of("pressed", "48M", "32M"))
tap.ok(fine, "a run under pressure is trusted", type(why) == "table" and why.message or why)
tap.fails(function() scenario.run(scenario_of("tainted", "48M", "32M", taint)) end,
  "001%-none: the kernel complained: tainted by a warning: not trustworthy", "one whose kernel was tainted isn't", 7)
local doubts = run.load(os.getenv "TMPDIR" .. "/tainted").runs[1].doubts
tap.is(doubts, { { gate = "kernel", text = "the kernel complained: tainted by a warning" } }, "its result says why")
tap.ok(pcall(scenario.run, scenario_of("again", "48M", "32M")), "what was there before is no news")

local compared = scenario_of("idle", "8M", "64M")
compared.strategies[2] = { name = "max", limits = { ["memory.high"] = "60M" } }
tap.fails(function() scenario.run(compared) end, "no run was under memory pressure", "strategies compared without pressure: nothing was tested", 7)

local alone = scenario_of("unasked", "8M", "64M")
alone.tenants[2], alone.strategies = nil, { { name = "priority", policy = { name = "priority" } } }
tap.fails(function() scenario.run(alone) end, "no callback of the policy priority was ever asked: not trustworthy", "a policy that nobody asked", 7)

local erring = scenario_of("erring", "48M", "32M")
erring.strategies = { { name = "none" }, { name = "erring", policy = { roles = { low = { "batch" } }, name = require "memlua.policy".lua { name = "erring", roles = { low = {
  charged = function(memcg)
    local nothing = memcg.usage - memcg.usage
    return 20 // nothing
  end,
} } } } } }
erring.tenants[2].workload.size = "24M"
tap.fails(function() scenario.run(erring) end, " calls by an error, the last in line ", "a policy whose answers are errors", 7)

-- Full is what is around the session, as a container or the machine itself would be.
local around = scenario_of("around", "1M", "512M")
around.hooks = { setup = function(r)
  local root = assert(r.parent:path()):match "^(.*)/"
  local file <close> = assert(io.open((root:find "^/sys/" and root or "/sys/fs/cgroup" .. root) .. "/memory.max", "w"))
  assert(file:write "48M\n")
end }
around.tenants[2].workload = { kind = "anon", size = "96M" }
tap.fails(function() scenario.run(around) end, "the kernel killed batch because .* was full, not the session: give it more memory", "a kill by the limit of what is around the session", 7)

tap.done()
