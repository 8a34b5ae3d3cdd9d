-- One policy in Lua, in the kernel and in user space: the same functions, the same answers, in a scenario of both.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local memlua = require "memlua"
local policy = require "memlua.policy"
local run = require "memlua.run"
local scenario = require "memlua.scenario"

local soft = policy.lua {
  name = "soft",
  config = { delay_ms = { 50, unit = "ms" } },
  stats = { "uncharged", "faults", "weighed", "greatest", "low" },
  roles = { tenant = {
    settings = { soft = { 0, unit = "bytes" }, is_protected = false },
    counters = { "active" },
    charged = function(memcg, me, config)
      stats.greatest = math.max(stats.greatest, memcg.usage)
      if memcg.usage <= me.soft then return 0 end
      me.active = me.active + 1
      return config.delay_ms
    end,
    faulted = function(memcg, me, config, faults) stats.faults = stats.faults + faults end,
    below_low = function(memcg, me, config, protection, usage)
      stats.weighed = stats.weighed + 1
      stats.low = math.max(stats.low, memcg.low)
      return me.is_protected and usage > 1 << 20 and memcg.parent.max == 268435456
    end,
  } },
}

local hard = policy.lua { name = "hard", roles = { tenant = {
  settings = { soft = { 0, unit = "bytes" }, is_protected = false },
  charged = function() return 0 end,
  join = function(memcg, me) return refuse("%d is too much", memcg.parent.max) end,
} } }

local function plan(strategies)
  return {
    name = "places", solo = false, warmup = 0,
    limits = { ["memory.max"] = "256M", ["memory.swap.max"] = 0 },
    tenants = {
      { name = "greedy", role = "tenant", workload = { kind = "anon", size = "24M", hold = "50ms" }, policy = { soft = "16M" } }, -- a look or more sees all of it
      { name = "modest", role = "tenant", workload = { kind = "anon", size = "12M" }, policy = { soft = "16M" } },
      { name = "free", role = "tenant", workload = { kind = "anon", size = "12M", hold = "300ms" }, policy = { soft = "64M", is_protected = true } },
    },
    strategies = strategies,
  }
end

local folder <close> = assert(host.scratch())
host.settings.out = folder:path() .. "/out"
tap.fails(function() scenario.run(plan { { name = "refused", policy = { name = hard, where = "user" } } }) end,
  "greedy: 268435456 is too much", "a join refuses", memlua.status.misuse)

-- Where the machine is busy the sampler may be late, which makes a run untrustworthy: what is counted in it holds all the same.
local function made(value)
  local ok, why = pcall(scenario.run, value)
  if not ok and why.status ~= memlua.status.untrustworthy then error(why) end
  return run.load(host.settings.out)
end

host.settings.out = folder:path() .. "/both"
local result = made(plan {
  { name = "none" }, { name = "kernel", policy = { name = soft } },
  { name = "user", policy = { name = soft, where = "user", config = { delay_ms = "40ms" } } },
})
local runs = {}
for _, one in ipairs(result.runs) do runs[one.strategy] = one end

-- A controller isn't asked about what a tenant touches between the last look and its end: 5M in 10 ms.
local LEAST <const> = { kernel = 24, user = 12 }
for _, where in ipairs { "kernel", "user" } do
  local one = runs[where]
  local greedy, modest = memlua.named(one.tenants, "greedy"), memlua.named(one.tenants, "modest")
  local active = greedy.callbacks.active
  tap.ok(active >= LEAST[where] and active <= 40, where .. ": 8M over the soft limit are 32 delays", active)
  tap.is(modest.callbacks.active, 0, where .. ": none below it")
  tap.ok(greedy.completion_s > 5 * memlua.named(runs.none.tenants, "greedy").completion_s, where .. ": the greedy one takes longer", greedy.completion_s)
  tap.ok(greedy.completion_s > 3 * modest.completion_s, where .. ": than the modest one", greedy.completion_s, modest.completion_s)
  tap.ok(one.policy.stats.greatest > 23 << 20 and one.policy.stats.greatest < 26 << 20, where .. ": sees the usage", one.policy.stats.greatest)
  tap.ok(one.policy.stats.faults >= 48 * 256, where .. ": and the faults of 48M", one.policy.stats.faults)
  tap.is(one.policy.stats.errors, 0, where .. ": no errors")
end
for name, one in pairs(runs) do
  for _, doubt in ipairs(one.doubts or {}) do tap.ok(doubt.gate == "late", name .. ": no doubt but of a busy machine", doubt) end
end
local user = runs.user
tap.is({ user.policy.where, user.policy.config.delay_ms, user.controller.ended, runs.kernel.controller }, { "user", 40, "done" }, "one is a controller")
tap.ok(user.policy.stats.weighed > 10, "protection is looked at each time", user.policy.stats.weighed)
tap.ok(user.policy.stats.low > 1 << 60, "and given as memory.low = max, which the next look sees", user.policy.stats.low)
tap.is((user.controller.put_back or {}).free, nil, "until it is answered no more")
tap.done()
