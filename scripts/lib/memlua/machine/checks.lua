--- memlua.machine.checks: what this machine can do for memlua and, where it can't, why, and what helps. Looking changes
--- nothing: nothing is built, fetched, booted or loaded. `memlua doctor` shows it, memlua.machine.way decides by it.
---
--- A check returns { name, ok = true | false | nil (not known), found = what is there, remedy = what helps,
--- optional = what works without it }.
local host = require "memlua.host"
local kvm = require "memlua.machine.kvm"
local sys = require "memlua.base.sys"

local machine = {}

-- ---- looking ------------------------------------------------------------------------------------------------

local which <const>, version_of <const> = sys.which, sys.version_of

-- Whether this is Debian (`id` "debian") or, by ID_LIKE, made from it: os-release(5).
local function is_debian()
  local release = "\n" .. (sys.read "/etc/os-release" or "")
  local id = release:match "\nID=[\"']?([%w._-]*)" or ""
  local like = " " .. (release:match "\nID_LIKE=[\"']?([%w._ -]*)" or "") .. " "
  return id == "debian" or like:find " debian " ~= nil, id
end

-- Only Debian's names of packages are known; elsewhere it is said what is missing.
local function install(package, what) return is_debian() and "apt install " .. package or "install " .. what end

local function program(name, package, optional)
  local path = which(name)
  if path then return { name = name, ok = true, found = version_of(name), path = path } end
  return { name = name, ok = false, found = "not found", remedy = install(package, name), optional = optional }
end

local function release() return host.facts().release end

--- The folder in which modules for the running kernel are built.
function machine.headers_folder() return "/lib/modules/" .. release() .. "/build" end

-- ---- the kernel ---------------------------------------------------------------------------------------------

local function check_cgroup()
  local where, why = host.cgroup_mount()
  if where then return { name = "cgroup v2", ok = true, found = where .. " with the memory controller" } end
  local found, remedy = why:match "^(.-); (.*)$"
  return { name = "cgroup v2", ok = false, found = found or why, remedy = remedy and remedy:gsub(", or use the microVM.*", "") }
end

-- Opening for writing tells whether writing is allowed, without writing.
local function check_delegation()
  if host.is_root() then return { name = "delegation", ok = true, found = "root may make cgroups anywhere" } end
  local own = host.cgroup_mount()
  for line in io.lines "/proc/self/cgroup" do own = own and line:match "^0::" and own .. line:sub(4) or own end
  local file = own and io.open(own .. "/cgroup.procs", "r+b")
  if file then
    file:close()
    return { name = "delegation", ok = true, found = own }
  end
  return { name = "delegation", ok = false, found = (own or "no cgroup v2") .. ": not ours to write",
           remedy = "systemd-run --user --scope -p Delegate=yes memlua ..." }
end

-- What loading a policy (and the module) takes: numbers of include/uapi/linux/capability.h.
local CAPABILITIES = { { 16, "SYS_MODULE" }, { 21, "SYS_ADMIN" }, { 38, "PERFMON" }, { 39, "BPF" } }

local function effective()
  for line in io.lines "/proc/self/status" do
    local hex = line:match "^CapEff:%s*(%x+)"
    if hex then return tonumber(hex, 16) end
  end
  return 0
end

