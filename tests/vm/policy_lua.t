-- A policy in Lua on a real kernel: its inputs, its answers, its errors, and what the verifier takes.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"
local guard = require "memlua.guard"
local host = require "memlua.host"
local kinds = require "memlua.policy.kinds"
local memlua = require "memlua"
local policy = require "memlua.policy"
local replay = require "memlua.policy.replay"
local recording = require "memlua.policy.recording"
local scenario = require "memlua.scenario"
local sys = require "memlua.base.sys"
local worker = require "memlua.worker"

local LIMIT <const> = 256 << 20

-- ---- what it sees ------------------------------------------------------------------------------------------------------

local seeing = policy.lua {
  name = "seeing",
  stats = { "usage", "max", "parent_usage", "parent_max", "parent_high", "root_max", "max_events", "pages", "time", "others", "others_usage", "early" },
  state = { mark = 5 },
  roles = { tenant = {
    settings = { least = { 0, unit = "bytes" }, is_odd = false },
    counters = { "calls" }, state = { last = 0 },
    charged = function(memcg, me, config, pages)
      me.calls = me.calls + 1
      stats.usage, stats.max = memcg.usage, memcg.max
      stats.parent_usage, stats.parent_max, stats.parent_high = memcg.parent.usage, memcg.parent.max, memcg.parent.high
      stats.root_max = memcg.parent.parent.parent.parent.max
      stats.max_events = memcg.parent.events.max
      stats.pages = stats.pages + pages
      stats.time = now()
      local n, usage, early = 0, 0, 0
      for_each("tenant", function(other, cg)
        if other ~= me then
          n = n + 1
          usage = usage + cg.usage
        end
      end)
      for_each("tenant", function()
        early = early + 1
        return true
      end)
      stats.others, stats.others_usage, stats.early = n, usage, early
      state.mark, me.last = state.mark + 1, me.last + 1
      if me.is_odd then return me.least // (pages - pages) end
      return me.least == 0 and -1 or 0
    end,
    join = function(memcg, me) if me.least > memcg.parent.max then return refuse("least: %d of %d", me.least, memcg.parent.max) end end,
  } },
}
seeing:object()

local long = policy.lua {
  name = "long",
  stats = { "sum" },
  roles = { tenant = {
    charged = function(memcg)
      local sum = memcg.usage
      for i = 1, 64 do
        for k = 1, 64 do
          if sum % (i + k) == k then sum = sum * 3 + i elseif sum > k * i then sum = sum // 2 end
        end
      end
      stats.sum = sum
      return 0
    end,
  } },
}
long:object()

