-- memlua runs, show, pack: earlier runs are found, shown and packed; what isn't one is refused.
local tests = arg[0]:match "^(.*)/[^/]*/[^/]*$"
package.path = tests .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local json = require "memlua.json"
local run = require "memlua.run"
local report = require "memlua.report"

local quote <const> = require "memlua.base.sys".quote
local output_of <const> = require "shell".said

local scratch <const>, tidy <close> = require "shell".folder()
assert(os.execute(("mkdir -p %s/state/memlua %s/runs && cp -r %s/fixtures/baseline %s/fixtures/protected %s/state/memlua"):format(
  scratch, scratch, quote(tests), quote(tests), scratch)))
local in_scratch = ("cd %s && unset COLUMNS && XDG_STATE_HOME=%s/state "):format(scratch, scratch)
local memlua = in_scratch .. quote(host.executable())

-- ---- runs -------------------------------------------------------------------------------------------------

local text, status = output_of(memlua .. " runs")
tap.is(status, 0, "runs: lists, although a folder of that name is here")
tap.like(text, "\nbaseline +2026[^\n]* none: high oom%-killed\n", "a run that lost a tenant says who")
tap.like(text, "\nprotected +2026[^\n]* priority: all done\n", "one that lost none says so")
local list = json.decode((output_of(memlua .. " runs --json -")))
tap.is(list and #list, 2, "--json lists both")
tap.ok(list[1].written <= list[2].written, "oldest first", list[1].written, list[2].written)
local newest = list[2].path

os.execute(("mkdir %s/state/memlua/cut && cp %s/state/memlua/protected/manifest.json %s/state/memlua/cut"):format(scratch, scratch, scratch))
tap.like(output_of(memlua .. " runs"), "\ncut +[^\n]* unfinished\n", "a run without a summary is unfinished")
tap.is(output_of(memlua .. " runs -q runs"), "", "an empty folder holds none")

-- What the manifest of `protected` says of the expectations, and what then is told.
local function expecting(expected, name)
  local manifest = run.load(scratch .. "/state/memlua/protected").manifest
  manifest.expected = expected
  output_of(("cp -r %s/state/memlua/protected %s/state/memlua/%s"):format(scratch, scratch, name))
  run.at(scratch .. "/state/memlua/" .. name):json("manifest.json", manifest)
  return name
end
local holds = { text = "high is <done>", runs = 1 }
local broken = { { id = "002-priority", detail = "12 s" }, { id = "x", error = "a.lua:1: y" }, { id = "3" }, { id = "4" }, { id = "5" }, { id = "6" } }
local slow = { text = "low is fast", runs = 12, broken = broken }
expecting({ holds }, "holding")
expecting({ holds, slow }, "one-broken")
text = output_of(memlua .. " runs")
tap.like(text, "\nholding +2026[^\n]* priority: all done\n", "expectations that hold need no word there")
tap.like(text, "\none%-broken +2026[^\n]* priority: all done; 1 expectation broken\n", "a broken one is counted")
expecting({ slow, slow }, "two-broken")
tap.like(output_of(memlua .. " runs"), "; 2 expectations broken\n", "so are two")
text = output_of(memlua .. " show one-broken")
tap.like(text, "\nexpected: high is <done>: holds in 1 of 1 runs\nexpected: low is fast: broken in 002%-priority %(12 s%), "
  .. "x %(failed itself: a.lua:1: y%), 3, 4, and 2 more\n", "show tells both, in how many runs and where not")
tap.like(output_of(memlua .. " --color always show one-broken"), "\n\27%[31mexpected: low is fast: broken [^\n]*\27%[0m\n", "the broken one in red")
output_of(memlua .. " show one-broken --html expected.html")
tap.like(io.open(scratch .. "/expected.html"):read "a", "expected: high is &lt;done&gt;: holds in 1 of 1 runs\n", "the page, too")
tap.is(json.decode((output_of(memlua .. " show one-broken --json -"))).expected[2].broken[1].id, "002-priority", "and the summary")
tap.like(output_of(("%s %s/../scripts/analyze.lua -q -o %s/side %s/state/memlua/one-broken %s/state/memlua/baseline"):format(
  quote(host.executable()), quote(tests), scratch, scratch, scratch)),
  "\nprotected: expected: high is <done>: holds in 1 of 1 runs\n", "side by side it is said whose it is")
for _, name in ipairs { "holding", "one-broken", "two-broken" } do output_of(("rm -r %s/state/memlua/%s"):format(scratch, name)) end

-- What is there of eight planned runs, of which one strategy's can't be made.
local function partial(change, name)
  local manifest = run.load(scratch .. "/state/memlua/protected").manifest
  manifest.cells = { "001-solo-high", "002-priority", "003-never", "004-reserve", "005-solo-high", "006-reserve", "007-never", "008-priority" }
  manifest.skipped = { { name = "never", reason = "not here" } }
  change(manifest)
  output_of(("cp -r %s/state/memlua/protected %s/partial-%s"):format(scratch, scratch, name))
  run.at(scratch .. "/partial-" .. name):json("manifest.json", manifest)
  return output_of(memlua .. " show partial-" .. name)
end
local SHORT <const> = "ended early: 2 of 6 runs were made, none of reserve\n"
tap.like(partial(function() end, "early"), "\n" .. SHORT, "a run that ended early says so, and what it lacks; what can't be done was not planned")
tap.like(output_of(memlua .. " runs ."), "\npartial%-early +2026[^\n]* priority: all done; " .. SHORT, "so does the list")
output_of(memlua .. " show partial-early --html early.html")
tap.like(io.open(scratch .. "/early.html"):read "a", SHORT, "and the page")
text = partial(function(m) m.cells = { "001-solo-high", "002-priority", "003-never" } end, "whole")
tap.is(text:find "were made", nil, "a whole one doesn't", text)
text = partial(function(m) m.cell = "002-priority" end, "cell")
tap.is(text:find "were made", nil, "nor does a cell, which is one run by itself", text)
tap.like(partial(function(m) m.missing = { "004-reserve" } end, "merged"), "\nincomplete: 2 of 6 runs were made", "cells that are missing didn't end early")
output_of(("rm -r %s/partial-*"):format(scratch))

-- ---- show -------------------------------------------------------------------------------------------------

local folder = run.load(scratch .. "/state/memlua/baseline")
text, status = output_of(memlua .. " show baseline")
tap.is(status, 0, "show: finds a run by its name")
local expected = report.text { folder }
tap.ok(text == expected, "and prints the table that the run printed", text, expected)
tap.is(json.decode((output_of(memlua .. " show last --json -"))).name, run.load(newest).manifest.name, "last is the newest")
text, status = output_of(memlua .. " show baselin")
tap.ok(status == 1 and text:find("did you mean 'baseline'?", 1, true), "a name with a slip is answered with the nearest", text)
text, status = output_of(("unset COLUMNS; XDG_STATE_HOME=%s %s show x"):format(scratch, quote(host.executable())))
tap.ok(status == 1 and text:find("none is in", 1, true), "no runs at all is said", text)

local plots = scratch .. "/state/memlua/baseline/plots"
local function page_of(environment)
  local said, code = output_of(memlua:gsub("XDG_STATE_HOME", (environment or ""):gsub("%%", "%%%%") .. " XDG_STATE_HOME")
    .. " show baseline --html report.html")
  return io.open(scratch .. "/report.html"):read "a", code, said
end

local page
page, status, text = page_of()
tap.ok(status == 0 and page:find("^<!DOCTYPE html>") and page:find "</html>\n$", "--html writes a page", text)
tap.ok(not page:find "\27" and not page:find 'src="[^d]' and not page:find "<link", "that needs nothing beside it")
tap.like(page, "oom-killed", "the table is in it")
if os.execute "gnuplot --version >/dev/null 2>&1" then
  local order = {}
  for name in page:gmatch '<figure id="(%w+)"' do order[#order + 1] = name end
  tap.is(order, { "completion", "slowdown", "memory", "latency" }, "a folder without pictures gets them drawn for it")
  tap.is(select(2, page:gsub("<figcaption>%u[^<]+%. <small>", "")), 4, "each has a caption")
  tap.like(page, "<img alt=\"Completion time of each tenant\"", "and its own name")
  tap.is(page:find "█", nil, "so that the page needs no bars of characters")
else
  tap.skip("a folder without pictures gets them drawn", "gnuplot is not installed")
end
tap.is(output_of("ls " .. plots):match "^ls: " ~= nil, true, "the folder stays as it was")
tap.is(page_of "COLUMNS=40 LC_ALL=C TERM=dumb NO_COLOR=1" == page, true, "the terminal doesn't matter to the page")
os.execute(("mkdir %s/bin && for c in sh ls rm mkdir cat; do ln -s $(command -v $c) %s/bin; done"):format(scratch, scratch))
page, status = page_of(("PATH=%s/bin"):format(scratch))
tap.ok(status == 0 and page:find("apt install gnuplot-nox", 1, true), "without gnuplot the page says how to get them", page)
tap.ok(page:find "█", "and has the bars at least")

os.execute("mkdir -p " .. plots)
local SVG <const> = '<?xml version="1.0"?>\n<svg onload="alert(1)"><script>alert(2)</script><p id="%"/></svg>'
for _, name in ipairs { "a", "slowdown" } do io.open(("%s/%s.svg"):format(plots, name), "w"):write(SVG):close() end
io.open(plots .. "/slowdown.gp", "w"):write("caption = 'it''s <mine>'\nheading = 'My own'\n"):close()
page = page_of()
local image = page:match 'src="data:image/svg%+xml;charset=utf%-8,([^"]*)"'
tap.is(image and image:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end), SVG, "a picture that lies there is taken as it is")
tap.ok(not page:find "<script" and not page:find "onload=\"" and page:find "Content%-Security%-Policy",
  "but only as an image, which runs nothing", page)
tap.ok(page:find 'alt="My own"' and page:find "it's &lt;mine&gt;" and not page:find 'id="memory"',
  "a restyled one has its own caption")
tap.ok(page:find '<figure id="slowdown"' < page:find '<figure id="a"', "what matters most comes first")
tap.is(select(2, output_of(memlua .. " show baseline --html nowhere/report.html")), 1, "a page that can't be written fails")

-- ---- pack -------------------------------------------------------------------------------------------------

text, status = output_of(memlua .. " pack -q baseline")
tap.ok(status == 0 and text == "baseline.tar.xz\n", "pack: prints the archive's name", text)
text, status = output_of(memlua .. " pack baseline")
tap.ok(status == 1 and text:find "is there already", "nothing is overwritten", text)
tap.like(output_of(memlua .. " show baseline.tar.xz"), "baseline.tar.xz: an archive; unpack it first", "show wants it unpacked")
tap.is(select(2, output_of(memlua .. " pack baseline other.zip")), 1, "another kind of archive is refused")
tap.is(select(2, output_of(memlua .. " pack cut x.tar.gz")), 1, "so is an unfinished run")
tap.is(select(2, output_of(memlua .. " pack baseline nowhere/x.tar.gz")), 1, "a place that isn't there fails")
output_of(memlua .. " pack -q baseline one.tar.gz && cd " .. scratch .. " && mkdir there && tar -C there -xf one.tar.gz")
tap.is(select(2, output_of(("diff -r %s/there/baseline %s/state/memlua/baseline"):format(scratch, scratch))), 0,
  "what is unpacked is what was packed")
tap.ok(not output_of("ls " .. scratch):find "%.new", "nothing half done remains")

-- ---- no command ---------------------------------------------------------------------------------------------

text, status = output_of(memlua .. " shwo last")
tap.is({ text, status }, { "memlua: shwo: no such script or command; did you mean 'show'?\n", 1 }, "a slip gets the nearest command")
text = output_of(memlua .. " xyzzyplugh")
tap.is(text, "memlua: xyzzyplugh: no such script or command; `memlua --help` lists the commands\n", "nothing near: where they are listed")
text = output_of(memlua .. " complet")
tap.like(text, "did you mean 'compare'", "what only the shells ask for is not offered, but a script is")
for _, path in ipairs { "./shwo", "shwo.lua" } do
  text, status = output_of(memlua .. " " .. path)
  tap.ok(status == 1 and text:find("cannot open " .. path, 1, true), path .. " is a script that isn't there", text)
end

-- ---- the help -----------------------------------------------------------------------------------------------

local help = output_of(quote(host.executable()) .. " --help")
for _, name in ipairs(host.embedded_names()) do
  local command = name:match "^lua/memlua/cli/command/(%w+)%.lua$"
  if command and command ~= "complete" then -- that one is the shells'
    tap.like(help, "\n  " .. command .. " ", "--help names the command " .. command)
    text, status = output_of(memlua .. " " .. command .. " --help")
    tap.ok(status == 0 and text:find "Usage", command .. " has a help of its own", text)
  end
end
tap.done()
