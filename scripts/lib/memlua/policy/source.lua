--- memlua.policy.source: from a function to its text: its syntax tree, and where it stands. The parser is luacheck's.
local decoder = require "luacheck.decoder"
local memlua = require "memlua"
local parser = require "luacheck.parser"
local refusal = require "memlua.policy.refusal"
local sys = require "memlua.base.sys"

local source = {}

local last = {} -- { text, tree, characters }: several functions of one file are the rule

local function parse(text)
  if last.text ~= text then
    local characters = decoder.decode(text)
    last = { text = text, characters = characters, tree = parser.parse(characters) }
  end
  return last
end

-- The text that a function was loaded from, the name of it for people, and its path if it is a file.
local function text_of(info)
  local name = info.source:match "^@(.*)"
  if name then
    local text, why = sys.read(name)
    if not text then memlua.fail(memlua.status.misuse, "%s: a policy is made from its source, and that can't be read: %s", name, why) end
    return text, name, sys.absolute(name)
  end
  if info.source:find "^=" or info.what == "C" then
    memlua.fail(memlua.status.misuse, "%s: a policy is made from its source, and of that function there is none; put it into a file",
      info.short_src)
  end
  return info.source, info.short_src
end

--- Calls f(node) for each node below a node of the syntax tree, itself included.
function source.walk(node, f)
  if node.tag then f(node) end
  for _, child in ipairs(node) do
    if type(child) == "table" then source.walk(child, f) end
  end
end

local function functions_at(tree, info)
  local found = {}
  source.walk(tree, function(node)
    if node.tag == "Function" and node.line == info.linedefined and node[2] and node.end_range.line == info.lastlinedefined then
      found[#found + 1] = node
    end
  end)
  return found
end

--- The origin of a function: { f, node (Function, as luacheck's parser has it), tree and characters (of the whole file), file (for
--- people), path (nil: it was no file), line }. Fails with status 1 where its source can't be found, has changed, or holds two on one line.
function source.of(f)
  local info = debug.getinfo(f, "S")
  local text, file, path = text_of(info)
  local known = parse(text)
  local origin = { f = f, file = file, path = path, line = info.linedefined, tree = known.tree, characters = known.characters }
  local found = functions_at(origin.tree, info)
  if #found == 0 then refusal.at(origin, nil, "no function begins here any more: the file has changed since it was loaded; start again") end
  if #found > 1 then refusal.at(origin, nil, "two functions begin in this line, and which one is meant can't be told; give each its own line") end
  origin.node = found[1]
  return origin
end

-- Where a name is assigned, other than by its declaration.
local function assignment_of(tree, name)
  local found
  source.walk(tree, function(node)
    if node.tag ~= "Set" then return end
    for _, target in ipairs(node[1]) do
      if target.tag == "Id" and target[1] == name then found = found or target end
    end
  end)
  return found
end

-- ---- what a function has from outside of itself ------------------------------------------------------------------------------

-- What declares a name for a function: the last `local` of it in a block around the function, before it. Returns the node of its value.
local function declared_value(block, name, f)
  local found
  for _, node in ipairs(block) do
    if type(node) == "table" then
      if node.offset and node.offset <= f.offset and node.end_offset >= f.end_offset then
        return declared_value(node, name, f) or found
      elseif node.tag == nil and #node > 0 and node[1].offset and node[1].offset <= f.offset and node[#node].end_offset >= f.end_offset then
        return declared_value(node, name, f) or found
      elseif node.tag == "Local" and node.offset < f.offset then
        for i, id in ipairs(node[1]) do if id[1] == name then found = node[2] and node[2][i] end end
      end
    end
  end
  return found
end

-- Lua keeps no upvalue for `local x <const> = 5`: it is found in the text, and computed by Lua itself.
local function constant(origin, name)
  local node = declared_value(origin.tree, name, origin.node)
  if not node then return nil end
  local text = origin.characters:get_substring(node.offset, node.end_offset)
  local f = load("return " .. text, "=constant", "t", setmetatable({}, { __index = function(_, other) return constant(origin, other) end }))
  local ok, v = pcall(f or error)
  if ok then return v end
end

local function upvalue(f, name)
  for i = 1, 255 do -- MAXUPVAL of Lua's
    local known, v = debug.getupvalue(f, i)
    if known == name then return true, v end
    if not known then return false end
  end
end

--- What a function has by a name from outside of itself. Returns whether there is such a thing, and its value; refuses one that
--- changes: a policy has the value that it has now. `node`: where it is used.
function source.outside(origin, name, node)
  local is_there, v = upvalue(origin.f, name)
  if not is_there then
    v = constant(origin, name)
    return v ~= nil, v
  end
  local changed = assignment_of(origin.tree, name)
  if changed and type(v) == "function" then
    refusal.at(origin, node, "'%s' is assigned in line %d, and a policy can't follow: write `local function %s` above what calls it, and no "
      .. "two functions that call each other", name, changed.line, name)
  elseif changed then
    refusal.at(origin, node, "'%s' is assigned in line %d, and a policy can't follow; keep what changes in state, or declare it "
      .. "`local %s <const>` and assign it nowhere", name, changed.line, name)
  end
  return true, v
end

return source
