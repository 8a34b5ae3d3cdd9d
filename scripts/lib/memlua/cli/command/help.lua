--- memlua help [NAME]: what the functions of the library do, from the contracts beside them, and the policies.
local help = require "memlua.cli.help"
local option = require "memlua.option"

local options = option.parse {
  name = "help", about = "What memlua's Lua modules, functions and policies do. `memlua --help` tells of the command line.",
  common = "print",
  arguments = { { "topic", args = "?", help = "scenario, worker.spawn, w:wait, priority, policies, ... (default: list them)" } },
}

io.stdout:write(help.text(options.topic))
