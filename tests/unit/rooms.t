-- The house: no arrow from one room to another above it, no circle. Arrows are what a module of Lua requires, what a file of C
-- includes or calls, and what C asks of Lua. The rooms and their order stand in host/ARCHITECTURE.md.
local tests = arg[0]:match "^(.*)/[^/]*/[^/]*$"
package.path = tests .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local memlua = require "memlua"
local sys = require "memlua.base.sys"

local root <const> = tests .. "/.."

-- ---- the rooms: patterns of nodes, from the page ---------------------------------------------------------------------

-- "memlua.{run,plot}" is two words, "memlua.base.*" all modules that begin so.
local function patterns_of(cell)
  local list = {}
  for word in cell:gsub("%b{}", function(braces) return (braces:gsub(",", ";")) end):gmatch "[^%s,:]+" do
    local before, inside = word:match "^(.*){(.*)}$"
    for name in (inside or ""):gmatch "[^;]+" do list[#list + 1] = before .. name end
    if not inside then list[#list + 1] = word end
  end
  return list
end

local rooms = {} -- list of { name, patterns }
for name, cell in sys.read(root .. "/host/ARCHITECTURE.md"):gmatch "\n| (%l+) | [^|\n]+ | ([^|\n]+) |" do
  if name ~= "room" then rooms[#rooms + 1] = { name = name, patterns = patterns_of(cell) } end
end
tap.is({ #rooms, rooms[1].name, rooms[#rooms].name }, { 10, "core", "program" }, "the page names the rooms")

-- What a node's pattern says of it: "host/*.c" a file of that folder, "host/core" all below it.
local function fits(node, pattern)
  if node == pattern then return true end
  local literal = pattern:gsub("%p", "%%%0")
  if pattern:find "%*" then return node:find("^" .. literal:gsub("%%%*", "[^/]+") .. "$") ~= nil end
  return pattern:find "/" ~= nil and node:sub(1, #pattern + 1) == pattern .. "/"
end

-- The room of a node, the number of its floor; the most exact pattern counts.
local function floor_of(node)
  local found, length
  for i, room in ipairs(rooms) do
    for _, pattern in ipairs(room.patterns) do
      if fits(node, pattern) and (not found or #pattern > length) then found, length = i, #pattern end
    end
  end
  return found
end

-- ---- the arrows ------------------------------------------------------------------------------------------------------

local arrows, computed = {}, {} -- node -> { node = true }; nodes that require by a name that isn't written there
local readers = {}              -- nodes that read what the command line said from where all can
local links = {}                -- of these what is called, not only known by its type: what a circle is made of

local function add(from, to, is_called)
  arrows[from], links[from] = arrows[from] or {}, links[from] or {}
  if to then arrows[from][to] = true end
  if to and is_called then links[from][to] = true end
end

local function files(folder, ending)
  local pipe <close> = io.popen(("cd %s && find %s -name '*.%s' | sort"):format(sys.quote(root), folder, ending))
  return pipe:read "a":gmatch "[^\n]+"
end

local function module_of(file)
  return file:match "^scripts/lib/(.*)%.lua$":gsub("/init$", ""):gsub("/", ".")
end

-- `text` without comments.
local function read_lua(node, text)
  add(node)
  for name in text:gmatch 'require[%s(]*"(memlua[%w_.]*)"' do add(node, name, true) end
  if text:find 'require%s*%(%s*[^%s"]' then computed[node] = true end
  if text:find 'host"?%)?%.settings' then readers[node] = true end
end

local function without_comments(text) return (text:gsub("/%*.-%*/", ""):gsub("//[^\n]*", "")) end

-- A header belongs to the file of its name. The glue of the module "x" is host/lua/x.c.
local modules_of_c = {}
local function node_of_c(file)
  local unit = file:gsub("%.h$", ".c")
  return modules_of_c[unit] or unit
end

local defined = {} -- function of C -> the node that defines it, unless it is static

local function read_definitions(file)
  local text = without_comments(sys.read(root .. "/" .. file))
  for words, name in ("\n" .. text):gmatch "\n(%l[%w_ *]-)([%w_]+)%b()\n{" do
    if not words:find "^static" then defined[name] = node_of_c(file) end
  end
end

local function resolved(folder, path)
  local file = folder .. "/" .. path
  repeat local n file, n = file:gsub("[^/.]+/%.%./", "", 1) until n == 0
  return file
end

local function read_c(file)
  local node, text = node_of_c(file), without_comments(sys.read(root .. "/" .. file))
  add(node)
  for path in text:gmatch '#include "([^"]+)"' do
    local included = resolved(file:match "^(.*)/", path)
    if node_of_c(included) ~= node and sys.exists(root .. "/" .. included) then add(node, node_of_c(included)) end
  end
  for name in text:gmatch "([%w_]+)%(" do -- in a header that only declares it
    if file:find "%.c$" and defined[name] and defined[name] ~= node then add(node, defined[name], true) end
  end
  if file:find "^host/core/" then
    tap.ok(not text:find "#include <lua", file .. " knows nothing of Lua")
  end
  -- what it asks of Lua: a module's name beside a require, or in the table of upcalls
  for name in text:gmatch 'lua_pushliteral%(L, "(memlua[%w_.]*)"%);%s*\n%s*[%w_ ()!]*lua_p?call' do add(node, name, true) end
  for name in text:gmatch '= {"(memlua[%w_.]*)", "' do add(node, name, true) end
end

for file in files("host/lua", "c") do
  local name = sys.read(root .. "/" .. file):match "\nint luaopen_memlua_(%w+)%("
  if name then modules_of_c[file] = "memlua." .. name end
end
for file in files("host", "c") do read_definitions(file) end
for _, ending in ipairs { "c", "h" } do
  for file in files("host", ending) do read_c(file) end
end
for file in files("scripts/lib", "lua") do
  read_lua(module_of(file), (sys.read(root .. "/" .. file):gsub("%-%-[^\n]*", "")))
end

-- ---- what must hold -----------------------------------------------------------------------------------------------------

local nodes, count = memlua.keys(arrows), 0
for _, node in ipairs(nodes) do
  tap.ok(floor_of(node), node .. " has a room")
  local back = {}
  for _, to in ipairs(memlua.keys(arrows[node])) do
    count = count + 1
    if arrows[to] and (floor_of(to) or 0) > (floor_of(node) or 0) then back[#back + 1] = to end
    if not arrows[to] and to:find "^memlua" then back[#back + 1] = to .. " (there is none)" end
  end
  tap.is(back, {}, node .. " takes nothing from above")
end
tap.ok(#nodes > 100 and count > 400, "there are arrows at all", #nodes, count)

-- Each circle once, as the words a -> b -> a.
local state, path = {}, {}
local function visit(node, found)
  state[node], path[#path + 1] = "open", node
  for _, to in ipairs(memlua.keys(links[node] or {})) do
    if state[to] == "open" then
      local from = #path
      while path[from] ~= to do from = from - 1 end
      found[#found + 1] = table.concat(path, " -> ", from) .. " -> " .. to
    elseif not state[to] then
      visit(to, found)
    end
  end
  state[node], path[#path] = "done", nil
end
local circles = {}
for _, node in ipairs(nodes) do if not state[node] then visit(node, circles) end end
tap.is(circles, {}, "no circle")

-- The prompt has all modules at hand, completion runs a script with those that only compute; nobody else may hide an arrow.
tap.is(memlua.keys(computed), { "memlua.cli.complete", "memlua.cli.interactive" }, "no module is required by a computed name")

-- What the command line said is read where something begins, and handed on from there; how loud memlua is holds for all.
tap.is(memlua.keys(readers), { "memlua.base.voice", "memlua.cli.command.doctor", "memlua.cli.interactive", "memlua.experiment.entry",
  "memlua.experiment.series", "memlua.option", "memlua.scenario" }, "nobody else reads host.settings")

-- ---- what is said of files and names ------------------------------------------------------------------------------------

local LONGEST <const> = { lua = 300, c = 500 }
for ending, most in pairs(LONGEST) do
  local long, n = {}, 0
  for _, folder in ipairs { "host", "bpf", "scripts", "tests" } do
    for file in files(folder, ending) do
      local _, lines = sys.read(root .. "/" .. file):gsub("\n", "")
      n = n + 1
      if lines > most and not file:find "%.mod%.c$" then long[#long + 1] = ("%s: %d lines"):format(file, lines) end
    end
  end
  tap.is(long, {}, ("no file of %s is longer than %d lines"):format(ending, most))
  tap.ok(n > 60, "there are such files", n)
end

local odd, called = {}, 0
for file in files("host/lua", "c") do
  for name in without_comments(sys.read(root .. "/" .. file)):gmatch '{"[%w_]+",%s*([%w_]+)}' do
    called = called + (name == "NULL" and 0 or 1)
    if name ~= "NULL" and not name:find "^l_%l+_" then odd[#odd + 1] = file .. ": " .. name end
  end
end
tap.is(odd, {}, "what Lua calls is named l_RESOURCE_verb")
tap.ok(called > 80, "there is such", called)

tap.done()
