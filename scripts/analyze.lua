-- Table and pictures of earlier runs, side by side, without running anything.
--   memlua scripts/analyze.lua RUN...
local comparable = require "memlua.results.comparable"
local document = require "memlua.base.document"
local html = require "memlua.report.html"
local kinds = require "memlua.report.kinds"
local memlua = require "memlua"
local option = require "memlua.option"
local plot = require "memlua.plot"
local report = require "memlua.report"
local run = require "memlua.run"
local runs = require "memlua.results.find"
local seal = require "memlua.results.seal"

local options = option.parse {
  name = "analyze", about = "Table and pictures of run folders, side by side.", common = "report",
  arguments = { { "run", args = "+", help = "a run's folder, a name that `memlua runs` lists, or last" } },
  options = {
    { "force", "flag", help = "compare what can't be compared (another kernel, clock or way)" },
    { "html", "string", arg = "FILE", help = "write all of it into one HTML file, pictures inlined" },
  },
}

local folders, summaries = {}, {}
for i, path in ipairs(options.run) do
  folders[i] = run.load(runs.find(path))
  folders[i].summary = kinds.of(folders[i]).summarise(folders[i])
  summaries[i] = folders[i].summary
  if #options.run > 1 and not folders[i].manifest.scenario then
    memlua.fail(memlua.status.misuse, "%s: has no tenants to compare with others'; give it alone", path)
  end
end

local mismatches = comparable.mismatches(folders)
if #mismatches > 0 and not options.force then
  memlua.fail(memlua.status.misuse, "these runs can't be compared: %s; --force does it anyway and says so",
    table.concat(mismatches, "; "))
end

local own = kinds.of(folders[1])
local shown = (#folders == 1 or own.several) and own or report

-- The pictures of several runs are nobody's own.
local target = options.out or #folders == 1 and folders[1].path or run.default_path "comparison"
if options.json ~= "-" then
  io.stdout:write(shown.text(folders))
  for _, mismatch in ipairs(mismatches) do print("compared by --force although " .. mismatch) end
end
document.write(options.json, summaries)
local is_whole = seal.is_there(target) and #seal.differences(target) == 0
shown.pictures(folders, target)
plot.render(target)
if is_whole then seal.write(target) end -- with the pictures as they are now
if options.html then memlua.must(html.write(options.html, shown, folders, target)) end
