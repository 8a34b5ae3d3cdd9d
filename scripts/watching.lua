-- What does memlua itself cost a run? Tenants that do nothing, sampled and, on a terminal, shown all the time.
--   memlua scripts/watching.lua --tenants 100
-- Under the virtual clock CPU time is a count of instructions, 2 ns each.
local option = require "memlua.option"
local scenario = require "memlua.scenario"

local options = option.parse {
  name = "watching", about = "What memlua itself costs a run.",
  options = { { "tenants", "count", default = 8, help = "how many there are" },
              { "hold", "duration", default = "60s", help = "how long they do nothing" } },
}

-- of the CPU time, in percent: up to 8 tenants, and for more
local FEW <const>, MOST_OF_FEW <const>, MOST <const> = 8, 0.5, 2

local function share(run) return 100 * run.supervisor.cpu_s / run.duration_s end

local function is_cheap(run)
  local most = options.tenants <= FEW and MOST_OF_FEW or MOST
  return share(run) < most, ("memlua itself took %.2f %% of the CPU, more than %.1f %%"):format(share(run), most)
end

local tenants = {}
for i = 1, options.tenants do tenants[i] = { name = "idle_" .. i, workload = { kind = "anon", size = "1M", hold = options.hold } } end

local folder = scenario.run {
  name = "watching", about = "what memlua itself costs", options = options, limits = { ["memory.swap.max"] = 0 }, solo = false, warmup = 0,
  tenants = tenants, expect = { { "memlua takes next to nothing of the CPU", is_cheap } },
}
for _, run in ipairs(folder.runs) do
  print(("memlua itself: %.2f %% of the CPU, with %d tenants"):format(share(run), options.tenants))
end
