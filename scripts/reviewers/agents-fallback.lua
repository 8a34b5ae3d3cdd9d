-- Does a loop in user space protect an agent as the policy does? The case of AgentCgroup's fallback controller (plan.md and
-- test_e2e_cgroup.sh of its repository): dask#11628 as HIGH, the same with 100 MB more as LOW a second later, below 300 MB.
--   memlua reviewers/agents-fallback --traces FOLDER --runs 10
-- Each of the two exceeds the limit at its peak, so that there must be swap: theirs isn't told, ours is compressed memory. They
-- replay at 50x; an emulated CPU spends that time on touching memory, hence 10x.
local controllers = require "memlua.controllers"
local option = require "memlua.option"
local scenario = require "memlua.scenario"
local trace = require "memlua.trace"

local MB <const> = 1000000 -- of a container, as the traces'
local options = option.parse {
  name = "agents-fallback", about = "The agents' fallback controller, and the policy, at the case by which they show it.",
  options = {
    { "traces", "string", arg = "DIR", help = "the folder of dask__dask-11628.json (synthetic)" },
    { "limit", "limit", default = 300 * MB, help = "memory.max of the session" },
    { "speed", "number", default = 10, arg = "X", help = "seconds of the trace per second; theirs: 50" },
  },
}

local recorded = options.traces and trace.read(options.traces .. "/dask__dask-11628.json")
  or trace.synthesise { name = "synthetic agent", peak = 320 * MB, mean = 200 * MB, duration = 98, seed = 1 }

local function agent(name, role, weight, base)
  return { name = name, role = role, start = role == "low" and 1 or 0, limits = { ["cpu.weight"] = weight },
           workload = trace.workload(recorded, { speed = options.speed, base = base }) }
end

-- Their figure is the mean latency of a rise, HIGH's beside LOW's; HIGH's own, with and without, is what tells whether it is protected.
local function mean_rise(under, against, words)
  return { name = under .. "-" .. against, words, tenant = "high", metric = "mean", under = under, against = against, below = 1 }
end

scenario.run {
  name = "agents-fallback", about = "does a loop in user space protect an agent as the policy does?", options = options, shares = "equal",
  limits = { ["memory.max"] = options.limit, ["memory.swap.max"] = "max" }, swap = 4 * options.limit,
  tenants = { agent("high", "high", 150, 0), agent("low", "low", 50, 100 * MB) },
  strategies = {
    { name = "none" },
    { name = "agents", controller = controllers.agents { period = "100ms" } },
    { name = "priority", policy = { name = "priority", config = { trigger = "faults", threshold = 1, delay_ms = 50, window_ms = 1000 } } },
  },
  claims = {
    mean_rise("agents", "none", "the controller shortens HIGH's rises"), mean_rise("priority", "none", "the policy shortens HIGH's rises"),
    mean_rise("priority", "agents", "the policy shortens them more than the controller"),
  },
}
