-- The scenarios' scripts as a user meets them before anything runs: help, dry runs, and what is refused.
local root = arg[0]:match "^(.*)tests/[^/]*/[^/]*$"
package.path = root .. "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local shell = require "shell"

local quote <const> = require "memlua.base.sys".quote

-- What `memlua scripts/WORDS` says on both streams, and its exit status.
local function memlua(words)
  return shell.said(("cd %s && %s scripts/%s"):format(quote(root == "" and "." or root), quote(host.executable()), words))
end

local function refused(words, pattern, name)
  local text, status = memlua(words)
  tap.ok(status == 1 and text:find(pattern), name, text, status)
end

-- ---- help ------------------------------------------------------------------------------------------------------

for _, script in ipairs { "baseline", "protected", "compare" } do
  local text, status = memlua(script .. ".lua --help")
  tap.ok(status == 0 and text:find("Usage: memlua scripts/" .. script .. ".lua ", 1, true), script .. " --help names it as typed", text)
  tap.like(text, "%-%-calibrate", "and has --calibrate")
end
refused("baseline.lua --nonsense", "Try 'memlua scripts/baseline.lua %-%-help'", "so does what is said of an unknown option")

-- ---- dry runs --------------------------------------------------------------------------------------------------

local text, status = memlua "protected.lua --dry-run --delay 2500"
tap.is(status, 0, "a dry run ends well")
tap.like(text, "warning: strategies.priority.policy.config.delay_ms: 2500: the kernel clamps a sleep to 2000 ms", "it warns of what the run would")
tap.like(text, "limit 544M instead of the plan's 512M", "and tells what differs from the plan")
tap.like(text, "\n00%d%-priority\n", "beside what would run")

for option, share in pairs { ["protected.lua --high 40%"] = true, ["replay.lua --low-high 30%"] = true,
  ["protected.lua --high 40% --limit max"] = false } do
  local said, how = memlua(option .. " --dry-run -q")
  tap.ok(how == (share and 0 or 1) and (share or said:find("40%% of what%? the parent has no memory.max")), option, said, how)
end

-- Traces that have only the names of the paper's.
local folder <const>, tidy <close> = shell.folder()
for _, name in ipairs { "dask__dask-11628", "joke2k__faker-1520", "sigmavirus24__github3.py-673" } do
  assert(host.save(("%s/%s.json"):format(folder, name), '{ "samples": [ { "epoch": 1, "mem_usage": "30MB / 1GB" }, { "epoch": 3, "mem_usage": "600MB / 1GB" } ] }'))
end
refused(("replay.lua --traces %s --preset isolation --dry-run"):format(folder), "missing: pre%-commit__pre%-commit%-2524; each as NAME.json", "what a folder of traces lacks is named")
refused(("replay.lua --traces %s --low x --dry-run"):format(folder), "%-%-traces: beside %-%-high or %-%-low", "traces named twice")
assert(os.execute(("mkdir -p %s/pre-commit__pre-commit-2524/attempt_1 && cp %s/dask* %s/pre-commit__pre-commit-2524/attempt_1/resources.json"):format(folder, folder, folder)))
for preset, limit in pairs { survival = "1.02G", isolation = "2.38G", ["combination-3"] = "977M", ["combination-5"] = "488M" } do
  local said, how = memlua(("replay.lua --traces %s --preset %s --dry-run --seed 1"):format(folder, preset))
  tap.ok(how == 0 and said:find("limit " .. limit, 1, true), preset .. ": its traces and its limit", said, how)
  tap.is(said:find "alone exceeds the limit" ~= nil, preset == "combination-5", "  who doesn't fit alone is told of")
end

-- What a script needs is asked for by its package's name.
local program <const> = require "memlua.scenario".program
tap.is(program("sh", "dash"), require "memlua.base.sys".which("sh"), "a program is found in the PATH")
tap.like(program("/usr/b?n/s*", "x"), "^/usr/bin/s", "or where a pattern fits")
tap.fails(function() program("no-such-program", "nix") end, "no-such-program: this script needs it and it is not installed; apt-get install nix", "one that isn't there", 1)
tap.fails(function() program("/usr/no'such*/$(exit)", "nix") end, "/usr/no'such*/$(exit): this script needs it", "and a path that fits nothing, whatever is in it", 1)

