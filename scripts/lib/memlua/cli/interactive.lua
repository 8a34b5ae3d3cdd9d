--- memlua.cli.interactive: what `memlua -i` needs beside a line editor: values shown so that one can read them, words
--- completed, the modules at hand as globals.
local host = require "memlua.host"
local memlua = require "memlua"
local text = require "memlua.base.text"
local voice = require "memlua.base.voice"

local interactive = {}

-- ---- the modules as globals -------------------------------------------------------------------------------------

local AT_HAND = { "cgroup", "worker", "policy", "oom", "host", "json", "scenario", "units", "stats", "run", "report" }

-- Typed as in other tools. os.exit would lose what the session is to remember.
local function tell_end() return "Ctrl-D ends the session" end
local END = setmetatable({}, { __tostring = tell_end, __call = tell_end })

-- help "worker.spawn", help() at the prompt.
local function show_help(name) io.stdout:write(require "memlua.cli.help".text(name)) end

--- Makes `help`, `exit` and `quit` (which tell how a session ends), and `cgroup`, `worker` and the like, which load their module when first used, globals.
function interactive.begin()
  local known = {}
  require "memlua.experiment.session".begin(host.settings.out)
  host.settings.out = nil -- or each run would go there
  rawset(_G, "help", show_help)
  rawset(_G, "exit", END)
  rawset(_G, "quit", END)
  for _, name in ipairs(AT_HAND) do known[name] = "memlua." .. name end
  setmetatable(_G, { __index = function(t, name)
    local module = known[name]
    if not module then return nil end
    local value = require(module)
    rawset(t, name, value)
    return value
  end })
  if host.isatty(0) and not voice.is_quiet() then
    local greeting = ("memlua %s, %s. At hand: %s. help \"worker.spawn\" tells what a function does, Tab completes, "
      .. "Ctrl-D ends."):format(host.version, _VERSION, table.concat(AT_HAND, ", "))
    io.stderr:write(table.concat(text.wrap(greeting, text.columns(nil, 2)), "\n"), "\n")
  end
end

-- ---- showing values -----------------------------------------------------------------------------------------------

local DEEPEST, LONGEST = 6, 64

local function key_text(key)
  if type(key) == "string" and key:find "^[%a_][%w_]*$" then return key end
  return "[" .. (type(key) == "string" and ("%q"):format(key) or tostring(key)) .. "]"
end

local function atom(value)
  return type(value) == "string" and ("%q"):format(value):gsub("\\\n", "\\n") or tostring(value)
end

-- Numbers by their size, then words by their letters.
local function before(a, b)
  local x, y = type(a) == "number", type(b) == "number"
  if x ~= y then return x end
  if x then return a < b end
  return tostring(a) < tostring(b)
end

local function sorted_keys(t)
  local keys = {}
  for key in next, t do keys[#keys + 1] = key end
  table.sort(keys, before)
  return keys
end

local shown

local function fields(t, indent, above)
  local parts, n = {}, 0
  for _, key in ipairs(sorted_keys(t)) do
    n = n + 1
    if n > LONGEST then
      parts[#parts + 1] = "..."
      break
    end
    local value = shown(rawget(t, key), indent + 2, above)
    parts[#parts + 1] = key == #parts + 1 and value or key_text(key) .. " = " .. value
  end
  return parts
end

function shown(value, indent, above)
  if type(value) ~= "table" or (getmetatable(value) or {}).__tostring then return atom(value) end
  if above[value] then return "(above)" end
  if indent > 2 * DEEPEST then return "{...}" end
  above[value] = true
  local parts = fields(value, indent, above)
  above[value] = nil
  local line = "{ " .. table.concat(parts, ", ") .. " }"
  if #parts == 0 then return "{}" end
  if not line:find "\n" and indent + #line <= text.columns() then return line end
  local margin = (" "):rep(indent + 2)
  return "{\n" .. margin .. table.concat(parts, ",\n" .. margin) .. "\n" .. (" "):rep(indent) .. "}"
end

--- A value as text: tables by their contents, keys sorted, in one line where it fits; what is nested deeper than 6 or
--- longer than 64 is cut with "...".
function interactive.show(value) return shown(value, 0, {}) end

--- Prints values as the answer to a line: nothing for none.
function interactive.print(...)
  local parts = {}
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    parts[i] = type(value) == "string" and value or interactive.show(value)
  end
  if #parts > 0 then print(table.concat(parts, "\t")) end
end

-- ---- completing words -----------------------------------------------------------------------------------------------

local KEYWORDS = { "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in",
                   "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while" }

local function modules()
  local names = memlua.keys(package.preload)
  for _, file in ipairs(host.embedded_names()) do
    local name = file:match "^lua/(.*)%.lua$"
    if name and not name:find "/command/" then names[#names + 1] = name:gsub("/init$", ""):gsub("/", ".") .. "" end
  end
  return names
end

-- What can stand behind "value." or "value:"; no metamethod is called for it.
local function members(value, methods_only)
  local names = {}
  if type(value) == "table" then
    for key, item in next, value do
      if not methods_only or type(item) == "function" then names[#names + 1] = key end
    end
  end
  local index = (getmetatable(value) or {}).__index
  if type(index) == "table" and index ~= value then
    for key in next, index do names[#names + 1] = key end
  end
  return names
end

local function globals()
  local names = table.move(KEYWORDS, 1, #KEYWORDS, 1, {})
  for key in next, _G do names[#names + 1] = key end
  return table.move(AT_HAND, 1, #AT_HAND, #names + 1, names)
end

-- The value of "a.b.c", walked without calling anything but the modules at hand.
local function value_of(path)
  local value = _G
  for name in path:gmatch "[^.]+" do
    if value == _G then value = _G[name]
    elseif type(value) == "table" then value = rawget(value, name)
    else return nil end
  end
  return value
end

local function beginning(names, prefix, word)
  local list, seen = {}, {}
  for _, name in ipairs(names) do
    if type(name) == "string" and name:find("^[%a_]") and name:sub(1, #word) == word and not seen[name] then
      seen[name] = true
      list[#list + 1] = prefix .. name
    end
  end
  table.sort(list)
  return list
end

--- What `word` could become: a sorted list. `line` is what stands before it.
function interactive.complete(line, word)
  if line:find "require%s*%(?%s*[\"']$" then return beginning(modules(), "", word) end
  local path, mark, rest = word:match "^(.*)([.:])([%w_]*)$"
  if not path then return beginning(globals(), "", word) end
  return beginning(members(value_of(path), mark == ":"), path .. mark, rest)
end

return interactive
