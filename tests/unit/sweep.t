-- Cells: their ids depend on seed, options and script only; what is there already isn't run again; memlua merge puts
-- them together, and refuses what doesn't belong together. Nothing is measured: the folders are synthetic.
local tests = arg[0]:match "^(.*)/[^/]*/[^/]*$"
package.path = tests .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local shell = require "shell"
local json = require "memlua.json"
local run = require "memlua.run"
local sys = require "memlua.base.sys"

local quote <const> = sys.quote
local scratch <const>, tidy <close> = shell.folder()

local SCRIPT = scratch .. "/two.lua"
local TEXT = [[
local option = require "memlua.option"
local o = option.parse { name = "two", options = { { "limit", "limit", default = "60M" } } }
require "memlua.scenario".run {
  name = "two", options = o, limits = { ["memory.max"] = o.limit },
  tenants = { { name = "a", workload = { size = "8M" } } }, strategies = { { name = "none" }, { name = "tight", limits = {} } },
  calibrate = os.getenv "CALIBRATE" and function() return {} end or nil, survives = "none",
  expect = { { "a survives", function(run) return run.tenants[1].ended == "done" end } },
}]]
assert(host.save(SCRIPT, TEXT))

-- Standard output, exit status and standard error of memlua with these words.
local function memlua(words)
  local text, status = shell.output(("cd %s && env -u MEMLUA_CELL %s %s 2>stderr"):format(quote(scratch), quote(host.executable()), words))
  return text, status, sys.read(scratch .. "/stderr")
end

local function refused(words, pattern, name)
  local text, status, said = memlua(words)
  tap.ok(status == 1 and said:find(pattern), name, text, status, said)
end

-- ---- listing ------------------------------------------------------------------------------------------------

