--- memlua.base.differences: where two values made of tables differ.
local memlua = require "memlua"

local differences = {}

local function same(a, b, tolerance)
  if a == b then return true end
  if type(a) ~= "number" or type(b) ~= "number" then return false end
  return math.abs(a - b) <= tolerance * math.max(math.abs(a), math.abs(b))
end

local function add(a, b, path, list, tolerance)
  if type(a) ~= "table" or type(b) ~= "table" then
    if not same(a, b, tolerance) then list[#list + 1] = { path, a, b } end
    return list
  end
  local keys = {}
  for key in pairs(a) do keys[key] = true end
  for key in pairs(b) do keys[key] = true end
  for _, key in ipairs(memlua.keys(keys)) do
    add(a[key], b[key], path == "" and tostring(key) or path .. "." .. tostring(key), list, tolerance)
  end
  return list
end

--- Where a and b differ: a list of { path ("runs.1"), what stands there in a, in b }, by path; empty where they are alike. Numbers may
--- differ by a share `tolerance` (0) of the greater one.
function differences.of(a, b, tolerance) return add(a, b, "", {}, tolerance or 0) end

--- A value as an error shows it.
function differences.shown(value)
  if value == nil then return "nothing" end
  return type(value) == "table" and "a table" or tostring(value)
end

return differences
