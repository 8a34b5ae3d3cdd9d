-- Choosing and preparing a kernel: what can't be taken is named with the reason and what helps; nothing of it needs the
-- network or a boot.
local tests = arg[0]:match "^(.*)/[^/]*/[^/]*$"
package.path = tests .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local sys = require "memlua.base.sys"

local quote <const> = sys.quote
local output_of <const> = require "shell".said

local scratch <const>, tidy <close> = require "shell".folder()
local cache = scratch .. "/cache"
local setup = quote(tests .. "/../host/setup/")

local function write(path, text)
  assert(os.execute("mkdir -p " .. path:match "^(.*)/"))
  local file <close> = assert(io.open(path, "wb"))
  file:write(text)
end

-- An image as far as memlua looks into it: a bzImage's magic and the release that it names.
local function image(release)
  local path = scratch .. "/image-" .. release
  write(path, ("\0"):rep(0x202) .. "HdrS" .. ("\0"):rep(0x20e - 0x206) .. string.pack("<I2", 0x100)
    .. ("\0"):rep(0x300 - 0x210) .. release .. " (someone)\0")
  return path
end

-- One with a kernel in it, which has BTF and nothing else: of tests/helpers/interface.c's kind `kind`.
local function whole_image(release, kind, compress)
  local path, helper = scratch .. "/whole-" .. kind .. "-" .. compress, host.executable():match "^(.*)/" .. "/tests/interface"
  assert(os.execute(([[cd %s && %s btf %s btf && echo | as -o empty.o - && objcopy --add-section .BTF=btf empty.o vmlinux && %s -c vmlinux >payload]])
    :format(scratch, quote(helper), kind, compress)))
  local payload, size = assert(sys.read(scratch .. "/payload")), #assert(sys.read(scratch .. "/vmlinux"))
  local head = ("\0"):rep(0x1f1) .. "\1" .. ("\0"):rep(0x202 - 0x1f2) .. "HdrS" .. string.pack("<I2", 0x20f)
  head = head .. ("\0"):rep(0x20e - #head) .. string.pack("<I2", 0x100)
  head = head .. ("\0"):rep(0x248 - #head) .. string.pack("<I4I4", 16, #payload + 4)
  head = head .. ("\0"):rep(0x300 - #head) .. release .. " (someone)\0"
  write(path, head .. ("\0"):rep(2 * 512 + 16 - #head) .. payload .. string.pack("<I4", size)) -- two sectors of real mode code
  return path
end

local function headers(release, more)
  local folder = scratch .. "/headers-" .. release
  for name, text in pairs { Makefile = "", [".config"] = "", ["Module.symvers"] = "", vmlinux = more ~= "no BTF" and "x" or nil,
                            ["include/generated/utsrelease.h"] = ('#define UTS_RELEASE "%s"\n'):format(release) } do
    write(folder .. "/" .. name, text)
  end
  return folder
end

-- ---- --kernel and --headers -----------------------------------------------------------------------------------

local function refused(options, status, says, what)
  local text, got = output_of(("cd %s && XDG_CACHE_HOME=%s %s --vm %s -e ''"):format(scratch, cache, quote(host.executable()), options))
  local line = text:gsub("\n *", " ")
  return tap.ok(got == status and line:find(says, 1, true), what, text, got)
end
local possible = require "memlua.machine.checks".vm(true)
if possible then
  write(scratch .. "/text", "no kernel")
  refused("--kernel ./text", 1, "not a bootable kernel image", "a file that is no image")
  refused("--kernel ./nothing", 1, "no such file", "a file that isn't there")
  refused("--kernel " .. image "6.1.0-9-amd64", 4, "Linux 6.1.0-9-amd64 is too old for memlua's module, which takes 6.12 and later",
    "an image that is too old")
  local new = image "6.99.1"
  refused("--kernel " .. new, 1, "say where they are: --headers DIR", "no headers beside it")
  refused(("--kernel %s --headers %s"):format(new, headers "6.99.2"), 1,
    "they are of Linux 6.99.2, and " .. new .. " is 6.99.1; give those of the same version", "headers of another version")
  refused(("--kernel %s --headers %s"):format(new, scratch), 1, "no kernel headers there", "headers that are none")
  refused(("--kernel %s --headers %s"):format(new, headers("6.99.1", "no BTF")), 4, "no vmlinux in it, whose BTF the module needs",
    "headers without BTF")
  local relative = ("cd %s && ln -s %s rel && "):format(scratch, headers "6.99.1")
  assert(os.execute(relative .. "rm rel/vmlinux"))
  refused("--kernel ./image-6.99.1 --headers rel", 4, scratch .. "/rel: no vmlinux in it", "relative paths are taken from the working folder")
  refused("--kernel " .. whole_image("6.99.3", "none", "gzip"), 1, "say where they are: --headers DIR", "a whole one without memcg_bpf_ops")
  refused("--kernel " .. whole_image("6.99.3", "other", "gzip"), 4, "its own memcg_bpf_ops is of an interface that memlua doesn't know",
    "one with another interface")
  refused("--headers " .. scratch, 1, "--headers goes with --kernel IMAGE", "headers without an image")
else
  tap.skip("--kernel and --headers", "no microVM can be booted here")
end

-- A native kernel takes neither headers nor a module, whatever its version; a link to the root's modules it may have.
for _, case in ipairs { { "v6", "gzip", "RFC v6" }, { "v7", "xz", "RFC v7" }, { "v7", "zstd", "RFC v7" } } do
  if sys.which(case[2]) then
    local kernel = require "memlua.machine.kernels".chosen { kernel = whole_image("6.1.0-mine", case[1], case[2]) }
    tap.is({ kernel.native, kernel.release, kernel.headers, kernel.image:sub(1, 1) }, { case[3], "6.1.0-mine", nil, "/" },
      ("%s in an image packed by %s: native, without headers"):format(case[1], case[2]))
  else
    tap.skip(case[1] .. " in an image packed by " .. case[2], "no such program here")
  end
end

-- ---- a kernel unpacked -----------------------------------------------------------------------------------------------

local images = require "memlua.machine.image"
local whole = whole_image("6.99.4", "none", "gzip")
local original = sys.read(scratch .. "/vmlinux")

local function in_folder(name, content)
  write(("%s/%s/vmlinuz"):format(scratch, name), content)
  return ("%s/%s"):format(scratch, name)
end

local folder = in_folder("unpacked", sys.read(whole))
tap.is(images.unpacked(folder .. "/vmlinuz"), folder .. "/vmlinux", "a kernel is unpacked beside its image")
tap.ok(sys.read(folder .. "/vmlinux") == original and not sys.exists(folder .. "/vmlinux.part"), "whole, and nothing else is left")
write(folder .. "/vmlinux", "kept")
images.unpacked(folder .. "/vmlinuz")
tap.is(sys.read(folder .. "/vmlinux"), "kept", "what is there is taken as it is")

folder = in_folder("damaged", sys.read(whole):sub(1, -5) .. string.pack("<I4", #original + 1))
tap.is({ images.unpacked(folder .. "/vmlinuz"), sys.exists(folder .. "/vmlinux") }, { nil, false }, "one of another length than its image says isn't taken")
folder = in_folder("foreign", "no kernel")
tap.is(images.unpacked(folder .. "/vmlinuz"), nil, "there is none in what is no image")

-- ---- the module's build -------------------------------------------------------------------------------------------

local function built(folder, release)
  return output_of(("XDG_CACHE_HOME=%s %skmod.sh %s %s %s"):format(cache, setup, folder, release, quote(tests .. "/../bpf")))
end
tap.like(built(headers "6.11.9", "6.11.9"), "Linux 6%.11%.9 is too old", "an old kernel is refused before the compiler sees it")
tap.like(built(headers "7.4.0", "7.4.1"), "headers of Linux 7%.4%.0, and the kernel is 7%.4%.1", "so are headers of another")
tap.like(built(scratch, "7.4.1"), "no kernel headers", "and a folder without")
tap.is(output_of("ls " .. cache .. "/memlua/kmod 2>/dev/null"), "", "nothing of it is cached")

local unit = sys.read(tests .. "/../bpf/kmod/memcg_bpf_ops.c")
for file in sys.read(tests .. "/../bpf/kmod/kmod.h"):gmatch "\n/%* (%w+%.c):" do
  tap.ok(unit:find('#include "' .. file .. '"', 1, true), file .. " is part of the module's one translation unit")
end

-- A module's BTF as far as the check reads it: a header, types { name's offset, info, size }, strings behind the base's.
local STRUCT <const>, FWD <const> = 4 << 24, 7 << 24
local function section(types, strings)
  local words = {}
  for _, t in ipairs(types) do words[#words + 1] = string.pack("<I4I4I4", table.unpack(t)) end
  local body = table.concat(words)
  return string.pack("<I2BBI4I4I4I4I4", 0xeb9f, 1, 0, 24, 0, #body, #body, #strings) .. body .. strings
end
local function checked(types, base)
  local strings <const> = "other\0memcg_bpf_ops\0"
  write(scratch .. "/btf", section(types, strings))
  write(scratch .. "/m/vmlinux", base or section({}, "\0" .. ("x"):rep(98) .. "\0")) -- 100 bytes of strings, as BTF alone
  assert(os.execute(("cd %s && echo | as -o empty.o - && objcopy --add-section .BTF=btf empty.o m.ko"):format(scratch)))
  return output_of(("sh %s %s/m.ko %s/m"):format(quote(tests .. "/../bpf/kmod/check-btf.sh"), scratch, scratch))
end
local ours <const>, theirs <const> = 100 + 6, 100
tap.is({ checked { { ours, STRUCT, 8 }, { theirs, STRUCT, 8 } } }, { "", 0 }, "one memcg_bpf_ops is right")
local text, status = checked { { ours, STRUCT, 8 }, { theirs, STRUCT | 1, 8 }, { 1, ours, STRUCT }, { ours, STRUCT, 16 } }
tap.ok(status == 1 and text:find("stands 2 times", 1, true), "two are an error, whatever a member's words look like", text)
text, status = checked { { ours, FWD, 0 } }
tap.ok(status == 1 and text:find("stands 0 times", 1, true), "so is none", text)
text, status = checked({ { 1, STRUCT, 8 } }, section({ { 1, STRUCT, 8 } }, "\0memcg_bpf_ops\0"))
tap.ok(status == 1 and text:find("the kernel has struct memcg_bpf_ops itself, and needs no module", 1, true), "unless the kernel has it", text)
assert(os.execute(("cd %s && cp empty.o m.ko"):format(scratch)))
tap.like(output_of(("sh %s %s/m.ko %s/m"):format(quote(tests .. "/../bpf/kmod/check-btf.sh"), scratch, scratch)),
  "built without BTF", "and no BTF at all")

-- ---- fetching -----------------------------------------------------------------------------------------------------

local function fetch(what, environment)
  return output_of(("env XDG_CACHE_HOME=%s %s %sfetch.sh kernel %s"):format(cache, environment or "", setup, what))
end
-- No proxy answers at port 1: a network that is down.
local DOWN <const> = "http_proxy=http://127.0.0.1:1 https_proxy=http://127.0.0.1:1 no_proxy="
write(cache .. "/memlua/kernels/7.1.9+x-cloud-amd64/release", "7.1.9+x-cloud-amd64\n")
write(cache .. "/memlua/kernels/7.1.10+x-cloud-amd64/release", "7.1.10+x-cloud-amd64\n")
-- those that the tests build are taken by their whole name only
write(cache .. "/memlua/kernels/7.1.11-memlua-debug/release", "7.1.11-memlua-debug\n")
write(cache .. "/memlua/kernels/7.1.11-memlua-v6/release", "7.1.11-memlua-v6\n")
for given, want in pairs { ["7.1"] = "7.1.10+x-cloud-amd64", ["7.1.9"] = "7.1.9+x-cloud-amd64", ["7.1.10+x"] = "7.1.10+x-cloud-amd64",
                           ["7.1.11-memlua-v6"] = "7.1.11-memlua-v6" } do
  tap.is({ fetch(given, DOWN) }, { cache .. "/memlua/kernels/" .. want .. "\n", 0 }, given .. " is in the cache, the network may be down")
end
if sys.which "apt-get" and output_of "apt-get indextargets 'Created-By: Packages' 'Label: Debian' 2>/dev/null" ~= "" then
  text, status = fetch("7.2", DOWN)
  tap.ok(status == 1 and text:find("can't be read, and a kernel is not in " .. cache, 1, true) and text:find("is the network up", 1, true),
    "what is not in the cache needs it: it is said from where", text)
  tap.is(output_of("ls -A " .. cache .. "/memlua | grep -v '^kernels$\\|^lock$\\|^kmod$'"), "", "nothing half done stays")
else
  tap.skip("a cold cache without network", "no Debian archive in apt's sources")
end

-- Two first uses at once: the second waits for the first's lock, and finds what that brought.
local lock = cache .. "/memlua/lock"
text = output_of(([[
flock %s sh -c 'touch %s/held; sleep 2; mkdir %s/memlua/kernels/7.5.1; echo 7.5.1 > %s/memlua/kernels/7.5.1/release' &
while [ ! -e %s/held ]; do sleep 0.1; done
MEMLUA_QUIET=1 XDG_CACHE_HOME=%s %sfetch.sh kernel 7.5; wait]]):format(lock, scratch, cache, cache, scratch, cache, setup))
tap.is(text, cache .. "/memlua/kernels/7.5.1\n", "of two at once the second takes what the first fetched")
text, status = output_of(("XDG_CACHE_HOME=/proc %sfetch.sh kernel 9.9"):format(setup))
tap.ok(status == 1 and text:find("set XDG_CACHE_HOME", 1, true), "a cache that can't be written is said", text)

-- ---- the verdict on KVM -------------------------------------------------------------------------------------------

package.loaded["memlua.vm"] = { run = function() return table.unpack(package.loaded.outcome, 1, 3) end }
local open = io.open
io.open = function(path, ...) return open(path == "/dev/kvm" and "/dev/null" or path, ...) end
host.setenv("XDG_CACHE_HOME", cache)
local kvm = require "memlua.machine.kvm"
local function tried(kernel, ...)
  package.loaded.outcome = { ... }
  local verdict = kvm.verdict(kernel, true)
  local kept = kvm.known()
  os.execute("rm -f " .. cache .. "/memlua/kvm-*")
  return { verdict, kept }
end
local own, mine = { image = "x", fetched = true }, { image = "x" }
tap.is(tried(own, 0), { "works", "works" }, "a boot that ends well is kept")
tap.is(tried(own, nil, "QEMU ended early", 71), { "QEMU ended early", "QEMU ended early" }, "so is QEMU's own early end")
tap.is(tried(own, nil, "it hung", 4), { "it hung", "it hung" }, "so is a guest that hangs")
tap.is(tried(own, nil, "no space", 28), { "no space" }, "a full disk says nothing about KVM")
tap.is(tried(mine, nil, "it hung", 4), { "it hung" }, "nor does a user's own kernel that doesn't boot")
package.loaded.outcome = { 0 }
kvm.verdict(own, true)
tap.like(output_of("ls " .. cache .. "/memlua"), "kvm%-" .. host.facts().release:gsub("%p", "%%%0") .. "[^\n]*%-" ..
  sys.version_of "qemu-system-x86_64":gsub("%p", "%%%0") .. "\n", "per host kernel and QEMU's version")
io.open = open
tap.done()
