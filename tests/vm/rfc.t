-- The bugs that were found in the RFC's patches, tried on what this kernel has: a cgroup that goes before its link while swapped
-- pages outlive it; a map that is registered without a link; an attach where there is no memory controller. And links that are
-- closed raw, in any order.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"
local host = require "memlua.host"
local policy = require "memlua.policy"
local shell = require "shell"
local sys = require "memlua.base.sys"
local worker = require "memlua.worker"
local zram = require "memlua.machine.zram"

host.enter()
if not host.in_guest then return tap.done "would crash a kernel that has the bugs: only in the microVM (--vm)" end

local build <const> = host.executable():match "^(.*)/"
local steps <const>, raw <const> = build .. "/tests/steps.bpf.o", build .. "/tests/raw_ops"
local top = assert(cgroup.create "top")
local path <const> = cgroup.root() .. "/top"

-- A policy elsewhere keeps the module loaded.
local aside = assert(cgroup.create "aside")
local keeper <close> = assert(policy.attach(steps, { plain = aside }))

local function complaints() return (shell.output "dmesg | grep -E 'WARNING: |BUG: |Oops|Call Trace|refcount_t|INFO: task' | grep -v 'taints kernel'") end

-- ---- swapped pages outlive their cgroup, and its link -----------------------------------------------------------------------

assert(zram.make(128 << 20))
do
  local gone = assert(cgroup.create "top/gone")
  local p = assert(policy.attach(steps, { plain = gone }))
  local w <close> = assert(worker.spawn(gone, { kind = "exec", argv = { "dd", "if=/dev/urandom", "of=/dev/shm/outlives", "bs=1M", "count=24" }, output = "/dev/null" }))
  tap.is(w:wait(120).ended, "done", "24 MB of a file in memory are charged to a cgroup with a policy")
  gone:set("memory.reclaim", "24M")
  tap.ok(tonumber((gone:get "memory.swap.current")) > 4 << 20, "and swapped out", gone:get "memory.swap.current")
  tap.ok(gone:remove(), "the cgroup goes, before the link")
  local other = assert(cgroup.create "top/other")
  local reader <close> = assert(worker.spawn(other, { kind = "exec", argv = { "sh", "-c", "head -c 12M /dev/shm/outlives | wc -c" }, output = "/run/tmp/read" }))
  tap.is({ reader:wait(120).ended, sys.read "/run/tmp/read" }, { "done", "12582912\n" }, "somebody else has half of it swapped in")
  p:detach()
  local last <close> = assert(worker.spawn(other, { kind = "exec", argv = { "sh", "-c", "wc -c </dev/shm/outlives; rm /dev/shm/outlives" }, output = "/run/tmp/read" }))
  tap.is({ last:wait(120).ended, sys.read "/run/tmp/read" }, { "done", "25165824\n" }, "the rest once the link has gone, too")
  other:remove()
end
tap.is(complaints(), "", "without a complaint of the kernel's")

if policy.native() then
  tap.skip("a map without a link, links closed raw", "tests/helpers/raw_ops.c names its cgroup as the module's type does")
  return tap.done()
end

-- ---- a map without a link ---------------------------------------------------------------------------------------------------

local function charge(cg)
  local w <close> = assert(worker.spawn(cg, { size = "4M" }))
  return w:wait(60).ended
end
local victim = assert(cgroup.create "top/victim")
local said, status = shell.said(("%s %s %s/victim nolink"):format(raw, steps, path))
tap.ok(status == 0 and said:find "load" , "a map is registered without a link, or refused", said, status)
print("# without a link: " .. said:gsub("\n", "; "))
tap.is({ charge(victim), complaints() }, { "done", "" }, "the kernel survives it, and what is charged there then")
local p, why = policy.attach(steps, { plain = victim })
tap.ok(p and charge(victim) == "done", "the cgroup takes a policy afterwards", why)
if p then p:detach() end
victim:remove()

-- ---- no memory controller -----------------------------------------------------------------------------------------------------

shell.output(("mkdir -p %s/inner/bare; cat %s/inner/cgroup.controllers"):format(path, path))
local bare <const> = path .. "/inner/bare"
tap.ok(not (sys.read(bare .. "/cgroup.controllers") or ""):find "memory", "a cgroup without the memory controller")
local opened, reason = cgroup.open(bare)
local lost
if opened then lost, reason = policy.attach(steps, { plain = opened }) end
tap.ok(not lost and tostring(reason):find "memory controller", "an attach there is refused and says why, and lands on no ancestor", reason)
if lost then lost:detach() end
said = shell.said(("%s %s %s link"):format(raw, steps, bare))
tap.ok(not said:find " 0\n", "neither does it by the raw link", said)
p, why = policy.attach(steps, { plain = top })
tap.ok(p, "the ancestor is free", why)
if p then p:detach() end
shell.output(("rmdir %s/inner/bare %s/inner"):format(path, path))

-- ---- links let go of in any order ------------------------------------------------------------------------------------------------

local linked = assert(cgroup.create "top/linked")
assert(linked:set("cgroup.subtree_control", "+memory"))
said, status = shell.said(("%s %s %s/linked link"):format(raw, steps, path))
local orders, attached = 0, 0
for result in said:gmatch "%a+ (%d+)\n" do
  orders = orders + 1
  if result == "0" then attached = attached + 1 end
end
tap.is({ status, orders, attached }, { 0, 9, 9 }, "nine orders of closing link and map, detaching and removing the cgroup")
if attached ~= 9 then print("# " .. said:gsub("\n", "; ")) end
tap.ok(linked:remove() and top:remove(), "all cgroups can be removed")
tap.is(complaints(), "", "without a complaint of the kernel's")
zram.drop()
tap.done()
