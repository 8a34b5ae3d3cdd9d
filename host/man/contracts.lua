-- Writes the manual memlua-lua(7): its frame is memlua-lua.7.in, the functions come from the contracts that stand
-- beside them in the sources (memlua.cli.contracts):   memlua host/man/contracts.lua FRAME VERSION > memlua-lua.7
local contracts = require "memlua.cli.contracts"
local frame, version = arg[1], arg[2]

local function roff(text)
  return (text:gsub("\\", "\\e"):gsub("%-", "\\-"):gsub("^([.'])", "\\&%1"):gsub("\n([.'])", "\n\\&%1"))
end

-- Lines that are indented are a table or an example: they keep their form.
local function paragraphs(text)
  local out, literal = {}, false
  for line in text:gmatch "[^\n]+" do
    local keeps = line:find "^  " ~= nil
    if keeps ~= literal then out[#out + 1] = keeps and ".nf" or ".fi" end
    literal = keeps
    out[#out + 1] = roff(line)
  end
  if literal then out[#out + 1] = ".fi" end
  return table.concat(out, "\n")
end

local function write(section)
  io.write(".SS ", section.name, "\n", paragraphs(section.about), "\n")
  for _, entry in ipairs(section.entries) do
    local call = entry.call:gsub("\n", " "):gsub("  +", " ")
    io.write(".TP\n\\fB", roff(call), "\\fR\n", paragraphs(entry.said), "\n")
  end
end

for line in io.lines(frame) do
  if line == "@CONTRACTS@" then
    for _, section in ipairs(contracts.sections()) do write(section) end
  else
    io.write((line:gsub("@VERSION@", version)), "\n")
  end
end
