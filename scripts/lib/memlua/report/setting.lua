--- memlua.report.setting: what was run, on what, in one line.
local units = require "memlua.units"

local size, duration = units.format_size, units.format_duration

local setting = {}

-- "256M anon", "anon + exec": what one tenant runs.
local function tenant_in_short(tenant)
  local kinds = {}
  for i, workload in ipairs(tenant.workloads) do kinds[i] = workload.kind end
  return (tenant.size and size(tenant.size) .. " " or "") .. table.concat(kinds, " + ")
end

local MOST_SAID <const> = 4 -- kinds of tenants that fit into the line

-- "3 x 256M anon", or "100M anon, exec" where they differ.
local function all_in_short(tenants)
  local said, count = {}, {}
  for _, tenant in ipairs(tenants) do
    local one = tenant_in_short(tenant)
    if not count[one] then said[#said + 1] = one end
    count[one] = (count[one] or 0) + 1
  end
  if #said > MOST_SAID then return #tenants .. " tenants" end
  for i, one in ipairs(said) do said[i] = count[one] > 1 and ("%d x %s"):format(count[one], one) or one end
  return table.concat(said, ", ")
end

local function tenants_in_short(scenario)
  if not scenario then return {} end
  local hold = scenario.tenants[1].workloads[1].hold
  return { ("limit %s"):format(size(scenario.limits["memory.max"] or "max")), all_in_short(scenario.tenants),
           hold and "hold " .. duration(hold) }
end

--- "544M limit, 3 tenants, kernel 6.12.95, virtual clock, module": the setting in one line.
function setting.of(folder)
  local facts, parts = folder.host, tenants_in_short(folder.manifest.scenario)
  if facts.release then parts[#parts + 1] = "Linux " .. facts.release end
  if facts.clock then parts[#parts + 1] = facts.clock .. " clock" end
  if facts.way then parts[#parts + 1] = facts.way end
  return table.concat(parts, ", ")
end

return setting
