--- memlua.machine.ramdisk: an ext4 file system on a RAM block device, for page cache experiments in the microVM.
--- Its blocks are the kernel's own memory, charged to no cgroup, and reading one costs no time that depends
--- on the host; only the cached pages above it are charged to the tenants, as on a real disk.
local guest = require "memlua.machine.guest"
local host = require "memlua.host"

local ramdisk = {}

local DEVICE, FOLDER = "/dev/ram0", "/run/memlua-ramdisk"
local made = false

--- Makes a fresh one. `bytes`: its size. Returns its folder, or nil and the reason. Only in the microVM:
--- elsewhere the block device would be the machine's.
function ramdisk.make(bytes)
  if not host.in_guest then
    return nil, "ramdisk: only in the microVM (--vm); on a real machine give each tenant its `file`"
  end
  ramdisk.drop()
  local ok, why = guest.run(
    guest.modprobe(("brd rd_nr=1 rd_size=%d"):format(bytes >> 10)),
    -- a mount would look for its module where this machine's kernel has its own
    "grep -qw ext4 /proc/filesystems || " .. guest.modprobe "ext4",
    -- no lazy initialisation: a kernel thread would write while we measure
    ("mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 %s"):format(DEVICE),
    ("mkdir -p %s"):format(FOLDER),
    ("mount -o noatime %s %s"):format(DEVICE, FOLDER))
  if not ok then return nil, why end
  made = true
  return FOLDER
end

--- Unmounts it and frees its memory; harmless when there is none. Returns true, or nil and the reason.
function ramdisk.drop()
  if not made then return true end
  made = false
  return guest.run("umount " .. FOLDER, "rmmod brd")
end

--- Writes back and drops the page cache and the slab caches, so that a run starts cold: cached pages stay
--- charged to the cgroup that read them first (Documentation/admin-guide/sysctl/vm.rst, drop_caches).
--- Only in the microVM. Returns true, or nil and the reason.
function ramdisk.drop_caches()
  return guest.run("sync", "echo 3 > /proc/sys/vm/drop_caches")
end

return ramdisk
