-- memlua.policy on a real kernel: attaching, its rules, the callbacks' counts, settings while running, detaching.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"
local host = require "memlua.host"
local pair = require "pair"
local policy = require "memlua.policy"
local worker = require "memlua.worker"

local objects = host.executable():match "^(.*)/" .. "/tests/"
local steps = objects .. "steps.bpf.o"

local session, a, b, touch = pair.new()

local function refused(reason, name, spec, what)
  local p, why, code = policy.attach(name, spec)
  tap.ok(p == nil and why:find(reason, 1, true) and math.type(code) == "integer", what, why or "attached", code)
  if p then p:detach() end
end

local function module_loaded()
  return io.open "/sys/kernel/btf/memcg_bpf_ops" ~= nil
end

-- ---- asked per slow-path charge ---------------------------------------------------------------------------

do
  local p <close> = assert(policy.attach(steps, { plain = { a, b } }))
  tap.is({ p:name(), #p:tenants(), p:tenants()[1].name, p:tenants()[2].role }, { "steps", 2, "session/a", "plain" }, "attached to two cgroups")
  tap.is(p:stats().calls, 0, "nobody has charged anything")
  touch(a, "16M")
  local calls = p:stats().calls
  tap.ok(calls >= 64 and calls <= 72, "16 MB are asked about once per 64 pages", calls)
  touch(b, "16M")
  tap.ok(p:stats().calls - calls >= 64, "the second cgroup as well", p:stats().calls)
  calls = p:stats().calls
  tap.is({ p:drop(b), p:drop(b) }, { true, true }, "dropping twice is fine")
  touch(b, "16M")
  tap.is(p:stats().calls, calls, "a dropped one is not asked any more")
  touch(a, "1M")
  tap.ok(p:stats().calls > calls, "the other one still is", p:stats().calls)
  tap.is(#p:tenants(), 1, "and is the only tenant left")
  local before = assert(p:cost())
  calls = p:stats().calls
  touch(a, "4M")
  local after, counted = p:cost(), 0
  for name, cost in pairs(after) do
    counted = counted + cost.calls - before[name].calls
    tap.ok(cost.time_s >= before[name].time_s and cost.time_s < 1, "the kernel tells what its programs cost: " .. name, cost.time_s)
  end
  tap.is(counted, p:stats().calls - calls, "as often as they were called")
  tap.is({ policy.attach(p, { plain = b }) }, { nil, "steps: attached already", 16 }, "an attached policy is not attached again")
  calls = p:stats().calls
  touch(a, "1M")
  tap.ok(p:stats().calls > calls and #p:tenants() == 1, "and goes on as it was", p:stats().calls, p:tenants())
  local got, why = p:drop(session)
  tap.ok(got == nil and why == "steps: not a tenant of this policy", "dropping a stranger", why)
end
if policy.native() then
  tap.skip("the module goes with the last policy", "this kernel has memcg_bpf_ops itself")
else
  tap.ok(not module_loaded(), "the module goes with the last policy")
  policy.keep_module(true)
  tap.ok(not module_loaded(), "one that is to stay isn't loaded before it is needed")
  assert(policy.attach(steps, { plain = a })):detach()
  tap.ok(module_loaded(), "it stays when that policy goes")
  assert(policy.attach(steps, { plain = a })):detach()
  policy.keep_module(false)
  tap.ok(not module_loaded(), "until it needn't any more")
end

if not policy.native() and host.in_guest then -- a second memlua, which the module belongs to
  local file <close> = assert(io.open("/run/exit.lua", "w"))
  file:write [[
    require "memlua.machine.way".name = "module"
    local cg = assert(require "memlua.cgroup".create "left")
    assert(require "memlua.policy".attach("priority", { low = cg }))
    os.exit(io.open "/sys/kernel/btf/memcg_bpf_ops" and 7 or 8)]]
  file:close()
  local _, _, status = os.execute(("'%s' /run/exit.lua"):format(host.executable()))
  tap.is({ status, module_loaded() }, { 7, false }, "it also goes with a script that leaves by os.exit()")
  os.remove "/run/exit.lua"
end

-- ---- the delay, and hold ----------------------------------------------------------------------------------

do
  local p <close> = assert(policy.attach(steps, { plain = a, config = { delay_ms = 100 } }))
  local result = touch(a, "1M")
  local calls = p:stats().calls
  tap.ok(result.alloc_s >= 0.1 * (calls - 2) and result.alloc_s <= 0.13 * (calls + 2), "each answer of 100 ms is slept",
    result.alloc_s, calls)
  tap.is(p:configure { delay_ms = 0 }, true, "configured while it runs")
  tap.ok(touch(a, "1M").alloc_s < result.alloc_s / 4, "which takes effect at once")
end
if policy.native() then
  tap.skip("hold", "this kernel's memcg_bpf_ops has none")
else
  local p <close> = assert(policy.attach(steps, { hold = a, config = { delay_ms = 20 } }))
  local w <close> = assert(worker.spawn(a, { size = "8M" }))
  tap.is(select(2, w:wait(1)), "timeout", "held after its first charge")
  tap.ok(w:progress() < 2 << 20, "it got no further", w:progress())
  tap.ok(p:stats().calls > 20, "it asks again and again", p:stats().calls)
  p:configure { delay_ms = 0 }
  tap.is(w:wait(20).ended, "done", "the answer 0 lets it go")
  p:configure { delay_ms = 20 }
  local v <close> = assert(worker.spawn(a, { size = "8M" }))
  v:wait(0.3)
  p:drop(a)
  tap.is(v:wait(20).ended, "done", "so does dropping it")
end

-- ---- who may attach where ---------------------------------------------------------------------------------
-- session/tree -- inner

do
  local tree = assert(cgroup.create "session/tree")
  local inner = assert(cgroup.create "session/tree/inner")
  local p = assert(policy.attach(steps, { plain = tree }))
  refused("steps: plain: session/tree: a policy is attached to it, above or below it already", steps, { plain = tree }, "the same cgroup")
  refused("steps: plain: session/tree/inner: a policy is attached", steps, { plain = inner }, "a cgroup below")
  refused("steps: plain: session: a policy is attached", steps, { plain = session }, "a cgroup above")
  refused("session/tree: a policy is attached", steps, { plain = { b, tree } }, "one of two")
  local q = assert(policy.attach(steps, { plain = b }))
  tap.ok(q, "and the other was given back")
  q:detach()
  touch(inner, "4M")
  tap.ok(p:stats().calls >= 16, "a cgroup below is asked through the one above", p:stats().calls)
  inner:remove()
  for _ = 1, 200 do -- the kernel gets to it a moment later
    if p:stats().offline > 0 then break end
    host.sleep(0.01)
  end
  tap.ok(p:stats().offline == 1 and p:stats().online == 0, "it goes offline once", p:stats())
  inner = assert(cgroup.create "session/tree/inner")
  tap.is(p:stats().online, 1, "a new one comes online")
  p:detach()
  p = assert(policy.attach(steps, { open = tree }))
  q = assert(policy.attach(steps, { plain = inner }))
  touch(inner, "4M")
  tap.is({ p:stats().calls, q:stats().calls >= 16 }, { 0, true }, "below one that allows it, another overrides")
  q:detach()
  touch(inner, "4M")
  tap.ok(p:stats().calls >= 16, "until it is detached", p:stats().calls)
  inner:remove()
  p:detach()
  tree:remove()
end

do -- removed while it is attached: the link goes first, with it what the policy keeps
  local gone = assert(cgroup.create "session/gone")
  local below = assert(cgroup.create "session/gone/below")
  local p <close> = assert(policy.attach(steps, { plain = { below, b } }))
  tap.is(gone:remove(), true, "a cgroup goes while one below it is attached")
  tap.is({ #p:tenants(), p:tenants()[1].name }, { 1, "session/b" }, "which was dropped first")
  touch(b, "1M")
  tap.ok(p:stats().calls > 0, "the other one goes on", p:stats())
end

-- ---- what is refused, and in which words --------------------------------------------------------------------

refused("rejected: the kernel refused it: ", objects .. "rejected.bpf.o", { tenant = a }, "the verifier refuses")
do
  local _, why = policy.attach(objects .. "rejected.bpf.o", { tenant = a })
  tap.like(why:lower(), "null", "and its log says why, in whatever words this kernel has")
  tap.ok(#why < 7000, "in bounds", #why)
end
refused("steps: this kernel has none of the places where 'nothing' could be counted", steps, { plain = a, config = { nowhere = true } },
  "a program without a target")
tap.fails(function() policy.attach("priority", { hihg = a }) end, "priority: unknown key 'hihg'; did you mean 'high'? known: config, high, low",
  "an unknown role")
tap.fails(function() policy.attach("priority", { high = a, config = { delay = 5 } }) end, "config: unknown key 'delay'", "an unknown key")
tap.fails(function() policy.attach("priority", { high = a, low = a }) end, "priority: session/a: has a role already", "two roles")
tap.fails(function() policy.attach("reserve", { tenant = { { a, rnk = 1 } } }) end,
  "reserve: tenant: session/a: tenant: unknown key 'rnk'; did you mean 'rank'?", "an unknown setting")
tap.fails(function() policy.attach(steps, { plain = { { a, rank = 1 } } }) end, "steps: plain: takes no settings", "settings where there are none")
tap.fails(function() policy.attach("reserve", { tenant = { a, b, rank = 1 } }) end, "a tenant with settings is {cgroup, key = value, ...}",
  "settings for two at once")
tap.fails(function() policy.attach("priority", { high = "a" }) end, "cgroup expected", "a name is no cgroup")

-- ---- hundreds at once: a link each, more descriptors than a process has to begin with -----------------------------

do
  local many <const> = {}
  for i = 1, 600 do many[i] = assert(cgroup.create(("session/many_%d"):format(i))) end
  for turn = 1, 2 do -- the second one finds nobody attached
    local p <close> = assert(policy.attach(steps, { plain = many }))
    tap.is(#p:tenants(), #many, "hundreds attach at once, turn " .. turn)
    local before = p:stats().calls
    touch(many[#many], "1M")
    tap.ok(p:stats().calls > before, "the last of them is asked")
  end
  for _, cg in ipairs(many) do cg:remove() end
end

local kmod = os.getenv "MEMLUA_KMOD"
if policy.native() or module_loaded() or not (kmod and host.in_guest) then
  tap.skip("a module for another kernel", "no module is needed here, or it is loaded, or this is no guest")
else
  local file <close> = assert(io.open(kmod, "rb"))
  local other <close> = assert(io.open("/run/other.ko", "wb"))
  other:write((file:read("a"):gsub("vermagic=%d", "vermagic=9")))
  other:close()
  for path, reason in pairs {
    ["/run/other.ko"] = "priority: /run/other.ko: built for kernel 9",
    ["/run/nowhere.ko"] = "priority: /run/nowhere.ko: No such file or directory",
    [steps] = "steps.bpf.o: not a module that kernel",
  } do
    host.setenv("MEMLUA_KMOD", path)
    refused(reason, "priority", { high = a }, "refused as the module: " .. path)
  end
  os.remove "/run/other.ko"

  -- Where dkms puts it, compressed as the kernel's own ones are.
  local modules = "/lib/modules/" .. host.facts().release
  local installed = modules .. "/updates/dkms/memcg_bpf_ops.ko.xz"
  host.setenv("MEMLUA_KMOD", nil)
  tap.is(host.installed_module(), nil, "none is installed")
  refused("no module for kernel", "priority", { high = a }, "which is said")
  assert(os.execute(("mount -t tmpfs none %s && mkdir -p %s/updates/dkms && xz --check=crc32 --stdout %s > %s"):format(modules, modules, kmod, installed)))
  tap.is(host.installed_module(), installed, "one that dkms has installed is found")
  os.execute(host.executable() .. " doctor --json /run/doctor.json >/dev/null")
  local doctor = require "memlua.json".decode(require "memlua.base.sys".read "/run/doctor.json")
  tap.is(require "memlua".named(doctor.checks, "headers").found, "not needed: " .. installed, "doctor needs no headers then")
  do
    local p <close> = assert(policy.attach("priority", { high = a }))
    tap.is(#p:tenants(), 1, "it loads")
  end
  assert(os.execute("umount " .. modules))
  host.setenv("MEMLUA_KMOD", kmod)
end

tap.done()
