-- How long do hundreds of tenants take to attach to a policy, and to detach from it?
--   memlua scripts/attaching.lua --tenants 500
-- Each is a cgroup with a link of its own. By the virtual clock the times are instructions and the kernel's waits.
local cgroup = require "memlua.cgroup"
local host = require "memlua.host"
local memlua = require "memlua"
local option = require "memlua.option"
local policy = require "memlua.policy"
local units = require "memlua.units"

local options = option.parse {
  name = "attaching", about = "How long a policy takes to attach to many tenants, and to detach.",
  options = { { "tenants", "count", default = 500, help = "how many there are" },
              { "policy", "string", default = "priority", help = "of which they are low" } },
}
if options.tenants == 0 then memlua.fail(memlua.status.misuse, "--tenants 0: there would be nobody to attach to") end

local session <close> = memlua.must(cgroup.create "session")

local function timed(f)
  local began = host.monotonic()
  local result = f()
  return host.monotonic() - began, result
end

local tenants = {}
local made = timed(function()
  for i = 1, options.tenants do tenants[i] = memlua.must(cgroup.create("session/tenant_" .. i)) end
end)
local attached, p = timed(function() return memlua.must(policy.attach(options.policy, { low = tenants })) end)
local count = #p:tenants()
local dropped = timed(function() p:drop(tenants[1]) end)
local detached = timed(function() p:detach() end)
local removed = timed(function() for _, cg in ipairs(tenants) do cg:remove() end end)

for _, line in ipairs { { "cgroups made", made }, { "attached, the module loaded", attached }, { "one dropped", dropped },
                        { "the others detached", detached }, { "cgroups removed", removed } } do
  print(("%-28s %9s"):format(line[1], units.format_duration(line[2])))
end
print(("%d tenants of %s"):format(count, options.policy))
