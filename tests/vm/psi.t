-- A kernel with pressure switched off (psi=0): controllers that need it are left out, with the reason and what helps; the others run.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"
local controllers = require "memlua.controllers"
local host = require "memlua.host"
local policy = require "memlua.policy"
local report = require "memlua.report"
local scenario = require "memlua.scenario"
local sys = require "memlua.base.sys"

-- The microVM is booted with one word more.
local vm = require "memlua.vm"
local boot = vm.run
function vm.run(config)
  config.append = "psi=0"
  return boot(config)
end

host.settings.vm = true
host.enter()
host.settings.quiet, host.settings.out = true, os.getenv "TMPDIR" .. "/psi"
tap.like(sys.read "/proc/cmdline", "psi=0", "the kernel was told so")
tap.ok(not sys.exists "/proc/pressure/memory" or io.open "/proc/pressure/memory":read "a" == nil, "and has no pressure to tell")

local strategies = { { name = "none" } }
for _, name in ipairs { "stall", "agents", "limit", "kill", "senpai", "freeze", "reserve", "low" } do strategies[#strategies + 1] = { name = name, controller = controllers[name]() } end
local folder = scenario.run {
  name = "psi", limits = { ["memory.max"] = "40M", ["memory.swap.max"] = 0 }, solo = false, warmup = 0, strategies = strategies,
  tenants = { { name = "high", role = "high", workload = { size = "16M", hold = "3s" } }, { name = "low", workload = { kind = "file", size = "48M", duration = 1 } } },
}
local skipped, ran = {}, {}
for _, s in ipairs(folder.manifest.skipped or {}) do skipped[s.name] = s.reason end
for _, result in ipairs(folder.runs) do ran[result.strategy] = result end
for _, name in ipairs { "stall", "agents", "limit" } do
  tap.like(skipped[name] or "it ran", "has no memory%.pressure %(or has it switched off", name .. " is left out, and why is told")
end
for _, name in ipairs { "none", "freeze", "reserve", "low" } do
  local result = ran[name]
  tap.ok(result and result.tenants[1].ended == "done" and not result.tenants[1].stalled_us, name .. " runs, without stalls", skipped[name])
  if name ~= "none" then tap.is(result and result.controller.ended, "done", "  to its end", result and result.controller.error) end
end
-- these look at pressure only once something else has happened: they run, or end with the reason
for _, name in ipairs { "kill", "senpai" } do
  local c = ran[name] and ran[name].controller
  tap.ok(c and (c.ended == "done" or c.error:find "switched off"), name .. " does no harm", c, skipped[name])
end
local text = report.text { folder }
tap.like(text, "stall +%- .* skipped: ", "the report says so")

local cg <close> = assert(cgroup.create "unpressed")
for name, role in pairs { priority = "high", async = "tenant" } do
  local p, why = policy.attach(name, { [role] = cg, config = { trigger = "pressure" } })
  tap.ok(not p and why:find("switched off (psi=0)", 1, true), name .. " by pressure is refused", why)
end

tap.done()
