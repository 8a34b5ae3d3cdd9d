--- memlua.cli.complete: what a shell may offer for the word that is being typed. The shells' own scripts only ask.
local host = require "memlua.host"
local option = require "memlua.option"
local sys = require "memlua.base.sys"

local complete = {}

-- ---- what a script declares ---------------------------------------------------------------------------------------

-- A script tells its options by calling option.parse. So it is run up to that call, where nothing that acts is within
-- its reach: no kernel, no files, no programs, and not for long. What it may use is listed; all else ends it.

local STOP = {}
local function stop() error(STOP, 0) end

-- What of memlua.host a script may ask before it parses its options.
local function looking()
  local seen = { settings = {}, argv = {}, version = host.version, in_guest = host.in_guest }
  for _, name in ipairs { "facts", "is_root", "isatty", "columns", "monotonic" } do seen[name] = host[name] end
  return seen
end

-- Stands for every other module: it can be looked into, not called.
local inert = setmetatable({}, { __call = stop })
getmetatable(inert).__index = function() return inert end

local BASE = { "assert", "error", "getmetatable", "ipairs", "math", "next", "pairs", "rawequal", "rawget", "rawlen",
               "rawset", "select", "setmetatable", "string", "table", "tonumber", "tostring", "type", "utf8" }

-- memlua's modules whose functions do nothing but compute.
local PURE = { ["memlua"] = true, ["memlua.option"] = true, ["memlua.experiment.plan"] = true, ["memlua.stats"] = true,
               ["memlua.units"] = true }

local STEPS = 10 ^ 7 -- of Lua's machine: some 0.1 s

local function chunk(text, name, env) return load(text:gsub("^#[^\n]*", "", 1), name, "t", env) end

-- `found(declared)` is called where the script would parse its options; it doesn't return.
local sandbox
function sandbox(path, found)
  local env, loaded = {}, {}
  for _, name in ipairs(BASE) do env[name] = _G[name] end
  env._G, env.arg, env.io, env.print = env, { [0] = path }, inert, function() end
  local harmless = { clock = os.clock, date = os.date, getenv = os.getenv, time = os.time }
  env.os = setmetatable(harmless, getmetatable(inert))
  local common = { run = function() found {} end } -- of a script without options of its own
  function common.vary(other)
    local whole = (path:match "^.*/" or "") .. other
    local text = sys.read(whole)
    return (text and chunk(text, "=script", sandbox(whole, found)) or stop)()
  end
  local known = { ["memlua.scenario"] = common, ["memlua.experiment"] = common,
                  ["memlua.host"] = setmetatable(looking(), getmetatable(inert)) }
  function env.require(name)
    if PURE[name] then return require(name) end
    local text = sys.read(("%s%s.lua"):format(path:match "^.*/" or "", name:gsub("%.", "/")))
    if not text then return known[name] or inert end
    loaded[name] = loaded[name] or (chunk(text, "=module", env) or stop)(name)
    return loaded[name] or inert
  end
  return env
end

-- The text of a script or of a command of memlua's own, and where it lies.
local function text_of(script)
  if script:find "%.lua$" and sys.exists(script) then return sys.read(script), script end
  local command = host.embedded("lua/memlua/cli/command/" .. script .. ".lua")
  local shipped = not command and host.shipped(script)
  return command or shipped and sys.read(shipped) or nil, shipped or script
end

--- What a script, or a command of memlua's, would hand to option.parse; nil where that can't be found out. Nothing of
--- it beyond that is run.
function complete.declared(script)
  local text, path = text_of((script:gsub("^~/", (os.getenv "HOME" or "") .. "/")))
  local declared
  if not text then return nil end
  local function found(value)
    declared = value
    stop()
  end
  local parse = option.parse
  option.parse = found
  local run = chunk(text, "=script", sandbox(path, found))
  debug.sethook(stop, "", STEPS)
  pcall(run or stop)
  debug.sethook()
  option.parse = parse
  return declared
end

-- ---- options ------------------------------------------------------------------------------------------------------

local HELP = { "help", "flag", short = "h", help = "show this help" }

