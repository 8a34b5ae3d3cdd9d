-- A tenant of two processes, a program and a function of this script, beside one that only takes memory.
local scenario = require "memlua.scenario"

-- Takes 16 MB in pieces; step() tells how much it holds by now and ends a piece of the work.
local function client(step)
  local held = {}
  for i = 1, 64 do
    held[i] = ("0123456789abcdef"):rep(1 << 14)
    step(i << 18)
  end
  print("holding", #held, "pieces")
end

scenario.run {
  name = "workloads",
  about = "a program and a function beside a batch job",
  limits = { ["memory.max"] = "68M", ["memory.swap.max"] = 0 },
  tenants = {
    { name = "service", role = "high", workloads = {
      { name = "server", kind = "exec", argv = { "sleep", "infinity" }, background = true },
      { name = "client", kind = "lua", run = client },
    } },
    { name = "batch", workload = { kind = "anon", size = "32M", hold = "1s" } },
  },
}
