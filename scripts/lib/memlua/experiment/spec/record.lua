--- memlua.experiment.spec.record: the tables of a scenario, and all keys that they take.
local check = require "memlua.base.check"
local memlua = require "memlua"

local record = {}

local known = {}

--- A checker as check.record makes it, for a table of the scenario.
function record.of(fields, needed)
  for key in pairs(fields) do known[key] = true end
  return check.record(fields, needed)
end

--- The names of all keys that such a table takes, sorted.
function record.keys() return memlua.keys(known) end

--- Fails with status 1 where two elements of a list have the same value under `key`.
function record.check_unique(list, key, path)
  local seen = {}
  for _, item in ipairs(list) do
    local value = item[key]
    if value and seen[value] then check.refuse(path, "two of them have the %s '%s'; no two may share one", key, value) end
    if value then seen[value] = true end
  end
end

local function names_of(list)
  local names = {}
  for i, item in ipairs(list) do names[i] = item.name end
  return names
end

--- Fails with status 1 where one of `names` is no name in a list of { name, ... }, naming the nearest.
function record.check_known(names, list, path)
  for _, name in ipairs(names) do
    check.one_of(names_of(list))(name, path .. "." .. tostring(name))
  end
end

return record
