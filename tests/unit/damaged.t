-- Run folders and traces from elsewhere, damaged or made to harm: each comes to a result or to an error that names file and
-- key, never to a traceback. A bounded number of seeded rounds; `memlua tests/lib/fuzz.lua ROUNDS SEED` makes more.
local tests = arg[0]:match "^(.*)/[^/]*/[^/]*$"
package.path = tests .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local fuzz = require "fuzz"
local host = require "memlua.host"
local json = require "memlua.json"
local shell = require "shell"
local sys = require "memlua.base.sys"

local quote <const> = sys.quote
local owned <close> = assert(host.scratch())
local scratch <const> = owned:path()

-- ---- by chance ------------------------------------------------------------------------------------------------------

local count, failures = fuzz.runs(tests .. "/fixtures", 40, 11, 1)
tap.is(failures, {}, "40 damaged run folders: no traceback, nothing outside, no control character")
tap.ok(count.shown > 15 and count.refused > 15, "some can be read all the same, some are refused", count)
count, failures = fuzz.traces(400, 11, 1)
tap.is(failures, {}, "400 damaged traces: no traceback")
tap.ok(count.shown > 20 and count.refused > 100, "some can be read, some are refused", count)

-- ---- one by one ------------------------------------------------------------------------------------------------------

host.settings.quiet = true -- what merge says
local n = 0

-- A copy of the fixture with one file changed by a function.
local function folder_with(file, change)
  n = n + 1
  local path = ("%s/run%d"):format(scratch, n)
  assert(os.execute(("cp -r %s/fixtures/baseline %s"):format(quote(tests), path)))
  local value = json.decode(sys.read(path .. "/" .. file))
  value = change(value) or value
  assert(json.write(path .. "/" .. file, value))
  return path
end

local function memlua(words)
  return shell.output(("cd %s && env -u COLUMNS XDG_STATE_HOME=%s/state %s %s 2>&1"):format(scratch, scratch, quote(host.executable()), words))
end

local function refused(file, change, reason, name)
  local path = folder_with(file, change)
  local text, status = memlua("show " .. path)
  tap.ok(status == 1 and text:find(("memlua: %s/%s: %s"):format(path, file, reason), 1, true), name, status, text)
  tap.ok(not text:find "traceback", name .. ": without a traceback", text)
  return path
end

local RUN <const> = "runs/002-none/run.json"
refused("manifest.json", function(m) m.runs[1] = "../../../x" end, "runs[1]: '../../../x' leaves its place", "an id that leads out")
refused("manifest.json", function(m) m.runs[2] = "/etc/x" end, "runs[2]: '/etc/x' leaves its place", "an absolute one")
refused("manifest.json", function(m) m.runs[2] = "x" end, "runs[2]: 'x': not a run's id", "one that is none")
refused("manifest.json", function(m) m.runs[2] = m.runs[1] end, "runs[2]: '001-solo-high' stands there twice", "one twice")
refused("manifest.json", function(m) m.runs = 5 end, "runs: a list is needed", "no list")
refused("manifest.json", function(m) m.scenario.tenants[1].workloads = nil end, "scenario.tenants[1].workloads: missing", "a key that is missing")
refused("manifest.json", function(m) m.scenario.limits["memory.max"] = "a lot" end, "scenario.limits.memory.max: a number is needed, not a string", "a limit that is none")
local function claimed(change)
  return function(m)
    m.claims = { { name = "a", text = "b", metric = "time", tenant = "high", under = "none", below = 1 } }
    change(m.claims[1], m)
  end
end
refused("manifest.json", claimed(function(c) c.below = nil end), "claims[1]: no band: below or above is missing", "a claim that nothing refutes")
refused("manifest.json", claimed(function(c) c.under = json.null end), "claims[1].under: a text is needed, not null", "one of no strategy")
refused("manifest.json", claimed(function(_, m) m.stopping = { share = 0.02, looks = json.array {} } end), "stopping.looks: 0 of them, at least 1 are needed", "a series that nobody looked at")
for _, change in ipairs {
  function(c) c.tenant, c.metric = nil, "time" end, function(c) c.metric = "no\27such" end, function(c) c.tenant = "nobody" end, function(c) c.under = "nothing" end,
  function(c) c.against = "solo" end, function(c) c.tenant, c.metric = nil, "makespan" end,
} do
  local text, status = memlua("show " .. folder_with("manifest.json", claimed(change)))
  tap.ok(status == 0 and text:find "inconclusive" and not text:find "traceback", "a claim that makes no sense is inconclusive", status, text)
