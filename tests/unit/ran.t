-- memlua.machine.ran: digests and versions of what takes part, found out in the background; what isn't there is left out.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local inputs = require "memlua.experiment.inputs"
local policy = require "memlua.policy"
local provenance = require "memlua.experiment.provenance"
local ran = require "memlua.machine.ran"
local shell = require "shell"
local spec = require "memlua.experiment.spec"
local sys = require "memlua.base.sys"
local trace = require "memlua.trace"

local scratch <const>, tidy <close> = shell.folder()
local function save(name, text)
  assert(host.save(scratch .. "/" .. name, text))
  return scratch .. "/" .. name
end
local function digest(file) return (shell.output("sha256sum <" .. sys.quote(file)):match "^%x+") end

local file <const> = save("it's a file", "some\n")
local config <const> = save("config", "CONFIG_MEMCG=y\n# CONFIG_ZSWAP is not set\nCONFIG_HZ=250\nCONFIG_FOO=y\nCONFIG_PREEMPT_DYNAMIC=y\n")
local watch = ran.begin { files = { own = file, gone = scratch .. "/gone" }, embedded = { "policies/priority.bpf.o" }, config = config,
                          programs = { "sh", "no-such-program" } }
local found = watch:finish()
local built_in = save("priority.bpf.o", host.embedded "policies/priority.bpf.o")
tap.is(found.digests, { own = digest(file), ["policies/priority.bpf.o"] = digest(built_in) }, "SHA-256 of files and of what is built in; what isn't there has none")
tap.is(found.config, { sha256 = digest(config), CONFIG_MEMCG = "y", CONFIG_HZ = "250", CONFIG_PREEMPT_DYNAMIC = "y" }, "the options that matter, and the digest of all")
tap.is(found.versions.libbpf, host.libbpf(), "the version of libbpf")
for _, program in ipairs { "clang", "gnuplot" } do
  local path = sys.which(program)
  tap.is(found.versions[program] ~= nil, path ~= nil, program .. " has a version where it is there")
end
local dpkg = sys.which "dpkg"
tap.is(found.packages ~= nil, dpkg ~= nil, "a program's package where there is dpkg")
if dpkg then
  local path, package = next(found.packages)
  tap.ok(path:find "^/" and package:find "^%S+ %S+$" and next(found.packages, path) == nil, "by the program's path: name and version", path, package)
end
tap.is({ found.machine.cpus, found.machine.release }, { host.facts().cpus, host.facts().release }, "the machine")
tap.ok(found.load.before and found.load.after and found.steal >= 0 and found.steal <= 1, "its load and steal", found)
tap.is(watch:finish().digests, found.digests, "asked twice it knows it still")

-- ---- what a plan depends on ---------------------------------------------------------------------------------------------

local csv <const> = save("a.csv", "0,1000000\n1,2000000\n")
trace.read(csv)
save("mine.bpf.o", host.embedded "policies/priority.bpf.o")
local plan = spec.check({ name = "x", limits = { ["memory.max"] = "100M" }, tenants = {
    { name = "high", workload = { size = "1M" } }, { name = "b", workload = { kind = "exec", argv = { "cat", "x" }, size = "1M" } } },
  strategies = { { name = "none" }, { name = "built in", policy = { name = "reserve" } }, { name = "mine", policy = { name = scratch .. "/mine.bpf.o" } },
                 { name = "killer", controller = { argv = { "earlyoom" } } } } }, host.settings)
local of = provenance.of(plan)
tap.is({ of.files["trace a.csv"], of.files["policy mine.bpf.o"], of.embedded, of.programs }, { csv, scratch .. "/mine.bpf.o", { "policies/reserve.bpf.o" }, { "cat", "earlyoom" } },
  "traces that were read, policies, programs of tenants and controllers")
tap.is(inputs.files["trace b.csv"], nil, "and nothing else")
if sys.which "clang" then
  local soft = policy.lua { name = "soft", roles = { tenant = { charged = function() return 0 end } } }
  spec.check({ name = "x", limits = { ["memory.max"] = "100M" }, tenants = { { name = "a", workload = { size = "1M" } } }, strategies = { { name = "soft", policy = { name = soft } } } }, host.settings)
  tap.is(provenance.of({}).files["policy soft.bpf.o"], soft:object(), "and the object of a policy in Lua")
end
tap.done()
