-- What others use, for real: each either acts, which its own counter shows, or says why it can't. What it set is put back.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local comparators = require "memlua.comparators"
local host = require "memlua.host"
local memlua = require "memlua"
local report = require "memlua.report"
local scenario = require "memlua.scenario"
local sys = require "memlua.base.sys"

host.enter()
host.settings.quiet = true

local runs = 0
local function anon(name, role, size, hold) return { name = name, role = role, workload = { kind = "anon", size = size, hold = hold } } end

-- The folder of one run, or nil and why it can't be.
local function tried(strategy, more)
  runs = runs + 1
  host.settings.out = ("%s/comparator-%d"):format(os.getenv "TMPDIR", runs)
  local value = { name = "tried", limits = { ["memory.max"] = "100M", ["memory.swap.max"] = 0 }, solo = false, shares = "equal", warmup = 0, strategies = { strategy },
                  tenants = { anon("high", "high", "40M", "2s"), anon("low", "low", "48M", "3s") } }
  for key, item in pairs(more or {}) do value[key] = item end
  local ok, folder = pcall(scenario.run, value)
  if ok then return folder end
  return nil, type(folder) == "table" and folder.status, tostring(folder)
end

local function ended(folder)
  local how = {}
  for i, t in ipairs(folder.runs[1].tenants) do how[i] = t.ended end
  return how
end

-- ---- programs --------------------------------------------------------------------------------------------------------

local THRASH <const> = { limits = { ["memory.max"] = "48M", ["memory.swap.max"] = 0 }, tenants = { anon("high", "high", "8M", "12s"),
  { name = "low", workload = { kind = "file", size = "96M", duration = 12 } } } }
-- earlyoom acts once the session has less than a fifth left, oomd once it thrashes. The kernel would have killed nobody.
local PROGRAMS <const> = { { comparators.earlyoom { share = 0.2 } }, { comparators.oomd { pressure = 0, duration = "1s", interval = "1s" }, THRASH } }
for _, case in ipairs(PROGRAMS) do
  local name = case[1].name
  local folder, status, why = tried(case[1], case[2])
  if not sys.which(name) then
    tap.is({ status, why:find(name .. " is not installed", 1, true) ~= nil }, { 4, true }, name .. " says that it isn't installed")
  else
    local c = folder and folder.runs[1].controller
    tap.ok(c and c.counted.kills > 0, name .. " has killed, which its own counter shows", why, c)
    tap.is(folder and { c.killed, ended(folder), folder.runs[1].parent.events.oom_kill }, { { "low" }, { "done", "killed" }, 0 }, "  the low tenant, and nobody else did")
    tap.ok(c and c.ended == "done" and c.cpu_s > 0, "  it was ended with the run", c)
    tap.ok(folder and report.text { folder }:find(name .. ": counted: kills %d") ~= nil, "  the report says so")
  end
end
do -- Senpai takes from an idle low tenant what it has cached; nobody is killed
  local idle = { tenants = { anon("high", "high", "8M", "10s"), { name = "low", workload = { kind = "file", size = "32M", passes = 1, hold = "9s" } } } }
  local folder, status, why = tried(comparators.oomd_senpai { period = "1s", probe = 0.3, floor = "4M" }, idle)
  if not sys.which "oomd" then
    tap.is(status, 4, "oomd_senpai says that oomd isn't installed", why)
  else
    local run = folder and folder.runs[1]
    tap.ok(run and run.controller.counted.probes >= 2, "oomd_senpai has probed, which its own counter shows", why, run and run.controller)
    local memory = run and run.tenants[2].memory or {}
    local most, last = 0, 0
    for _, sample in ipairs(memory) do
      if sample[2] > 0 then most, last = math.max(most, sample[2]), sample[2] end
    end
    tap.ok(last < most / 2, "  and low had less and less", most, last)
    tap.is(folder and ended(folder), { "done", "done" }, "  which cost nobody's life")
  end
end
do -- systemd-oomd, told of the session by memlua in systemd's place: not high, which is to be avoided, though it scans the most pages
  local both = { limits = THRASH.limits, tenants = { { name = "high", role = "high", workload = { kind = "file", size = "96M", duration = 8 } },
                                                     { name = "low", workload = { kind = "file", size = "96M", duration = 8, rate = 2000 } } } }
  local folder, status, why = tried(comparators.systemd_oomd { pressure = 1, duration = "1s" }, both)
  if not sys.exists "/usr/lib/systemd/systemd-oomd" then
    tap.is({ status, why:find("apt-get install systemd-oomd", 1, true) ~= nil }, { 4, true }, "systemd_oomd says that it isn't installed")
  else
    local c = folder and folder.runs[1].controller
    tap.ok(c and c.counted.kills > 0, "systemd-oomd has killed, which its own counter shows", why, c)
    tap.is(folder and { c.killed, ended(folder), folder.runs[1].parent.events.oom_kill }, { { "low" }, { "done", "killed" }, 0 }, "  the low tenant, and nobody else did")
    tap.ok(c and c.ended == "done" and c.cpu_s > 0, "  it was ended with the run", c)
  end
