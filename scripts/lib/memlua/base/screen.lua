--- memlua.base.screen: lines on a terminal that are drawn over again. Nothing of it goes into a pipe or to a dumb terminal.
local host = require "memlua.host"
local text = require "memlua.base.text"
local voice = require "memlua.base.voice"

local screen = {}

local standing = {} -- descriptor -> the block whose lines stand on it

local Block = {}
Block.__index = Block

--- Whether descriptor 1 or 2 is a terminal whose lines can be drawn again.
function screen.possible(fd)
  return host.isatty(fd) and os.getenv "TERM" ~= "dumb" and not voice.is_quiet()
end

--- A block of lines on standard output (1) or error (2), to be closed: `local block <close> = screen.block(2)`.
--- Where that is no terminal, nothing is ever drawn.
function screen.block(fd)
  local stream = fd == 1 and io.stdout or io.stderr
  return setmetatable({ fd = fd, stream = stream, shown = screen.possible(fd), height = 0 }, Block)
end

-- A line that wraps would be two, and the block would climb. Where the terminal is narrower than it was, it cuts off
-- itself (DECAWM).
local NO_WRAP, WRAP = "\27[?7l", "\27[?7h"

local function fitted(line, width)
  if (utf8.len(line) or #line) <= width then return line end
  local at = utf8.offset(line, width + 1)
  return at and line:sub(1, at - 1) or line:sub(1, width)
end

-- What has scrolled off the top can't be drawn over: no more lines than the terminal has, the cursor's own kept free.
local function cut(lines, rows)
  if #lines < rows then return lines end
  local kept = table.move(lines, 1, math.max(0, rows - 2), 1, {})
  kept[#kept + 1] = ("... and %d more"):format(#lines - #kept)
  return kept
end

--- Draws the lines (a list of strings without escape sequences) in place of those drawn before.
function Block:draw(lines)
  if not self.shown then return end
  lines = cut(lines, host.rows(self.fd) or math.huge)
  local width, out = text.columns(nil, self.fd) - 1, { NO_WRAP }
  if self.height > 0 then out[2] = ("\27[%dA"):format(self.height) end
  for _, line in ipairs(lines) do out[#out + 1] = "\r\27[2K" .. fitted(line, width) .. "\n" end
  out[#out + 1] = "\27[J" .. WRAP
  self.height, standing[self.fd] = #lines, self
  self.stream:write(table.concat(out)):flush()
end

--- Takes the lines away, so that something else can be written there.
function Block:clear()
  if not self.shown or self.height == 0 then return end
  self.stream:write(("\27[%dA\r\27[J"):format(self.height)):flush()
  self.height, standing[self.fd] = 0, nil
end

--- Leaves the lines standing: what is drawn next comes below them. The terminal's own "^C" goes.
function Block:keep()
  if self.shown and self.height > 0 then self.stream:write "\r\27[K":flush() end
  self.height, standing[self.fd] = 0, nil
end

function Block:__close() self:clear() end

--- Takes away the lines that stand on descriptor 1 or 2, for something else to be written there.
function screen.make_room(fd)
  if standing[fd] then standing[fd]:clear() end
end

return screen
