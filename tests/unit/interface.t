-- memcg_bpf_ops by whatever interface: which one it is, what a policy comes to on it, what is refused, how it is attached.
-- The kernels are BTF that the helper makes: no distribution has one. Loading and attaching for real: tests/vm.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"

local output_of <const> = require "shell".said

local build = host.executable():match "^(.*)/"
local helper <const> = build .. "/tests/interface "
local scratch <close> = assert(host.scratch())

local function btf(kind)
  local path = ("%s/%s.btf"):format(scratch:path(), kind)
  assert(os.execute(helper .. "btf " .. kind .. " " .. path))
  return path
end
local v6 <const>, v7 <const>, none <const>, other <const> = btf "v6", btf "v7", btf "none", btf "other"

-- ---- which one it is ----------------------------------------------------------------------------------------

tap.is({ host.interface(v6) }, { "RFC v6", true, false }, "v6 is known by its callback for a charge")
tap.is({ host.interface(v7) }, { "RFC v7", true, false }, "so is v7; neither bears that an attached cgroup goes")
tap.is({ host.interface(other) }, { "of an interface that memlua doesn't know", false, false }, "one with neither is not taken for one of them")
tap.is(host.interface(none), nil, "a kernel without the type")
local got, why, code = host.interface(arg[0])
tap.ok(got == nil and why:find(arg[0] .. ": no BTF in it", 1, true) and math.type(code) == "integer", "a file that is no BTF", why)
got, why = host.interface "/nonexistent"
tap.ok(got == nil and why:find("/nonexistent: no BTF in it: ", 1, true), "no file", why)
tap.is(host.has_ops(), host.interface() ~= nil, "without a file it is the running kernel's")

-- ---- what a policy comes to on it -----------------------------------------------------------------------------

local function fitted(kernel, object)
  local text, status = output_of(helper .. "fit " .. kernel .. " " .. build .. "/" .. object .. ".bpf.o")
  local roles = {}
  for role, rest in text:gmatch "(%S+) ([^\n]*)\n" do
    local words = {}
    for word in rest:gmatch "%S+" do words[#words + 1] = word end
    table.sort(words)
    roles[role] = table.concat(words, " ")
  end
  return status == 0 and roles or text, status
end

local HIGH <const> = "below_low=high_below_low below_min=high_below_min handle_cgroup_offline=high_offline"
tap.is(fitted(v6, "policies/priority"), { high = HIGH, low = "get_high_delay_ms=low_charged" },
  "priority on v6: what is asked at a charge goes under v6's name")
tap.is(fitted(v7, "policies/priority"), { high = HIGH, low = "memcg_charged=low_charged" }, "and on v7 under v7's, by the same object")
tap.is(fitted(v6, "policies/template").tenant, "get_high_delay_ms=tenant_charged", "template on v6")
tap.is(fitted(v7, "policies/template").tenant, "memcg_charged=tenant_charged", "template on v7")
tap.is(fitted(v7, "tests/uncharged"), { lenient = "memcg_charged=both_charged memcg_uncharged=lenient_uncharged",
  strict = "memcg_charged=both_charged memcg_uncharged=strict_uncharged" }, "v7 has memcg_uncharged")

-- The first role is printed, the second one refused.
local function refused(kernel, object, says, what)
  local path = object:find "^/" and object or ("%s/%s.bpf.o"):format(build, object)
  local text, status = output_of(helper .. "fit " .. kernel .. " " .. path)
  tap.ok(status == 2 and text:find(says, 1, true), what, text, status)
  return text
end
local text = refused(v6, "tests/uncharged", "the callback memcg_uncharged is one that memcg_bpf_ops (RFC v6) lacks; mark strict_uncharged __optional",
  "a callback that the kernel lacks is named with the interface, never dropped")
tap.ok(text:find("lenient get_high_delay_ms=both_charged\n", 1, true), "one that the policy marks as optional is left out", text)
for name, kernel in pairs { v6 = v6, v7 = v7 } do
  refused(kernel, "policies/reserve", "needs MEMCG_BPF_HOLD", "reserve promises nothing on " .. name .. ", which has no hold")
end

-- Objects of other authors, whose types know nothing of the module's members.
tap.is(fitted(v6, "tests/foreign_v6"), { low_ops = "get_high_delay_ms=low_delay", high_ops = "below_low=high_low" }, "a v6 object on v6")
tap.is(fitted(v7, "tests/foreign_v7"), { low_ops = "memcg_charged=low_charged memcg_uncharged=low_uncharged", high_ops = "below_min=high_min" },
  "a v7 object on v7, by a flavour of the type's name")
tap.is(fitted(v6, "tests/rfc_v6"), { high_mcg_ops = "below_low=low_impl below_min=min_impl", low_mcg_ops = "get_high_delay_ms=delay_impl" },
  "one of the shape of v6's own sample")
refused(v6, "tests/rfc_v7", "which this kernel lacks (Linux 7.0 has the memcg's own", "one of v7's selftests calls what v6 hasn't")
refused(v7, "tests/foreign_v6", "the callback get_high_delay_ms is one that memcg_bpf_ops (RFC v7) lacks",
  "an object that has no member to move it to is refused by name")
refused(v6, "tests/foreign_v7", "the callback memcg_charged is one that memcg_bpf_ops (RFC v6) lacks", "the other way round as well")

-- memcg.stat is read by functions that neither of them has
host.setenv("XDG_CACHE_HOME", scratch:path())
local reading = require "memlua.policy".lua { name = "reading", roles = { tenant = { charged = function(memcg)
  return memcg.stat.anon > 4096 and 20 or 0
end } } }
local lacking = refused(v6, reading:object(), ", which this kernel lacks (Linux 7.0 has the memcg's own, memlua's module gives all of them to a "
  .. "stock kernel); run with --vm, or do without it", "a function that the kernel hasn't")
tap.like(lacking, "calls bpf_%l+_mem_cgroup", "is named")

-- ---- how it is attached -------------------------------------------------------------------------------------------

local function attached(kernel) return (output_of(helper .. "attach " .. kernel)) end
tap.is(attached(v6), "target_fd 0 flags 0 relative_fd 7\ntarget_fd 0 flags 1 relative_fd 7\n",
  "v6 takes the cgroup as relative_fd, and BPF_F_ALLOW_OVERRIDE")
tap.is(attached(v7), "target_fd 7 flags 128 relative_fd 0\ntarget_fd 7 flags 129 relative_fd 0\n",
  "v7 takes it as target_fd with BPF_F_CGROUP_FD, beside which override stands")

tap.done()
