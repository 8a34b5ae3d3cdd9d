-- "Throttling per thread": of one tenant only the threads that call themselves background work are delayed.
--   memlua wishes/threads --runs 6
-- A thread says so by its nice value, which needs no privilege and no word of the policy's: setpriority() of its own thread, or `nice`.
-- The policy is asked about the thread that charges; memory.high, a limit of the cgroup, can't tell one from the other.
local option = require "memlua.option"
local policy = require "memlua.policy"
local scenario = require "memlua.scenario"

local options = option.parse {
  name = "threads", about = "One tenant, a thread that serves and one that works in the background: who is delayed?",
  options = { { "size", "size", default = "24M", help = "what each of the two takes" },
              { "soft", "size", default = "16M", help = "of the tenant: above it, the background is delayed" } },
}

local by_thread = policy.lua {
  name = "by_thread", about = "over its soft limit a tenant's background threads (nice 10 and more) are delayed",
  config = { delay_ms = { 100, unit = "ms", about = "delay of each charge" } },
  roles = { tenant = {
    settings = { soft = { 0, unit = "bytes", about = "soft limit" } },
    counters = { background = "charges delayed", serving = "charges of other threads, over the limit as well, that went on" },
    charged = function(memcg, me, config, _, nice)
      if memcg.usage <= me.soft then return 0 end
      if nice < 10 then
        me.serving = me.serving + 1
        return 0
      end
      me.background = me.background + 1
      return config.delay_ms
    end,
  } },
}

-- dd takes its block at once, and touches it by reading: in huge pages, where the kernel has them.
local function takes(words) return { "sh", "-c", ("exec %s dd if=/dev/zero of=/dev/null bs=%d count=1"):format(words, options.size) } end

local function told_apart(run)
  if run.strategy ~= "by_thread" then return true end
  local seen = run.tenants[1].callbacks
  return seen.background >= 10 and seen.serving >= 10, ("background %d, serving %d"):format(seen.background, seen.serving)
end

scenario.run {
  name = "threads", options = options, about = "a tenant of two kinds of threads", limits = { ["memory.swap.max"] = 0 }, solo = false, warmup = 0,
  tenants = { { name = "tenant", role = "tenant", policy = { soft = options.soft }, workloads = {
    { kind = "exec", name = "serving", argv = takes "" },
    { kind = "exec", name = "background", argv = takes "nice -n 10" },
  } } },
  strategies = {
    { name = "none" }, { name = "high", tenants = { tenant = { limits = { ["memory.high"] = options.soft } } } },
    { name = "by_thread", policy = { name = by_thread } },
  },
  expect = { { "the policy tells the threads apart", told_apart } },
}
