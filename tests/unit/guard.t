-- What guard.lua's words mean, and its view in every width. That it guards is tests/vm/guard.t's.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local guard = require "memlua.guard"
local guard_view = require "memlua.report.guard"
local host = require "memlua.host"
local json = require "memlua.json"

-- ---- words ------------------------------------------------------------------------------------------------------

tap.is(guard.roles({ high = { "a" }, low = {} }, { "tenant=b", "high=c/d=e" }),
  { high = { "a", "c/d=e" }, tenant = { "b" } },
  "roles come from options and from ROLE=CGROUP; one without cgroups is none")
tap.fails(function() guard.roles({ high = {} }) end, "no cgroup to guard", "none at all is misuse", 1)
tap.fails(function() guard.roles({}, { "tenant" }) end, "--role tenant: write KEY=VALUE", "so is a word without =", 1)
tap.is(guard.config({ delay_ms = 5 }, { "graded=true", "span=1M", "n=7", "trigger=growth" }),
  { delay_ms = 5, graded = true, span = 1 << 20, n = 7, trigger = "growth" }, "values of a config by their form")

-- ---- the view -----------------------------------------------------------------------------------------------------

local function member(path, more)
  local m = {
    path = path, role = "low", usage = 64 << 20, limit = "max", high = "max", events = { high = 308, oom_kill = 0 },
    pressure = { some = { avg10 = 31.2 } }, policy = { calls = 12, delay_ms = 2400, id = 7, window_start = 9 },
  }
  for key, value in pairs(more or {}) do m[key] = value end
  return m
end
local long = "/sys/fs/cgroup/system.slice/docker-" .. ("0123456789abcdef"):rep(4) .. ".scope"
local sample = { time = 3.5, members = { member(long, { held = "delayed" }), member "user.slice",
                                         { path = "old", role = "low", gone = true } } }

local function printed(document)
  local print_for_all, text = print, nil
  print = function(line) text = line end
  guard_view.open(document):show(sample)
  print = print_for_all
  return text
end
local function shown(columns)
  host.setenv("COLUMNS", columns and tostring(columns))
  local lines = {}
  for line in printed():gmatch "[^\n]+" do lines[#lines + 1] = line end
  return lines
end
for _, columns in ipairs { 40, 80, 200 } do
  local widest = 0
  for _, line in ipairs(shown(columns)) do widest = math.max(widest, utf8.len(line)) end
  tap.ok(widest <= columns, ("%d columns are kept"):format(columns), widest)
end
tap.is(shown(40), { "3.50 s", "cgroup         role  usage  oom  state", "...cdef.scope  low     64M    0  delayed",
                    "user.slice     low     64M    0  -", "old            low       -    -  gone" },
  "40 columns show who uses how much, and what holds it")
host.setenv("MEMLUA_TERMINALS", "")
local lines = shown(nil)
tap.like(lines[3], long, "in a pipe a path stays whole")
tap.like(lines[3], "308 +0 +31%%  delayed  calls 12, delay_ms 2400$",
  "with the events, the pressure and what the policy counts")

local file = os.tmpname()
tap.like(printed(file), "cgroup", "--json FILE: the table,")
tap.is(json.decode(io.open(file):read "a").members[1].held, "delayed", "and the newest sample in the file")
tap.is(json.decode(printed "-").time, 3.5, "--json - is a line per sample")
os.remove(file)
tap.done()
