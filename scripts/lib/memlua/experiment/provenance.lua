--- memlua.experiment.provenance: what a series depends on beside its script; and the last of a run's folder, once all of it is
--- there: what ran, and the seal.
local inputs = require "memlua.experiment.inputs"
local memlua = require "memlua"
local run = require "memlua.run"
local seal = require "memlua.results.seal"
local way = require "memlua.machine.way"

local provenance = {}

local function programs_of(plan)
  local names = {}
  for _, tenant in ipairs(plan.tenants or {}) do
    for _, workload in ipairs(tenant.workloads) do
      if workload.kind == "exec" then names[workload.argv[1]] = true end
    end
  end
  for _, strategy in ipairs(plan.strategies or {}) do
    local argv = type(strategy.controller) == "table" and strategy.controller.argv
    if type(argv) == "table" then names[argv[1]] = true end
  end
  return memlua.keys(names)
end

--- What memlua.machine.ran is to look at for a plan, as far as this process knows.
function provenance.of(plan) return { files = inputs.files, embedded = memlua.keys(inputs.embedded), programs = programs_of(plan) } end

--- Ends the run's folder `path`: adds to its host.json what ran, if that was watched here, and seals it.
function provenance.complete(path)
  if way.watch then
    local facts = run.machine(path)
    facts.ran = way.watch:finish()
    run.at(path):json("host.json", facts)
  end
  seal.write(path)
end

return provenance
