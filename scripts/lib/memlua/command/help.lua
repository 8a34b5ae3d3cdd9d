--- memlua help [NAME]: what the functions of the library do, from the contracts beside them.
local help = require "memlua.help"
local option = require "memlua.option"

local options = option.parse {
  name = "help", about = "What memlua's Lua modules and functions do. `memlua --help` tells of the command line.",
  common = "print",
  arguments = { { "topic", args = "?", help = "scenario, worker.spawn, w:wait, ... (default: list the modules)" } },
}

io.stdout:write(help.text(options.topic))