end
if sys.which "nohang" then
  local _, status, why = tried(comparators.nohang())
  tap.is({ status, why:find("nohang takes no threshold above half of the machine", 1, true) ~= nil }, { 4, true }, "nohang says that this machine is too large for it")
end

-- A program that refuses its configuration is known before anything is measured.
local folder, status, why = tried { name = "own", controller = { argv = { "sh", "-c", "echo unknown key in line 3; exit 7" } } }
tap.is({ folder, status }, { nil, 1 }, "a program that ends at once")
tap.like(why, "strategies%.own%.controller: it ended by itself, with status 7: unknown key in line 3", "  is refused with its last words")
folder = tried { name = "later", controller = { argv = { "sh", "-c", "echo here; sleep 2; echo no idea; exit 3" } } }
tap.is(folder and { folder.runs[1].controller.ended, folder.runs[1].controller.error }, { "failed", "it ended by itself, with status 3: no idea" },
  "one that ends later is told, and the run goes on")

-- ---- the kernel's own ------------------------------------------------------------------------------------------------------

local READER <const> = { tenants = { anon("high", "high", "16M", "6s"), { name = "low", workload = { kind = "file", size = "48M", passes = 1, hold = "5s" } } } }
local function value(path) return (sys.read(path) or ""):gsub("%s+$", "") .. "" end

local enabled <const> = "/sys/module/damon_reclaim/parameters/enabled"
folder, status, why = tried(comparators.damon_reclaim { age = "200ms" }, READER)
if sys.exists(enabled) then
  local counted = folder and folder.runs[1].counted or {}
  tap.ok(math.type(counted.bytes) and math.type(counted.regions), "DAMON_RECLAIM tells what it has reclaimed", counted, why)
  tap.like(folder and report.text { folder } or "", counted.bytes == 0 and "damon_reclaim: it did nothing: bytes, regions stayed 0" or "damon_reclaim: counted: bytes %d", "  the report, too")
  tap.is(value(enabled), "N", "  and is off again")
else
  tap.like(why, "damon_reclaim: this kernel has no " .. enabled:gsub("%p", "%%%0"), "DAMON_RECLAIM isn't here, which is said")
end

local zswap <const> = "/sys/module/zswap/parameters/enabled"
folder, status, why = tried(comparators.zswap())
if sys.exists(zswap) then
  tap.ok(folder and folder.runs[1].counted.pages, "zswap tells how many pages it took", why)
else
  tap.is({ status, why:find("zswap: this kernel has no /sys/module/zswap/parameters/", 1, true) ~= nil }, { 4, true }, "zswap isn't here, which is said")
end

local function swap() return value "/proc/swaps":match "\n(%S+)" end
local device
folder, status, why = tried(comparators.zram { size = "64M" }, { hooks = { measure = function() device = swap() end }, limits = { ["memory.max"] = "70M", ["memory.swap.max"] = 0 } })
tap.is({ device, swap() }, { "/dev/zram0" }, "zram is swap for the run, and gone after it", why)
tap.ok(folder and folder.runs[1].counted.pages > 0 and ended(folder)[1] == "done", "  into which the tenants' memory went", folder and folder.runs[1].counted, why)

local ttl <const> = "/sys/kernel/mm/lru_gen/min_ttl_ms"
local seen
folder, status, why = tried(comparators.min_ttl { ttl = "500ms" }, { tenants = READER.tenants, hooks = { measure = function() seen = value(ttl) end } })
tap.is({ seen, value(ttl) }, { "500", "0" }, "min_ttl_ms is set for the run, and put back", why)
tap.is(folder and folder.runs[1].counted, { oom_kills = 0 }, "  below a cgroup's limit it does nothing, which its counter shows")

folder, status, why = tried { name = "wrong", tunables = { { ttl, "much" } } }
tap.is({ status, why:find("wrong: the kernel refuses " .. ttl .. " = much", 1, true) ~= nil }, { memlua.status.misuse, true }, "a value that the kernel refuses", why)

-- ---- Kubernetes ------------------------------------------------------------------------------------------------------------

folder, status, why = tried(comparators.memory_qos { requests = { high = "48M", low = "8M" }, limits = { high = "60M", low = "60M" } },
  { tenants = { anon("high", "high", "40M", "1s"), { name = "low", workload = { kind = "file", size = "80M", duration = 2 } } } })
tap.ok(folder and folder.runs[1].tenants[2].events_local.high > 0 and folder.runs[1].tenants[2].limits["memory.high"] < 60 << 20,
  "MemoryQoS: the low tenant meets its memory.high, which its events show", why, folder and folder.runs[1].tenants[2].events_local)

tap.done()
