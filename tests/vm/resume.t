-- A series that is killed in its third run: what was finished is there, marked incomplete and readable; --resume makes the
-- rest and nothing twice. And what a program in the microVM plants in the run's folder stays there.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local run = require "memlua.run"
local shell = require "shell"
local sys = require "memlua.base.sys"

local quote <const> = sys.quote
local owned <close> = assert(host.scratch())
local scratch <const> = owned:path()

local SCRIPT <const> = [[
local host, n = require "memlua.host", 0
local function wait()
  n = n + 1
  print("begun", n)
  io.stdout:flush()
  host.sleep(2)
end
require "memlua.scenario".run { name = "series", warmup = 0, limits = { ["memory.max"] = "64M" }, hooks = { measure = wait },
  tenants = { { name = "a", workload = { kind = "exec", argv = { "echo", "said" }, size = "1M" } } },
  strategies = { { name = "none" }, { name = "other" } }, expect = { { "all is well", function() return true end } } }
]]
assert(host.save(scratch .. "/series.lua", SCRIPT))

local memlua <const> = quote(host.executable()) .. " --vm --clock real --out series "

-- Standard output, exit status and standard error.
local function ran(words)
  local text, status = shell.output(("cd %s && %s%s 2>err"):format(quote(scratch), memlua, words))
  return text, status, sys.read(scratch .. "/err")
end

local KILLED <const> = [[cd %s; : >out; %s series.lua >out 2>err & pid=$!
while kill -0 $pid && ! grep -q 'begun.3' out; do sleep 0.1; done
kill -KILL $pid; wait $pid; true]]
shell.output(KILLED:format(quote(scratch), memlua))

local folder = run.load(scratch .. "/series")
tap.is({ #folder.manifest.runs, #folder.manifest.cells }, { 2, 3 }, "killed in the third run: two are there, marked as two of three", sys.read(scratch .. "/err"))
tap.like(shell.output(("%s show %s/series"):format(quote(host.executable()), scratch)), "ended early: 2 of 3 runs were made, none of %a+",
  "and can be shown")
local before = {}
for i, id in ipairs(folder.manifest.runs) do before[i] = sys.read(("%s/series/runs/%s/run.json"):format(scratch, id)) end

local function refused(words, pattern, name)
  local text, status, said = ran(words)
  tap.ok(status == 1 and said:find(pattern) and text == "", name, text, status, said)
end
refused("series.lua", "series: holds a run already; .* %-%-resume goes on with it: 2 of 3 runs are made", "without --resume it is refused, and how to go on is told")
refused("--resume --seed 99 series.lua", "series: %-%-resume: another series: .*seed: %d+ in series, 99 in this command", "another seed is another series")
refused("--resume --runs 2 series.lua", "another series: .*scenario.runs: 1 in series, 2 in this command", "so are more runs")
assert(host.save(scratch .. "/changed.lua", SCRIPT .. "-- changed\n"))
refused("--resume changed.lua", "another series: the script has changed since", "and another script")

local text, status, said = ran "--resume series.lua"
tap.is(status, 0, "--resume goes on", said)
tap.ok(said:find "series: 2 of 3 runs are made" and text:find "^begun\t1\n[^b]" , "with the one run that is left", text, said)
folder = run.load(scratch .. "/series")
tap.is(folder.manifest.runs, folder.manifest.cells, "all are there then")
tap.is({ sys.read(("%s/series/runs/%s/run.json"):format(scratch, folder.manifest.runs[1])), sys.read(("%s/series/runs/%s/run.json"):format(scratch, folder.manifest.runs[2])) },
  before, "those that were finished as they were")
tap.is(shell.output("LC_ALL=C ls -A " .. quote(scratch .. "/series")), "MANIFEST.sha256\nhost.json\nmanifest.json\nplots\nruns\nscript.lua\nsummary.json\n", "nothing else remains of the first attempt")
local again
again, status, said = ran "--resume series.lua"
tap.ok(status == 0 and not again:find "begun" and not said:find "microVM:" and text:find(again, 1, true), "once more it has nothing to do but to show it", again, said)

-- ---- an experiment that is no scenario ---------------------------------------------------------------------------------------

assert(host.save(scratch .. "/measured.lua", [[
local host = require "memlua.host"
local function measure(case)
  print("begun", case.name)
  io.stdout:flush()
  host.sleep(2)
  return { asked_ms = case.ms, ended = "done", chunks_s = { 0.001 + case.ms / 1000, 0.002 + case.ms / 1000 } }
end
require "memlua.experiment".run { name = "measured", about = "a test", report = "sleeps", runs = 1, measure = measure,
  cases = { { name = "0ms", ms = 0 }, { name = "20ms", ms = 20 }, { name = "50ms", ms = 50 } } }
]]))
local measured <const> = memlua:gsub("series", "measured")
shell.output(([[cd %s; : >out; %s measured.lua >out 2>err & pid=$!
while kill -0 $pid && ! [ "$(grep -c begun out)" = 3 ]; do sleep 0.1; done
kill -KILL $pid; wait $pid; true]]):format(quote(scratch), measured))
folder = run.load(scratch .. "/measured")
tap.is({ #folder.manifest.runs, #folder.manifest.cells }, { 2, 3 }, "an experiment that is killed keeps what was measured, too", sys.read(scratch .. "/err"))
text, status = shell.output(("cd %s && %s--resume measured.lua 2>err"):format(quote(scratch), measured))
said = sys.read(scratch .. "/err")
tap.ok(status == 0 and select(2, text:gsub("begun", "")) == 1, "--resume measures what is missing, and nothing else", text, status, said)
tap.like(said, "measured: 2 of 3 runs are made", "and says what there is")
folder = run.load(scratch .. "/measured")
tap.is(folder.manifest.runs, folder.manifest.cells, "then it is complete")
text, status = shell.output(("cd %s && %s--resume --seed 99 measured.lua 2>&1"):format(quote(scratch), measured))
tap.ok(status == 1 and text:find "another series: .*seed", "another seed is another series", text, status)

-- ---- what a program there plants ---------------------------------------------------------------------------------------

assert(host.save(scratch .. "/hostile.lua", ([[
local host = require "memlua.host"
host.enter()
local out = host.settings.out
assert(os.execute("cd " .. out .. " && mkdir -p plots runs && echo 'system(\"touch %s/ran\")' >plots/x.gp && cp plots/x.gp x.gp"
  .. " && ln -s %s/victim link.json && ln -s %s runs/away && echo 1 >figure.json && chmod 4755 figure.json"))
]]):format(scratch, scratch, scratch)))
text, status, said = shell.output(("cd %s && %s --vm --out hostile hostile.lua 2>&1"):format(scratch, quote(host.executable())))
local brought = shell.output(("cd %s/hostile && find . -mindepth 1 -printf '%%P %%y %%m\\n'"):format(scratch))
tap.is({ status, brought }, { 0, "figure.json f 644\n" },
  "scripts, links and set-id files stay in the microVM", text)
tap.like(text, "warning: [^\n]* and 3 more: left in the", "which is said")
tap.ok(not sys.exists(scratch .. "/ran"), "nothing of it has run here")
tap.done()
