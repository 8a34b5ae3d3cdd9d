-- A policy on cgroups that exist already, watched until Ctrl-C:
--   memlua scripts/guard.lua --high system.slice/db.service --low user.slice --delay 200
-- It writes no limit and makes no cgroup. When it ends, the policy is gone. --record leaves traces of the cgroups' memory.
local guard = require "memlua.guard"
local guard_view = require "memlua.report.guard"
local log = require "memlua.base.log"
local option = require "memlua.option"

local options = option.parse {
  name = "guard", about = "Attach a policy to existing cgroups and watch it until Ctrl-C.", common = "report",
  options = {
    { "high", "string", arg = "CGROUP", many = true, help = "protected; absolute, or relative to the cgroup mount" },
    { "low", "string", arg = "CGROUP", many = true, help = "delayed while a high one is active" },
    { "role", "string", arg = "ROLE=CGROUP", many = true, help = "a cgroup in another policy's role" },
    { "policy", "string", arg = "NAME", default = "priority", help = "a built-in policy, a .bpf.o, or a .lua that returns one" },
    { "delay", "count", arg = "MS", help = "config.delay_ms: sleep of a low one per slow-path charge" },
    { "set", "string", arg = "KEY=VALUE", many = true, help = "any other value of the policy's config" },
    { "interval", "duration", default = "1s", help = "between two looks" },
    { "record", "string", arg = "DIR", help = "write the usage of each cgroup into a new folder, as traces for `memlua replay`" },
    { "timeout", "duration", help = "end after that long" },
  },
}

local roles = guard.roles({ high = options.high, low = options.low }, options.role)
local config = guard.config({ delay_ms = options.delay }, options.set)
guard.need_kernel()

local guarded <close> = guard.attach { policy = options.policy, roles = roles, config = config }
log.say("policy %s attached to %d cgroups; Ctrl-C detaches it", options.policy, #guarded.members)

local view = guard_view.open(options.json)
local recorder <close> = options.record and guard.record(options.record) or nil
local ended = guarded:watch(options.interval, options.timeout, function(sample)
  view:show(sample)
  if recorder then recorder:write(sample) end
end)
view:leave()
log.say("detached: %s", ended)
