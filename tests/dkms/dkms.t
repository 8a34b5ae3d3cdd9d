-- The module as dkms makes it of what `make install` puts there, in folders of the test's own: dkms takes it, its file is found and
-- loads.  memlua tests/dkms/dkms.t, or make check-dkms; MEMLUA_KERNEL: for which kernel.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local kernels = require "memlua.machine.kernels"
local memlua = require "memlua"
local shell = require "shell"
local sys = require "memlua.base.sys"

if not sys.which "dkms" then memlua.fail(memlua.status.unsupported, "dkms: not found; apt install --no-install-recommends dkms") end
if not host.is_root() then memlua.fail(memlua.status.unsupported, "dkms takes root") end

local folder <close> = assert(host.scratch())
local work, project = folder:path(), host.executable():match "^(.*)/[^/]+/[^/]+$"
local kernel = kernels.chosen(host.settings)
print("# Linux " .. kernel.release)

local said, status = shell.said(("make -s -C %s install DESTDIR=%s/root PREFIX=/usr"):format(project, work))
tap.ok(status == 0, "make install", said)

local TREES <const> = ("--dkmstree %s/dkms --sourcetree %s/root/usr/src --installtree %s/modules --kernelsourcedir %s"):format(work, work,
  work, kernel.headers)
assert(os.execute(("mkdir -p %s/dkms %s/modules/%s"):format(work, work, kernel.release)))
local function dkms(action)
  return shell.said(("dkms %s -m memcg_bpf_ops -v 0.1 -k %s %s --no-depmod"):format(action, kernel.release, TREES))
end
for _, action in ipairs { "add", "build", "install" } do
  said, status = dkms(action)
  tap.ok(status == 0, "dkms " .. action, said)
end

local installed = shell.said(("find %s/modules -name 'memcg_bpf_ops.ko*'"):format(work)):match "^[^\n]+"
tap.ok(installed and installed:find("/" .. kernel.release .. "/updates/dkms/", 1, true), "it is where memlua looks for it", installed)

local script = work .. "/loads.lua"
assert(host.save(script, [[
  require("memlua.host").setenv("MEMLUA_KMOD", arg[1])
  local high <close> = assert(require("memlua.cgroup").create "high")
  local p <close> = assert(require("memlua.policy").attach("priority", { high = high }))
  print(#p:tenants() .. " attached")
]]))
said, status = shell.said(("%s --vm %s %s"):format(host.executable(), script, installed or "/nowhere"))
tap.ok(installed and status == 0 and said:find("1 attached", 1, true), "and it loads", said)
tap.done()
