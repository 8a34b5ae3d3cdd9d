--- memlua.base.log: what a person is told on standard error; standard output is for the document.
local host = require "memlua.host"
local printable = require "memlua.base.printable"
local screen = require "memlua.base.screen"
local text = require "memlua.base.text"
local voice = require "memlua.base.voice"

local log = {}

local function write(fmt, ...)
  screen.make_room(2)
  local said = printable.text("memlua: " .. fmt:format(...))
  io.stderr:write(table.concat(text.wrap(said, text.columns(math.huge, 2), 2), "\n"), "\n")
end

--- Says a line unless --quiet. Arguments as string.format.
function log.say(fmt, ...) if not voice.is_quiet() then write(fmt, ...) end end

--- Says a line with --verbose only.
function log.detail(fmt, ...) if voice.is_verbose() then write(fmt, ...) end end

--- Says what might surprise, unless --quiet.
function log.warn(fmt, ...) log.say("warning: " .. fmt, ...) end

--- Shows how far a long step is: on a terminal, or with --verbose.
function log.progress(fmt, ...)
  local terminal = host.isatty and host.isatty(2)
  if voice.is_verbose() or terminal then log.say(fmt, ...) end
end

return log
