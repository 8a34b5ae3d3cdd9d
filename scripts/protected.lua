-- The plan's protected variant: the same session as baseline.lua, with the BPF policy `priority` attached.
-- While the high tenant lives, the kernel treats it as below memory.low, and every low one sleeps at each
-- slow-path charge.
local calibrate = require "memlua.calibrate"
local memlua = require "memlua"
local plan = require "memlua.experiment.plan"
local scenario = require "memlua.scenario"

local options = plan.options("protected", "The plan's experiment, the high tenant protected by BPF.", true)

local function high_of(run) return memlua.named(run.tenants, "high") end
local function high_is_done(run) return high_of(run).ended == "done" end

local function high_ends_first(run)
  for _, t in ipairs(run.tenants) do
    if t.finish and t.finish < (high_of(run).finish or math.huge) then return false, t.name .. " did" end
  end
  return true
end

local expect = { { "the high tenant finishes", high_is_done } }
if options.kind == "anon" then expect[2] = { "the high tenant finishes first", high_ends_first } end

local function experiment(scale)
  local o = calibrate.scaled(options, scale)
  return {
    name = "protected",
    about = "protected by the BPF policy priority",
    options = options,
    notes = plan.notes(options),
    calibrate = options.calibrate and experiment or nil,
    survives = "priority",

    session = "session",
    limits = plan.limits(o),
    tenants = plan.tenants(o),
    shares = plan.shares(options),
    solo = plan.has_solo(options),
    warmup = plan.has_solo(options) and 1 or 0,
    deadline = "1440m", -- a day: the plan to the letter throttles its tenants for hours

    strategies = { {
      name = "priority",
      policy = {
        name = "priority",
        config = { delay_ms = options.delay, threshold = options.threshold, window_ms = options.window * 1000 // 1 | 0 },
      },
    } },

    expect = options.preset == "default" and expect or nil,
  }
end

scenario.run(experiment())
