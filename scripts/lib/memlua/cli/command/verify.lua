--- memlua verify RUN: whether a run's folder is whole, and whether its table and claims follow from its raw data; with --again whether the
--- experiment comes to the same here.
local again = require "memlua.experiment.again"
local archive = require "memlua.results.archive"
local claims = require "memlua.results.claims"
local host = require "memlua.host"
local kinds = require "memlua.report.kinds"
local memlua = require "memlua"
local option = require "memlua.option"
local recomputed = require "memlua.results.recomputed"
local run = require "memlua.run"
local runs = require "memlua.results.find"
local seal = require "memlua.results.seal"

local options = option.parse {
  name = "verify", about = "Check that a run's folder is whole and that its table and claims follow from its raw data. Exit status 7 where not, "
    .. "2 where a claim is refuted.", common = "report",
  arguments = { { "run", help = "a run's folder, an archive of `memlua pack`, a name that `memlua runs` lists, or last" } },
  options = { { "again", "flag", help = "run the experiment here again, into --out, and compare; 2 where it comes to something else" } },
}

local scratch <close> = memlua.must(host.scratch())
local path = archive.is_one(options.run) and archive.unpack(options.run, scratch:path()) or runs.find(options.run):gsub("/+$", "")
run.manifest(path) -- says what is no run's folder, or another memlua's

local wrong = 0
local function found(what, list, well)
  for _, one in ipairs(list) do print(("%s: %s"):format(what, one)) end
  if #list == 0 then print(("%s: %s"):format(what, well)) end
  wrong = wrong + #list
end

local list, files = seal.differences(path)
found("files", list, ("all %d are as %s says, whose own digest is %s"):format(files, seal.NAME, seal.digest(path)))
if wrong > 0 then memlua.fail(memlua.status.untrustworthy, "%s: is not as it was finished", options.run) end

local folder = run.load(path)
local shown = kinds.of(folder)
folder.summary = shown.summarise(folder)
found("table", recomputed.table(folder), "follows from the raw data of " .. #folder.runs .. " runs")
if folder.claims then found("claims", recomputed.claims(folder), "follow from the raw data") end
io.stdout:write("\n", shown.text { folder })
if wrong > 0 then memlua.fail(memlua.status.untrustworthy, "%s: its table or claims don't follow from its raw data", options.run) end
if options.again then again.run(folder, options.out) end
claims.refuse(folder.claims)
