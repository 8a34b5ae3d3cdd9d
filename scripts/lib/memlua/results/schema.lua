--- memlua.results.schema: what a run's file may say of its tenants: how one ended, and its figures.
local memlua = require "memlua"
local worker = require "memlua.worker"

local schema = {}

--- How a tenant is lost; of several workloads the first in this order speaks for it.
schema.LOSSES = { "oom-killed", "lost a child", "killed", "timed out", "failed" }

local ENDS <const> = { done = true, stopped = true }
for _, how in ipairs(schema.LOSSES) do ENDS[how] = true end

-- What the figure's value is instead of what it must be, or nil.
local function fault(figure, value)
  if value == nil then return nil end
  if figure.unit == "seconds" and math.type(value) and value >= 0 then return nil end
  if math.type(value) == "integer" and value >= 0 then return nil end
  return ("%s: must be %s, not %s"):format(figure.name, figure.unit == "seconds" and "seconds, 0 or more"
    or "a whole number, 0 or more", tostring(value))
end

local function check_one(one, path)
  if not ENDS[one.ended] then
    memlua.fail(memlua.status.misuse, "%s: ended: unknown '%s'; written by another memlua?", path, tostring(one.ended))
  end
  for _, figure in ipairs(worker.figures) do
    local why = fault(figure, one[figure.name])
    if why then memlua.fail(memlua.status.misuse, "%s: %s", path, why) end
  end
end

--- Checks the tenants of a run, as cell.run gives them and a file has them, each with its workloads; a run without any
--- is of another kind. Returns the run; fails with status 1, naming `path`, the tenant and what is wrong.
function schema.check(run, path)
  for _, tenant in ipairs(run.tenants or {}) do
    local place = ("%s: tenant %s"):format(path, tenant.name)
    check_one(tenant, place)
    for _, part in ipairs(tenant.workloads or {}) do check_one(part, ("%s, workload %s"):format(place, part.name)) end
  end
  return run
end

return schema
