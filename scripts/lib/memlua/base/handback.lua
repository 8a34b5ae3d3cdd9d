--- memlua.base.handback: what of a run's folder the machine has already while its microVM still runs, so that a finished
--- run is safe whatever becomes of the rest. Elsewhere than in the microVM there is nothing to do.
local host = require "memlua.host"
local memlua = require "memlua"
local sys = require "memlua.base.sys"

local handback = {}

-- Of host/core/guest.h: names that need not be sent again.
local SENT <const> = "/run/memlua/sent"
local PORTS <const> = "/sys/class/virtio-ports"

local port -- the device whose other end the host unpacks

local function find_port()
  for _, name in ipairs(sys.names(PORTS)) do
    if sys.first_line(("%s/%s/name"):format(PORTS, name)) == "memlua.results" then return "/dev/" .. name end
  end
  memlua.fail(memlua.status.misuse, "memlua.results: no such port in the microVM")
end

--- The folder in which what the machine had of the run's folder `path` can be read: that itself, but in the microVM.
function handback.before(path) return host.in_guest and os.getenv "MEMLUA_BEFORE" or path end

--- Sends files and folders (names in the run's folder `path`) to the machine; `finished` of them won't change any more
--- and are not sent again at the end. Fails where it can't.
function handback.send(path, names, finished)
  if not host.in_guest or not os.getenv "MEMLUA_OUT" then return end -- or nobody waits for them
  port = port or find_port()
  local words = {}
  for i, name in ipairs(names) do words[i] = sys.quote("./" .. name) end
  local command = ("tar --format=gnu -C %s -cf - -- %s >%s"):format(sys.quote(path), table.concat(words, " "), port)
  if not os.execute(command) then memlua.fail(memlua.status.misuse, "the finished run could not be handed to the machine") end
  local file <close> = assert(io.open(SENT, "a"))
  for _, name in ipairs(finished) do assert(file:write("./", name, "\n")) end
end

return handback
