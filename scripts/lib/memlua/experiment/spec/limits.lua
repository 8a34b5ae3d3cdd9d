--- memlua.experiment.spec.limits: the files of a cgroup that a scenario may set.
local check = require "memlua.base.check"
local host = require "memlua.host"
local memlua = require "memlua"
local units = require "memlua.units"

local limits_spec = {}

local PAGE <const> = host.page_size

--- Those files.
limits_spec.KNOBS = {
  "memory.max", "memory.high", "memory.low", "memory.min", "memory.swap.max", "memory.swap.high",
  "memory.zswap.max", "memory.oom.group", "cpu.weight", "cpu.idle", "cpu.max", "pids.max",
}

local function check_memory(key, value, path)
  if tostring(value):find "%%$" then return value end -- of the parent's limit: known once that is
  local bytes, why = units.limit(value)
  if not bytes then check.refuse(path, "%s", why) end
  if key == "memory.max" and bytes ~= "max" and bytes < PAGE then
    check.refuse(path, "%s is less than one page (%d bytes): nothing could start; write 1M or more", value, PAGE)
  end
  return bytes
end

--- The checker of a table of them.
function limits_spec.check(value, path)
  check.is "table"(value, path)
  local limits = {}
  for key, item in pairs(value) do
    local at = path .. '["' .. tostring(key) .. '"]'
    check.one_of(limits_spec.KNOBS)(key, at)
    local is_size = key:find "^memory%." and key ~= "memory.oom.group"
    limits[key] = is_size and check_memory(key, item, at) or tostring(item)
  end
  return limits
end

--- Makes bytes of what is a percentage of the parent's memory.max. Fails with status 1 where that has none.
function limits_spec.resolve(limits, parent, path)
  for key, value in pairs(limits or {}) do
    if tostring(value):find "%%$" then
      local total = parent["memory.max"]
      if type(total) ~= "number" then
        check.refuse(path .. '["' .. key .. '"]', "%s of what? the parent has no memory.max", value)
      end
      limits[key] = memlua.must(units.size(value, total)) // PAGE * PAGE
    end
  end
end

--- The same of a tenant's, { limits, cgroups }: of its cgroup and of those below it.
function limits_spec.resolve_tenant(tenant, parent, path)
  limits_spec.resolve(tenant.limits, parent, path .. ".limits")
  for name, limits in pairs(tenant.cgroups or {}) do limits_spec.resolve(limits, parent, path .. ".cgroups." .. name) end
end

return limits_spec