local function options_of(declared)
  local list = {}
  for _, group in ipairs { declared and declared.options or {}, option.common(declared), declared and { HELP } or {} } do
    table.move(group, 1, #group, #list + 1, list)
  end
  return list
end

local function find(options, key, name)
  for _, spec in ipairs(options) do if spec[key] == name then return spec end end
end

-- The option that is waiting for its value when `word` has been typed, or nil.
local function waiting(options, word)
  local long, letters = word:match "^%-%-([%w-]+)$", word:match "^%-(%w+)$"
  if long then
    local spec = find(options, 1, long)
    return spec and spec[2] ~= "flag" and spec or nil
  end
  for at = 1, #(letters or "") do
    local spec = find(options, "short", letters:sub(at, at))
    if spec and spec[2] ~= "flag" then return at == #letters and spec or nil end
  end
end

-- ---- candidates: lists of { word, help } --------------------------------------------------------------------------

local function plain(words)
  local list = {}
  for i, word in ipairs(words) do list[i] = { word, "" } end
  return list
end

local function policies()
  local names = {}
  for _, file in ipairs(host.embedded_names()) do names[#names + 1] = file:match "^policies/(.*)%.bpf%.o$" end
  return plain(names)
end

local function runs()
  local list = {}
  for i, one in ipairs(require "memlua.results.find".list()) do list[i] = { one.name, one.verdict } end
  if #list > 0 then list[#list + 1] = { "last", list[#list][1] } end
  return list
end

-- The commands, and the scripts that come with memlua.
local function commands()
  local list = {}
  for _, file in ipairs(host.embedded_names()) do
    local name = file:match "^lua/memlua/cli/command/(.*)%.lua$"
    local declared = name and complete.declared(name)
    if declared then list[#list + 1] = { name, declared.about or "" } end
  end
  for _, name in ipairs(host.shipped_names()) do
    list[#list + 1] = { name, (complete.declared(name) or {}).about or "" }
  end
  return list
end

local function names_of(options)
  local list = {}
  for i, spec in ipairs(options) do
    list[i] = { spec[1] and "--" .. spec[1] or "-" .. spec.short, spec.help or "" }
  end
  return list
end

-- The values of an option and what else fits: ":files", ":folders" or ":none".
local function values(spec)
  if type(spec[2]) == "table" then return plain(spec[2]), ":none" end
  if spec[1] == "kernel" then return plain(require "memlua.machine.checks".kernels()), ":files" end
  if spec[1] == "policy" then return policies(), ":files" end
  if spec.arg == "DIR" then return {}, ":folders" end
  return {}, (spec.arg or ""):find "FILE" and ":files" or ":none"
end

-- `nth`: which of the positional ones it is; the last one may be there several times.
local function positional(declared, nth)
  local arguments = declared and declared.arguments
  local name = arguments and arguments[math.min(nth, #arguments)][1]
  if name == "run" then return runs(), ":folders" end
  if name == "topic" then return require "memlua.cli.contracts".topics(), ":none" end
  return {}, name == "folder" and ":folders" or ":files"
end

local function beginning(list, word, prefix)
  local kept = {}
  for _, candidate in ipairs(list) do
    local whole = (prefix or "") .. candidate[1]
    if whole:sub(1, #word) == word then kept[#kept + 1] = { whole, candidate[2] } end
  end
  return kept
end

-- ---- the answer -----------------------------------------------------------------------------------------------------

-- What has been typed before the last word: the options known there, the script, the option that wants a value, and how many
-- positional arguments.
local function typed(words)
  local at = { options = options_of(nil), arguments = 0 }
  for i = 1, #words - 1 do
    local word = words[i]
    if at.pending then at.pending = nil
    elseif word:sub(1, 1) == "-" and word ~= "-" then at.pending = waiting(at.options, word)
    elseif not at.script then
      at.script, at.declared = word, complete.declared(word)
      at.options = at.declared and options_of(at.declared) or {}
    else
      at.arguments = at.arguments + 1
    end
  end
  return at
end

--- What may stand for the last of `words`, the words after "memlua": a list of { word, help }, and what of the file
--- system fits as well: ":files", ":folders" or ":none".
function complete.candidates(words)
  local at, word = typed(words), words[#words] or ""
  local prefix, name = word:match "^(%-%-([%w-]+)=)"
  local spec = at.pending or name and find(at.options, 1, name)
  if spec then
    local list, also = values(spec)
    return beginning(list, word, not at.pending and prefix or nil), prefix and ":none" or also
  end
  if word:sub(1, 1) == "-" then return beginning(names_of(at.options), word), ":none" end
  if not at.script then return beginning(commands(), word), ":files" end
  local list, also = positional(at.declared, at.arguments + 1)
  return beginning(list, word), also
end

return complete
