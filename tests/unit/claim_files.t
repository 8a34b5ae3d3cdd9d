-- Claim files: what pages state stands there as the files say, lies in their bands, and is made again by `memlua verify FOLDER`; and each figure of
-- the README's and plan.md's tables has a claim, or stands among those that have none.
local tests = arg[0]:match "^(.*)/[^/]*/[^/]*$"
package.path = tests .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local claim_files = require "memlua.experiment.claim_files"
local host = require "memlua.host"
local shell = require "shell"
local spec = require "memlua.experiment.spec"
local sys = require "memlua.base.sys"

local root <const> = tests .. "/.."
local quote <const> = sys.quote
local scratch <const>, tidy <close> = shell.folder()

-- ---- what a claim may state ------------------------------------------------------------------------------------------------

local function stated(claim)
  claim.name, claim[1], claim.tenant = "c", "words", claim.tenant or "a"
  return spec.check({ name = "x", limits = {}, claims = { claim }, tenants = { { name = "a", workload = { size = "1M" } } },
    strategies = { { name = "one" } } }, host.settings).claims[1].stated
end
local function line(figure) return { "README.md", "| x |", figure } end
tap.is(stated { below = "6s", stated = line "**5.54 s**" }, line "**5.54 s**", "a time as a page writes it")
tap.is(stated { metric = "kept", above = 0.9, stated = line "10 of 10" }, line "10 of 10", "a share")
tap.is(stated { metric = "peak", below = "4G", stated = line "3.04G" }, line "3.04G", "a size")
tap.is(stated { against = "solo", below = 1.02, stated = line "1.00" }, line "1.00", "a ratio")
for _, case in ipairs {
  { { below = "5s", stated = line "5.54 s" }, "README.md says 5.54 s, which its own band excludes", "a figure outside of the band" },
  { { metric = "kept", below = 0.5, stated = line "10 of 10" }, "says 10 of 10, which its own band excludes", "a share outside of it" },
  { { below = "6s", stated = line "soon" }, "'soon' is no figure of time", "no figure" },
  { { below = "6s", stated = { "README.md", "5.54 s" } }, "{ page, what its line has", "two of the three" },
} do tap.fails(function() stated(case[1]) end, case[2], case[3], 1) end

tap.ok(claim_files.states("a\n| x | 5 s |\nb", line "5 s"), "a line that has both")
tap.ok(not claim_files.states("| x |\n5 s\n", line "5 s"), "but not of two lines")
tap.ok(not claim_files.states("5 s | x |", line "5 s"), "nor the figure before the words")

-- ---- the files that there are ------------------------------------------------------------------------------------------------

-- The claims of a file, by the table that it hands over, which is checked whole where the machine has the packages that it needs.
local function claims_of(path)
  local scenario, taken, lacks = require "memlua.scenario", nil, false
  local run, program = scenario.run, scenario.program
  if not pcall(require, "socket") then
    package.preload.socket = function() return {} end
    lacks = path:find "cache" ~= nil
  end
  function scenario.program(name, package_)
    local found, at = pcall(program, name, package_)
    lacks = lacks or not found
    return found and at or "/usr/bin/" .. name:match "[^/]*$"
  end
  function scenario.run(plan) taken = lacks and plan or spec.check(plan, host.settings) end
  assert(loadfile(path))()
  scenario.run, scenario.program = run, program
  return taken.claims
end

