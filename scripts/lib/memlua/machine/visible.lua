--- memlua.machine.visible: which of the machine's files the microVM can't see, because it mounts its own over them.
local host = require "memlua.host"
local memlua = require "memlua"
local sys = require "memlua.base.sys"

local visible = {}

local HIDDEN <const> = { "/run/", "/var/run/", "/dev/", "/proc/", "/sys/" }

--- Fails with status 1 where the guest would not find the absolute path `path`, which is called `what`.
function visible.check(what, path)
  for _, folder in ipairs(HIDDEN) do
    if (path .. "/"):sub(1, #folder) == folder then
      memlua.fail(memlua.status.misuse, "%s %s: the microVM has a %s of its own; choose another folder", what, path, folder)
    end
  end
end

--- Fails so for memlua itself, the script and each word of the command line that names a file. What both have
--- (/dev/null) is no file of these folders' own.
function visible.check_words()
  visible.check("memlua itself,", host.executable())
  if arg[0] then visible.check("the script", sys.absolute(arg[0])) end
  for i = 2, #host.argv do
    local path = sys.absolute(host.argv[i])
    local own = path:find "^/run/" or path:find "^/var/run/" or path:find "^/dev/shm/"
    if own and sys.exists(path) then visible.check("the file", path) end
  end
end

return visible
