--- memlua.experiment.metrics: figures of a workload's own: what its program printed, or wrote to a file, as names and numbers with
--- their units and which way is better.
local check = require "memlua.base.check"
local clients = require "memlua.experiment.clients"
local sys = require "memlua.base.sys"

local metrics = {}

-- ---- as the scenario gives it -------------------------------------------------------------------------------------

local check_source = check.record({ parse = check.any, file = check.is "string" }, { "parse" })

--- The checker of a workload's `metrics`: a client's name, a function, or { parse = one of these, file = name in $MEMLUA_OUT }.
function metrics.check(value, path)
  local source = type(value) == "table" and check_source(value, path) or { parse = value }
  if type(source.parse) ~= "function" then check.one_of(clients.names())(source.parse, path) end
  return source
end

-- ---- what a figure is ----------------------------------------------------------------------------------------------

-- how a name ends -> its unit and which way is better, where that isn't said
local SUFFIXES <const> = {
  { "_ns", "ns", "lower" }, { "_us", "us", "lower" }, { "_ms", "ms", "lower" }, { "_per_s", "1/s", "higher" }, { "_s", "s", "lower" },
  { "rps", "1/s", "higher" }, { "tps", "1/s", "higher" },
}

local function by_name(name)
  for _, s in ipairs(SUFFIXES) do if name:sub(-#s[1]) == s[1] then return s[2], s[3] end end
end

-- Returns { value, unit, better }, or nil and why it is none.
local function figure_of(name, given)
  local value = given
  if type(given) == "table" then value = given[1] or given.value end
  if type(value) ~= "number" then return nil, ("a number is needed, not a %s"):format(type(value)) end
  if value ~= value or math.abs(value) == math.huge then return nil, ("%s is no number to compare"):format(value) end
  local unit, better = by_name(name)
  if type(given) == "table" then unit, better = given.unit or unit, given.better or better end
  if better ~= "lower" and better ~= "higher" then
    return nil, 'which way is better isn\'t known; give { number, unit = "...", better = "lower" or "higher" }'
  end
  return { value = value, unit = unit or "", better = better }
end

-- ---- reading it -------------------------------------------------------------------------------------------------------

local function text_of(source, part, outbox)
  local path = source.file and outbox .. "/" .. source.file or part.output
  local text = path and sys.read(path)
  if not text then return nil, source.file and ("$MEMLUA_OUT/%s isn't there"):format(source.file) or "it has printed nothing" end
  if not text:find "%S" then return nil, source.file and ("$MEMLUA_OUT/%s is empty"):format(source.file) or "it has printed nothing" end
  return text
end

local function parsed(source, text)
  local known = type(source.parse) == "string"
  local ok, found = pcall(known and clients.parse or source.parse, known and source.parse or text, text)
  if not ok then return nil, "reading them failed: " .. (type(found) == "table" and found.message or tostring(found)) end
  if type(found) ~= "table" then return nil, ("its function returned a %s, a table is needed"):format(type(found)) end
  if next(found) == nil then
    return nil, known and ("what it printed is not %s's output"):format(source.parse) or "none were found"
  end
  return found
end

--- The figures of a workload that has ended well, `part` = { spec, output }; `outbox`: its tenant's $MEMLUA_OUT. Returns { name = {
--- value, unit, better } }, or nil and why there are none: nothing printed, nothing found in it, a function that failed, no
--- number.
function metrics.read(part, outbox)
  local source = part.spec.metrics
  local text, why = text_of(source, part, outbox)
  if not text then return nil, why end
  local found, reason = parsed(source, text)
  if not found then return nil, reason end
  local result = {}
  for name, given in pairs(found) do
    if type(name) ~= "string" or not name:find "^[%w_][%w_.-]*$" then return nil, ("%s: a name of letters, digits and _ is needed"):format(name) end
    result[name], why = figure_of(name, given)
    if not result[name] then return nil, ("%s: %s"):format(name, why) end
  end
  return result
end

return metrics
