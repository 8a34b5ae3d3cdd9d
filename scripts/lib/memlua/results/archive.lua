--- memlua.results.archive: the archive that `memlua pack` made, unpacked again. It may come from anywhere: nothing is unpacked before all of
--- its list has been looked at.
local host = require "memlua.host"
local memlua = require "memlua"
local printable = require "memlua.base.printable"
local sys = require "memlua.base.sys"

local archive = {}

-- A run's folder holds no more files; and of its text, compressed, no archive that memlua makes is so much smaller than what it holds,
-- small ones aside: a bomb is not unpacked to the end to find out.
local MOST_FILES <const> = 100000
local LEAST_BYTES <const>, MOST_BYTES <const>, RATIO <const> = 64 << 20, 4 << 30, 200

local function refuse(path, fmt, ...)
  memlua.fail(memlua.status.misuse, "%s: %s", path, printable.text(fmt:format(...)))
end

--- Whether a path is that of an archive: *.tar.xz or *.tar.gz, a plain file.
function archive.is_one(path) return path:find "%.tar%.[xg]z$" ~= nil and host.kind(path) == "file" end

local function size_of(path)
  local file <close> = memlua.must(io.open(path, "rb"))
  return file:seek "end"
end

-- The shell's words for tar with the archive unpacked, of at most `most` bytes, in its standard input. Complaints go to a file.
local UNPACK <const> = "{ %s -dc -- %s || echo damaged; } 2>>%s | head -c %d | LC_ALL=C tar %s -f - 2>>%s"
local function command(path, most, words, complaints)
  return UNPACK:format(path:find "xz$" and "xz" or "gzip", sys.quote(path), sys.quote(complaints), most, words, sys.quote(complaints))
end

-- A line of tar's list, as "-rw-r--r-- 0/0 12 2026-11-30 02:53 name", names with C's escapes.
local ENTRY <const> = "^(.)%S+ +%S+ +(%d+) +%d+%-%d+%-%d+ +[%d:.]+ (.+)$"

-- What the list says, checked: the one folder that holds all.
local function check_list(path, lines, most)
  local seen, folder, files, bytes = {}, nil, 0, 0
  for line in lines do
    local kind, size, name = line:match(ENTRY)
    if not kind then refuse(path, "holds what is no file: %s", line) end
    name = name:gsub("/$", "")
    if kind ~= "-" and kind ~= "d" then refuse(path, "holds a link or device: %s; a run's folder holds plain files", name) end
    if name:find "^/" then refuse(path, "holds an absolute path: %s", name) end
    if ("/" .. name .. "/"):find "/%.%.?/" or name:find "\\" then refuse(path, "holds a name that leads elsewhere, or can't be read: %s", name) end
    if seen[name] then refuse(path, "holds %s twice", name) end
    local top = name:match "^[^/]+"
    if folder and top ~= folder then refuse(path, "holds more than one folder: %s and %s", folder, top) end
    seen[name], folder, files, bytes = true, top, files + 1, bytes + tonumber(size)
    if files > MOST_FILES or bytes > most then
      refuse(path, "would unpack to more than %d files or %d MiB, more than such an archive of a run's folder holds; if it is one, unpack it and "
        .. "name the folder", MOST_FILES, most >> 20)
    end
  end
  return folder or refuse(path, "holds nothing")
end

-- What tar and its like said, as a reason.
local function check_complaints(path, complaints)
  local said = sys.read(complaints) or ""
  if said:find "%S" then refuse(path, "damaged, or no archive: %s", said:gsub("%s+$", ""):gsub("\n.*", "")) end
end

--- Unpacks an archive into the folder `scratch`, which is empty, and returns the path of the run's folder in it. Fails with status 1 where
--- it is damaged, holds anything but files in one folder, leads out of it, or unpacks to more than an archive of its size should.
function archive.unpack(path, scratch)
  local complaints = scratch .. "/complaints"
  local most = math.min(MOST_BYTES, math.max(LEAST_BYTES, RATIO * size_of(path)))
  path = sys.absolute(path)
  local pipe <close> = io.popen(command(path, most, "-t -v --numeric-owner --quoting-style=escape", complaints))
  local folder = check_list(path, pipe:lines(), most)
  pipe:close()
  check_complaints(path, complaints)
  memlua.must(host.mkdir(scratch .. "/run"))
  os.execute(command(path, most, "-x -C " .. sys.quote(scratch .. "/run") .. " --no-same-owner --no-same-permissions", complaints))
  check_complaints(path, complaints)
  return scratch .. "/run/" .. folder
end

return archive