for place, first in pairs { gallery = "none", wishes = "%l+" } do
  local list <close> = io.popen(("cd %s/scripts/%s && ls *.lua"):format(quote(root == "" and "." or root), place))
  for script in list:lines() do
    local said, how = memlua(("%s/%s --dry-run --seed 1"):format(place, script))
    local lacks = said:find "apt%-get install" or said:find "no such program"
    tap.ok(lacks or how == 0 and said:find("\n%d+%-" .. first .. "\n"),
      ("%s/%s plans, with nobody's protection beside the others, or names what is missing"):format(place, script), said, how)
    local lines = select(2, require "memlua.base.sys".read(("%sscripts/%s/%s"):format(root, place, script)):gsub("\n", ""))
    tap.ok(lines < 80, "and can be read in one go", lines)
  end
end

text, status = memlua "contest.lua --dry-run --strategy user-reserve --strategy bpf-reserve --runs 2 --seed 1"
tap.is(status, 0, "the contest plans")
local cells = {}
for cell in text:gmatch "\n%d+%-([%w-]+)" do cells[#cells + 1] = cell end
table.sort(cells)
tap.is(cells, { "bpf-reserve", "bpf-reserve", "solo-high", "solo-high", "user-reserve", "user-reserve" }, "each strategy, and alone, in each block")
refused("contest.lua --strategy user-reserv --dry-run", "must be one of 'none', 'static%-max'", "an unknown one")
tap.is(select(2, memlua "contest.lua --limit max --dry-run -q"), 0, "without a limit it plans, too")

-- ---- refused ----------------------------------------------------------------------------------------------------

refused("compare.lua --runs 0", "%-%-runs: 0: not a whole number of 1", "no runs")
refused("compare.lua --strategy reserv --dry-run", "must be one of 'none', 'max'", "an unknown strategy")
refused("compare.lua --strategy none --strategy none --dry-run", "two of them have the name 'none'", "a strategy twice")
refused("baseline.lua --vm --dry-run --size 3G --limit 6G", "tenants.high.workload.size: 3G is more than the memory of the microVM, 2G; .*%-%-memory",
  "more than the microVM will have, before it boots")
refused("baseline.lua --vm --dry-run --memory 512M --size 600M --limit 700M", "600M is more than the memory of the microVM, 512M", "or than it was given")
tap.is(select(2, memlua "baseline.lua --vm --dry-run --memory 4G --size 3G --limit 6G"), 0, "what fits is taken")
local large <const> = "the session may take 1.8G, and of the microVM's 2G 1.75G are left for it: should it be full first, the run tells nothing; --memory 3G"
local warned, ended = memlua "baseline.lua --vm --dry-run --size 1G --limit 1843M"
tap.ok(ended == 0 and warned:find(large, 1, true), "a session that may be larger than the microVM is warned of", ended, warned)
warned = memlua "baseline.lua --vm --dry-run --size 1G --limit 1700M"
tap.ok(not warned:find("the session may take", 1, true), "one that isn't, isn't", warned)

-- ---- the README's examples -------------------------------------------------------------------------------------

local readme = require "memlua.base.sys".read(root .. "README.md")
local two = readme:match "\n(    %-%- two%.lua.-)\n\n`":gsub("\n    ", "\n")
local several = readme:match "\n(    { name = \"web\", role = \"high\", workloads.-\n    } },)\n":gsub('"python3"', '"sh"') -- which is on every machine
local example = os.tmpname()
local function planned(script)
  local file <close> = io.open(example, "w")
  file:write(script)
  file:close()
  local said, names = shell.said(("%s --vm --dry-run -q %s"):format(quote(host.executable()), example)), {}
  for name in said:gmatch "%f[%d]00%d%-([%w-]+)\n" do names[#names + 1] = name end -- the order is random
  table.sort(names)
  return table.concat(names, " ")
end
tap.is(planned(two), "none priority solo-batch solo-web", "two.lua is a scenario")
tap.is(planned((two:gsub("{ name = \"web\".-\n", function() return several .. "\n" end, 1))), "none priority solo-batch solo-web",
  "so it is with a tenant of several workloads")
os.remove(example)

tap.done()
