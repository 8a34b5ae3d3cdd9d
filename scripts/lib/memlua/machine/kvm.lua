--- memlua.machine.kvm: whether KVM works here. /dev/kvm can be there and broken, so only a boot proves it; the verdict
--- is kept in memlua's cache, per host kernel, CPU and version of QEMU, and comes from a kernel that memlua fetched: one
--- of the user's that doesn't boot says nothing about KVM.
local host = require "memlua.host"
local log = require "memlua.base.log"
local screen = require "memlua.base.screen"
local sys = require "memlua.base.sys"

local kvm = {}

--- memlua's cache: $XDG_CACHE_HOME/memlua, or ~/.cache/memlua.
function kvm.cache_folder()
  local base = os.getenv "XDG_CACHE_HOME"
  if not base or base == "" then base = (os.getenv "HOME" or "/root") .. "/.cache" end
  return base .. "/memlua"
end

local function verdict_file()
  local facts = host.facts()
  local name = table.concat({ facts.release, facts.cpu or "", sys.version_of "qemu-system-x86_64" }, "-")
  return kvm.cache_folder() .. "/kvm-" .. name:gsub("[^%w.-]+", "_")
end

-- Why /dev/kvm can't even be tried, or nil.
local function unavailable()
  local device <close>, why = io.open("/dev/kvm", "r+b")
  return not device and why or nil
end

--- What is known without a boot: "works", why not, or nil when it was never tried.
function kvm.known() return unavailable() or sys.first_line(verdict_file()) end

-- errno of what says nothing about KVM: no permission, no memory, no space, no such file.
local INCIDENTAL = { [1] = true, [2] = true, [12] = true, [13] = true, [28] = true }

-- Why the boot failed: what memlua recognised, else the first line of what QEMU said (after a crash that is the end
-- of a dump of registers).
local function in_a_line(why)
  local known = why:match "KVM internal error[^\n]*"
  return known or why:match "QEMU said:\n([^\n]+)" or why:match "^[^\n]*"
end

-- Returns the verdict, and whether it holds from now on.
local function boot(kernel)
  log.say(kernel.fetched and "trying KVM once (the verdict is kept in %s)" or "trying KVM with this kernel", verdict_file())
  local status, why, errno = require "memlua.vm".run {
    image = kernel.image, kvm = true, boot_timeout = 20, timeout = 40, watched = screen.possible(2),
    spec = require "memlua.json".encode { argv = { "memlua", "-e", "" }, cwd = "/", env = {} },
  }
  if status == 0 then return "works", true end
  local keep = kernel.fetched and not INCIDENTAL[errno]
  return in_a_line(why or "the probe ended with status " .. status), keep
end

--- "works", or why not. Boots `kernel` (memlua.machine.kernels.chosen) to find out where that isn't known yet, or `again`.
function kvm.verdict(kernel, again)
  local known = not again and kvm.known() or unavailable()
  if known then return known end
  local verdict, keep = boot(kernel)
  if keep and not host.interrupted() then host.save(verdict_file(), verdict .. "\n") end
  return verdict
end

return kvm