end
refused("manifest.json", function(m) m.report, m.scenario = "xyz", nil end, "report: 'xyz' and no scenario", "a kind that nobody knows")
refused("host.json", function(h) h.cpus = "two" end, "cpus: a number is needed, not a string", "a number in words")
refused("host.json", function(h) h.release = json.null end, "release: a text is needed, not null", "null")
refused(RUN, function(r) r.tenants[2].memory[3] = { 1 } end, "tenants[2].memory[3]: a list of 3 numbers is needed", "a sample of one number")
refused(RUN, function(r) r.tenants[2].memory[3][2] = 1e300 end, "tenants[2].memory[3][2]: 1e+300: out of range", "a sample beyond all")
refused(RUN, function(r) r.tenants[2].progress[9][1] = "now" end, "tenants[2].progress[9][1]: a number is needed, not a string", "a step in words")
refused(RUN, function(r) r.tenants[2].progress = 1 end, "tenants[2].progress: a list is needed", "a number in a series' place")
refused(RUN, function(r) r.tenants[2].latency.count = 7 end, "tenants[2].latency.count: 7, but the buckets hold 256", "a histogram that contradicts itself")
refused(RUN, function(r) r.tenants[1].name = "a/../b" end, "tenants[1].name: 'a/../b' leaves its place", "a tenant's name with a slash")
refused(RUN, function(r) r.tenants[1].name = "low_1" end, "tenants: 'low_1' stands there twice", "a tenant twice")
refused(RUN, function(r) r.tenants[3] = nil end, "tenants: 'low_2' of the scenario is missing", "one that is missing")
refused(RUN, function(r) r.tenants[1].rank = 1e300 end, "tenants[1].rank: 1e+300: out of range", "a number beyond all")
refused(RUN, function() return json.array {} end, "strategy: missing", "a list in an object's place")

-- ---- what would speak to the terminal -------------------------------------------------------------------------------------

local ESCAPE <const> = "\27]0;owned\7\27[31m\194\155"
local text, status = memlua("show " .. refused(RUN, function(r) r.tenants[1].name = "high" .. ESCAPE end, "tenants[1].name: 'high?]0;owned??[31m?' leaves its place",
  "a name with control characters"))
tap.is({ text:find "[\27\7]", status }, { nil, 1 }, "the complaint about it has none")
local path = folder_with("manifest.json", function(m) m.about = "about" .. ESCAPE end)
text, status = memlua("show " .. path)
tap.ok(status == 0 and text:find("about?]0;owned??[31m?", 1, true) and not text:find "[\27\7]", "a text with some is shown without", text)
text = memlua("runs " .. scratch)
tap.ok(not text:find "[\27\7]" and text:find "unreadable: ", "runs lists what can't be read as that", text)
os.execute(("mkdir %s && cp -r %s/. %s"):format(quote(scratch .. "/a\27[2Jb"), path, quote(scratch .. "/a\27[2Jb")))
text = memlua "runs ."
tap.ok(text:find("\na?[2Jb ", 1, true), "so is a folder's own name", text)

-- ---- what is no file -----------------------------------------------------------------------------------------------------

for what, command in pairs { link = "ln -s /etc/hostname", folder = "mkdir", other = "mkfifo" } do
  path = folder_with("host.json", function() end)
  assert(os.execute(("cd %s && rm host.json && %s host.json"):format(path, command)))
  text, status = memlua("show " .. path)
  tap.ok(status == 1 and text:find(("host.json: a %s; a run's folder"):format(what == "other" and "pipe or device" or what), 1, true), what .. " in a file's place", text)
end
path = folder_with("manifest.json", function(m) m.cells, m.report = m.runs, nil end)
assert(os.execute(("ln -s /etc/hostname %s/runs/002-none/x.out"):format(path)))
text, status = memlua(("merge merged %s"):format(path))
tap.ok(status == 0 and text:find "x.out: no plain file: left out" and not sys.exists(scratch .. "/merged/runs/002-none/x.out"),
  "merge takes no file from elsewhere through a link", text)
tap.done()
