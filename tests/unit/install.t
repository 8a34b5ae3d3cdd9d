-- make install puts everything where it is found, make uninstall takes all of it away.
local tests = arg[0]:match "^(.*)/[^/]*/[^/]*$"
package.path = tests .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"

local quote <const> = require "memlua.base.sys".quote
local output_of <const> = require "shell".said

local scratch <const>, tidy <close> = require "shell".folder()
-- The make that runs the tests shall not speak to this one, and this one not build another program under the tests (-o: it
-- is new enough).
local build = host.executable():match "^(.*)/"
local make = ("env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -C %s BUILD=%s DESTDIR=%s PREFIX=/opt/x -o %s -o %s "):format(
  quote(tests .. "/.."), quote(build), scratch, quote(host.executable()), quote(build .. "/config.mk"))

local text, status = output_of(make .. "install")
tap.ok(status == 0, "make install", text)
local there = output_of("cd " .. scratch .. " && find opt -type f")
for _, path in ipairs { "bin/memlua", "share/man/man1/memlua.1", "share/man/man7/memlua-lua.7",
  "share/bash-completion/completions/memlua", "share/zsh/site-functions/_memlua",
  "share/fish/vendor_completions.d/memlua.fish", "share/memlua/host/setup/fetch.sh", "share/memlua/host/setup/kmod.sh",
  "share/memlua/bpf/memcg_bpf_ops.h", "src/memcg_bpf_ops-0.1/dkms.conf", "src/memcg_bpf_ops-0.1/memcg_bpf_ops.h",
  "src/memcg_bpf_ops-0.1/main.c", "share/memlua/bpf/kmod/Kbuild", "share/memlua/bpf/kmod/dkms.conf",
  "share/memlua/bpf/policies/priority.bpf.c", "share/memlua/scripts/protected.lua" } do
  tap.ok((there):find("opt/x/" .. path .. "\n", 1, true), path .. " is installed")
end
tap.ok(not there:find "%.o\n" and not there:find "%.ko\n" and not there:find "%.mod%.c\n", "nothing that was built beside it")

local prefix = scratch .. "/opt/x"
local installed = prefix .. "/bin/memlua"
local mine = io.open(host.executable(), "rb"):read "a"
tap.ok(io.open(installed, "rb"):read "a" == mine, "the binary is this one")
local where = [[print(require "memlua.machine.kernels".data "host/setup/fetch.sh", require "memlua.machine.kernels".data "bpf")]]
tap.is(output_of(("cd / && %s -e %s"):format(installed, quote(where))),
  ("%s/share/memlua/host/setup/fetch.sh\t%s/share/memlua/bpf\n"):format(prefix, prefix), "it finds its own files, wherever it stands")
tap.is(select(2, output_of("cd / && " .. installed .. " " .. prefix .. "/share/memlua/scripts/protected.lua --dry-run -q -o " .. scratch .. "/o")), 0,
  "the installed scripts are understood")

-- ---- away again -----------------------------------------------------------------------------------------------

io.open(prefix .. "/bin/other", "w"):close()
text, status = output_of(make .. "uninstall")
tap.ok(status == 0, "make uninstall", text)
tap.is(output_of("cd " .. scratch .. " && find opt ! -type d"), "opt/x/bin/other\n", "leaves what isn't memlua's, and nothing else")
tap.done()
