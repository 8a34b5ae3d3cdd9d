--- memlua.experiment: the frame of a measurement that is no scenario of competing tenants: options and kernel, a
--- run folder with all raw results, a table, charts, and what was expected of the figures. As with memlua.scenario, what is
--- behind it is loaded by experiment.run.
local experiment = {}

--- Runs an experiment, which may mean that the same script runs in the microVM and this call doesn't return. With --cell
--- it measures that one only, unless --out has it already, and shows nothing (memlua.experiment.sweep).
--- `e` is a table:
---   name, about, options   as of a scenario
---   cases     list of { name = ..., ... }: what is measured, each once per block
---   runs      blocks, unless --runs says; warmup: runs of the first case before them that don't count
---   measure   f(case) -> table: one run, raw values and all; kept in runs/ID/run.json with case, block and id
---   report    the name of what sums up and shows the folder (memlua.report.kinds)
---   claims    as of a scenario; metric is a number of what measure returns, under and against are cases
---   expect    list of { "what", f(summary) -> holds, detail }: status 2 where one doesn't hold. They are about all
---             cells, so one alone, and those that memlua merge puts together, are held to none
function experiment.run(e) return require "memlua.experiment.measurement".run(e) end

return experiment
