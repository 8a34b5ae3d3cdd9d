-- With options of its own, and with what it claims as assertions: protected.lua in small.
local option = require "memlua.option"
local scenario = require "memlua.scenario"

local options = option.parse {
  name = "5-protected", about = "Three tenants, the first one protected by BPF.",
  options = {
    { "limit", "limit", default = "68M", help = "memory.max of the session" },
    { "size", "size", default = "32M", help = "what each tenant uses" },
    { "delay", "count", arg = "MS", default = 2000, help = "sleep of a low tenant per slow-path charge" },
  },
}
local workload = { kind = "anon", size = options.size, hold = "1s" }

local function all_finish(run)
  for _, tenant in ipairs(run.tenants) do
    if tenant.ended ~= "done" then return false, tenant.name .. " was " .. tenant.ended end
  end
  return true
end

local function high_ends_first(run)
  local finish = {}
  for i, tenant in ipairs(run.tenants) do finish[i] = tenant.finish or math.huge end -- killed: never
  return finish[1] < math.min(finish[2], finish[3])
end

scenario.run {
  name = "tutorial",
  about = "three tenants, the high one protected",
  options = options,
  limits = { ["memory.max"] = options.limit, ["memory.swap.max"] = 0 },
  tenants = {
    { name = "high", role = "high", workload = workload },
    { name = "low_1", role = "low", workload = workload },
    { name = "low_2", role = "low", workload = workload },
  },
  strategies = { { name = "priority", policy = { name = "priority", config = { delay_ms = options.delay } } } },
  expect = { { "everybody finishes", all_finish }, { "the high one finishes first", high_ends_first } },
}