local files, stated_of = claim_files.list(root .. "/scripts/claims"), {} -- page -> list of stated
tap.ok(#files > 0, "there are claim files")
tap.ok(claim_files.duration(files, true) < 300, "to kick the tyres takes less than 5 minutes", claim_files.duration(files, true))
for _, file in ipairs(files) do
  for _, claim in ipairs(claims_of(file.path)) do
    local at = claim.stated
    if at then
      stated_of[at[1]] = stated_of[at[1]] or {}
      table.insert(stated_of[at[1]], at)
      tap.ok(claim_files.states(sys.read(("%s/%s"):format(root, at[1])) or "", at), ("%s: %s: %s has %s"):format(file.name, claim.name, at[1], at[3]))
    end
  end
end

-- Rows of tables, the demo's among them, that have a figure of a run. Returns those of a page that no claim states and `without` doesn't excuse.
local function is_row(text) return text:find "^| " or text:find "^    [%l_%d]+ +[%l]+ +[%d-]" end
local function has_figure(text) return text:find "%d%.?%d* m?s%f[%W]" or text:find "%d of %d" or text:find "%d[MG] |" or text:find "| %d[%d.,]* |" end
local excused = {} -- page -> list of how a row begins
for row, page in sys.read(root .. "/scripts/claims/without.md"):gmatch "\n| ([^|]-) | ([%w/]+%.md) |" do
  excused[page] = excused[page] or {}
  table.insert(excused[page], row)
end
local function is_excused(text, page)
  for _, row in ipairs(excused[page] or {}) do if text:gsub("^[| ]+", ""):sub(1, #row) == row then return row end end
end
local function uncovered(page, name)
  local left, used = {}, {}
  for text in (page .. "\n"):gmatch "([^\n]*)\n" do
    local excuse = is_excused(text, name)
    local covered = excuse ~= nil
    if excuse then used[excuse] = true end
    for _, at in ipairs(stated_of[name] or {}) do covered = covered or claim_files.states(text, at) end
    if is_row(text) and has_figure(text) and not covered then left[#left + 1] = text end
  end
  return left, used
end
for _, name in ipairs { "README.md", "scripts/plan.md", "scripts/gallery/README.md" } do
  local left, used = uncovered(sys.read(root .. "/" .. name), name)
  tap.is(left, {}, name .. ": each row with figures has a claim, or stands in without.md")
  for _, row in ipairs(excused[name]) do tap.ok(used[row], ("without.md: %s has a row %s"):format(name, row)) end
end
tap.is(#uncovered("| `magic` | 10 of 10 | 1.23 s |\n", "README.md"), 1, "a row without would be found out")

-- ---- the command -------------------------------------------------------------------------------------------------------------

-- Runs that are made up: high takes as long as $TIME says.
local MADE <const> = [[
-- takes 2m, quick 3s
require "memlua.machine.way".name = "native"
local cell, json = require "memlua.experiment.cell", require "memlua.json"
cell.rehearse = function() end
function cell.run(_, strategy)
  local time = tonumber(os.getenv "TIME")
  return { strategy = strategy.name, duration_s = 1, oom = json.array {}, tenants = { { name = "a", role = "low", rank = 2, ended = "done",
    completion_s = time, finish = time, peak = 1 << 20, workload = { kind = "anon" }, memory = json.array {} } } }
end
require "memlua.scenario".run { name = "made", runs = 6, warmup = 0, solo = false, limits = { ["memory.max"] = "60M" }, strategies = { { name = "one" } },
  tenants = { { name = "a", workload = { size = "8M" } } },
  claims = { { name = "time", "a is that fast", tenant = "a", between = { "5.4s", "5.7s" }, stated = { "README.md", "high    protected", "%s" } } } }
]]
local function made(name, source, words)
  assert(host.mkdir(scratch .. "/" .. name))
  assert(host.save(("%s/%s/one.lua"):format(scratch, name), source))
  return shell.said(("cd %s && %s verify %s/%s -o %s/%s-out %s"):format(quote(root), words:match "^TIME=%S+ " .. quote(host.executable()), quote(scratch), name,
    quote(scratch), name, words:gsub("^TIME=%S+ ", "")))
end
local shown <const> = sys.read(root .. "/README.md"):match "\n    high    protected +([%d.]+ s) "
local good <const> = MADE:format(shown)
local text, status = made("good", good, "TIME=5.5 ")
tap.ok(status == 0 and text:find "1 claim files take about 2 min" and text:find "with %-%-quick, a block of each, 3 s", "it says first how long it takes", status, text)
tap.like(text, "one: time +README.md +" .. shown .. " +5.50 s %[5.50, 5.50%].* confirmed: a is that fast", "a figure that comes out again")
text, status = made("other", good, "TIME=6.5 ")
tap.ok(status == 2 and text:find "refuted: a is that fast" and text:find "1 of 1 differ here: one: time", "one that comes out different", status, text)
text, status = made("quick", good, "TIME=5.6 --quick")
tap.ok(status == 0 and text:find "5.60 s +fits: a is that fast", "quick: it fits", status, text)
text, status = made("quick-other", good, "TIME=6.5 --quick")
tap.ok(status == 2 and text:find "6.50 s +doesn't fit", "quick: it doesn't", status, text)
text, status = made("stale", MADE:format "5.41 s", "TIME=5.5 --quick")
tap.ok(status == 1 and text:gsub("\n *", " "):find("README.md has no line with 'high protected' and 5.41 s", 1, true) or text:find "has no line with", "a page that says something else", status, text)
text, status = made("mute", "x = 1\n", "TIME=5.5 ")
tap.ok(status == 1 and text:find "doesn't say how long it takes", "a file that doesn't say how long it takes", status, text)
text, status = shell.said(("%s verify %s/none --quick"):format(quote(host.executable()), quote(scratch)))
tap.ok(status == 1 and text:find "no folder of claim files", "what is no such folder", status, text)

-- ---- another script's scenario, varied -----------------------------------------------------------------------------------------

local varied <const> = scratch .. "/varied"
assert(host.mkdir(varied))
assert(host.mkdir(varied .. "/claims"))
assert(host.save(varied .. "/base.lua", (good:gsub("  claims = .*", "}"):gsub('size = "8M"', 'size = require "memlua.option".parse { name = "made", options = { { "size", "size", default = "1M" } } }.size'))))
local function vary(path, more)
  return ("-- takes 9m, quick none\nrequire('memlua.scenario').vary(%q, { '--size', '8M' }, { runs = 6%s })\n"):format(path, more or "")
end
local CLAIMED <const> = ', claims = { { name = "time", "a is that fast", tenant = "a", between = { "5.4s", "5.7s" } }, { name = "size", "and as large", tenant = "a", metric = "peak", above = "1M" } }'
assert(host.save(varied .. "/claims/one.lua", vary("../base.lua", CLAIMED)))
text, status = shell.said(("TIME=5.5 %s verify %s/claims -o %s/varied-out"):format(quote(host.executable()), quote(varied), quote(scratch)))
tap.ok(status == 0 and text:find "confirmed: a is that fast", "the scenario of another script, with claims", status, text)
text, status = shell.said(("TIME=5.5 %s verify %s/claims --quick -o %s/varied-quick"):format(quote(host.executable()), quote(varied), quote(scratch)))
tap.ok(status == 0 and text:find "0 claim files take about 0 s" and text:find "left out by %-%-quick: one", "one that --quick leaves out is named", status, text)
local function fails(path, body, reason)
  assert(host.save(varied .. "/two.lua", vary(path)))
  assert(host.save(varied .. "/empty.lua", body))
  local said, ended = shell.said(("%s %s/two.lua"):format(quote(host.executable()), quote(varied)))
  tap.ok(ended == 1 and said:find(reason, 1, true), "vary: " .. reason, ended, said)
end
fails("nowhere.lua", "", "scenario.vary: cannot open ")
fails("empty.lua", "return 1", "/empty.lua runs no scenario")

tap.done()
