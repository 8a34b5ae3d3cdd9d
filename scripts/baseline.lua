-- The plan's baseline: one high and two low tenants in a session that can't hold them all, no protection.
-- `memlua scripts/baseline.lua --help` shows the options; protected.lua is the same with a BPF policy.
local calibrate = require "memlua.calibrate"
local plan = require "memlua.experiment.plan"
local scenario = require "memlua.scenario"

local options = plan.options("baseline", "The plan's experiment without protection: who loses its memory?")

local function experiment(scale)
  local o = calibrate.scaled(options, scale)
  return {
    name = "baseline",
    about = "baseline: no protection",
    options = options,
    notes = plan.notes(options),
    calibrate = options.calibrate and experiment or nil,
    survives = options.kind == "file" and "none" or nil, -- page cache can be reclaimed

    session = "session",
    limits = plan.limits(o),
    tenants = plan.tenants(o),
    shares = plan.shares(options),
    solo = plan.has_solo(options),
    warmup = plan.has_solo(options) and 1 or 0,
    deadline = "1440m", -- a day: the plan to the letter throttles its tenants for hours

    strategies = { { name = "none" } },
  }
end

scenario.run(experiment())
