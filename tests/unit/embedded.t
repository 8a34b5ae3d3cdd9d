-- The library in the binary: each module lies there as its source and as that compiled, and both are the same.
local tests = arg[0]:match "^(.*)/[^/]*/[^/]*$"
package.path = tests .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local stats = require "memlua.stats"

local differing, count = {}, 0
for _, file in ipairs(host.embedded_names()) do
  local module = file:match "^lua/(.*)%.lua$"
  if module then
    local chunk = "=" .. module:gsub("/init$", ""):gsub("/", ".") .. ".lua"
    count = count + 1
    if host.embedded("byte/" .. file) ~= string.dump(load(host.embedded(file), chunk, "t")) then differing[#differing + 1] = file end
  end
end
tap.is(differing, {}, "the bytecode is that of the source, debugging information included")
tap.ok(count > 100, "of the whole library", count)

tap.is(host.embedded("lua/memlua/stats.lua", 16), host.embedded "lua/memlua/stats.lua":sub(1, 16), "of a file no more is read than is asked for")

local _, why = pcall(stats.median, nil)
local line = tonumber(why:match "^memlua%.stats%.lua:(%d+): .*local 'list'")
local n, text = 0, nil
for said in host.embedded "lua/memlua/stats.lua":gmatch "([^\n]*)\n" do
  n = n + 1
  if n == line then text = said end
end
tap.ok(text and text:find("#list", 1, true), "an error names its line and variable", why, text)

-- --help loads what tells the options, and nothing of what a run takes.
local pipe <close> = io.popen(("%s -e 'require %q; require %q; for name in pairs(package.loaded) do print(name) end'"):format(
  host.executable(), "memlua.scenario", "memlua.calibrate"))
local loaded = pipe:read "a"
tap.ok(loaded:find "memlua%.scenario\n", "a script loads memlua.scenario")
tap.ok(not loaded:find "memlua%.experiment" and not loaded:find "memlua%.report", "and thereby nothing of what is behind it", loaded)

tap.done()
