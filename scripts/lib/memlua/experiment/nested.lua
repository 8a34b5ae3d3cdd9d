--- memlua.experiment.nested: cgroups below a tenant's, as the services of a container or the tool calls of an agent have them.
local cgroup = require "memlua.cgroup"
local memlua = require "memlua"

local nested = {}

--- Makes those of a tenant ({ spec, cg }) in t.nested, by their names, owned by the scope `owned`. `limits`: of each, by its name.
function nested.create(t, owned, limits)
  t.nested = {}
  for _, name in ipairs(memlua.keys(t.spec.cgroups or {})) do
    t.nested[name] = owned:add(memlua.must(cgroup.create(t.cg:name() .. "/" .. name, limits[name])))
  end
end

--- The cgroup in which a workload of the tenant runs.
function nested.of(t, workload) return workload.cgroup and t.nested[workload.cgroup] or t.cg end

return nested