-- What a recording has to keep: of the tenant, of its parent and of the others, time, what the host gives, words, an error.
local function recorded(step)
  return policy.lua {
    name = "kept",
    config = { step = { step, unit = "ms" }, mood = { "calm", one_of = { "calm", "wild" } } },
    stats = { "stat", "protected" }, state = { last = 0 },
    roles = { tenant = {
      settings = { soft = { 0, unit = "bytes" }, is_odd = false },
      counters = { "calls" }, state = { since = 0 },
      join = function(memcg, me) if me.soft > memcg.parent.max then return refuse "soft: too much" end end,
      charged = function(memcg, me, config, pages)
        me.calls = me.calls + 1
        if me.is_odd and me.calls % 7 == 0 then return pages // (me.calls - me.calls) end
        if me.since == 0 then me.since = now() end
        local others = 0
        for_each("tenant", function(other, cg)
          if other ~= me then others = others + cg.usage end
        end)
        for_each("tenant", function(other) return other == me end)
        stats.stat = stats.stat + memcg.stat.anon + memcg.parent.stat.pgfault + memcg.events.max
        state.last = others
        local over = memcg.parent.usage - others - me.soft
        if over <= 0 or config.mood == "wild" then return 0 end
        return math.min((over >> 20) * config.step + (now() - me.since) // 100, 30)
      end,
      below_low = function(memcg, me, config, protection, usage)
        stats.protected = stats.protected + 1
        return usage > protection and me.soft > memcg.low
      end,
    } },
  }
end
local counting = policy.lua {
  name = "counting",
  stats = { "anon", "parent_anon", "all_anon", "faults", "faults_seen" },
  roles = { tenant = {
    faulted = function(memcg)
      for_each("tenant", function(_, cg) stats.faults_seen = math.max(stats.faults_seen, cg.parent.stat.pgfault) end)
      stats.faults_seen = math.max(stats.faults_seen, memcg.stat.pgfault)
    end,
    below_low = function(memcg) return memcg.parent.stat.file < 0 end,
    below_min = function(memcg) return memcg.stat.workingset_refault_file < 0 end,
    join = function(memcg) if memcg.stat.anon < 0 then return refuse "less than nothing" end end,
    charged = function(memcg)
      local function anon(cg) return cg.stat.anon end
      local parent, sum = memcg.parent, 0
      for_each("tenant", function(_, cg) sum = sum + anon(cg) + memcg.stat.shmem end)
      stats.anon, stats.parent_anon, stats.all_anon, stats.faults = anon(memcg), parent.stat.anon, sum, memcg.stat.pgfault
      return 0
    end,
  } },
}
counting:object()
counting:object(true)

-- Reads all that memory.stat has a name for.
local all = {}
for i, name in ipairs(memlua.keys(kinds.stat)) do all[i] = "memcg.stat." .. name .. " >= 0" end
local everything = assert(load(([[
local policy = require "memlua.policy"
return policy.lua { name = "everything", stats = { "counted" }, roles = { tenant = { charged = function(memcg)
  if %s then stats.counted = stats.counted + 1 end
end } } }]]):format(table.concat(all, " and "))))()
everything:object()

-- Asked once a page, and reads more than a recording keeps.
local flood = policy.lua {
  name = "flood",
  stats = { "faults", "sum" },
  roles = { tenant = {
    charged = function() return 0 end,
    faulted = function(memcg)
      stats.faults = stats.faults + 1
      for _ = 1, 70 do stats.sum = stats.sum + memcg.usage end
    end,
  } },
}
flood:object(true)
local scratch <close> = assert(host.scratch())

local kept <const> = recorded(2)
kept:object(true)

local session = assert(cgroup.create("session", { ["memory.max"] = LIMIT, ["memory.swap.max"] = 0 }))
local a, b = assert(cgroup.create "session/a"), assert(cgroup.create "session/b")

local function touch(cg, size)
  local w <close> = assert(worker.spawn(cg, { size = size }))
  return w:wait(60)
end

do
  local holder <close> = assert(worker.spawn(b, { size = "8M", hold = 60 }))
  while holder:progress() < 8 << 20 do host.sleep(0.01) end
  local p <close> = assert(policy.attach(seeing, { tenant = { { a, least = "1M" }, { b, least = "2M" } } }))
  touch(a, "16M")
  local s, me = p:stats(), p:tenant(a)
  tap.ok(me.calls >= 64 and me.calls <= 72 and s.asked >= me.calls, "16 MB are asked about once per 64 pages", me.calls, s.asked)
  tap.ok(s.pages >= 64 * (me.calls - 1) and s.pages <= 80 * s.asked, "and told the pages", s.pages)
  tap.ok(s.usage > 16 << 20 and s.usage < 18 << 20, "usage, bytes", s.usage)
  tap.is({ s.max, s.parent_max, s.parent_high, s.root_max }, { 0x7ffffffffffff000, LIMIT, 0x7ffffffffffff000, 0x7ffffffffffff000 },
    "limits, bytes; without one, and above the root, the largest")
  tap.ok(s.parent_usage >= s.usage + (8 << 20), "the parent has both tenants", s.parent_usage)
  tap.near(s.time / 1000, host.monotonic(), 30, "now() is ms")
  tap.is(s.others, 1, "for_each: one other tenant")
  tap.ok(s.others_usage > 8 << 20 and s.others_usage < 10 << 20, "of which the usage is known", s.others_usage)
  tap.is(s.early, 1, "for_each ends early")
  tap.is(me.last, me.calls, "state is kept")
  tap.is(s.errors, 0, "no errors")
  p:drop(b)
  touch(a, "1M")
  tap.is(p:stats().others, 0, "a tenant that has ended is passed over")
end

-- ---- errors --------------------------------------------------------------------------------------------------------------

do
  local p <close> = assert(policy.attach(seeing, { tenant = { { a, least = "1M", is_odd = true } } }))
  local w = touch(a, "4M")
  local s = p:stats()
  tap.is(w.ended, "done", "a call that fails delays nobody")
  tap.is({ s.errors, s.error_line }, { s.asked, 48 }, "a division by zero is counted, with its line")
end
do
  local p <close> = assert(policy.attach(seeing, { tenant = a }))
  touch(a, "4M")
  local s = p:stats()
  tap.is({ s.errors, s.error_line }, { s.asked, 27 }, "so is a negative answer, with the line of the function")
end
local refused, why = policy.attach(seeing, { tenant = { { a, least = "1G" } } })
tap.ok(not refused and why:find("seeing: tenant: session/a: least: 1073741824 of 268435456", 1, true), "a join refuses in its own words", why)
do
  local p <close> = assert(policy.attach(long, { tenant = a }))
  touch(a, "1M")
  local stats = p:stats()
  tap.ok(stats.asked > 0 and stats.sum ~= 0, "the verifier takes 4096 turns with ways in them", stats)
end

-- ---- on cgroups that exist ----------------------------------------------------------------------------------------------------

do
  local guarded <close> = guard.attach { policy = seeing, roles = { tenant = { a:path() } } }
  touch(a, "4M")
  tap.ok(guarded:sample().stats.errors > 0, "guard takes it, too", guarded:sample().stats)
end

-- ---- memory.stat ---------------------------------------------------------------------------------------------------------------

do
  local holder <close> = assert(worker.spawn(b, { size = "8M", hold = 60 }))
  while holder:progress() < 8 << 20 do host.sleep(0.01) end
  local first <close> = assert(worker.spawn(a, { size = "16M", hold = 60 }))
  while first:progress() < 16 << 20 do host.sleep(0.01) end
  local p <close> = assert(policy.attach(counting, { tenant = { a, b } }))
  local s
  for _ = 1, 50 do -- the kernel flushes every 2 s, where it isn't idle
    touch(a, "1M")
    s = p:stats()
    if s.anon >= 16 << 20 then break end
    host.sleep(0.2)
  end
  tap.ok(s.anon >= 16 << 20 and s.anon < 18 << 20, "memcg.stat.anon of 16 MB", s.anon)
  tap.ok(s.parent_anon >= s.anon + (8 << 20) and s.all_anon >= s.anon + (8 << 20), "of the parent, and of all tenants", s)
  tap.ok(s.faults >= 16 * 256 and s.faults_seen >= s.faults, "and page faults, in any callback", s)
  p:close()
  local again <close> = assert(policy.attach(counting:object(true), { tenant = { a, b } }))
  touch(a, "1M")
  tap.ok(again:stats().anon >= 16 << 20, "so it is where it is recorded", again:stats())
end

local ROOM <const> = 8128 -- calls in the kernel's buffer

do
  local p <close> = assert(policy.attach(everything, { tenant = a }))
  touch(a, "4M")
  local s = p:stats()
  tap.ok(s.asked > 0 and s.counted == s.asked, "the kernel counts each of these", s)
end

-- ---- the bounds of a recording ----------------------------------------------------------------------------------------------------

do
  local path = scratch:path() .. "/flood.calls"
  local p <close> = assert(policy.attach(flood:object(true), { tenant = { a } }))
  touch(a, "48M")
  local s = p:stats()
  tap.ok(s.faults >= 48 * 256 and s.unrecorded == s.faults + s.asked - ROOM, "calls that find the buffer full are counted", s)
  tap.ok(p:record(path, "{}", 1 << 20), "what it holds is kept")
  local kept_of_it = p:recorded()
  tap.is(kept_of_it.calls + kept_of_it.beyond, ROOM, "all of it, or told")
  tap.ok(kept_of_it.beyond > 0 and kept_of_it.bytes <= 1 << 20 and #sys.read(path) == kept_of_it.bytes, "as much as the file may have", kept_of_it)
  tap.ok(kept_of_it.cut > kept_of_it.calls // 2, "most have read too much, and say so", kept_of_it)
  touch(a, "1M")
  tap.is({ p:drain(), p:recorded().calls }, { true, kept_of_it.calls }, "nothing follows a gap")
  tap.is({ p:record(path, "{}", 1 << 20) }, { nil, "flood: recorded already", 16 }, "once")
end

-- ---- recorded -------------------------------------------------------------------------------------------------------------------

-- The scenario has a session of its own.
a:remove()
b:remove()
session:remove()

host.settings.out = scratch:path() .. "/out"
local results = scenario.run {
  name = "recorded", solo = false, warmup = 0,
  limits = { ["memory.max"] = "48M", ["memory.swap.max"] = 0 },
  tenants = {
    { name = "a", role = "tenant", workload = { kind = "anon", size = "24M" }, policy = { soft = "8M" } },
    { name = "b", role = "tenant", workload = { kind = "anon", size = "24M", hold = "2s" }, policy = { soft = "48M", is_odd = true } },
    { name = "c", role = "tenant", workload = { kind = "file", size = "48M", passes = 2 }, policy = { soft = "1M" } },
  },
  strategies = { { name = "kept", policy = { name = kept, record = true } } },
}.runs
local outcome = results[1].policy
tap.ok(outcome.recorded.calls > 200 and outcome.recorded.calls >= outcome.stats.asked - outcome.stats.strangers, "all calls are recorded, and the joins",
  outcome.recorded, outcome.stats)
tap.is({ outcome.recorded.lost, outcome.recorded.beyond, outcome.recorded.cut }, { 0, 0, 0 }, "none is lost")
local path = host.settings.out .. "/runs/001-kept/" .. outcome.recorded.file
local calls = recording.parse(sys.read(path), path)
local same = replay.run(kept, calls, nil, 5)
tap.is({ same.differ, same.untold, same.older, same.differences }, { 0, 0, 0, {} }, "plain Lua gives the same answers")
tap.is(same.calls, outcome.recorded.calls, "to all of them")
tap.ok(same.errors == outcome.stats.errors and same.errors > 0, "and the same errors", same.errors, outcome.stats.errors)
local asked, delayed, weighed = 0, 0, outcome.stats.protected
for _, t in ipairs(same.tenants) do asked, delayed = asked + t.calls, delayed + t.now_ms end
tap.ok(asked == same.answers and delayed > 0 and weighed > 0, "delays, protection", same.tenants, weighed)
for _, t in ipairs(results[1].tenants) do tap.ok(t.callbacks.calls > 0, t.name .. " was asked", t.callbacks) end

local changed = replay.run(recorded(4), calls, { step = 4 }, 5)
tap.ok(changed.differ > 0 and #changed.differences == 5 and changed.untold == 0, "a policy that has changed differs", changed)
tap.like(changed.differences[1].inputs, "pages 64.*usage", "by these inputs")
tap.ok(changed.differences[1].before ~= changed.differences[1].now, "in both answers", changed.differences[1])

tap.done()
