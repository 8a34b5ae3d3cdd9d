-- The plan's baseline: one high and two low tenants in a session that can't hold them all, no protection.
-- `memlua scripts/baseline.lua --help` shows the options; protected.lua is the same with a BPF policy.
local plan = require "memlua.plan"
local scenario = require "memlua.scenario"

local options = plan.options("baseline", "The plan's experiment without protection: who loses its memory?")

scenario.run {
  name = "baseline",
  about = "baseline: no protection",
  options = options,
  notes = plan.notes(options),

  session = "session",
  limits = plan.limits(options),
  tenants = plan.tenants(options),
  shares = plan.shares(options),
  solo = plan.has_solo(options),
  warmup = plan.has_solo(options) and 1 or 0,
  deadline = "1440m", -- a day: the plan to the letter throttles its tenants for hours

  strategies = { { name = "none" } },
}
