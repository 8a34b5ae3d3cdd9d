-- memlua runs, show, pack: earlier runs are found, shown and packed; what isn't one is refused.
local tests = arg[0]:match "^(.*)/[^/]*/[^/]*$"
package.path = tests .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local json = require "memlua.json"
local run = require "memlua.run"
local report = require "memlua.report"

local quote <const> = require "memlua.sys".quote
local function output_of(command)
  local pipe <close> = io.popen(command .. " 2>&1")
  local text = pipe:read "a"
  local _, _, status = pipe:close()
  return text, status
end

local scratch = os.tmpname()
os.remove(scratch)
assert(os.execute(("mkdir -p %s/state/memlua %s/runs && cp -r %s/fixtures/baseline %s/fixtures/protected %s/state/memlua"):format(
  scratch, scratch, quote(tests), quote(tests), scratch)))
local tidy <close> = setmetatable({}, { __close = function() os.execute("rm -rf " .. scratch) end })
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

text, status = output_of(memlua .. " show baseline --html report.html")
local page = io.open(scratch .. "/report.html"):read "a"
tap.ok(status == 0 and page:find("^<!DOCTYPE html>") and page:find "</html>\n$", "--html writes a page", text)
tap.ok(not page:find "\27" and not page:find 'src="' and not page:find "<link", "that needs nothing beside it")
tap.like(page, "oom-killed", "the table is in it")
os.execute("mkdir -p " .. scratch .. "/state/memlua/baseline/plots")
for _, name in ipairs { "a", "b" } do
  io.open(scratch .. "/state/memlua/baseline/plots/" .. name .. ".svg", "w"):write(
    '<?xml version="1.0"?>\n<svg><defs><pattern id="p"/></defs><rect fill="url(#p)"/><use xlink:href="#p"/></svg>'):close()
end
output_of(memlua .. " show baseline --html report.html")
page = io.open(scratch .. "/report.html"):read "a"
tap.ok(page:find('id="a-p"', 1, true) and page:find('url(#b-p)', 1, true) and page:find('href="#b-p"', 1, true)
  and not page:find "<%?xml", "pictures are inlined, each with ids of its own")
tap.is(select(2, output_of(memlua .. " show baseline --html nowhere/report.html")), 1, "a page that can't be written fails")

-- ---- pack -------------------------------------------------------------------------------------------------

text, status = output_of(memlua .. " pack -q baseline")
tap.ok(status == 0 and text == "baseline.tar.xz\n", "pack: prints the archive's name", text)
text, status = output_of(memlua .. " pack baseline")
tap.ok(status == 1 and text:find "is there already", "nothing is overwritten", text)
tap.is(select(2, output_of(memlua .. " pack baseline other.zip")), 1, "another kind of archive is refused")
tap.is(select(2, output_of(memlua .. " pack cut x.tar.gz")), 1, "so is an unfinished run")
tap.is(select(2, output_of(memlua .. " pack baseline nowhere/x.tar.gz")), 1, "a place that isn't there fails")
output_of(memlua .. " pack -q baseline one.tar.gz && cd " .. scratch .. " && mkdir there && tar -C there -xf one.tar.gz")
tap.is(select(2, output_of(("diff -r %s/there/baseline %s/state/memlua/baseline"):format(scratch, scratch))), 0,
  "what is unpacked is what was packed")
tap.ok(not output_of("ls " .. scratch):find "%.new", "nothing half done remains")

-- ---- the help -----------------------------------------------------------------------------------------------

local help = output_of(quote(host.executable()) .. " --help")
for _, name in ipairs(host.embedded_names()) do
  local command = name:match "^lua/memlua/command/(%w+)%.lua$"
  if command and command ~= "complete" then -- that one is the shells'
    tap.like(help, "\n  " .. command .. " ", "--help names the command " .. command)
    text, status = output_of(memlua .. " " .. command .. " --help")
    tap.ok(status == 0 and text:find "Usage", command .. " has a help of its own", text)
  end
end
tap.done()
