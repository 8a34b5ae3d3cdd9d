--- memlua.policy.source: from a function to its text: its syntax tree, and where it stands. The parser is luacheck's.
local decoder = require "luacheck.decoder"
local memlua = require "memlua"
local parser = require "luacheck.parser"
local refusal = require "memlua.policy.refusal"
local sys = require "memlua.base.sys"

local source = {}

local trees = {} -- text -> tree: several functions of one file are the rule

local function tree_of(text)
  if not trees[text] then trees[text] = parser.parse(decoder.decode(text)) end
  return trees[text]
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

--- The origin of a function: { f, node (Function, as luacheck's parser has it), tree (of the whole file), file (for people), path
--- (nil: it was no file), line }. Fails with status 1 where its source can't be found, has changed, or holds two on one line.
function source.of(f)
  local info = debug.getinfo(f, "S")
  local text, file, path = text_of(info)
  local origin = { f = f, file = file, path = path, line = info.linedefined, tree = tree_of(text) }
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

--- What a function has by a name from outside of itself. Returns whether there is such an upvalue, and its value; refuses one that
--- changes: a policy has the value that it has now. `node`: where it is used.
function source.upvalue(origin, name, node)
  for i = 1, 255 do
    local known, value = debug.getupvalue(origin.f, i)
    if not known then return false end
    if known == name then
      local changed = assignment_of(origin.tree, name)
      if changed then
        refusal.at(origin, node, "'%s' is assigned in line %d, and a policy can't follow; keep what changes in state, or declare "
          .. "it `local %s <const>`", name, changed.line, name)
      end
      return true, value
    end
  end
  return false
end

return source
