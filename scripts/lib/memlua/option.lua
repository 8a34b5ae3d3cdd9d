--- memlua.option: a script's options: declared, checked, shown by --help.
local argparse = require "argparse"
local host = require "memlua.host"
local memlua = require "memlua"
local columns <const> = require "memlua.base.text".columns
local units = require "memlua.units"

local option = {}

-- ---- types: text -> value, or nil, "reason" ---------------------------------------------------------

local types = {}

function types.size(text)
  local bytes, why = units.size(text)
  if bytes == 0 then return nil, "0: nothing would be left; write 1M or more" end
  return bytes, why
end

function types.limit(text)
  local bytes, why = units.limit(text)
  if type(bytes) == "number" and bytes < host.page_size then
    return nil, ("%s: less than one page (%d bytes); write 1M or more, or max"):format(text, host.page_size)
  end
  return bytes, why
end

-- What a share is of is known later, so it stays as it is written.
function types.share(text)
  if text:find "^%d+%.?%d*%%$" then return text end
  return types.limit(text)
end

function types.duration(text) return units.duration(text) end

function types.timeout(text)
  local seconds, why = units.duration(text)
  if seconds and seconds <= 0 then return nil, text .. ": must be more than 0" end
  return seconds, why
end

function types.string(text) return text end

function types.number(text)
  local number = tonumber(text)
  if not number or number ~= number then return nil, text .. ": not a number" end
  return number
end

-- Decimal digits only, as before the script's name.
local function whole(text) return text:find "^%d+$" and math.tointeger(tonumber(text)) end

function types.count(text)
  local count = whole(text)
  if not count then return nil, text .. ": not a whole number of 0 or more" end
  return count
end

function types.positive(text)
  local count = whole(text)
  if not count or count < 1 then return nil, text .. ": not a whole number of 1 or more" end
  return count
end

-- A converter that names the option in its complaint.
local function converter(name, kind)
  local convert = types[kind] or error("option " .. name .. ": unknown type " .. tostring(kind))
  return function(text)
    local value, why = convert(text)
    if value == nil then return nil, ("--%s: %s"):format(name, why) end
    return value
  end
end

-- ---- the options that every script has --------------------------------------------------------------

-- What is declared once for the command line, the scripts and the manual: host/core/settings.c.
local SETTINGS <const> = host.options()

-- Who takes what: those that run something take what those take that write a folder, and so on.
local REACH <const> = { first = 0, run = 1, report = 2, print = 3 }

