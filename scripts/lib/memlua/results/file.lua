--- memlua.results.file: the files of a folder that may have come from anywhere.
local host = require "memlua.host"
local memlua = require "memlua"

local file = {}

local MOST <const> = 256 << 20 -- bytes of a file

--- The file `path`, open for reading, and its size: no link, no pipe that never ends. Fails with status 1 where it is none, or
--- isn't there.
function file.open(path)
  local kind, why = host.kind(path)
  if not kind then return memlua.must(nil, why) end
  if kind ~= "file" then memlua.fail(memlua.status.misuse, "%s: a %s; a run's folder holds plain files", path, kind == "other" and "pipe or device" or kind) end
  local opened = memlua.must(io.open(path, "rb"))
  local size = opened:seek "end"
  if size > MOST then
    opened:close()
    memlua.fail(memlua.status.misuse, "%s: larger than any that memlua writes", path)
  end
  opened:seek "set"
  return opened, size
end

--- The contents of the file `path`; fails as file.open does.
function file.contents(path)
  local opened <close>, size = file.open(path)
  return opened:read(size) or ""
end

return file
