-- What guard.lua's words mean, and its view in every width. That it guards is tests/vm/guard.t's.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local guard = require "memlua.guard"
local guard_view = require "memlua.report.guard"
local host = require "memlua.host"
local json = require "memlua.json"
local trace = require "memlua.trace"

-- ---- words ------------------------------------------------------------------------------------------------------

tap.is(guard.roles({ high = { "a" }, low = {} }, { "tenant=b", "high=c/d=e" }),
  { high = { "a", "c/d=e" }, tenant = { "b" } },
  "roles come from options and from ROLE=CGROUP; one without cgroups is none")
tap.fails(function() guard.roles({ high = {} }) end, "no cgroup to guard", "none at all is misuse", 1)
tap.fails(function() guard.roles({}, { "tenant" }) end, "--role tenant: write KEY=VALUE", "so is a word without =", 1)
tap.is(guard.config({ delay_ms = 5 }, { "graded=true", "span=1M", "n=7", "trigger=growth" }),
  { delay_ms = 5, graded = true, span = 1 << 20, n = 7, trigger = "growth" }, "values of a config by their form")

-- ---- recording --------------------------------------------------------------------------------------------------------

do
  local scratch <const>, tidy <close> = require "shell".folder()
  local folder = scratch .. "/new"
  local recorder <close> = guard.record(folder)
  local function look(time, a, b) recorder:write { time = time, members = { { path = "x.slice/db", usage = a }, b or { path = "y.slice/db", gone = true } } } end
  look(10.25, 4096, { path = "y.slice/db", usage = 1 << 20 })
  look(11.5, 8192)
  tap.is(trace.read(folder .. "/db.csv").samples, { { 0.0, 4096 }, { 1.25, 8192 } }, "a trace of each cgroup, whole after every look")
  tap.is(trace.read(folder .. "/db-2.csv").samples, { { 0.0, 1 << 20 } }, "two of one name have their own; who is gone has no more samples")
  tap.fails(function() guard.record(folder) end, "new: is there already; name a new folder", "a folder that is there", 1)
  assert(host.save(scratch .. "/file", ""))
  tap.fails(function() guard.record(scratch .. "/file/below") end, "--record", "a folder that can't be made", 1)
end

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
-- ---- a kernel that doesn't bear that an attached cgroup is removed ---------------------------------------------------

do
  local cgroup, policy = require "memlua.cgroup", require "memlua.policy"
  local looks, dropped = 0, {}
  local function handle(methods) return setmetatable(methods, { __index = methods, __close = function() end }) end
  local function fake(path)
    local function get(_, name)
      if name ~= "cgroup.events" then return nil end
      looks = looks + (path == "leaves" and 1 or 0)
      return path == "leaves" and looks > 3 and "populated 0\nfrozen 0" or "populated 1\nfrozen 0"
    end
    return handle { get = get, path = path, events = function() return {} end, usage = function() return 1 end,
                    pressure = function() return nil end, close = function() end }
  end
  cgroup.open = fake
  policy.attach = function()
    return handle { drop = function(_, cg) dropped[#dropped + 1] = cg.path end, stats = function() return {} end,
                    tenant = function() return nil end, close = function() end }
  end
  local interface, sleep, monotonic, now = host.interface, host.sleep, host.monotonic, 0
  local function watch(...)
    local said <const> = table.pack(...)
    host.interface = function() return table.unpack(said, 1, said.n) end
    host.sleep, host.monotonic = function(seconds) now = now + seconds end, function() return now end -- how busy the machine is doesn't count
    looks, dropped = 0, {}
    local guarded <close> = guard.attach { policy = "priority", roles = { low = { "leaves", "stays" } } }
    guarded:watch(0.2, 0.1, function() end)
    host.interface, host.sleep, host.monotonic = interface, sleep, monotonic
    return dropped
  end
  host.settings.quiet = true
  tap.is(watch("RFC v7", true, false), { "leaves" }, "v6, v7: who has become empty is dropped between two looks, once, before anybody removes it")
  tap.is(watch("one that bears it", true, true), {}, "where removal does no harm nobody is")
  tap.is(watch(nil), {}, "the module detaches by itself")
  host.settings.quiet = nil
end

tap.done()
