--- memlua.base.sys: the little of the operating system that plain Lua lacks.
local host = require "memlua.host"
local memlua = require "memlua"

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

--- A path as it stands, whatever the working folder becomes. Fails where that is gone.
function sys.absolute(path) return path:sub(1, 1) == "/" and path or memlua.must(host.cwd()) .. "/" .. path end

--- The first line of a file, or nil when there is none.
function sys.first_line(path)
  local file <close> = io.open(path)
  return file and file:read "l"
end

-- The clock of the hardware: the microVM's follows the host's, whatever the guest's own clock does.
local CLOCK <const> = "/sys/class/rtc/rtc0/since_epoch"

--- The time, seconds since 1970, for people and for what outlives the run; in the microVM that of the host, since the
--- guest's own clock may be virtual (its own only where it has no other).
function sys.time()
  return host.in_guest and tonumber(sys.first_line(CLOCK)) or os.time()
end

--- The names of what lies in a folder, sorted; an empty list where there is none.
function sys.names(folder)
  local pipe <close> = io.popen("ls -1 -- " .. sys.quote(folder) .. " 2>/dev/null")
  local names = {}
  for name in pipe:lines() do names[#names + 1] = name end
  return names
end

--- A word as the shell takes it literally.
function sys.quote(word) return "'" .. word:gsub("'", "'\\''") .. "'" end

--- Where execvp(3) would find a program in the folders of `path` ($PATH), or nil; a name with a slash is a path already.
function sys.which(program, path)
  local files = {}
  for folder in (path or os.getenv "PATH" or ""):gmatch "[^:]+" do files[#files + 1] = sys.quote(folder .. "/" .. program) end
  if program:find "/" then files = { sys.quote(program) } end
  local pipe <close> = io.popen("for f in " .. table.concat(files, " ")
    .. [[; do [ -f "$f" ] && [ -x "$f" ] && printf %s "$f" && exit; done]])
  return pipe:read "a":match "^.+"
end

--- The last file by name whose path fits the shell's `pattern`, or nil.
function sys.matching(pattern)
  local pipe <close> = io.popen(("for f in %s; do [ -f \"$f\" ] && last=$f; done; printf %%s \"$last\""):format(pattern:gsub("[^%w/*?._-]", "\\%0")))
  return pipe:read "a":match "^.+"
end

--- The first version number that a program tells with --version, or "?".
function sys.version_of(program)
  local pipe <close> = io.popen(program .. " --version 2>/dev/null")
  return (pipe:read "a" or ""):match "%d+%.%d[%d.]*" or "?"
end

return sys
