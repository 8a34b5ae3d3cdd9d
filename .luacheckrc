-- What `make lint` asks of luacheck.
std = "lua54"
max_line_length = false -- where a line breaks is not for a tool to say
self = false            -- a method may not need its object
ignore = {
  "211/tidy", "211/held", "211/restored", "211/owned", "211/session", -- closed at the end of their block: that is their use
  "431", "581", -- a local name may be that of an outer one; not (x > y) is true of NaN
}
files["scripts/lib/memlua/base/child.lua"] = { globals = { "os" } } -- the child leaves in its own way
files["scripts/wishes/working-set.lua"] = { read_globals = { "now" } } -- what a policy in Lua has beside Lua's own
files["scripts/lib/memlua/scenario.lua"] = { globals = { "arg" } } -- a script that is varied has a command line of its own
