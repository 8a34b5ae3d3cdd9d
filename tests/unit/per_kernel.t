-- A scenario on several kernels, and bisecting them: the series are real, what their runs measure is made up, a figure for each kernel, so that
-- nothing is booted.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local json = require "memlua.json"
local run = require "memlua.run"
local shell = require "shell"
local spec = require "memlua.experiment.spec"
local sys = require "memlua.base.sys"

local scratch <const>, tidy <close> = shell.folder()

local PREAMBLE <const> = [[
local host, memlua = require "memlua.host", require "memlua"
require "memlua.machine.way".name = "native"
local cell, json = require "memlua.experiment.cell", require "memlua.json"
cell.rehearse = function() end
local TIMES = { quick = 1, slow = 2, lossy = 1, ["5"] = 1, ["6"] = 1, ["7"] = 1, ["8"] = 2, ["9"] = 2 }
function cell.run(plan, strategy)
  local kernel = host.settings.kernel
  local time = TIMES[kernel] or memlua.fail(4, "%s: doesn't boot", kernel)
  local is_lost = kernel == "lossy" and strategy.name == "guarded"
  local function tenant(name, rank)
    local lost = is_lost and name == "high"
    return { name = name, role = name, rank = rank, ended = lost and "oom-killed" or "done", completion_s = not lost and (strategy.only and 1 or time) or nil,
             finish = not lost and time or nil, peak = 1 << 20, workload = { kind = "anon" }, memory = json.array {} }
  end
  return { strategy = strategy.name, solo = strategy.only and true or nil, duration_s = 1, oom = json.array {},
           tenants = strategy.only and { tenant(strategy.only[1], 1) } or { tenant("high", 1), tenant("low", 2) } }
end
]]
local SCENARIO <const> = [[
require "memlua.scenario".run { name = "axis", runs = 7, warmup = 0, limits = { ["memory.max"] = "60M" }, %s
  tenants = { { name = "high", role = "high", workload = { size = "8M" } }, { name = "low", workload = { size = "9M" } } },
  strategies = { { name = "guarded" }, { name = "other" } },
  claims = { { name = "quick", "HIGH is as fast as alone", tenant = "high", under = "guarded", against = "solo", below = 1.05 } } }
]]
local function script(name, more) assert(host.save(("%s/%s.lua"):format(scratch, name), PREAMBLE .. SCENARIO:format(more))) end
local function memlua(words)
  local text, status = shell.said(("cd %s && %s %s"):format(sys.quote(scratch), sys.quote(host.executable()), words))
  return text, status
end

-- ---- the table of kernels ------------------------------------------------------------------------------------------------

local function checked(kernels)
  return spec.check({ name = "x", limits = {}, tenants = { { name = "a", workload = { size = "1M" } } }, kernels = kernels }, host.settings)
end
tap.is(checked { "6.12", "7.3" }.kernels, { "6.12", "7.3" }, "a list of kernels")
tap.fails(function() checked {} end, "kernels: none", "none at all", 1)
tap.fails(function() checked { "6.12", "6.12" } end, "'6.12' a second time", "one twice", 1)
tap.fails(function() checked { 6.12 } end, "kernels", "a number", 1)

