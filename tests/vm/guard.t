-- memlua.guard and scripts/guard.lua: a policy on cgroups that others made, with nothing of them changed.
local root = arg[0]:match "^(.*)tests/[^/]*/[^/]*$"
package.path = root .. "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"
local guard = require "memlua.guard"
local host = require "memlua.host"
local json = require "memlua.json"
local policy = require "memlua.policy"
local spec = require "memlua.experiment.spec"
local trace = require "memlua.trace"
local worker = require "memlua.worker"

-- session (128M, no swap) -- db, batch: what is there before the guard comes, with a process in each
local session = assert(cgroup.create("session", { ["memory.max"] = "128M", ["memory.swap.max"] = 0 }))
local db = assert(cgroup.create("session/db", { ["memory.low"] = "8M" }))
local batch = assert(cgroup.create("session/batch", { ["memory.high"] = "96M" }))
local resident <close> = assert(worker.spawn(db, { size = "16M", hold = 3600 }))

local FILES = { "memory.min", "memory.low", "memory.high", "memory.max", "memory.swap.max", "cpu.weight", "cgroup.procs",
                "cgroup.subtree_control" }
local function state()
  local found = {}
  for _, cg in ipairs { session, db, batch } do
    for _, file in ipairs(FILES) do found[cg:name() .. " " .. file] = cg:get(file) end
  end
  local pipe <close> = io.popen("find " .. cgroup.root() .. " -type d | sort")
  found.folders = pipe:read "a"
  return found
end

local function charge(size)
  local w <close> = assert(worker.spawn(batch, { size = size }))
  return w:wait(600)
end

local relative = batch:path():gsub("^/sys/fs/cgroup/", "")
local before = state()

-- ---- the library ----------------------------------------------------------------------------------------------

