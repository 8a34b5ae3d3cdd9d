-- What a word names: a command, a script that comes with memlua, a file only where it is written as a path.
local tests = arg[0]:match "^(.*)/[^/]*/[^/]*$"
package.path = tests .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"

local quote <const> = require "memlua.base.sys".quote
local output_of <const> = require "shell".said

local scratch <const>, tidy <close> = require "shell".folder()
local memlua = ("cd %s && %s "):format(scratch, quote(host.executable()))
local DRY <const> = " --dry-run --seed 1 -o " .. scratch .. "/out"

-- ---- modules that not every machine has --------------------------------------------------------------------------

io.open(scratch .. "/sockets.lua", "w"):write('package.path, package.cpath = "", "" require "socket"'):close()
local text, status = output_of(memlua .. "./sockets.lua")
tap.is({ text, status }, { "memlua: socket: this Lua module is not installed; apt-get install lua-socket\n", 1 }, "a module that is missing is named with its package")
io.open(scratch .. "/unknown.lua", "w"):write('package.path, package.cpath = "", "" require "sockets"'):close()
tap.like(output_of(memlua .. "./unknown.lua"), "module 'sockets' not found", "of one that nobody knows Lua says what it says")

-- ---- planted files ----------------------------------------------------------------------------------------------

for _, name in ipairs { "doctor", "protected", "mine", "tidy.lua", "sub.lua" } do
  io.open(scratch .. "/" .. name, "w"):write('print("planted " .. arg[0])'):close()
end
for _, name in ipairs { "doctor --help", "protected --help" } do
  local text, status = output_of(memlua .. name)
  tap.ok(status == 0 and not text:find "planted" and text:find "Usage", name .. " is memlua's own, whatever lies here", text)
end
tap.is({ output_of(memlua .. "mine") },
  { "memlua: mine: no such script or command; the file of this folder runs as ./mine\n", 1 }, "a bare name runs no file")
for _, path in ipairs { "./mine", "./doctor", "tidy.lua", scratch .. "/mine" } do
  tap.is({ output_of(memlua .. path) }, { "planted " .. path .. "\n", 0 }, path .. " is a path, and runs the file")
end

-- ---- shipped scripts ----------------------------------------------------------------------------------------------

local cells = output_of(memlua .. "protected -q" .. DRY)
tap.ok(cells:find "%-solo%-high\n" and cells:find "%-priority\n", "a shipped script by its name, from anywhere", cells)
local text, status = output_of(memlua .. "scripts/protected.lua" .. DRY)
tap.ok(status == 0 and text:find("^memlua: scripts/protected.lua: not here; running /"), "by its path in the source tree, and says so", text)
tap.is(output_of(memlua .. "-q scripts/protected.lua" .. DRY), cells, "quietly with -q")
tap.like(output_of(memlua .. "tutorial/1-tenant.lua --help"), "not here; running", "one of a folder of theirs")
assert(os.execute(("mkdir %s/scripts && cp %s/tidy.lua %s/scripts/protected.lua"):format(scratch, scratch, scratch)))
tap.is(output_of(memlua .. "scripts/protected.lua"), "planted scripts/protected.lua\n", "a file that is there is the one that runs")
tap.like(output_of(memlua .. "protectd"), "did you mean 'protected'", "a slip gets the nearest script")
for _, path in ipairs { "../no-such-x.lua", "scripts/../../Makefile", "/x.lua", "scripts/", "." } do
  tap.is(select(2, output_of(memlua .. path)), 1, path .. " names nothing of memlua's")
end
for _, name in ipairs(host.shipped_names()) do
  tap.is(select(2, output_of(memlua .. name .. " --help")), 0, name .. " has a help")
end
tap.ok(#host.shipped_names() >= 10, "there are some", host.shipped_names())
tap.done()
