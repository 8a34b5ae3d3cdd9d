-- A kernel that has memcg_bpf_ops itself, seen from the machine that boots it: it is told to be native, boots without
-- headers, lets no module in beside it, and the plan's experiment comes to what it comes to with the module.
--   MEMLUA_KERNEL=RELEASE memlua tests/native/native.t    RELEASE: what tests/native/kernel.sh prints
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local kernels = require "memlua.machine.kernels"
local shell = require "shell"
local json = require "memlua.json"
local sys = require "memlua.base.sys"

local release <const> = assert(os.getenv "MEMLUA_KERNEL", "MEMLUA_KERNEL: not set; tests/native/kernel.sh v6 prints one")
local interface <const> = "RFC " .. release:match "v[67]$"
local scratch <const>, tidy <close> = shell.folder()
local memlua <const> = sys.quote(host.executable())
local kernel <const> = kernels.chosen { kernel = release }
tap.is(kernel.native, interface, "its BTF tells which interface it has")

local function vm(words, kernel_) return shell.said(("%s --vm --kernel %s %s"):format(memlua, kernel_ or release, words)) end

-- ---- what is said of it ---------------------------------------------------------------------------------------------

-- in the guest: on the machine doctor tells of the machine
local said, status = vm "-e 'require \"memlua.host\".enter(); arg = { [0] = \"doctor\" }; require \"memlua.cli.command.doctor\"'"
tap.ok(said:find("in the kernel itself (" .. interface .. ")", 1, true), "doctor says where it is", status, said)
tap.like(said, "memlua takes: native", "and takes that way")

-- ---- an image and nothing else ----------------------------------------------------------------------------------------

assert(os.execute(("cp %s %s/vmlinuz"):format(kernel.image, scratch)))
said, status = vm("-e 'print(require \"memlua.policy\".native())'", scratch .. "/vmlinuz")
tap.ok(status == 0 and said:find "\ntrue\n", "without headers it boots", said)
tap.like(said, ("native memcg_bpf_ops (%s)"):format(interface), "and one line says that it is native")

-- ---- the module beside it ------------------------------------------------------------------------------------------------

local module, why = kernels.module(kernel.headers, release)
tap.ok(not module and why:find("the kernel has struct memcg_bpf_ops itself, and needs no module", 1, true), "memlua's module isn't built for it", module, why)
-- one built all the same
local sources <const> = sys.quote(arg[0]:match "^(.*)tests/[^/]*/[^/]*$" .. "bpf")
assert(os.execute(("cp -r %s %s/bpf && make -s -C %s M=%s/bpf/kmod modules >&2"):format(sources, scratch, kernel.headers, scratch)))
said = vm(("-e 'require \"memlua.host\".enter(); os.execute \"insmod %s/bpf/kmod/memcg_bpf_ops.ko; dmesg | grep memcg_bpf_ops\"'"):format(scratch))
tap.like(said, "insmod: ERROR: .*: Operation not supported", "and refuses to load")
tap.like(said, "this kernel has memcg_bpf_ops itself, and we would replace functions that call it", "and says why")

-- ---- the plan's experiment -------------------------------------------------------------------------------------------------

-- Seconds that each tenant took with protection, by its name.
local function protected(words)
  local out = ("%s/%d"):format(scratch, #words)
  local text, code = shell.said(("%s --vm %s --out %s protected"):format(memlua, words, out))
  tap.is(code, 0, "protected" .. words, text)
  local seconds = {}
  for _, strategy in ipairs(json.decode(sys.read(out .. "/summary.json")).strategies) do
    if not strategy.solo then for _, tenant in ipairs(strategy.tenants) do seconds[tenant.name] = tenant.completion.median end end
  end
  return seconds
end
local native, by_module = protected(" --kernel " .. release), protected ""
for name, seconds in pairs(by_module) do
  local ratio = native[name] / seconds
  tap.ok(ratio > 0.98 and ratio < 1.02, name .. " takes as long as with the module, to 2 %", native[name], seconds)
end
tap.done()
