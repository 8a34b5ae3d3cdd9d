-- Cells in the microVM: run one by one and merged they are the runs of the undivided run; what is measured isn't run
-- again, what is half done is. Runs on the host and starts memlua for each case, as GNU parallel would.
local tests = arg[0]:match "^(.*)/[^/]*/[^/]*$"
package.path = tests .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local shell = require "shell"
local run = require "memlua.run"
local sys = require "memlua.base.sys"

local quote <const> = sys.quote
local scratch <const>, tidy <close> = shell.folder()

assert(host.save(scratch .. "/two.lua", [[
require "memlua.scenario".run {
  name = "two", limits = { ["memory.max"] = "64M", ["memory.swap.max"] = 0 }, solo = false, warmup = 0,
  tenants = { { name = "a", workload = { size = "16M" } } },
  strategies = { { name = "none" }, { name = "tight", limits = { ["memory.max"] = "8M" } } },
  expect = { { "a survives", function(run) return run.tenants[1].ended == "done" end } },
}]]))

-- Exit status, standard output and standard error of memlua with these words.
local function memlua(words)
  local text, status = shell.output(("cd %s && %s %s 2>stderr"):format(quote(scratch), quote(host.executable()), words))
  return status, text, sys.read(scratch .. "/stderr")
end

local function ids_of(path) return run.open(scratch .. "/" .. path).manifest.runs end
local function result(id) return ("%s/cells/%s/runs/%s/run.json"):format(scratch, id, id) end

-- ---- one by one ------------------------------------------------------------------------------------------------

local _, listed = memlua "two.lua --vm --seed 7 --dry-run -q"
local ids = {}
for id in listed:gmatch "([^\n]+)\n" do ids[#ids + 1] = id end
tap.is(#ids, 2, "two cells")

local status_of, first = {}, {}
for _, id in ipairs(ids) do
  local status, text, said = memlua("two.lua --vm -q --seed 7 --out cells --cell " .. id)
  status_of[id], first[id] = status, sys.read(result(id))
  tap.is({ status, text }, { id:find "none" and 0 or 2, "" }, id .. ": its own status, and no table")
  tap.is(ids_of("cells/" .. id), { id }, id .. ": its folder holds it alone")
  if id:find "tight" then tap.like(said, id .. ": expected: a survives", "what it breaks is told") end
end

-- ---- again -------------------------------------------------------------------------------------------------------

for _, id in ipairs(ids) do
  local status, _, said = memlua("two.lua --vm --seed 7 --out cells/" .. id .. " --cell " .. id)
  tap.ok(status == status_of[id] and said:find(id .. ": measured already, in cells/" .. id, 1, true) and not said:find "microVM",
    id .. ": again: nothing is run, the status is the same", status, said)
  tap.ok(sys.read(result(id)) == first[id], id .. ": the result is the first one")
end
local status, _, said = memlua("two.lua --vm --seed 7 --warmup 1 --out cells --cell " .. ids[1])
tap.ok(status == 1 and said:find("scenario.warmup: 0 in cells/" .. ids[1] .. ", 1 in this command", 1, true),
  "a folder of another sweep is refused", said)

assert(host.save(result(ids[1]), first[ids[1]]:sub(1, 100)))
status = memlua("two.lua --vm -q --seed 7 --out cells --cell " .. ids[1])
tap.is({ status, ids_of("cells/" .. ids[1]) }, { status_of[ids[1]], { ids[1] } }, "half a result is run again")

-- what came to no result that counts is forgotten before it is run again; here that fails, for want of a kernel
local good = sys.read(result(ids[1]))
for _, how in ipairs { "timed out", "failed", "killed" } do
  assert(host.save(result(ids[1]), (good:gsub('"ended":"[%a-]+"', '"ended":"' .. how .. '"'))))
  status, _, said = memlua("two.lua --vm --seed 7 --out cells --cell " .. ids[1] .. " --kernel /nowhere")
  tap.ok(status == 1 and said:find("/nowhere", 1, true) and not said:find "already", how .. ": is run again", status, said)
end
assert(host.save(result(ids[1]), good))
tap.ok(not sys.exists(scratch .. "/cells/" .. ids[1] .. "/manifest.json"), "and counts as missing until then")
memlua("two.lua --vm -q --seed 7 --out cells --cell " .. ids[1])

-- ---- together ----------------------------------------------------------------------------------------------------

host.setenv("MEMLUA_SEED", "7")
local whole_status, _, whole_said = memlua "two.lua --vm -q -o whole"
host.setenv("MEMLUA_SEED")
local merged_status, text, merged_said = memlua "merge -q merged cells/*"
tap.is(ids_of "merged", ids_of "whole", "merged they are the runs of the whole, whose seed came from the environment")
tap.is({ merged_status, merged_said }, { whole_status, whole_said }, "with its exit status and complaint")
tap.like(text, "tight", "and a table")
local merged, whole = run.open(scratch .. "/merged"), run.open(scratch .. "/whole")
for i, one in ipairs(whole.runs) do
  tap.is({ merged.runs[i].block, merged.runs[i].strategy, merged.runs[i].tenants[1].ended },
    { one.block, one.strategy, one.tenants[1].ended }, one.id .. ": the same block, strategy and end")
end
tap.is(merged.host.clock, whole.host.clock, "measured on the same clock")

-- ---- experiments ---------------------------------------------------------------------------------------------------

local root = tests:sub(1, 1) == "/" and tests or host.cwd() .. "/" .. tests
local precision = quote(root .. "/../scripts/precision.lua") .. " --vm -q --seed 7 --runs 1 --delay 20 --samples 2 --out delays"
for _, id in ipairs { "001", "002" } do
  local _, cells = memlua(precision .. " --dry-run")
  status, text = memlua(precision .. " --cell " .. cells:match(id .. "%-%w+"))
  tap.is({ status, text }, { 0, "" }, "precision.lua: cell " .. id)
end
status, text = memlua "merge -q precision delays/*"
tap.ok(status == 0 and text:find "20 ms", "merged they give its table", status, text)

tap.done()