local function taken_by(taker)
  local list = {}
  for _, spec in ipairs(SETTINGS) do
    if REACH[spec.taken] >= REACH[taker] then list[#list + 1] = spec end
  end
  return list
end

local function target_of(name) return (name:gsub("-", "_")) end

--- The names of the options that every script has, as the keys of what option.parse returns.
function option.common_names()
  local names = {}
  for i, spec in ipairs(taken_by "run") do names[i] = target_of(spec[1]) end
  return names
end

-- ---- declaring and parsing ----------------------------------------------------------------------------

local function shown_default(default)
  if default == nil or default == false then return "" end
  return (" (default: %s)"):format(default)
end

-- "-o, --out DIR" in the help, where argparse would write one line for each form.
local function label(element, spec)
  function element:_get_label_lines()
    local short = spec.short and "-" .. spec.short .. ", " or ""
    return { ("%s--%s %s"):format(short, spec[1], self:_get_argname()) }
  end
end

-- Adds one declaration { name, type | {choices} | "flag", short=, arg=, default=, help=, many= }.
local function add(parser, spec)
  local name, kind = spec[1], spec[2]
  local names = (spec.short and "-" .. spec.short .. " " or "") .. "--" .. name
  local element = kind == "flag" and parser:flag(names) or parser:option(names)
  element:target(target_of(name)):description((spec.help or "") .. shown_default(spec.default))
  if kind == "flag" then return end
  label(element, spec)
  if type(kind) == "table" then
    element:choices(kind)
  else
    element:convert(converter(name, kind)):argname(spec.arg or kind:upper())
  end
  if spec.many then element:count "*" end
end

-- Defaults are given as the user would write them, so they pass the same conversion.
local function fill_defaults(values, specs)
  for _, spec in ipairs(specs) do
    local target = target_of(spec[1])
    if values[target] == nil and spec.default ~= nil then
      local convert = type(spec[2]) == "string" and types[spec[2]]
      values[target] = convert and memlua.must(convert(tostring(spec.default))) or spec.default
    end
  end
end

local function add_help(parser)
  parser:flag("-h --help"):description("show this help"):action(function()
    io.stdout:write(parser:get_help(), "\n")
    memlua.fail(memlua.status.done, "")
  end)
end

-- argparse would print and exit: its complaint becomes an error like any other.
local function make_failing(parser)
  function parser:error(message)
    memlua.fail(memlua.status.misuse, "%s\nTry '%s --help'.", message, self._name)
  end
end

-- QEMU would say so only once it is started, or swap. In the microVM the option is about that itself.
local function check_memory()
  local wanted, there = host.settings.memory, host.facts().memory
  if not host.in_guest and wanted and wanted > there then
    memlua.fail(memlua.status.misuse, "--memory: %s is more than this machine has, %s; choose less",
      units.format_size(wanted), units.format_size(there))
  end
end

-- What the command line gave goes to memlua.host.settings, where the kernel's first use looks for it.
local function settle(values, specs)
  for _, spec in ipairs(specs) do
    local target = target_of(spec[1])
    if values[target] ~= nil then host.settings[target] = values[target] end
    -- given before the script's name it runs already
    if target == "timeout" and values.timeout then host.give_up_after(values.timeout) end
    values[target] = host.settings[target]
  end
  for _, spec in ipairs(specs) do
    local other = spec.excludes
    if other and values[target_of(spec[1])] and host.settings[target_of(other)] then
      memlua.fail(memlua.status.misuse, "--%s contradicts --%s", spec[1], other)
    end
  end
  check_memory()
end

-- Below NARROW columns an option's description stands under it; beyond WIDEST lines are hard to read.
local NARROW, WIDEST = 60, 100

-- What the user typed: `memlua scripts/baseline.lua`, so that it can be typed again.
local function typed(declared, args)
  return "memlua " .. (not args and arg[0] or declared.name)
end

-- `--delay -5`: argparse would take -5 for an option; the type shall refuse it by name instead.
local function join_negatives(args)
  local joined, i = {}, 1
  while args[i] do
    local text = args[i]
    if text:find "^%-%-[%w-]+$" and (args[i + 1] or ""):find "^%-%d" then
      i = i + 1
      text = text .. "=" .. args[i]
    end
    joined[#joined + 1] = text
    i = i + 1
  end
  return joined
end

--- The options that a script has beside its own: a list of declarations as option.parse takes them. `declared` nil: all
--- that memlua itself takes, those too that stand before a script's name only.
function option.common(declared)
  return taken_by(declared and (declared.common or "run") or "first")
end

--- Parses the script's arguments. `declared` is a table:
---   name, about   of the script, for --help (which names a script as the user typed it)
---   common        "run" (default): all common options; "report": those of a script that runs nothing;
---                 "print": without --out, too
---   arguments     list of { name, help=, args="+" | "*" | "?" }: the positional ones
---   options       list of { name, type, default=, help=, short=, arg=, many= }; a type is "size", "limit"
---                 (a size or max), "share" (a limit, or 40% of the parent's), "duration", "number", "count" (>= 0),
---                 "positive", "string", "flag", or a list of the words allowed. Defaults are written as the user would.
--- Returns a table name -> value ('-' becomes '_'). Common ones are set in memlua.host.settings too, which
--- also supplies what stood before the script's name. Fails with status 1 on anything unknown.
function option.parse(declared, args)
  option.parsed = true
  local parser = argparse(typed(declared, args), declared.about):add_help(false)
  local width = math.min(columns(), WIDEST)
  parser:usage_max_width(width):help_max_width(width):help_description_margin(width < NARROW and 8 or 28)
  for _, argument in ipairs(declared.arguments or {}) do
    parser:argument(argument[1], argument.help):args(argument.args or 1)
  end
  for _, spec in ipairs(declared.options or {}) do add(parser, spec) end
  local common = option.common(declared)
  for _, spec in ipairs(common) do add(parser, spec) end
  add_help(parser)
  make_failing(parser)
  local values = parser:parse(join_negatives(args or arg))
  fill_defaults(values, declared.options or {})
  settle(values, common)
  return values
end

--- For a script that has parsed no options of its own: takes the common ones. `plan`: { name, about }. Once is enough.
function option.ensure(plan)
  if not option.parsed then option.parse { name = plan.name, about = plan.about } end
end

return option
