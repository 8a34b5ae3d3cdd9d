--- memlua.machine.zram: swap on compressed RAM in the microVM. Like the RAM block device, swapping costs no time that
--- depends on the host, only the guest's own work; what is swapped out is charged to nobody's memory.max.
local guest = require "memlua.machine.guest"
local memlua = require "memlua"

local zram = {}

local DEVICE = "/dev/zram0"
local is_made = false

--- Makes a fresh swap area of `bytes`. Returns true, or nil and the reason. Only in the microVM.
function zram.make(bytes)
  zram.drop()
  local ok, why = guest.run(
    guest.modprobe "zram num_devices=1",
    ("echo %d > /sys/block/zram0/disksize"):format(bytes),
    "mkswap " .. DEVICE, "swapon " .. DEVICE)
  if not ok then return nil, "zram: " .. why end
  is_made = true
  return true
end

--- Takes the swap away, with all that is in it; harmless when there is none. Returns true, or nil and the reason.
function zram.drop()
  if not is_made then return true end
  is_made = false
  return guest.run("swapoff " .. DEVICE, "rmmod zram")
end

--- The same for a run (a scenario's `swap`), whose `scope` takes it away again. Fails with status 4 where it can't be made.
function zram.swap(scope, bytes)
  scope:add(setmetatable({}, { __close = zram.drop }))
  local made, why = zram.make(bytes)
  if not made then memlua.fail(memlua.status.unsupported, "swap: %s", why) end
end

return zram
