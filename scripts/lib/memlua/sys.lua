--- memlua.sys: the little of the operating system that plain Lua lacks.
local sys = {}

--- Whether a file or folder is there and may be read.
function sys.exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

--- The whole contents of a file, or nil and the reason.
function sys.read(path)
  local file <close>, why = io.open(path, "rb")
  if not file then return nil, why end
  return file:read "a"
end

--- The first line of a file, or nil when there is none.
function sys.first_line(path)
  local file <close> = io.open(path)
  return file and file:read "l"
end

--- A word as the shell takes it literally.
function sys.quote(word) return "'" .. word:gsub("'", "'\\''") .. "'" end

return sys
