--- memlua.base.shape: the parts of which a schema for data from elsewhere is made. Each is f(value, path), which fails with
--- status 1, naming the path, where the value isn't as it must be. Those that scripts write are memlua.base.check's.
local check = require "memlua.base.check"
local memlua = require "memlua"

local shape = {}

local refuse <const> = check.refuse

-- What a value is called in JSON.
local function kind_of(value)
  local kinds = { userdata = "null", table = "a list or an object", ["nil"] = "nothing" }
  return kinds[type(value)] or "a " .. type(value)
end

local function a(kind, name)
  return function(value, path)
    if type(value) ~= kind then refuse(path, "%s is needed, not %s", name, kind_of(value)) end
  end
end

local text, yes_or_no, object = a("string", "a text"), a("boolean", "true or false"), a("table", "an object")

-- Beyond that sums and squares would leave what a number can hold.
local MOST <const> = 2 ^ 63

local function number(value, path)
  a("number", "a number")(value, path)
  if value ~= value or math.abs(value) > MOST then refuse(path, "%s: out of range", value) end
end

local function whole(value, path)
  number(value, path)
  if not math.tointeger(value) then refuse(path, "%s: not a whole number", value) end
end

local function count(value, path)
  whole(value, path)
  if value < 0 then refuse(path, "%s: less than 0", value) end
end

local function limit(value, path)
  if value ~= "max" then number(value, path) end
end

local function number_or_text(value, path)
  if type(value) ~= "string" then number(value, path) end
end

local function below(path, key) return path:sub(-2) == ": " and path .. key or path .. "." .. key end

-- A record that has at least the keys of `needed`; `fields`: key -> schema of its value, where it is there.
local function record(fields, needed)
  local keys = memlua.keys(fields)
  return function(value, path)
    object(value, path)
    for _, key in ipairs(needed or {}) do
      if value[key] == nil then refuse(below(path, key), "missing") end
    end
    for _, key in ipairs(keys) do
      if value[key] ~= nil then fields[key](value[key], below(path, key)) end
    end
  end
end

local function is_list(value)
  local n = 0
  for _ in pairs(value) do n = n + 1 end
  return n == #value
end

-- At least `least` (0) of what passes `element`.
local function list(element, least)
  return function(value, path)
    if type(value) ~= "table" or not is_list(value) then refuse(path, "a list is needed") end
    if #value < (least or 0) then refuse(path, "%d of them, at least %d are needed", #value, least) end
    for i, item in ipairs(value) do element(item, ("%s[%d]"):format(path, i)) end
  end
end

-- Names to what passes `element`.
local function map(element)
  return function(value, path)
    object(value, path)
    for key, item in pairs(value) do
      if type(key) ~= "string" then refuse(path, "names are needed, not a list") end
      element(item, below(path, key))
    end
  end
end

-- Numbers, as many as there are schemas; `optional` of the last may be missing.
local function tuple(optional, ...)
  local parts = { ... }
  return function(value, path)
    if type(value) ~= "table" or not is_list(value) or #value > #parts or #value < #parts - optional then
      refuse(path, "a list of %d numbers is needed", #parts)
    end
    for i, item in ipairs(value) do parts[i](item, ("%s[%d]"):format(path, i)) end
  end
end

-- Numbers, words, lists and objects of these.
local function tree(value, path)
  if type(value) == "boolean" then return end
  if type(value) ~= "table" then return number_or_text(value, path) end
  for key, item in pairs(value) do tree(item, below(path, tostring(key))) end
end

local function unique(element)
  local each = list(element)
  return function(value, path)
    each(value, path)
    local seen = {}
    for i, item in ipairs(value) do
      if seen[item] then refuse(("%s[%d]"):format(path, i), "'%s' stands there twice", item) end
      seen[item] = true
    end
  end
end

--- kind_of(value): what a value is called in JSON, for a complaint.
shape.kind_of = kind_of
--- refuse(path, fmt, ...): memlua.base.check.refuse.
shape.refuse = refuse
--- text(value, path): a string.
shape.text = text
--- yes_or_no(value, path): a boolean.
shape.yes_or_no = yes_or_no
--- object(value, path): a table.
shape.object = object
--- number(value, path): a number, of at most 2^63 in size.
shape.number = number
--- whole(value, path): a whole number.
shape.whole = whole
--- count(value, path): a whole number, 0 or more.
shape.count = count
--- limit(value, path): a number or "max".
shape.limit = limit
--- number_or_text(value, path): a number or a string.
shape.number_or_text = number_or_text
--- below(path, key): the path of a key in what `path` names.
shape.below = below
--- record(fields, needed) -> a shape: an object that has at least the keys of the list `needed`; `fields`: key -> shape of its value.
shape.record = record
--- list(element, least) -> a shape: at least `least` (0) of what passes `element`.
shape.list = list
--- map(element) -> a shape: names to what passes `element`.
shape.map = map
--- tuple(optional, ...) -> a shape: a list of what passes the shapes in turn; the last `optional` of them may be missing.
shape.tuple = tuple
--- tree(value, path): numbers, words, and lists and objects of these.
shape.tree = tree
--- unique(element) -> a shape: a list in which nothing stands twice.
shape.unique = unique

return shape
