--- memlua.base.printable: text that may have come from anywhere, made harmless to the terminal that shows it.
local memlua = require "memlua"

local printable = {}

--- A text with controls replaced by "?": those of C0 but tab and line feed, DEL, and those of C1 in UTF-8, to which some
--- terminals listen as well.
function printable.text(s)
  if not s:find "[\0-\8\11-\31\127\xc2]" then return s end -- as nearly all
  return (s:gsub("[\0-\8\11-\31\127]", "?"):gsub("\xc2[\x80-\x9f]", "?"))
end

local DEEPEST <const> = 100 -- what JSON is written with ends at 200

local function rename(t, names)
  for _, key in ipairs(names) do t[printable.text(key)], t[key] = t[key], nil end
end

--- Makes all texts in a value printable, in place, the names of an object among them, and returns it. Fails with status 1,
--- "what: ...", where it is nested deeper than 100.
function printable.value(value, what, depth)
  if type(value) == "string" then return printable.text(value) end
  if type(value) ~= "table" then return value end
  if (depth or 0) > DEEPEST then memlua.fail(memlua.status.misuse, "%s: nested deeper than %d", what, DEEPEST) end
  local names -- a series has thousands of small lists: nothing is made for one that needs it not
  for key, item in pairs(value) do
    if type(item) == "string" or type(item) == "table" then value[key] = printable.value(item, what, (depth or 0) + 1) end
    if type(key) == "string" and printable.text(key) ~= key then
      names = names or {}
      names[#names + 1] = key
    end
  end
  if names then rename(value, names) end
  return value
end

return printable
