-- memlua.cgroup as far as it needs no kernel: names and arguments are checked before anything is started.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"

for name, case in pairs {
  empty = { "", "empty", 22 },
  absolute = { "/session", "absolute; names are relative", 22 },
  ["the root itself"] = { "/", "absolute", 22 },
  ["leading elsewhere"] = { "session/../..", '".." leads elsewhere', 22 },
  ["only .."] = { "..", '".." leads elsewhere', 22 },
  ["a dot"] = { "a/./b", '"." leads elsewhere', 22 },
  ["an empty part"] = { "a//b", "empty", 22 },
  ["a slash at the end"] = { "a/", "empty", 22 },
  ["256 bytes"] = { ("x"):rep(256), "a part of it has 256 bytes; at most 255", 36 },
  ["300 bytes in a part"] = { "a/" .. ("x"):rep(300) .. "/b", "a part of it has 300 bytes; at most 255", 36 },
} do
  local cg, why, code = cgroup.create(case[1], {})
  tap.ok(cg == nil and why:find(case[2], 1, true) and code == case[3], "a name that is " .. name .. " is refused", why, code)
end

tap.fails(function() cgroup.create "a\0b" end, "has no NUL in it", "a name with a NUL")
tap.fails(function() cgroup.create() end, "string expected", "no name")
tap.fails(function() cgroup.create("a", "memory.max=1") end, "table expected", "knobs are a table")
tap.fails(function() cgroup.create("a", { "512M" }) end, "knobs are [\"file\"] = value; got a number as key", "a knob without a name")
tap.fails(function() cgroup.create("a", { ["memory.max"] = {} }) end, "memory.max: must be a string or a whole number", "a table as value")
tap.fails(function() cgroup.create("a", { ["memory.max"] = 1.5 }) end, "memory.max: must be a string or a whole number, not 1.5",
  "half a byte")
tap.fails(function() cgroup.create("a", { ["memory.max"] = true }) end, "not true", "a boolean as value")

for _, name in ipairs { "create", "open", "root" } do
  tap.is(type(cgroup[name]), "function", "cgroup." .. name)
end

tap.done()
