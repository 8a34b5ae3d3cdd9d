--- memlua.cli.help: the contracts of memlua's functions (memlua.cli.contracts), and what the policies do, as text for a terminal.
local contracts = require "memlua.cli.contracts"
local policy_help = require "memlua.cli.policy_help"
local text = require "memlua.base.text"

local help = {}

local WIDEST = 100 -- longer lines are hard to read

local function width(indent) return math.max(20, math.min(text.columns(), WIDEST) - indent - 1) end

-- Lines that begin with blanks are a table or an example: they keep their form; the others flow.
local function add_text(lines, said, indent)
  local flowing = {}
  local function flush()
    if #flowing > 0 then text.add(lines, table.concat(flowing, " "), width(0), indent) end
    flowing = {}
  end
  for line in said:gmatch "[^\n]+" do
    if line:find "^  " then
      flush()
      lines[#lines + 1] = indent .. line
    else
      flowing[#flowing + 1] = line
    end
  end
  flush()
end

local function add_section(lines, section)
  lines[#lines + 1] = text.paint(section.name, "bold")
  if section.about then add_text(lines, section.about, "  ") end
  for _, entry in ipairs(section.entries) do
    lines[#lines + 1] = ""
    text.add(lines, entry.call, width(0), "  ", "bold")
    add_text(lines, entry.said, "      ")
  end
end

-- ---- the overview ----------------------------------------------------------------------------------------------

local NAMES = 19 -- columns for a name and what keeps it apart

local function add_topic(lines, name, said)
  for i, line in ipairs(text.wrap(said, width(NAMES))) do
    lines[#lines + 1] = ("%-" .. NAMES .. "s%s"):format(i == 1 and name or "", line)
  end
end

local function add_policies(lines)
  for _, topic in ipairs(policy_help.topics()) do add_topic(lines, topic[1], topic[2]) end
end

-- Of what scripts use the first sentence; of what is behind it the names.
local function add_modules(lines)
  local inner = {}
  for _, module in ipairs(contracts.modules()) do
    if module.inner then
      inner[#inner + 1] = module.name:gsub("^memlua%.", "") .. ""
    else
      local about = module.about:gsub("%s+", " ")
      add_topic(lines, module.name, about:match "^(.-[^.])%. " or about:gsub("%.%s*$", ""))
    end
  end
  return "Inner modules, which scripts hardly need: " .. table.concat(inner, ", ")
end

local function overview()
  local lines = {}
  local inner = add_modules(lines)
  lines[#lines + 1] = ""
  add_policies(lines)
  lines[#lines + 1] = ""
  text.add(lines, inner, width(0), "")
  lines[#lines + 1] = ""
  text.add(lines, "`memlua help worker`, `memlua help worker.spawn` and `memlua help priority` tell what each holds.", width(0), "")
  return lines
end

-- ---- one topic ---------------------------------------------------------------------------------------------------

local function sections_of(name)
  local lines = {}
  for i, section in ipairs(contracts.find(name)) do
    if i > 1 then lines[#lines + 1] = "" end
    add_section(lines, section)
  end
  return lines
end

local function lines_of(name)
  if not name then return overview() end
  local is_function = name:gsub("^memlua%.", "") == "policy.lua" -- a file of that name is ./policy.lua
  if not is_function and policy_help.knows(name) then return policy_help.lines(name, width(0)) end
  if name ~= "policies" then return sections_of(name) end
  local lines = {}
  add_policies(lines)
  return lines
end

--- What is known by a name, as text for the terminal's width: a module or function (see contracts.find), a policy or
--- the path of one's object file, "policies"; without a name the list of the modules and policies.
function help.text(name) return table.concat(lines_of(name), "\n") .. "\n" end

return help
