--- memlua.help: the contracts of memlua's functions (memlua.contracts) as text for a terminal.
local contracts = require "memlua.contracts"
local text = require "memlua.table"

local help = {}

local WIDEST = 100 -- longer lines are hard to read

local function width(indent) return math.max(20, math.min(text.columns(), WIDEST) - indent - 1) end

local function add_wrapped(lines, words, indent, colour)
  for _, line in ipairs(text.wrap(words, width(#indent))) do lines[#lines + 1] = indent .. text.paint(line, colour) end
end

-- Lines that begin with blanks are a table or an example: they keep their form; the others flow.
local function add_text(lines, said, indent)
  local flowing = {}
  local function flush()
    if #flowing > 0 then add_wrapped(lines, table.concat(flowing, " "), indent) end
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
    add_wrapped(lines, entry.call, "  ", "bold")
    add_text(lines, entry.said, "      ")
  end
end

-- One line and more per module: its first sentence.
local function add_modules(lines)
  local widest = 0
  for _, section in ipairs(contracts.sections()) do widest = math.max(widest, #section.name) end
  for _, section in ipairs(contracts.sections()) do
    local said = section.about:match "^(.-[^.])%.%s" or section.about:gsub("%.%s*$", "")
    for i, line in ipairs(text.wrap(said, width(widest + 2))) do
      lines[#lines + 1] = ("%-" .. widest .. "s  %s"):format(i == 1 and section.name or "", line)
    end
  end
end

--- What is known by a name (see contracts.find), or without one the list of the modules, as text for the terminal's
--- width.
function help.text(name)
  local lines = {}
  if not name then add_modules(lines) end
  for i, section in ipairs(name and contracts.find(name) or {}) do
    if i > 1 then lines[#lines + 1] = "" end
    add_section(lines, section)
  end
  return table.concat(lines, "\n") .. "\n"
end

return help
