--- memlua show RUN: a run's table again, from its folder, without running anything.
local document = require "memlua.base.document"
local html = require "memlua.report.html"
local kinds = require "memlua.report.kinds"
local memlua = require "memlua"
local option = require "memlua.option"
local run = require "memlua.run"
local runs = require "memlua.results.find"

local options = option.parse {
  name = "show", about = "Print a run's table again.", common = "print",
  arguments = { { "run", help = "a run's folder, a name that `memlua runs` lists, or last" } },
  options = { { "html", "string", arg = "FILE", help = "write all of it into one HTML file, pictures inlined" } },
}

local folder = run.load(runs.find(options.run))
local shown = kinds.of(folder)
folder.summary = shown.summarise(folder)
document.write(options.json, folder.summary)
if options.html then memlua.must(html.write(options.html, shown, { folder }, folder.path)) end
if options.json ~= "-" then io.stdout:write(shown.text { folder }) end
if folder.unclaimable then error(folder.unclaimable, 0) end
