--- memlua merge DIR FOLDER...: one run's folder of cells that were measured one by one, on one machine or several.
local claims = require "memlua.results.claims"
local judge = require "memlua.results.judge"
local kinds = require "memlua.report.kinds"
local log = require "memlua.base.log"
local provenance = require "memlua.experiment.provenance"
local option = require "memlua.option"
local sweep = require "memlua.experiment.sweep"

local options = option.parse {
  name = "merge", about = "Put cells (--cell) and other parts of one sweep together; print the table.",
  common = "print",
  arguments = { { "dir", help = "the new run's folder" },
                { "folder", args = "+", help = "what --cell made; a folder without a result is left out" } },
}

local folder = sweep.merge(options.dir, options.folder)
local is_scenario = folder.manifest.scenario ~= nil
if not is_scenario then judge.experiment(folder.runs) end -- a table of it would be about something else
kinds.publish(folder, options.json)
provenance.complete(folder.path)
local missing = folder.manifest.missing
if missing then
  log.warn("%d of %d cells are missing: %s", #missing, #folder.manifest.cells, table.concat(missing, ", "))
end
if is_scenario then judge.results(folder.runs, folder.host) end
claims.refuse(folder.claims)
