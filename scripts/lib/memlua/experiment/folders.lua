--- memlua.experiment.folders: where tenants that work on files find them: fresh ones on a RAM block device, so that no
--- page of an earlier run is cached or charged to somebody else; and what a run keeps of its policy.
local host = require "memlua.host"
local ramdisk = require "memlua.machine.ramdisk"
local memlua = require "memlua"
local sys = require "memlua.base.sys"

local files = {}

local directory

local function needed(plan)
  local bytes = 0
  for _, tenant in ipairs(plan.tenants) do
    for _, workload in ipairs(tenant.workloads) do
      if workload.kind == "file" and not workload.file then bytes = bytes + workload.size end
    end
  end
  return bytes
end

--- Makes the block device that the plan's tenants need for one run, if any; `owned` drops it again.
function files.prepare(plan, owned)
  local bytes = needed(plan)
  if bytes == 0 then return end
  -- ext4's journal and tables take some of it
  directory = memlua.must(ramdisk.make(bytes + bytes // 4 + (32 << 20)))
  owned:add(setmetatable({}, { __close = function() ramdisk.drop() end }))
  memlua.must(ramdisk.drop_caches())
end

--- Keeps what a policy in Lua was compiled to, its C and its object, in a run's folder.
function files.keep_policy(object, folder)
  memlua.must(host.mkdir(folder))
  for _, path in ipairs { object, (object:gsub("o$", "c")) } do
    memlua.must(host.save(folder .. "/" .. path:match "[^/]*$", memlua.must(sys.read(path))))
  end
end

--- The path of a workload's file.
function files.path(name) return directory .. "/" .. name end

return files
