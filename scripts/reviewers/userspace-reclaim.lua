-- "Why it is not practical or feasible to use userspace driven memory reclaim" and "how do you account the overall work done to the
-- specific memcg": who pays for asynchronous reclaim?
--   memlua reviewers/userspace-reclaim --runs 6
-- One law, twice: above 80 % of memory.max the tenant is reclaimed from down to 60 %, by the policy `async` in a kernel's worker, or
-- by a controller in user space that looks every 10 ms. The table of who pays tells what either took.
local scenario = require "memlua.scenario"

local LIMIT <const>, ABOVE <const>, TO <const> = 32 << 20, 0.8, 0.6

local function userspace(c)
  local writer = c:tenant "writer"
  c:every("10ms", function()
    local usage = writer:usage()
    if usage > ABOVE * LIMIT then writer:reclaim(usage - TO * LIMIT) end
  end)
end

scenario.run {
  name = "userspace-reclaim", about = "userspace driven reclaim, and who pays",
  limits = { ["memory.max"] = "max", ["memory.swap.max"] = 0 },
  tenants = { { name = "writer", role = "tenant", limits = { ["memory.max"] = LIMIT }, workload = { kind = "file", size = "64M", passes = 2 } } },
  strategies = {
    { name = "none" }, { name = "userspace", controller = userspace },
    { name = "async", policy = { name = "async", config = { start_percent = 80, stop_percent = 60 } } },
  },
  solo = false, answer = { tenant = "writer", under = "async", against = "userspace" },
}