do
  local guarded <close> = guard.attach { policy = "priority", config = { delay_ms = 40 },
                                         roles = { high = { db:path() }, low = { relative } } }
  local first = guarded:sample()
  tap.is({ #first.members, first.members[1].role, first.members[1].path, first.members[2].path },
    { 2, "high", db:path(), relative }, "absolute and relative paths are found")
  tap.ok(first.members[1].usage > 1 << 20, "the usage is that of who lives there", first.members[1].usage)
  tap.is({ first.members[2].limit, first.members[2].high }, { "max", tostring(96 << 20) }, "its limits are shown")
  charge "4M"
  local second = guarded:sample()
  local calls = second.members[2].policy.calls - first.members[2].policy.calls
  tap.ok(calls >= 16 and calls <= 32, "4 MB are asked about once per 64 pages", calls)
  tap.is(second.members[2].policy.delay_ms, 40 * second.members[2].policy.active, "each with the delay of the config")
  tap.ok(second.time > first.time and second.stats.delay_calls >= calls, "time and counters go on", second.stats)
  tap.is(state(), before, "nothing of the cgroups has changed")

  do
    local held
    local w <close> = assert(worker.spawn(batch, { size = "24M" }))
    for _ = 1, 200 do
      held = held or guarded:sample().members[2].held
      host.sleep(0.01)
    end
    tap.is(held, "delayed", "a tenant that sleeps for the policy is seen to")
    tap.is(guarded:sample().members[1].held, nil, "one that doesn't isn't")
  end

  local times = {}
  local ended = guarded:watch(0.1, 0.35, function(sample) times[#times + 1] = sample.time end)
  tap.ok(ended == "timeout" and #times >= 1 and times[#times] - times[1] >= 0, "watch ends by its time-out", ended, times)

  local again, why = pcall(guard.attach, { policy = "priority", roles = { low = { relative } } })
  tap.ok(not again and tostring(why.message):find "batch", "a second policy on the same cgroup is refused", why.message)
  tap.ok(guarded:sample().members[2].policy, "and the first one stays")

  do
    local passing = assert(cgroup.create "session/passing")
    local other = guard.attach { policy = "priority", roles = { low = { passing:path() } } }
    passing:remove()
    tap.is(other:watch(0.05, 5, function() end), "gone", "a guard whose cgroups are all gone ends")
    other:close()
    other:close()
  end
end
tap.is(state(), before, "and nothing has changed afterwards")
do
  local p <close> = assert(policy.attach("priority", { high = db, low = batch }))
  tap.ok(p, "the guard has detached: another policy can be attached")
end

tap.fails(function() guard.attach { policy = "priority", roles = { high = { "no/such/cgroup" } } } end, "no/such/cgroup",
  "a cgroup that isn't there is named", 1)
tap.fails(function() guard.attach { policy = "priority", roles = { hihg = { relative } } } end, "did you mean 'high'",
  "so is a role that the policy doesn't have")

-- ---- the script -------------------------------------------------------------------------------------------------

local shell <const> = require "shell".output
local script = ("%s -q %sscripts/guard.lua"):format(host.executable(), root)
local keeper <close> = assert(policy.attach("priority", { high = session })) -- keeps the module loaded for the script
keeper:drop(session)

local text, status = shell(("%s --high %s --low %s --interval 1 --timeout 5 --json - 2>&1"):format(script, db:path(), relative))
local samples = 0
for line in text:gmatch "[^\n]+" do
  local sample = json.decode(line)
  samples = samples + (sample and #sample.members == 2 and sample.members[1].usage > 1 << 20 and 1 or 0)
end
tap.ok(status == 0 and samples >= 2, "guard.lua shows what it guards until its time is over", text, status)

-- A resident, and somebody who comes and goes: their traces are what the guard saw, and can be replayed.
local recorded <const> = "/run/recorded"
do
  local passing <close> = assert(worker.spawn(batch, { size = "24M", hold = 2 }))
  text, status = shell(("%s --high %s --low %s --interval 0.5 --timeout 5 --record %s --json - 2>&1"):format(script, db:path(), relative, recorded))
end
local usages = {}
for line in text:gmatch "[^\n]+" do
  local sample = json.decode(line)
  for _, member in ipairs(sample and sample.members or {}) do
    usages[member.role] = usages[member.role] or {}
    table.insert(usages[member.role], member.usage)
  end
end
for role, name in pairs { high = "db", low = "batch" } do
  local seen = {}
  local t = trace.read(("%s/%s.csv"):format(recorded, name))
  for i, one in ipairs(t.samples) do seen[i] = one[2] end
  tap.is(seen, usages[role] or text, name .. ": its trace has each sample that was shown")
  tap.is(spec.check({ name = "x", limits = {}, tenants = { { name = name, workload = trace.workload(t, {}) } } }, {}).tenants[1].workloads[1].kind, "trace",
    name .. ": can be replayed")
end
local of_batch = trace.stats(trace.read(recorded .. "/batch.csv"))
tap.ok(of_batch.peak >= 24 << 20 and of_batch.fall > 0, "who came and went rose and fell", of_batch)
text, status = shell(("%s --high %s --timeout 1 --record %s 2>&1"):format(script, db:path(), recorded))
tap.ok(status == 1 and text:find "is there already", "a folder that is there is not written to", text, status)

-- until its first table is there, which is when it has attached
local INTERRUPTED = [[%s --high %s --interval 0.1 >/run/shown 2>&1 &
  for i in $(seq 100); do grep -q usage /run/shown && break; sleep 0.1; done; kill -INT $!; wait $!; status=$?; cat /run/shown; echo status $status]]
text, status = shell((INTERRUPTED):format(script, db:path()))
tap.like(text, "status 0\n$", "Ctrl-C ends it in order")
tap.like(text, "\ncgroup +role +usage", "it had shown its table")
do
  local p <close> = assert(policy.attach("priority", { high = db, low = batch }))
  tap.ok(p, "and has detached")
end
text, status = shell(script .. " 2>&1")
tap.ok(status == 1 and text:find "no cgroup to guard", "without a cgroup there is nothing to do", text)
text, status = shell(script .. " --low nowhere 2>&1")
tap.ok(status == 1 and text:find "nowhere", "a cgroup that isn't there is misuse", text, status)
tap.is(state(), before, "after all that nothing has changed")
tap.done()
