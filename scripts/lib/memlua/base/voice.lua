--- memlua.base.voice: how much memlua says and how colourful, as --quiet, --verbose and --color ask. The only ones of the
--- settings (memlua.host.settings) that hold for whatever runs; all others are handed on from where they are read.
local host = require "memlua.host"

local voice = {}

--- Whether only results and errors are wanted.
function voice.is_quiet() return host.settings.quiet end

--- Whether each step is to be told.
function voice.is_verbose() return host.settings.verbose end

--- "auto", "always" or "never".
function voice.colour() return host.settings.color or "auto" end

return voice
