--- memlua.machine.kernels: the kernel that a microVM boots, fetched or given by hand, and memlua's module for a kernel.
local host = require "memlua.host"
local images = require "memlua.machine.image"
local machine = require "memlua.machine.checks"
local memlua = require "memlua"
local sys = require "memlua.base.sys"
local voice = require "memlua.base.voice"

local kernels = {}

-- ---- the files that come with memlua, and its cache ---------------------------------------------------

--- The folder of memlua's own set-up scripts and module sources: beside the binary's folder in a work
--- tree, in share/memlua once installed.
function kernels.data(name)
  local root = host.executable():match "^(.*)/[^/]+/[^/]+$" or ""
  for _, path in ipairs { root .. "/share/memlua/" .. name, root .. "/" .. name } do
    if sys.exists(path .. "/.") or sys.exists(path) then return path end
  end
  memlua.fail(memlua.status.misuse, "%s: not found beside %s; is memlua's installation complete?",
    name, host.executable())
end

--- The C core and the set-up scripts learn of --quiet by the environment.
function kernels.pass_quiet()
  if voice.is_quiet() then host.setenv("MEMLUA_QUIET", "1") end
end

-- Runs a command of memlua's set-up: its one line of output is a path, or the reason why there is none.
local function path_from(...)
  local words = {}
  for i, word in ipairs { ... } do words[i] = sys.quote(word) end
  kernels.pass_quiet()
  local pipe <close> = assert(io.popen(table.concat(words, " "))) -- interrupted, it is waited for: it tidies the screen
  local line = pipe:read "l"
  if pipe:close() then return line end
  return nil, line or words[1] .. " failed"
end

-- ---- the kernel of the microVM ------------------------------------------------------------------------

-- The release that headers are of, or nil if they don't tell.
local function release_of_headers(folder)
  local said = sys.read(folder .. "/include/generated/utsrelease.h")
  return said and said:match '"([^"]*)"'
end

-- The headers that the user gave: they must be the image's.
local function given_headers(given, image, release)
  local folder = sys.absolute(given) -- make has another working folder, as has QEMU
  if not sys.exists(folder .. "/Makefile") then
    memlua.fail(memlua.status.misuse, "--headers %s: no kernel headers there; give the folder that has their Makefile and .config",
      given)
  end
  local told = release_of_headers(folder)
  if told and told ~= release then
    memlua.fail(memlua.status.misuse, "--headers %s: they are of Linux %s, and %s is %s; give those of the same version",
      folder, told, image, release)
  end
  return folder
end

-- Where distributions put the headers and modules of an image: returns the headers and the root of lib/modules, or
-- nil for what isn't there.
local function look_beside(image, release)
  local root_found
  for _, root in ipairs { image:match "^(.*)/[^/]*$" or ".", (image:match "^(.*)/[^/]*$" or ".") .. "/..", "" } do
    local modules = ("%s/lib/modules/%s"):format(root, release)
    local headers = sys.exists(root .. "/headers/.") and root .. "/headers" or modules .. "/build"
    if sys.exists(modules .. "/.") then root_found = root_found or (root == "" and "/" or root) end
    if sys.exists(headers .. "/.config") then return headers, root_found or (root == "" and "/" or root) end
  end
  return nil, root_found
end

-- Why nothing can be built for an image without memcg_bpf_ops of its own.
local function check_buildable(kernel, why_unknown)
  local image, release = kernel.image, kernel.release
  if machine.too_old(release) then
    memlua.fail(memlua.status.unsupported, "--kernel %s: Linux %s is too old for memlua's module, which takes 6.12 and later",
      image, release)
  end
  if not kernel.headers then
    memlua.fail(memlua.status.misuse, "--kernel %s: no headers of %s in %s/headers or lib/modules/%s/build, with which the "
      .. "module is built; say where they are: --headers DIR%s", image, release, image:match "^(.*)/[^/]*$", release,
      why_unknown and (" (whether it has memcg_bpf_ops itself can't be told: %s)"):format(why_unknown) or "")
  end