local listed, status, said = memlua "two.lua --dry-run -q --seed 9 --runs 4"
tap.is({ status, said }, { 0, "" }, "a dry run lists the cells and says nothing else")
local ids = {}
for id in listed:gmatch "([^\n]+)\n" do ids[#ids + 1] = id end
tap.is({ #ids, ids[1] }, { 12, "001-solo-a" }, "one id on a line")
local places = {}
for i, id in ipairs(ids) do
  local block = (i - 1) // 3 + 1
  places[block] = places[block] or (id:match "solo" and (i - 1) % 3 + 1)
end
tap.ok(#places == 4 and table.concat(places):find "[23]", "alone a tenant runs in each block, at any place of it", table.unpack(ids))
tap.is(memlua "--seed 9 -q -r 4 two.lua --dry-run -m 4G -o elsewhere --host", listed, "where and how it runs doesn't matter")
tap.ok(memlua "two.lua --dry-run -q --seed 8 --runs 4" ~= listed, "the seed does")
tap.is(memlua(("two.lua --dry-run -q --seed 9 --runs 4 -o x --cell %s"):format(ids[3])), ids[3] .. "\n", "--cell leaves that one")

-- ---- what --cell needs -----------------------------------------------------------------------------------------

refused("two.lua --cell 002-none -o x", "%-%-cell 002%-none: give %-%-seed N too: the order", "no seed")
refused("two.lua --cell 002-none --seed 9", "give %-%-out DIR too", "no folder")
refused("two.lua --cell 002-nine --seed 9 -o x", "%-%-cell 002%-nine: no run has this id.*did you mean '00%d%-none'", "no such cell")
refused("two.lua --cell 001-solo-a --seed 9 -o x --json -", "memlua merge %-%-json", "a summary of one cell")
refused("two.lua --cell '' --seed 9 -o x", "no run has this id", "an empty id")
host.setenv("CALIBRATE", "1")
refused("two.lua --cell 001-solo-a --seed 9 -o x", "calibrate first", "a size of its own on each machine")
host.setenv("CALIBRATE")

-- ---- synthetic folders -----------------------------------------------------------------------------------------

local function manifest_for(id, change)
  local manifest = {
    schema_version = run.SCHEMA, name = "two", seed = 9, options = { limit = 60 << 20, out = id, seed = 9, runs = 4 },
    scenario = { limits = { ["memory.max"] = 60 << 20 }, tenants = { { name = "a", size = 8 << 20, workloads = { { kind = "anon", size = 8 << 20 } } } },
                 strategies = { { name = "none" }, { name = "tight" } } },
    solo_of = { a = "solo-a" }, notes = json.array {}, cells = json.array(ids), runs = json.array { id }, written = id,
  }
  if change then change(manifest) end
  return manifest
end

local FACTS = { release = "6.12.95", clock = "virtual", way = "module", memlua = "0.1.0", cpu = "x", page_size = 4096 }

local function result_of(id, how)
  local strategy = id:match "^%d+%-(.*)$"
  return { id = id, block = 1, strategy = strategy, solo = strategy:find "^solo" and true or nil, duration_s = 1.5, oom = json.array {},
           tenants = { { name = "a", role = "low", rank = 2, ended = how or "done", completion_s = 1.1, finish = 1.1, peak = 1 << 53 | 1,
                         memory = json.array {}, workload = { kind = "anon", size = 8 << 20 } } } }
end

-- Writes a cell's folder; `over` changes its manifest (f), facts, result or script.
local function write(name, id, over)
  over = over or {}
  local folder = run.at(scratch .. "/" .. name)
  local facts = {}
  for key, value in pairs(FACTS) do facts[key] = value end
  for key, value in pairs(over.facts or {}) do facts[key] = value end
  folder:json("host.json", facts)
  folder:text("script.lua", over.script or TEXT)
  folder:json("runs/" .. id .. "/run.json", over.result or result_of(id))
  folder:text("runs/" .. id .. "/a.txt", "said\n")
  folder:json("manifest.json", manifest_for(id, over.manifest))
  return name
end

-- All cells but those in `without`, below the folder `name`.
local function write_all(name, without)
  for _, id in ipairs(ids) do
    if not (without or {})[id] then write(name .. "/" .. id, id) end
  end
end

-- ---- merging ------------------------------------------------------------------------------------------------------

write_all "all"
local text
text, status, said = memlua "merge -q merged all/*"
tap.is(status, 0, "merge: all cells")
local folder = run.load(scratch .. "/merged")
tap.is(folder.manifest.runs, ids, "the folder holds them in the order of the list, whatever that of the arguments")
tap.is(folder.manifest.missing, nil, "nothing is missing")
local raw = sys.read(scratch .. "/all/" .. ids[5] .. "/runs/" .. ids[5] .. "/run.json")
tap.is(sys.read(scratch .. "/merged/runs/" .. ids[5] .. "/run.json"), raw, "raw results are copied as they are")
tap.is(sys.read(scratch .. "/merged/runs/" .. ids[5] .. "/a.txt"), "said\n", "with what else lies beside them")
tap.is(json.decode(sys.read(scratch .. "/merged/runs/" .. ids[5] .. "/host.json")).release, "6.12.95", "each with its machine beside it")
tap.is(#folder.runs[1].tenants == 1 and folder.runs[1].tenants[1].peak, 1 << 53 | 1, "64-bit integers and all")
tap.like(text, "a +tight", "the table is printed")
for _, file in ipairs { "summary.json", "plots/completion.gp", "plots/completion.dat" } do
  tap.ok(sys.exists(scratch .. "/merged/" .. file), file .. " is there")
end
tap.is(memlua "show merged", text, "show shows the same")
refused("merge merged all/*", "merged: holds a run already", "a folder that holds a run")

local gone = { [ids[2]] = true, [ids[9]] = true }
write_all("some", gone)
assert(host.mkdir(scratch .. "/some/" .. ids[2])) -- its machine died
text, status, said = memlua "merge part some/*"
tap.is(status, 0, "cells are missing: the table is made")
tap.like(said, ("2 of 12 cells are missing: %s, %s"):format(ids[2], ids[9]), "they are named")
tap.like(said, "some/" .. ids[2] .. ": holds no result: left out", "so is a folder without a result")
tap.is(run.load(scratch .. "/part").manifest.missing, { ids[2], ids[9] }, "in the manifest, too")
text, status = memlua(("merge -q whole part all/%s all/%s all/%s"):format(ids[2], ids[9], ids[1]))
tap.is({ status, run.load(scratch .. "/whole").manifest.runs }, { 0, ids }, "a merged folder takes the rest; the same result twice is once")
tap.is(memlua "show whole", memlua "show merged", "and is what all at once make")

tap.like(memlua "runs all", "002%-%w+ +002%-%w+ +1 +unfinished: 1 of 12 runs\n", "runs tells a cell from a whole run")

-- ---- what doesn't belong together -------------------------------------------------------------------------------

local function mismatch(name, over, pattern)
  write("other/" .. name, ids[2], over)
  local words = ("merge -q never all/%s other/%s"):format(ids[1], name)
  refused(words, "not cells of one sweep: .*" .. pattern:format("all/" .. ids[1]:gsub("%-", "%%-"), "other/" .. name), name)
  tap.ok(not sys.exists(scratch .. "/never"), name .. ": nothing is written")
end
write("other/schema", ids[2], { manifest = function(m) m.schema_version = 99 end })
refused(("merge never all/%s other/schema"):format(ids[1]), "other/schema: .*schema_version 99", "schema")
mismatch("kernel", { facts = { release = "7.0" } }, "kernel: 6.12.95 in %s, 7.0 in %s")
mismatch("clock", { facts = { clock = "kvm" } }, "clock: virtual in %s, kvm in %s")
mismatch("way", { facts = { way = "native" } }, "way: module in %s, native in %s")
mismatch("version", { facts = { memlua = "9" } }, "memlua: 0.1.0 in %s, 9 in %s")
mismatch("seed", { manifest = function(m) m.seed = 8 end }, "seed: 9 in %s, 8 in %s")
mismatch("option", { manifest = function(m) m.options.limit = 5 end }, "options.limit: 62914560 in %s, 5 in %s")
mismatch("scenario", { manifest = function(m) m.scenario.tenants[1].size = 5 end }, "scenario.tenants.1.size: 8388608 in %s, 5 in %s")
mismatch("script", { script = "-- other" }, "script.lua: not the same in %s and %s")
refused("merge never all/* nowhere", "nowhere: no such folder", "a folder that isn't there")
write("other/twice", ids[2], { result = result_of(ids[2], "oom-killed") })
refused(("merge never all/%s other/twice"):format(ids[2]), ids[2]:gsub("%-", "%%-") .. ": measured twice, in all/.* and in other/twice", "two results of one cell")
refused(("merge never all/%s"):format(ids[1]), "all cells are of tenants alone", "solo runs alone")
write("old", ids[2], { manifest = function(m) m.cells = nil end })
refused("merge never old", "an earlier memlua", "a folder that lists no cells")
refused("merge -o never all/*", "unknown option '%-o'", "the new folder as an option")
refused("merge never", "missing argument .folder.", "no folder")

write("unlike", ids[3], { facts = { cpu = "y", clock = "host" } })
write("like", ids[2], { facts = { clock = "host" } })
_, status, said = memlua "merge -v unlikes like unlike"
tap.ok(status == 0 and said:find "unlike machines: cpu: x in like, y in unlike", "another processor is told where the clock is real", said)

-- ---- exit status -----------------------------------------------------------------------------------------------

local function answered(id, answer)
  local result = result_of(id)
  result.expected = { answer }
  return write("bad/" .. id, id, { result = result })
end
answered(ids[2], { text = "a survives", holds = false, detail = "it is gone" })
answered(ids[3], { text = "a survives", holds = true })
text, status, said = memlua(("merge -q bad/merged bad/%s bad/%s"):format(ids[2], ids[3]))
tap.ok(status == 2 and said:find(ids[2] .. ": expected: a survives; it is gone", 1, true), "an expectation that didn't hold: 2, and which", said)
tap.like(text, ("\nexpected: a survives: broken in %s %%(it is gone%%)\n"):format((ids[2]:gsub("%-", "%%-"))), "the table tells it, too")
tap.is(run.load(scratch .. "/bad/merged").manifest.expected, { { text = "a survives", runs = 2, broken = { { id = ids[2], detail = "it is gone" } } } },
  "and the manifest, over all cells")
memlua(("merge -q bad/whole bad/merged bad/%s"):format(ids[3]))
tap.is(run.load(scratch .. "/bad/whole").manifest.expected[1].runs, 2, "a cell that is there twice counts once")
answered(ids[5], { text = "a survives", error = "two.lua:3: attempt to index a nil value" })
_, status, said = memlua(("merge -q bad/error bad/%s bad/%s"):format(ids[2], ids[5]))
tap.ok(status == 1 and said:find(ids[5] .. ": expected: a survives: failed itself: two.lua:3", 1, true) and said:find("it is gone", 1, true),
  "one with an error: 1, and the broken one beside it", said)
for how, expected in pairs { ["timed out"] = 124, failed = 1, killed = 7 } do
  write("bad/" .. expected, ids[2], { result = result_of(ids[2], how) })
  tap.is(select(2, memlua(("merge -q bad/of-%d bad/%d"):format(expected, expected))), expected, ("%s: %d, as the whole run would"):format(how, expected))
end

tap.done()
