-- "Protection by the working set": whose pages come back after they were reclaimed is protected; who only streams is not.
--   memlua wishes/working-set --runs 6
-- One tenant reads its file over and over, the other one writes a long file and never looks back; together they don't fit. One policy
-- governs both. It goes by the pages that came back so soon that they would have stayed in a little more room, which the kernel counts:
-- nobody tells it which tenant is which, or how much either needs, as memory.low has to be told.
local host = require "memlua.host"
local option = require "memlua.option"
local policy = require "memlua.policy"
local scenario = require "memlua.scenario"

local options = option.parse {
  name = "working-set", about = "Who is protected, if the refaults decide: a tenant that reuses, or one that streams?",
  options = { { "limit", "limit", default = "24M", help = "memory.max of the session" },
              { "reused", "size", default = "14M", help = "the file that is read over and over" },
              { "duration", "duration", default = "8s", help = "for how long" } },
}

local refaults = policy.lua {
  name = "refaults", about = "a tenant is protected for a while after pages of its working set came back",
  config = { pages = { 64, about = "pages that came back since the last look, from which on it is protected" },
             for_ms = { 4000, unit = "ms", about = "how long" } },
  roles = { tenant = {
    counters = { protected = "times protected", open = "times not" },
    state = { seen = 0, till = 0 },
    below_low = function(memcg, me, config)
      local back = memcg.stat.workingset_activate_file
      if back - me.seen >= config.pages then
        me.seen, me.till = back, now() + config.for_ms
      end
      if now() < me.till then
        me.protected = me.protected + 1
        return true
      end
      me.open = me.open + 1
      return false
    end,
  } },
}

local function stream(step)
  local file <close> = assert(io.open(os.getenv "TMPDIR" .. "/stream", "w"))
  local block, ends, written = ("x"):rep(1 << 20), host.monotonic() + options.duration, 0
  while host.monotonic() < ends do
    assert(file:write(block))
    written = written + (1 << 20)
    step(written)
    host.sleep(0.05)
  end
end

local function told_apart(run)
  if run.strategy ~= "refaults" then return true end
  local reuser, streamer = run.tenants[1].callbacks, run.tenants[2].callbacks
  return reuser.protected > 0 and streamer.protected == 0,
    ("protected: reuser %d times, streamer %d"):format(reuser.protected, streamer.protected)
end

scenario.run {
  name = "working-set", options = options, about = "reuse beside a stream", shares = "equal", warmup = 0, solo = false,
  limits = { ["memory.max"] = options.limit, ["memory.swap.max"] = 0 },
  hooks = { teardown = function() os.remove(os.getenv "TMPDIR" .. "/stream") end },
  tenants = { { name = "reuser", role = "tenant", workload = { kind = "file", size = options.reused, rate = 4000, duration = options.duration } },
              { name = "streamer", role = "tenant", workload = { kind = "lua", run = stream } } },
  strategies = { { name = "none" }, { name = "refaults", policy = { name = refaults } } },
  expect = { { "who reuses is protected, who streams isn't", told_apart } },
}
