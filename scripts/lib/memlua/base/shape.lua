--- memlua.base.shape: the parts of which a schema for data from elsewhere is made. Each is f(value, path), which fails with
--- status 1, naming the path, where the value isn't as it must be. Those that scripts write are memlua.base.check's.
local check = require "memlua.base.check"
local memlua = require "memlua"

local shape = {}

local refuse <const> = check.refuse

--- What a value is called in JSON, for a complaint.
function shape.kind_of(value)
  local kinds = { userdata = "null", table = "a list or an object", ["nil"] = "nothing" }
  return kinds[type(value)] or "a " .. type(value)
end

local function a(kind, name)
  return function(value, path)
    if type(value) ~= kind then refuse(path, "%s is needed, not %s", name, shape.kind_of(value)) end
  end
end

--- f(value, path): a string.
shape.text = a("string", "a text")

--- f(value, path): a boolean.
shape.yes_or_no = a("boolean", "true or false")

--- f(value, path): a table.
shape.object = a("table", "an object")

-- Beyond that sums and squares would leave what a number can hold.
local MOST <const> = 2 ^ 63

local a_number <const> = a("number", "a number")

--- A number, of at most 2^63 in size.
function shape.number(value, path)
  if type(value) ~= "number" then a_number(value, path) end
  if value ~= value or math.abs(value) > MOST then refuse(path, "%s: out of range", value) end
end

--- A whole number.
function shape.whole(value, path)
  shape.number(value, path)
  if not math.tointeger(value) then refuse(path, "%s: not a whole number", value) end
end

--- A whole number, 0 or more.
function shape.count(value, path)
  shape.whole(value, path)
  if value < 0 then refuse(path, "%s: less than 0", value) end
end

--- A number or "max".
function shape.limit(value, path)
  if value ~= "max" then shape.number(value, path) end
end

--- A number or a string.
function shape.number_or_text(value, path)
  if type(value) ~= "string" then shape.number(value, path) end
end

--- The path of a key in what `path` names.
function shape.below(path, key)
  path = tostring(path)
  return path:sub(-2) == ": " and path .. key or path .. "." .. key
end

-- Where a value stands, spelled only for a complaint: series have thousands of elements, and nearly all pass. Each shape has
-- one, which it moves from item to item: no shape holds itself.
local Place = {}

function Place:__tostring()
  if math.type(self.key) == "integer" then return ("%s[%d]"):format(self.of, self.key) end
  return shape.below(self.of, self.key)
end

local function new_place() return setmetatable({}, Place) end

--- Returns a shape: an object that has at least the keys of the list `needed`; `fields`: key -> shape of its value, where it is
--- there.
function shape.record(fields, needed)
  local keys, place = memlua.keys(fields), new_place()
  return function(value, path)
    shape.object(value, path)
    for _, key in ipairs(needed or {}) do
      if value[key] == nil then refuse(shape.below(path, key), "missing") end
    end
    place.of = path
    for _, key in ipairs(keys) do
      local item = rawget(value, key) -- what is yet to be fetched was checked where it lies (memlua.results.samples)
      if item ~= nil then
        place.key = key
        fields[key](item, place)
      end
    end
  end
end

local function is_list(value)
  local n = 0
  for _ in pairs(value) do n = n + 1 end
  return n == #value
end

--- Returns a shape: a list of at least `least` (0) of what passes `element`.
function shape.list(element, least)
  local place = new_place()
  return function(value, path)
    if type(value) ~= "table" or not is_list(value) then refuse(path, "a list is needed") end
    if #value < (least or 0) then refuse(path, "%d of them, at least %d are needed", #value, least) end
    place.of = path
    for i, item in ipairs(value) do
      place.key = i
      element(item, place)
    end
  end
end

--- Returns a shape: names to what passes `element`.
function shape.map(element)
  local place = new_place()
  return function(value, path)
    shape.object(value, path)
    place.of = path
    for key, item in pairs(value) do
      if type(key) ~= "string" then refuse(path, "names are needed, not a list") end
      place.key = key
      element(item, place)
    end
  end
end

--- Returns a shape: a list of what passes the shapes in turn; the last `optional` of them may be missing.
function shape.tuple(optional, ...)
  local parts, place = { ... }, new_place()
  return function(value, path)
    if type(value) ~= "table" or not is_list(value) or #value > #parts or #value < #parts - optional then
      refuse(path, "a list of %d numbers is needed", #parts)
    end
    place.of = path
    for i, item in ipairs(value) do
      place.key = i
      parts[i](item, place)
    end
  end
end

--- Numbers, words, and lists and objects of these.
function shape.tree(value, path)
  if type(value) == "boolean" then return end
  if type(value) ~= "table" then return shape.number_or_text(value, path) end
  for key, item in pairs(value) do shape.tree(item, shape.below(path, tostring(key))) end
end

--- Returns a shape: a list in which nothing stands twice.
function shape.unique(element)
  local each = shape.list(element)
  return function(value, path)
    each(value, path)
    local seen = {}
    for i, item in ipairs(value) do
      if seen[item] then refuse(("%s[%d]"):format(path, i), "'%s' stands there twice", item) end
      seen[item] = true
    end
  end
end

return shape