end

-- Whether a kernel has memcg_bpf_ops itself, by its own BTF: then its interface is in `native`, and no module is needed.
local function look_for_ops(kernel)
  local name, known = images.interface(kernel.image, kernel.headers)
  if name and not known then
    memlua.fail(memlua.status.unsupported, "%s: its own memcg_bpf_ops is %s; take another kernel", kernel.image, name)
  end
  kernel.native = name
  return known -- without a name: why it can't be told
end

-- A kernel given as a file, its headers in the folder `given` or beside it.
local function kernel_from_file(image, given)
  local release = images.release(image)
  if not release then
    memlua.fail(memlua.status.misuse, "--kernel %s: not a bootable kernel image (bzImage)", image)
  end
  local headers, root = look_beside(image, release)
  if given then headers = given_headers(given, image, release) end
  -- without its modules it still boots if it has virtiofs built in
  local kernel = { image = image, release = release, root = root or "/", headers = headers }
  local why = look_for_ops(kernel)
  if not kernel.native then check_buildable(kernel, why) end
  return kernel
end

-- The kernel unpacked, for QEMU to enter at once (PVH): to decompress itself is half of the instructions of a boot. nil
-- where it can't be.
local function unpacked(kernel)
  local config = sys.read(kernel.headers .. "/.config") or ""
  return config:find("\nCONFIG_PVH=y\n", 1, true) and images.unpacked(kernel.image) or nil
end

--- The kernel to boot: {image, release, root (of lib/modules), headers, fetched = whether memlua did, unpacked = the same
--- kernel as an ELF file with a PVH entry, or nil, native = the interface of its own memcg_bpf_ops, if it has that}; paths are absolute, `headers` is nil where a native one has none.
--- Fetches it when needed. `settings`: memlua.host.settings.
function kernels.chosen(settings)
  local wanted = settings.kernel
  if wanted and (sys.exists(wanted) or wanted:find "/") then
    if not sys.exists(wanted) then
      memlua.fail(memlua.status.misuse, "--kernel %s: no such file; give an image or a release that apt has", wanted)
    end
    return kernel_from_file(sys.absolute(wanted), settings.headers)
  end
  if settings.headers then
    memlua.fail(memlua.status.misuse, "--headers goes with --kernel IMAGE; a kernel that memlua fetches has its own")
  end
  local folder, why = path_from(kernels.data "host/setup/fetch.sh", "kernel", wanted)
  if not folder then memlua.fail(memlua.status.unsupported, "%s", why) end
  local file <close> = assert(io.open(folder .. "/release"))
  local release = file:read "l"
  local kernel = { image = folder .. "/vmlinuz", release = release, root = folder, headers = folder .. "/headers", fetched = true }
  kernel.unpacked = unpacked(kernel)
  look_for_ops(kernel)
  return kernel
end

--- The releases from 6.12 on that are in the cache or, where it can be asked, in the distribution's archive: a list, oldest first.
function kernels.at_hand()
  kernels.pass_quiet()
  local pipe <close> = assert(io.popen(("{ %s list; printf '%%s\\n' %s; } | sort -uV"):format(sys.quote(kernels.data "host/setup/fetch.sh"),
    table.concat(machine.kernels(), " "))))
  local list = {}
  -- a name without a patch level is that of a package that follows them; those of tests/debug and tests/native are no release
  for line in pipe:lines() do if line:find "^%d+%.%d+%.%d+[%w.+~-]*$" and not line:find "%-memlua%-" then list[#list + 1] = line end end
  return list
end

--- The module for a kernel, built at need. Returns its path, or nil and the reason. `folder` of bpf/ (kmod) is whose.
function kernels.module(headers, release, folder)
  return path_from(kernels.data "host/setup/kmod.sh", headers, release, kernels.data "bpf", folder)
end

return kernels
