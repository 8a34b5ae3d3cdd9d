-- Writes a manual:   memlua host/man/page.lua FRAME VERSION > PAGE
-- In its frame @CONTRACTS@ stands for the functions, whose contracts stand beside them in the sources
-- (memlua.cli.contracts), and @OPTIONS@ for memlua's own options (host/core/settings.c).
local contracts = require "memlua.cli.contracts"
local host = require "memlua.host"
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

local function write_contracts(section)
  io.write(".SS ", section.name, "\n", paragraphs(section.about), "\n")
  for _, entry in ipairs(section.entries) do
    local call = entry.call:gsub("\n", " "):gsub("  +", " ")
    io.write(".TP\n\\fB", roff(call), "\\fR\n", paragraphs(entry.said), "\n")
  end
end

-- ---- options ---------------------------------------------------------------------------------------------------

-- `bold`, and the option's own argument in italics.
local function marked(text, argument)
  local shown = roff(text):gsub("`([^`]+)`", "\\fB%1\\fR")
  if not argument then return shown end
  return (shown:gsub("%f[%w]" .. argument .. "%f[%W]", "\\fI%0\\fR"))
end

local function sentence(text) return text:sub(1, 1):upper() .. text:sub(2) .. "." end

-- Of "auto|kvm|tcg" the words are as they are typed, of "FILE" not.
local function argument_of(spec)
  local words = {}
  for word in (spec.arg or ""):gmatch "[^|]+" do
    words[#words + 1] = (type(spec[2]) == "table" and "\\fB" or "\\fI") .. roff(word) .. "\\fR"
  end
  return #words > 0 and " " .. table.concat(words, "|") or ""
end

local function write_option(spec)
  local names = { spec.short and "\\fB\\-" .. spec.short .. "\\fR" }
  names[#names + 1] = spec[1] and "\\fB\\-\\-" .. roff(spec[1]) .. "\\fR"
  local argument = type(spec[2]) == "string" and spec.arg and spec.arg:match "^%u+$"
  io.write(".TP\n", table.concat(names, ", "), argument_of(spec), "\n", marked(sentence(spec.help), argument), "\n")
  if spec.more then io.write(marked(spec.more, argument), "\n") end
end

-- ---- the page --------------------------------------------------------------------------------------------------

local PARTS <const> = {
  ["@CONTRACTS@"] = function() for _, section in ipairs(contracts.sections()) do write_contracts(section) end end,
  ["@OPTIONS@"] = function() for _, spec in ipairs(host.options()) do write_option(spec) end end,
}

for line in io.lines(frame) do
  if PARTS[line] then PARTS[line]() else io.write((line:gsub("@VERSION@", version)), "\n") end
end
