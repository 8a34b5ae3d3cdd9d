-- The manuals say everything: each function that a module exports, each option, command and exit status.
local tests = arg[0]:match "^(.*)/[^/]*/[^/]*$"
package.path = tests .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"

local root = tests .. "/.."
local quote <const> = require "memlua.base.sys".quote
local output_of <const> = require "shell".output

local memlua = quote(host.executable())
local function generated(page)
  return output_of(("%s %s %s 9.9"):format(memlua, quote(root .. "/host/man/page.lua"), quote(root .. "/host/man/" .. page .. ".in")))
end
local page, status = generated "memlua-lua.7"
tap.is(status, 0, "memlua-lua(7) is generated")
tap.like(page, '"memlua 9.9"', "with its version")

-- What the page says of a function: the text below its name, in the section of its module.
local entries, section, current = {}, nil, {}
for line in page:gmatch "[^\n]+" do
  local call = line:match "^\\fB(.*)\\fR$"
  if line:find "^%.S[SH] " then
    section, current = line:match "^%.SS (memlua[%w_.]*)$", {}
  elseif section and call then
    current = {}
    for name in call:gsub("%b()", ""):gsub("%b{}", ""):gmatch "[.:]([%w_]+)" do current[#current + 1] = section .. " " .. name end
  elseif not line:find "^%." then
    for _, name in ipairs(current) do entries[name] = (entries[name] or "") .. line end
  end
end

local function is_documented(module, name)
  local said = entries[module .. " " .. name]
  return tap.ok(said and #said > 10, ("%s: %s is in the manual"):format(module, name), said or "nothing")
end

-- ---- the native modules ---------------------------------------------------------------------------------------

local function methods_of(module)
  local metatable = debug.getregistry()["memlua." .. module]
  return metatable and metatable.__index or {}
end

local functions = 0
for _, module in ipairs { "cgroup", "host", "hostwait", "json", "oom", "policy", "vm", "watch", "worker" } do
  for name, value in pairs(require("memlua." .. module)) do
    if type(value) == "function" then
      is_documented("memlua." .. module, name)
      functions = functions + 1
    end
  end
  for name in pairs(methods_of(module)) do
    if not name:find "^__" then is_documented("memlua." .. module, name) end
  end
end
local said = entries["memlua.scenario run"]
for _, key in ipairs(require "memlua.experiment.spec".keys()) do
  tap.ok((" " .. said .. " "):find("[^%w_]" .. key .. "[^%w_]"), ("the scenario's key %s is in the manual"):format(key))
end
tap.ok(#require "memlua.experiment.spec".keys() > 40, "a scenario has keys at all", #require "memlua.experiment.spec".keys())

tap.ok(functions > 30, "the modules have functions at all", functions)
for _, module in ipairs { "cgroup", "oom", "policy", "worker" } do tap.ok(next(methods_of(module)), "memlua." .. module .. " has methods") end

-- ---- the Lua library ---------------------------------------------------------------------------------------------

for _, file in ipairs(host.embedded_names()) do
  local name = not file:find "/command/" and file:match "^lua/(memlua/[%w_/]+)%.lua$"
  if name then
    local module = name:gsub("/init$", ""):gsub("/", ".")
    for field, value in pairs(require(module)) do
      -- what an object's metatable is made of is documented as the methods below
      if type(value) == "function" and not field:find "^__" then is_documented(module, field) end
    end
    for method in host.embedded(file):gmatch "\nfunction %u%w*:(%w+)%(" do is_documented(module, method) end
  end
end

-- ---- memlua(1) ------------------------------------------------------------------------------------------------------

local frame = generated "memlua.1"
local manual = frame:gsub("\\%-", "-"):gsub("\\f[BIR]", "")
tap.like(manual, '"memlua 9.9"', "memlua(1) is generated with its version")
local help = output_of(memlua .. " --help")
local options = 0
for letter, long in help:gmatch "\n  (%-?%a?,? *)(%-%-[%w-]+)" do
  local short = letter:match "%-%a"
  options = options + 1
  tap.ok(manual:find("\n" .. (short and short .. ", " or "") .. long, 1, true), "memlua(1) has " .. long)
end
tap.ok(options >= 19, "the help has options", options)
for code in help:match "Exit status: (.-)%.\n":gmatch "%f[%d](%d+) %a" do
  tap.ok(manual:find("\n.B " .. code .. "\n", 1, true), "memlua(1) has exit status " .. code)
end
for _, file in ipairs(host.embedded_names()) do
  local command = file:match "^lua/memlua/cli/command/(%w+)%.lua$"
  if command then tap.ok(manual:find("\n.BR? " .. command), "memlua(1) has the command " .. command) end
end

-- ---- form ------------------------------------------------------------------------------------------------------------

if select(2, output_of "command -v groff >/dev/null") == 0 then
  local path = os.tmpname()
  for name, text in pairs { ["memlua-lua(7)"] = page, ["memlua(1)"] = frame } do
    io.open(path, "w"):write(text):close()
    tap.is(output_of("groff -man -ww -Tutf8 " .. path .. " 2>&1 >/dev/null"), "", "groff takes " .. name .. " without a warning")
  end
  os.remove(path)
else
  tap.skip("the form of the manuals", "no groff here")
end
tap.done()