-- `module`: whether there is one to load.
local function check_rights(module)
  local missing, mask = {}, effective()
  for _, capability in ipairs(CAPABILITIES) do
    if mask >> capability[1] & 1 == 0 and (module or capability[2] ~= "SYS_MODULE") then missing[#missing + 1] = "CAP_" .. capability[2] end
  end
  if #missing == 0 then return { name = "rights", ok = true, found = "all capabilities that policies need" } end
  return { name = "rights", ok = false, found = (host.is_root() and "root without " or "not root: no ")
    .. table.concat(missing, ", "), remedy = "sudo memlua ... (the microVM needs no root)" }
end

local function check_ops()
  local interface, known = host.interface()
  if known then return { name = "memcg_bpf_ops", ok = true, found = ("in the kernel itself (%s)"):format(interface) } end
  if interface then
    return { name = "memcg_bpf_ops", ok = false, found = "in the kernel itself, " .. interface,
             remedy = "memlua --vm, or another kernel" }
  end
  if sys.exists "/sys/module/memcg_bpf_ops/." then
    return { name = "memcg_bpf_ops", ok = true, found = "module loaded" }
  end
  return { name = "memcg_bpf_ops", ok = false, found = "neither in the kernel nor loaded as a module",
           optional = "memlua brings the module" }
end

local function check_btf()
  if sys.exists "/sys/kernel/btf/vmlinux" then
    return { name = "BTF", ok = true, found = "/sys/kernel/btf/vmlinux" }
  end
  return { name = "BTF", ok = false, found = "the kernel has none", remedy = "boot one with CONFIG_DEBUG_INFO_BTF" }
end

-- memlua's module was written for the reclaim and charging code of Linux 6.12 and later.
local OLDEST = { 6, 12 }

--- Whether a kernel of that release is older than memlua's module can be built for.
function machine.too_old(release_)
  local major, minor = release_:match "^(%d+)%.(%d+)"
  major, minor = tonumber(major or 0), tonumber(minor or 0)
  return major < OLDEST[1] or major == OLDEST[1] and minor < OLDEST[2]
end

local function check_modules()
  local function no(found, remedy) return { name = "modules", ok = false, found = found, remedy = remedy } end
  if host.has_ops() then
    local check = no("the kernel has memcg_bpf_ops itself, in whose way memlua's module would stand")
    check.optional = "none is needed"
    return check
  end
  if not sys.exists "/proc/modules" then return no("the kernel can't load any", "boot one with CONFIG_MODULES") end
  if sys.first_line "/proc/sys/kernel/modules_disabled" == "1" then
    return no("loading is switched off (kernel.modules_disabled)", "reboot without that")
  end
  if machine.too_old(release()) then
    return no("Linux " .. release() .. " is too old for memlua's module", "boot 6.12 or later")
  end
  if (sys.first_line "/sys/module/module/parameters/sig_enforce" or "N") == "Y" then
    return no("only signed ones are let in", "enrol a key of your own (mokutil), sign by dkms")
  end
  return { name = "modules", ok = true, found = "can be loaded" }
end

local function check_headers()
  local folder = machine.headers_folder()
  if host.has_ops() or sys.exists "/sys/module/memcg_bpf_ops/." or os.getenv "MEMLUA_KMOD" then
    return { name = "headers", ok = true, found = "not needed" }
  end
  local installed = host.installed_module()
  if installed then return { name = "headers", ok = true, found = "not needed: " .. installed } end
  if sys.exists(folder .. "/Makefile") then return { name = "headers", ok = true, found = folder } end
  return { name = "headers", ok = false, found = folder .. ": not found",
           remedy = install("linux-headers-" .. release(), "the headers of this kernel (kernel-devel)") }
end

-- ---- the tools ----------------------------------------------------------------------------------------------

-- 1.4 skips the members of a struct_ops that the running kernel lacks.
local function check_libbpf()
  local version = host.libbpf()
  local major, minor = version:match "^(%d+)%.(%d+)"
  local ok = tonumber(major) > 1 or tonumber(minor) >= 4
  return { name = "libbpf", ok = ok, found = version,
           remedy = not ok and "1.4 or later is needed; build memlua with make" or nil }
end

local function check_virtiofsd()
  local path = require "memlua.vm".virtiofsd()
  if path then return { name = "virtiofsd", ok = true, found = path } end
  return { name = "virtiofsd", ok = false, found = "not found",
           remedy = install("virtiofsd (Debian 12: qemu-system-x86 has it)", "virtiofsd") }
end

-- Without root the guest's root file system is mounted in a user namespace.
local FORBIDDING = {
  { "/proc/sys/kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1" },
  { "/proc/sys/user/max_user_namespaces", "0", "user.max_user_namespaces=10000" },
  { "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0" },
}

local function check_namespaces()
  if host.is_root() then return nil end
  for _, switch in ipairs(FORBIDDING) do
    if sys.first_line(switch[1]) == switch[2] then
      return { name = "namespaces", ok = false, found = switch[1] .. " is " .. switch[2], remedy = "sysctl -w " .. switch[3] }
    end
  end
  return { name = "namespaces", ok = true, found = "users may make their own" }
end

-- Its read-only view is a mount of /, and that of a chroot may be none.
local function check_root()
  for line in io.lines "/proc/self/mountinfo" do
    if line:match "^%S+ %S+ %S+ %S+ (%S+)" == "/" then return { name = "root", ok = true, found = "/ is a mount point" } end
  end
  return { name = "root", ok = false, found = "/ is no mount point, as in a plain chroot",
           remedy = "outside: mount --bind ROOT ROOT, and chroot again" }
end

local function kvm_remedy(why)
  if why:find "No such file" then return "switch on virtualisation in the firmware; modprobe kvm_amd or kvm_intel" end
  if why:find "Permission denied" then return "usermod -aG kvm $USER" end
  return "memlua doctor --probe tries again"
end

local function check_kvm()
  local known = kvm.known()
  local check = { name = "KVM", optional = "QEMU emulates" }
  if known == "works" then
    check.ok, check.found = true, "works (a boot proved it)"
  elseif known then
    check.ok, check.found, check.remedy = false, known, kvm_remedy(known)
  else
    check.found, check.remedy = "/dev/kvm is there; not tried yet", "memlua doctor --probe boots to find out"
  end
  return check
end

--- The releases of the kernels in memlua's cache, sorted.
function machine.kernels()
  local pipe <close> = io.popen(("cd '%s/kernels' 2>/dev/null && cat -- */release"):format(
    kvm.cache_folder():gsub("'", "'\\''")))
  local seen, list = {}, {}
  for line in pipe:lines() do
    if not seen[line] then list[#list + 1] = line end
    seen[line] = true
  end
  table.sort(list)
  return list
end

local function check_kernels()
  local list = machine.kernels()
  if #list > 0 then return { name = "kernels", ok = true, found = table.concat(list, ", ") } end
  local _, id = is_debian()
  if id == "debian" and which "apt-get" and which "dpkg-deb" then
    return { name = "kernels", found = "none in the cache", remedy = "fetched at first use; or --kernel IMAGE --headers DIR" }
  end
  local why = id == "debian" and "and no apt to fetch one" or "and only Debian's archive is known"
  return { name = "kernels", ok = false, found = "none in the cache, " .. why,
           remedy = "--kernel IMAGE --headers DIR" }
end

--- All checks in the order in which they are shown.
function machine.checks()
  local namespaces, root = check_namespaces(), check_root()
  local list = {
    check_cgroup(), check_delegation(), check_rights(not host.has_ops()), check_btf(), check_ops(), check_modules(), check_headers(),
    check_libbpf(), program("make", "make", "the module may be in the cache"),
    program("gcc", "gcc", "the module may be in the cache"),
    program("clang", "clang", "built-in policies work"),
    program("qemu-system-x86_64", "qemu-system-x86"), check_virtiofsd(), check_kvm(), check_kernels(),
    program("gnuplot", "gnuplot-nox", "only pictures need it"),
  }
  if namespaces then table.insert(list, 14, namespaces) end
  if not root.ok then table.insert(list, 14, root) end
  return list
end

-- ---- the ways -----------------------------------------------------------------------------------------------

-- true, or nil, the first reason against it, and the names of all that is missing.
local function all_of(checks)
  local missing, reason = {}, nil
  for _, check in ipairs(checks) do
    if check.ok == false then
      missing[#missing + 1] = check.name
      reason = reason or check.name .. ": " .. check.found .. (check.remedy and "; " .. check.remedy or "")
    end
  end
  if #missing > 0 then return nil, reason, missing end
  return true
end

--- Whether the kernel itself has a memcg_bpf_ops that memlua knows and may use: true, or nil, why not, and a list of what is missing.
function machine.native()
  local interface, known = host.interface()
  if not interface then return nil, "the kernel has no memcg_bpf_ops", { "memcg_bpf_ops in the kernel" } end
  if not known then return nil, "the kernel's memcg_bpf_ops is " .. interface, { "a memcg_bpf_ops that memlua knows" } end
  return all_of { check_cgroup(), check_rights(), check_btf() }
end

--- Whether memlua's module can be loaded here, if it can be built; returns as machine.native.
function machine.module()
  return all_of { check_cgroup(), check_rights(true), check_btf(), check_modules(), check_headers() }
end

--- Whether a microVM can be booted here, from a kernel of the cache or, if `given`, the user's; returns as
--- machine.native.
function machine.vm(given)
  local fine = { ok = true }
  return all_of { program("qemu-system-x86_64", "qemu-system-x86"), check_virtiofsd(), check_root(), check_namespaces() or fine,
                  given and fine or check_kernels() }
end

return machine
