--- memlua.machine.lru: which of the kernel's two ways to find old pages reclaim uses: "mglru", the multi-gen LRU, or
--- "classic", the active and inactive lists (Documentation/admin-guide/mm/multigen_lru.rst).
local guest = require "memlua.machine.guest"

local lru = {}

local SWITCH = "/sys/kernel/mm/lru_gen/enabled"
local SAYS = { mglru = "y", classic = "n" }

--- "mglru" or "classic", as it is now.
function lru.get()
  local file <close> = io.open(SWITCH)
  local mask = file and tonumber(file:read "l")
  return mask and mask & 1 == 1 and "mglru" or "classic"
end

--- Makes the microVM's kernel use `name`. Returns true, or nil and the reason.
function lru.set(name)
  if name == lru.get() then return true end
  return guest.run(("echo %s > %s"):format(SAYS[name], SWITCH))
end

return lru
