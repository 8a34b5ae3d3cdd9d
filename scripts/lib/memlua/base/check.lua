--- memlua.base.check: small checkers that combine into the schema of a table. A checker takes a value and
--- its path, returns the value in its normal form or fails with "path: reason; remedy".
local memlua = require "memlua"
local units = require "memlua.units"

local check = {}

local function refuse(path, fmt, ...)
  memlua.fail(memlua.status.misuse, "%s: %s", path, fmt:format(...))
end
--- Fails with status 1 and "path: reason"; `fmt, ...` as in string.format. For checkers of one's own.
check.refuse = refuse

--- A value of a Lua type.
function check.is(kind)
  return function(value, path)
    if type(value) ~= kind then refuse(path, "a %s is needed, not a %s", kind, type(value)) end
    return value
  end
end

--- A number within [min, max]; `what` names it in the error; `integer` refuses fractions.
function check.number(range)
  return function(value, path)
    local number = tonumber(value)
    if not number or number ~= number then refuse(path, "%s: not a number", tostring(value)) end
    if range.integer and not math.tointeger(number) then refuse(path, "%s: not a whole number", value) end
    if range.min and number < range.min then
      refuse(path, "%s is below the least possible, %s", value, range.min)
    end
    if range.max and number > range.max then
      refuse(path, "%s is above the most possible, %s", value, range.max)
    end
    return range.integer and math.tointeger(number) or number
  end
end

--- A size in bytes, at least one byte.
function check.size(value, path)
  local bytes, why = units.size(value)
  if not bytes then refuse(path, "%s", why) end
  if bytes == 0 then refuse(path, "0: nothing would be allocated; write 1M or more") end
  return bytes
end

--- A size in bytes, 0 or more.
function check.bytes(value, path)
  local bytes, why = units.size(value)
  if not bytes then refuse(path, "%s", why) end
  return bytes
end

--- A duration in seconds, 0 or more.
function check.duration(value, path)
  local seconds, why = units.duration(value)
  if not seconds then refuse(path, "%s", why) end
  return seconds
end

--- One of the words of a list.
function check.one_of(words)
  return function(value, path)
    for _, word in ipairs(words) do if word == value then return value end end
    refuse(path, "%s%s", tostring(value), memlua.hint(tostring(value), words))
  end
end

--- A cgroup's or a folder's name: one path component.
function check.name(value, path)
  check.is "string"(value, path)
  if value == "" then refuse(path, "an empty name; write letters, digits, '-' and '_'") end
  if value:find "/" or value == "." or value == ".." or value:find "%c" then
    refuse(path, "'%s' leaves its place; a name has no '/', no '..' and no control characters", value)
  end
  if #value > 255 then refuse(path, "a name of %d characters; the kernel takes at most 255", #value) end
  return value
end

--- A list, each element passing `element`; its path is the element's name if it has one.
function check.list(element)
  return function(value, path)
    check.is "table"(value, path)
    local list = {}
    for i, item in ipairs(value) do
      local name = type(item) == "table" and type(item.name) == "string" and item.name ~= "" and item.name
      list[i] = element(item, name and path .. "." .. name or ("%s[%d]"):format(path, i))
    end
    for key in pairs(value) do
      if not list[key] then refuse(path, "'%s' stands in a list; write { {...}, {...} }", tostring(key)) end
    end
    return list
  end
end

--- A table from string keys to values that pass `element`.
function check.map(element)
  return function(value, path)
    check.is "table"(value, path)
    local map = {}
    for key, item in pairs(value) do
      if type(key) ~= "string" then refuse(path, "the key %s is not a name", tostring(key)) end
      map[key] = element(item, path .. "." .. key)
    end
    return map
  end
end

-- The outermost record has no name: its keys' paths are the keys.
local function below(path, key) return path == "" and key or path .. "." .. key end

--- A record: `fields` maps each known key to its checker, `needed` lists those that must be there.
function check.record(fields, needed)
  return function(value, path)
    check.is "table"(value, path)
    local record = {}
    for key, item in pairs(value) do
      if not fields[key] then
        refuse(below(path, tostring(key)), "unknown key%s", memlua.hint(tostring(key), memlua.keys(fields)))
      end
      record[key] = fields[key](item, below(path, key))
    end
    for _, key in ipairs(needed or {}) do
      if record[key] == nil then refuse(below(path, key), "missing") end
    end
    return record
  end
end

--- Anything: checked elsewhere.
function check.any(value) return value end

return check
