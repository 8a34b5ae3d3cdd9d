-- analyze.lua on recorded run folders: one with an OOM-killed tenant, one without losses.
local root = arg[0]:match "^(.*)tests/[^/]*/[^/]*$"
package.path = root .. "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local json = require "memlua.json"
local run = require "memlua.run"
local summary = require "memlua.results.summary"

local BASELINE, PROTECTED = root .. "tests/fixtures/baseline", root .. "tests/fixtures/protected"
local scratch = os.tmpname()
os.remove(scratch)

-- Runs analyze.lua with these words; returns its standard output, what it complained, and its exit status.
local function analyze(...)
  local complaints = scratch .. "/stderr"
  local pipe = io.popen(("COLUMNS=200 %s %sscripts/analyze.lua %s 2>%s"):format(host.executable(),
    root == "" and "./" or root, table.concat({ ... }, " "), complaints))
  local output = pipe:read "a"
  local _, _, status = pipe:close()
  local file <close> = io.open(complaints)
  return output, file:read "a", status
end

local function content(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read "a"
  file:close()
  return text
end

-- A copy of a fixture with `change` applied to one of its files.
local function altered(name, fixture, file, change)
  local folder = scratch .. "/" .. name
  os.execute(("cp -r %s %s"):format(fixture, folder))
  local value = json.decode(content(folder .. "/" .. file))
  change(value)
  assert(json.write(folder .. "/" .. file, value))
  return folder
end

assert(host.mkdir(scratch))

-- ---- the table ------------------------------------------------------------------------------------------

local output, complaints, status = analyze(BASELINE, PROTECTED, "-o", scratch .. "/both")
tap.is(status, 0, "two comparable folders are compared")
tap.like(output, "high    baseline            -       -", "a killed tenant has no completion time")
tap.like(output, "oom%-killed at 1%.%d+ s", "but the time of its death")
tap.like(output, "low_1   baseline     6%.%d+ s %*", "a survivor beside a loss is marked")
tap.like(output, "high    protected      5%.53 s    1%.00", "the protected one its time and slowdown")
tap.like(output, "1 of 1 runs lost a tenant", "losses are told")
tap.like(output, "kernel log: OOM kill in /memlua%-%d+/session/high_session", "and who was killed by which limit")
tap.like(output, "delay_active 6", "the policy's callbacks are shown")

local single = analyze(PROTECTED, "-o", scratch .. "/single")
tap.like(single, "high    priority      5%.53 s    1%.00", "alone, a folder's only strategy has its own name")
tap.like(single, "\nalone: high 5%.53 s, low_1 5%.53 s", "and its solo runs need none")
tap.like(output, "\nprotected: alone: high 5%.53 s", "beside others they do")

-- ---- remarks --------------------------------------------------------------------------------------------

local own_claim -- what the script says that b claims

-- Tenants a and b in runs of one strategy: each run lists what is told of both. Returns the document.
local function told(...)
  local made = {}
  for i, pair in ipairs { ... } do
    local tenants = {}
    for k, t in ipairs(pair) do
      tenants[k] = { name = ("ab"):sub(k, k), rank = k, ended = "done", completion_s = 1, finish = 1 }
      for key, value in pairs(t) do tenants[k][key] = value end
      -- what failed by itself has an end of its own
      if tenants[k].ended == "oom-killed" then tenants[k].completion_s, tenants[k].finish = nil, nil end
    end
    made[i] = { id = ("%03d-s"):format(i), strategy = "s", tenants = tenants, oom = json.array {}, policy = { name = "reserve" } }
  end
  local a = { name = "a", workloads = { { kind = "anon" } } }
  local b = { name = "b", workloads = { { kind = "anon" } }, policy = own_claim }
  local scenario = { limits = { ["memory.max"] = 1 << 30 }, tenants = { a, b }, strategies = { { name = "s" }, { name = "t" } } }
  local folder = { path = "x", runs = made, host = {}, manifest = { name = "x", seed = 1, scenario = scenario, skipped = { { name = "t", reason = "-" } } } }
  return require "memlua.report".text { folder }
end
local function claimed(peak) return { peak = peak << 20, callbacks = { claim = 100 << 20 } } end

tap.like(told({ claimed(90), claimed(130) }, { claimed(90), claimed(150) }, { claimed(90), claimed(140) }),
  "\ns: b took 150M at most, more than the 100M that memlua claimed for it by its size: what reserve promises holds only "
  .. "within the claims; give the tenant policy = { claim = \"150M\" }\n",
  "a tenant that took more than was claimed for it is told, with the worst run, and no fault of the user's")
own_claim = { claim = 100 << 20 }
tap.like(told({ claimed(90), claimed(130) }, { claimed(90), claimed(150) }, { claimed(90), claimed(140) }),
  "\ns: b took 150M at most, more than its claim of 100M: what reserve promises holds only within the claims\n",
  "one that took more than it claimed itself")
own_claim = nil
tap.is(told({ claimed(90), claimed(130) }):find "a took", nil, "one that kept to it isn't")
tap.is(told({ claimed(90), claimed(100) }, { { peak = 1 << 30 }, {} }):find "claim", nil, "nor one that claimed nothing")

local text = told({ {}, { ended = "failed", exit_code = 3 } }, { {}, {} }, { {}, { ended = "failed", exit_code = 3 } })
tap.like(text, "\ns: in 2 of 3 runs a tenant failed by itself %(b: exit status 3%); %* = another's time in such a run\n",
  "a program that failed is no loss")
tap.ok(not text:find "lost" and text:find "\ns +1 of 3 .* not judged: a tenant failed by itself in 2 of 3 runs\n", "nor is it one in the verdict", text)
tap.like(told({ {}, { ended = "failed", exit_code = 3 } }), "\nb +s +failed\n", "nor is its end a completion time")
text = told({ {}, { ended = "failed", error = "b: no such file" } }, { {}, { ended = "oom-killed" } })
tap.ok(text:find "\ns: in 1 of 2 runs a tenant failed by itself %(b: no such file%)" and text:find "\ns: 1 of 2 runs lost a tenant; ",
  "each is counted as what it is", text)
tap.like(text, "\ns +0 of 2 ", "neither counts as a run without a loss")
tap.like(told({ { ended = "oom-killed" }, { ended = "failed", exit_code = 1 } }), "\ns: 1 of 1 runs lost a tenant", "who fails beside a loss may do so for it")

-- ---- what the policy counted, over all runs ------------------------------------------------------------------------

local function counting(...)
  local runs = {}
  for i, calls in ipairs { ... } do
    runs[i] = { id = ("%03d-s"):format(i), strategy = "s", tenants = { { name = "a", rank = 1, ended = "done", completion_s = 1, finish = 1 } },
                parent = { events = { max = i } }, policy = { name = "priority", stats = { delay_calls = calls, quiet = 0 } } }
  end
  return require "memlua.report".text { { path = "x", runs = runs, host = {}, manifest = { name = "x", seed = 1, scenario = {
    limits = {}, strategies = { { name = "s" } }, tenants = { { name = "a", workloads = { { kind = "anon" } } } } } } } }
end
local policy_lines = counting(100, 500, 200, 300, 400)
tap.like(policy_lines, "\ns: policy priority, a run's median (and range) of 5: delay_calls 300 (100 to 500)\n", "the policy's counters are of all runs, and say so")
tap.like(policy_lines, "\ns: memory.events of the session, sum of 5 runs: max 15\n", "as sums say that they are sums")
tap.like(counting(7), "\ns: policy priority: delay_calls 7\n", "of one run it is the count")
tap.like(counting(0, 0), "\ns: policy priority, .*: never asked\n", "a policy that was never asked is told")

local pages_folder = { path = "x", host = {}, manifest = { about = "x", seed = 1, runs = { "001-s" }, cells = { "001-s", "002-s" },
  expected = { { text = "it holds", runs = 1 } },
  scenario = { limits = {}, strategies = { { name = "s" } }, tenants = { { name = "a", workloads = { { kind = "file" } } } } } },
  runs = { { strategy = "s", tenants = { { name = "a", ended = "done", stat = {}, workload = { kind = "file" } } } } } }
tap.like(require "memlua.report.refaults".text { pages_folder }, "\nended early: 1 of 2 runs were made\nexpected: it holds: holds in 1 of 1 runs\n",
  "a report of another kind tells what the folder came to, too")

-- ---- the summary against the raw data ------------------------------------------------------------------

local folder = run.load(PROTECTED)
local summed = summary.of(folder)
local solo, result = folder.runs[1], folder.runs[2]
tap.is({ solo.strategy, result.strategy }, { "solo-high", "priority" }, "the fixture is what this test thinks")
local low = summary.find(summed.strategies[2], "low_1")
tap.is(low.completion.median, result.tenants[2].completion_s, "one run's median is its value")
tap.is(low.completion.low, nil, "and has no interval")
tap.is(low.slowdown, result.tenants[2].completion_s / solo.tenants[1].completion_s, "slowdown is against the solo run")
tap.is(low.latency.count, 256, "every chunk is in the histogram")
tap.is(low.latency.max, result.tenants[2].latency.max, "its greatest value is kept")

local lossy = summary.of(run.load(BASELINE)).strategies[2]
tap.is({ lossy.intact, lossy.runs }, { 0, 1 }, "a run with a loss isn't intact")
tap.is(lossy.makespan, nil, "and has no makespan")
local high = summary.find(lossy, "high")
tap.is({ high.finished, high.lost, high.completion }, { 0, { ["oom-killed"] = 1 }, nil }, "the lost one finished in no run")
local survivor = summary.find(lossy, "low_1")
tap.ok(survivor.completion == nil and survivor.completion_beside_losses.n == 1, "its survivors aren't averaged with others")

local function ended(how, alloc, read)
  return { strategy = "s", tenants = { { name = "a", ended = "done", completion_s = alloc + 1, alloc_s = alloc, read_bytes = read,
    stat = { pgscan = read } }, { name = "b", ended = how } } }
end
local mixed = { ended("done", 4, 40), ended("oom-killed", 1, 400), ended("oom-killed", 1, 400) }
local both = summary.find(summary.of { runs = mixed, manifest = { seed = 1 } }.strategies[1], "a")
tap.is({ both.alloc.values, both.read_bytes.values, both.stat.pgscan, both.runs, both.finished }, { { 4 }, { 40 }, 40, 3, 3 },
  "survivors beside losses are counted, not averaged with the rest")
local apart = summary.of { runs = { mixed[2], mixed[3] }, manifest = { seed = 1 } }.strategies[1]
tap.is(summary.find(apart, "a").alloc.values, { 1, 1 }, "where each run has a loss, they are all there is")
tap.is({ #summary.unmixed(mixed), #summary.unmixed { mixed[2], mixed[3] } }, { 1, 2 }, "the same for whole runs")

local timed = { runs = mixed, manifest = { scenario = { tenants = { { workloads = { { duration = 1 } } } } } } }
tap.is(summary.metric(timed).name, "read", "tenants with a fixed time are compared by what they read in it")
timed.runs = { ended("done", 4) }
tap.is(summary.metric(timed).name, "completion", "by their time where their kind counts no reading")

-- ---- pictures -------------------------------------------------------------------------------------------

tap.is((content(scratch .. "/both/plots/completion.png") or ""):sub(1, 8), "\137PNG\r\n\26\n", "a PNG is drawn")
local svg = content(scratch .. "/both/plots/completion.svg")
tap.like(svg, "OOM-killed at 1.", "the SVG marks the kill")
tap.like(svg, "limit 544M, 3 x 256M anon", "and says the setting")
os.remove(scratch .. "/both/plots/completion.svg")
os.execute(("cd %s/both/plots && gnuplot completion.gp"):format(scratch))
tap.ok(content(scratch .. "/both/plots/completion.svg"), "the picture can be drawn again from its folder")
tap.is(complaints:match "warning", nil, "nothing to warn of")

host.setenv("XDG_STATE_HOME", scratch .. "/state")
_, complaints = analyze(BASELINE, PROTECTED)
tap.like(complaints, "charts: " .. scratch .. "/state/memlua/comparison%-%d+T%d+/plots/", "without --out the pictures go to a folder of their own")
assert(os.execute(("mkdir -p %s/state/memlua && cp -r %s %s/state/memlua/mine"):format(scratch, PROTECTED, scratch)))
tap.like(analyze("mine", "-q"), "protected by the BPF policy", "a run goes by its name, too")
local _, _, written = analyze(BASELINE, PROTECTED, "-q -o", scratch .. "/both", "--html", scratch .. "/both.html")
local page = content(scratch .. "/both.html") or ""
tap.ok(written == 0 and page:find("<h1>baseline: no protection | protected", 1, true) and page:find 'OOM%-killed at 1%.',
  "--html writes both into one page", page:sub(1, 3000))
tap.is(select(2, page:gsub("<figure ", "")), 4, "with the pictures of both together")

-- ---- JSON -----------------------------------------------------------------------------------------------

local document = analyze(PROTECTED, "--json", "-", "-o", scratch .. "/json")
tap.is(json.decode(document)[1].strategies[2].tenants[1].name, "high", "--json - prints the summaries and nothing else")

-- ---- what can't be compared ------------------------------------------------------------------------------

local function refused(name, pattern, ...)
  local _, said, code = analyze(...)
  tap.like(said, pattern, name)
  tap.is(code, 1, "  with status 1")
end

local other = altered("kernel", PROTECTED, "host.json", function(facts) facts.release = "9.9.9" end)
refused("another kernel is refused", "kernel: 6.12", BASELINE, other)
local forced, _, code = analyze(BASELINE, other, "--force", "-o", scratch .. "/forced")
tap.is(code, 0, "--force compares anyway")
tap.like(forced, "compared by --force although kernel: 6.12", "and says so in the document")
refused("another schema is refused", "schema: written by another memlua: schema_version 99, this one reads 2",
  BASELINE, altered("schema", PROTECTED, "manifest.json", function(m) m.schema_version = 99 end))
refused("another clock is refused", "clock: virtual in .*, kvm in ",
  BASELINE, altered("clock", PROTECTED, "host.json", function(facts) facts.clock = "kvm" end))
refused("a folder of something else", "not a run's folder: it has no manifest.json", scratch)
refused("a run that never got to its strategy", "holds no finished run",
  altered("begun", PROTECTED, "manifest.json", function(m) m.runs = { "001-solo-high" } end))
refused("no folder at all", "analyze.lua --help'")

local broken = altered("broken", PROTECTED, "host.json", function() end)
local file = io.open(broken .. "/manifest.json", "w")
file:write '{"name": '
file:close()
refused("half a file", "manifest.json: not JSON", broken)

os.execute("rm -rf " .. scratch)
local function alone(size) return { size = size, workloads = { { kind = "anon", size = size } } } end
local mixed = { limits = { ["memory.max"] = 300 << 20 }, tenants = { alone(100 << 20), alone(250 << 20) } }
tap.is(require "memlua.report".setting { host = {}, manifest = { scenario = mixed } }, "limit 300M, 100M anon, 250M anon",
  "tenants of different sizes are told apart in the setting")
for i = 1, 5 do mixed.tenants[i] = alone(i << 20) end
tap.is(require "memlua.report".setting { host = {}, manifest = { scenario = mixed } }, "limit 300M, 5 tenants",
  "but not so many that they fill the line")

tap.done()
