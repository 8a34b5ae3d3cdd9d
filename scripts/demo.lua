-- The plan's experiment without and with protection, side by side in one microVM: what baseline.lua and protected.lua run each by itself.
--   memlua demo
local scenario = require "memlua.scenario"

scenario.vary("protected.lua", {}, function(plan)
  plan.name, plan.about = "demo", "the plan's experiment without and with protection"
  plan.strategies[1].name, plan.survives = "protected", "protected"
  table.insert(plan.strategies, 1, { name = "baseline" })
  for _, expected in ipairs(plan.expect or {}) do expected.under = "protected" end
end)
