--- memlua.units: sizes and durations, read and shown. The reading is the host's (one parser for C and Lua).
local host = require "memlua.host"

local units = {}

--- Bytes of a size: a number, "512M", "1.5G" (K M G T, binary) or, when `total` bytes are given, "40%".
--- Returns nil, "12X: not a size; ..." when it is none.
function units.size(text, total)
  if math.type(text) == "integer" and text >= 0 then return text end
  local percent = total and tostring(text):match("^(%d+%.?%d*)%%$")
  if percent then return math.floor(total * tonumber(percent) / 100) end
  return host.parse_size(tostring(text))
end

--- As units.size, but "max" (no limit) passes through as it is.
function units.limit(text, total)
  if text == "max" then return "max" end
  return units.size(text, total)
end

--- Seconds of a duration: a number, "5", "1.5s" or "200ms". Returns nil, message when it is none.
function units.duration(text)
  if type(text) == "number" and text >= 0 and text < math.huge then return text + 0.0 end
  return host.parse_duration(tostring(text))
end

-- Three significant digits, no needless zeros behind the point.
local function digits(x)
  local text = ("%.3g"):format(x)
  if text:find("e") then text = ("%.0f"):format(x) end
  return text
end

--- A size for people: 268435456 -> "256M"; "max" and nil ("-") pass.
function units.format_size(bytes)
  if type(bytes) ~= "number" then return bytes or "-" end
  local unit = 1
  local value, names = bytes, { "", "K", "M", "G", "T" }
  while math.abs(value) >= 1024 and unit < #names do value, unit = value / 1024, unit + 1 end
  return digits(value) .. names[unit]
end

--- A duration in seconds for people: 0.0123 -> "12.3 ms", 6.13 -> "6.13 s", nil -> "-".
function units.format_duration(seconds)
  if not seconds then return "-" end
  if seconds == 0 then return "0 s" end
  if seconds < 1e-6 then return digits(seconds * 1e9) .. " ns" end
  if seconds < 1e-3 then return digits(seconds * 1e6) .. " us" end
  if seconds < 1 then return digits(seconds * 1e3) .. " ms" end
  return ("%.2f s"):format(seconds)
end

return units
