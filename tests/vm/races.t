-- The module under attack: seeded rounds of attaching, detaching, removing, killing in any order, then a clean log.
--   prove --exec build/memlua tests/vm/races.t :: ROUNDS SEED
-- `make check-debug` runs it at length on a kernel with KASAN and lockdep.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"
local host = require "memlua.host"
local policy = require "memlua.policy"
local worker = require "memlua.worker"

local rounds, seed = tonumber(arg[1]) or 300, tonumber(arg[2]) or 1
math.randomseed(seed)

local steps = host.executable():match "^(.*)/" .. "/tests/steps.bpf.o"
local MAX_CGROUPS, MAX_POLICIES, MAX_WORKERS = 8, 4, 6
local DELAYS = { 0, 20, 100, 2000 }
local ROLES = { "plain", "hold", "open" }

local top = assert(cgroup.create "races")
local cgroups, policies, workers = {}, {}, {} -- cgroups: parents stand before their children
local governed = {} -- by policy: its cgroup
local done, made = {}, 0

local function pick(list)
  if #list == 0 then return nil end
  local i = math.random(#list)
  return list[i], i
end

local function take(list)
  local item, i = pick(list)
  if item then table.remove(list, i) end
  return item
end

local function below(parent)
  made = made + 1
  return cgroup.create(parent:name() .. "/c" .. made)
end

-- cg:remove() lets go of a policy first; somebody else, where nothing runs in it any more, doesn't.
local function remove_one(cg)
  if math.random(2) == 1 then os.remove(cg:path()) end
  cg:remove()
end

local function remove(cg) -- with all that is below and in it
  cg:kill()
  for i = #cgroups, 1, -1 do
    if cgroups[i] == cg or cgroups[i]:name():sub(1, #cg:name() + 1) == cg:name() .. "/" then
      remove_one(cgroups[i])
      table.remove(cgroups, i)
    end
  end
end

local steps_of_a_round = {
  create = function()
    local parent = math.random(2) == 1 and pick(cgroups) or top
    local cg = #cgroups < MAX_CGROUPS and below(parent) or nil
    if cg then cgroups[#cgroups + 1] = cg end
    return cg
  end,
  remove = function() -- while it is attached, and its tasks are held, as it happens
    local cg = pick(cgroups)
    if cg then remove(cg) end
    return cg
  end,
  attach = function() -- above, below, and where one is attached: refused, or not
    local cg = pick(cgroups)
    if not cg or #policies >= MAX_POLICIES then return end
    local p = policy.attach(steps, { [pick(ROLES)] = cg, config = { delay_ms = pick(DELAYS) } })
    if p then policies[#policies + 1], governed[p] = p, cg end
    return p
  end,
  detach = function()
    local p = take(policies)
    if p then p:detach() end
    return p
  end,
  drop = function()
    local p = pick(policies)
    return p and p:drop(governed[p])
  end,
  configure = function()
    local p = pick(policies)
    return p and p:configure { delay_ms = pick(DELAYS) }
  end,
  spawn = function()
    local cg = pick(cgroups)
    if not cg or #workers >= MAX_WORKERS then return end
    local w = worker.spawn(cg, { size = 1 << 20, hold = 0.05 })
    workers[#workers + 1] = w
    return w
  end,
  kill = function() -- in a delay, in a hold, or done
    local w = take(workers)
    if not w then return end
    w:kill()
    return w:wait(300)
  end,
  freeze = function()
    local cg = pick(cgroups)
    return cg and cg:set("cgroup.freeze", 1) and cg:set("cgroup.freeze", 0)
  end,
  storm = function()
    local parent, children = pick(cgroups), {}
    if not parent then return end
    for i = 1, 8 do children[i] = below(parent) end
    for _, child in ipairs(children) do child:remove() end
    return #children > 0
  end,
  pause = function() host.sleep(math.random() * 0.05) return true end,
  unload = function() -- in use it is refused
    if #policies == 0 or math.random(10) > 1 then return end
    return not os.execute "rmmod memcg_bpf_ops 2>/dev/null"
  end,
}
local names = {}
for name in pairs(steps_of_a_round) do names[#names + 1] = name end
table.sort(names) -- the same order for the same seed

for _ = 1, rounds do
  local name = pick(names)
  if steps_of_a_round[name]() then done[name] = (done[name] or 0) + 1 end
end

local missing = {}
for _, name in ipairs(names) do
  if not done[name] and name ~= "unload" then missing[#missing + 1] = name end
end
tap.is(missing, {}, ("%d rounds, seed %d: each step was taken"):format(rounds, seed))
for _, name in ipairs(names) do print(("# %s: %d"):format(name, done[name] or 0)) end

for _, p in ipairs(policies) do p:detach() end
policies, governed = {}, {}
local ended = 0
for _, w in ipairs(workers) do ended = ended + (w:wait(300) and 1 or 0) end
tap.is(ended, #workers, "with nothing attached all tasks end by themselves")
while cgroups[1] do remove(cgroups[1]) end
tap.ok(top:remove(), "all cgroups can be removed")
collectgarbage()
local btf = io.open "/sys/kernel/btf/memcg_bpf_ops"
tap.ok(policy.native() or not btf, "the module has gone")

-- kernel reports have one of these; KASAN's, lockdep's and kmemleak's as well
local function complaints()
  local found = {}
  local log <close> = assert(io.popen "dmesg")
  for line in log:lines() do
    for _, sign in ipairs { "WARNING: ", "BUG: ", "Call Trace", "Oops", "INFO: task", "INFO: rcu", "rcu_.*detected", "possible .* detected" } do
      if line:find(sign) and not line:find "taints kernel" then found[#found + 1] = line end
    end
  end
  return found
end
tap.is(complaints(), {}, "the kernel has nothing to complain of")

tap.done()