script("axis", 'kernels = { "quick", "broken", "slow", "lossy" },')
local text, status = memlua "axis.lua --seed 1 -o axis"
tap.is(status, 4, "the first status in the order of the kernels is the whole's")
tap.like(text, "broken: left out: broken: doesn't boot", "a kernel that fails is named")
tap.like(text, "broken: not measured: broken: doesn't boot", "in the table, too")
tap.is(select(2, text:gsub("memlua: broken: in ", "")), 1, "and is not tried again")
tap.like(text, "KERNEL +GUARDED +OTHER", "a column for each strategy")
tap.like(text, "\nquick.- 1%.00 %[1%.00, 1%.00%].-\n", "a row for each kernel, in times alone")
tap.like(text, "\nslow.- 2%.00 %[2%.00, 2%.00%]", "which differ")
tap.like(text, "\nlossy.- lost in 7 of 7 ", "losses take the place of times")
tap.like(text, "\nquick.-confirmed: HIGH is as fast as alone.*\nslow.-refuted: HIGH is as fast as alone", "each kernel's claims stand below")
local folder = run.load(scratch .. "/axis/quick")
tap.is({ #folder.runs, #folder.manifest.cells, run.shortfall(folder.manifest) }, { 28, 28, nil }, "each kernel has a whole series of its own")
local again_text, again_status = memlua "verify axis/quick"
tap.is(again_status, 0, "which can be verified", again_text)

local order, first = {}, {}
for kernel in text:gmatch "memlua: (%a+): in " do order[#order + 1] = kernel end
for i = 5, #order, 3 do first[order[i]] = true end -- after the block in which one was left out
tap.ok(#order == 4 + 6 * 3 and next(first, next(first)), "they take turns block by block, in another order each time", order)

-- ---- the command line ------------------------------------------------------------------------------------------------------

text, status = memlua "axis.lua --seed 1 -o axis"
tap.ok(status == 1 and text:find "axis/quick: holds a run already", "a folder that is taken", status, text)
local function sealed() return sys.read(scratch .. "/axis/quick/MANIFEST.sha256") end
local before = sealed()
text, status = memlua "axis.lua -o axis --resume"
tap.ok(status == 4 and text:find "KERNEL" and sealed() == before, "--resume keeps what is made, with its seed", status, text)
assert(host.save(scratch .. "/axis/quick/host.json", "{}"))
text, status = memlua "axis.lua -o axis --resume"
tap.ok(status ~= 0 and text:find "quick: axis/quick: .*host.json", "a folder that somebody changed is named", status, text)
text, status = memlua "axis.lua --kernel slow -o one --seed 1"
tap.ok(status == 2 and text:find "claim refuted: quick" and not text:find "KERNEL", "--kernel takes the place of the list", status, text)
text, status = memlua "axis.lua --seed 1 --dry-run -q"
tap.is({ status, select(2, text:gsub("\n", "")) }, { 0, 28 }, "--dry-run lists the cells, which are those of each kernel")
for _, option in ipairs { "--host", "--cell 001-other --seed 1", "--until 2%", "--blocks 2" } do
  text, status = memlua("axis.lua -o none " .. option)
  tap.ok(status == 1 and text:find(option:match "^%S+", 1, true), option .. " doesn't fit several", status, text)
end
text = memlua "axis.lua --seed 1 -o json --runs 1 --json - 2>/dev/null"
local document = json.decode(text)
tap.is({ #document, document[1].kernel, document[2].failed, document[2].summary, #document[3].summary.strategies > 0 },
  { 4, "quick", "broken: doesn't boot", nil, true }, "--json has them all")

script("blocks", "")
text, status = memlua "blocks.lua --kernel quick --seed 1 -o blocks --blocks 2"
tap.is({ status, #run.manifest(scratch .. "/blocks").runs, #run.manifest(scratch .. "/blocks").cells }, { 0, 8, 28 }, "--blocks makes the first of them only")
tap.ok(text:find "2 of 7 blocks: blocks" and not text:find "CLAIM", "and has no table, which would be about something else", text)
text, status = memlua "blocks.lua --kernel quick --seed 1 -o blocks --resume"
tap.ok(status == 0 and text:find "confirmed" and #run.manifest(scratch .. "/blocks").runs == 28, "--resume makes the others", status, text)

-- ---- bisecting ---------------------------------------------------------------------------------------------------------------

local function bisect(words, name) return memlua(("bisect quick blocks.lua %s -o %s"):format(words, name)) end
text, status = bisect("5 6 7 8 9", "all")
tap.ok(status == 0 and text:find("quick: confirmed on 7, refuted on 8", 1, true), "the two between which it changes", status, text)
tap.is({ sys.exists(scratch .. "/all/6/manifest.json"), sys.exists(scratch .. "/all/7/manifest.json") }, { false, true }, "not all are asked")
text, status = bisect("5 broken 9", "gap")
tap.ok(status == 0 and text:find("confirmed on 5, refuted on 9", 1, true) and text:find "between them broken: not measured: broken: doesn't boot",
  "one that fails is named", status, text)
text, status = bisect("5 6 7", "alike")
tap.ok(status == 2 and text:find "confirmed on 5, confirmed on 7: nothing changes between them", "nothing changes", status, text)
text, status = bisect("5 9 --runs 1", "few")
tap.ok(status == 7 and text:find "no kernel tells", "too few runs tell nothing", status, text)
text, status = memlua "bisect quik blocks.lua 5 9 -o unknown"
tap.ok(status == 1 and text:find "did you mean 'quick'", "an unknown claim", status, text)
tap.done()
