--- memlua verify RUN: whether a run's folder is whole, and whether its table and claims follow from its raw data; with --again whether the
--- experiment comes to the same here. Of a folder of claim files: whether what pages state comes out here.
local again = require "memlua.experiment.again"
local archive = require "memlua.results.archive"
local claim_files = require "memlua.experiment.claim_files"
local claims = require "memlua.results.claims"
local document = require "memlua.base.document"
local host = require "memlua.host"
local json = require "memlua.json"
local kinds = require "memlua.report.kinds"
local memlua = require "memlua"
local option = require "memlua.option"
local recomputed = require "memlua.results.recomputed"
local run = require "memlua.run"
local runs = require "memlua.results.find"
local seal = require "memlua.results.seal"
local shown_claims = require "memlua.report.claims"

local options = option.parse {
  name = "verify", about = "Check that a run's folder is whole and that its table and claims follow from its raw data. Exit status 7 where not, "
    .. "2 where a claim is refuted. Of a folder of claim files: make their runs, and check what pages state.", common = "report",
  arguments = { { "run", help = "a run's folder, an archive of `memlua pack`, a name that `memlua runs` lists, last, or a folder of claim files: scripts/claims" } },
  options = { { "quick", "flag", help = "of claim files: a block of each only, which settles nothing but takes minutes" },
              { "again", "flag", help = "run the experiment here again, into --out, and compare; 2 where it comes to something else" } },
}

local claimed = not host.kind(options.run .. "/manifest.json") and claim_files.list(options.run)
if claimed then
  claim_files.verify(options.run, claimed, options, shown_claims.figure)
  return
elseif options.quick then
  memlua.fail(memlua.status.misuse, "--quick: %s is no folder of claim files", options.run)
end

local scratch <close> = memlua.must(host.scratch())
local path = archive.is_one(options.run) and archive.unpack(options.run, scratch:path()) or runs.find(options.run):gsub("/+$", "")
run.manifest(path) -- says what is no run's folder, or another memlua's

-- What was found, for --json too, however it ends.
local result = { run = options.run, wrong = json.array {} }
local function write()
  document.write(options.json, result)
end
local tidy <close> = setmetatable({}, { __close = write })
local function say(...) if options.json ~= "-" then io.stdout:write(...) end end

local function found(what, list, well)
  for _, one in ipairs(list) do
    say(what, ": ", one, "\n")
    table.insert(result.wrong, what .. ": " .. one)
  end
  if #list == 0 then say(what, ": ", well, "\n") end
end

local function check(fmt)
  if #result.wrong > 0 then memlua.fail(memlua.status.untrustworthy, fmt, options.run) end
end

local list, files = seal.differences(path)
result.files, result.digest = files, seal.digest(path)
found("files", list, ("all %d are as %s says, whose own digest is %s"):format(files, seal.NAME, result.digest))
check "%s: is not as it was finished"

local folder = run.load(path)
local shown = kinds.of(folder)
folder.summary = shown.summarise(folder)
result.claims = folder.claims
found("table", recomputed.table(folder), "follows from the raw data of " .. #folder.runs .. " runs")
if folder.claims then found("claims", recomputed.claims(folder), "follow from the raw data") end
say("\n", shown.text { folder })
if folder.unclaimable then error(folder.unclaimable, 0) end
check "%s: its table or claims don't follow from its raw data"

if options.again then
  local twice = again.run(folder, options.out)
  say("\nagain, in ", twice.path, ":\n", twice.text)
  result.again = { path = twice.path, differ = twice.differ }
  if twice.differ > 0 then
    memlua.fail(memlua.status.assertion, "%s: --again: %d of its figures and claims came out different here", options.run, twice.differ)
  end
end
claims.refuse(folder.claims)
