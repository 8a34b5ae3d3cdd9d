-- What others use, without a kernel: Kubernetes' formula, how programs and the kernel's files are given, what is refused.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local comparators = require "memlua.comparators"
local host = require "memlua.host"
local memlua = require "memlua"
local program = require "memlua.experiment.controller.program"
local remarks = require "memlua.report.remarks"
local scope = require "memlua.base.scope"
local spec = require "memlua.experiment.spec"
local tunables = require "memlua.experiment.tunables"
local zram = require "memlua.machine.zram"

local owned <close> = assert(host.scratch())
local folder <const> = owned:path()

-- ---- Kubernetes ------------------------------------------------------------------------------------------------------

local qos = comparators.memory_qos { requests = { web = "100M", batch = "50M" }, limits = { web = "200M", batch = "50M" } }
tap.is(qos.name, "memory_qos", "named after itself")
local page, web = host.page_size, qos.tenants.web.limits
tap.is({ web["memory.min"], web["memory.max"] }, { 100 << 20, 200 << 20 }, "a request is memory.min, a limit memory.max")
tap.is(web["memory.high"], ((100 << 20) * 19 // 10) // page * page, "memory.high: request + 0.9 (limit - request), in whole pages")
tap.is(qos.tenants.batch.limits["memory.high"], nil, "none where they are equal")
tap.is(comparators.memory_qos({ requests = { web = 0x1001 }, limits = { web = 0x2002 }, factor = 0.5, name = "half" }).tenants.web.limits["memory.high"],
  0x1001 + 0x800 & ~(page - 1), "rounded down")
tap.fails(function() comparators.memory_qos { requests = { web = "100M" } } end, "comparators.memory_qos: limits.web: missing", "no limit", 1)
tap.fails(function() comparators.memory_qos { requests = { web = "2M" }, limits = { web = "1M" } } end, "limits.web: below its request", "one below the request", 1)
tap.fails(function() comparators.memory_qos() end, "requests: none", "nobody", 1)
tap.fails(function() comparators.earlyoom { shar = 1 } end, "comparators.earlyoom: shar; did you mean 'share'?", "an unknown option", 1)
tap.fails(function() comparators.oomd_senpai { stall = 0 } end, "comparators.oomd_senpai: stall: 0 is below", "another", 1)
tap.fails(function() comparators.oomd { pressure = 101 } end, "comparators.oomd: pressure: 101 is above", "a bad one", 1)

-- ---- as strategies ---------------------------------------------------------------------------------------------------

local function checked(strategy)
  return spec.check({ name = "x", limits = { ["memory.max"] = "100M" }, tenants = { { name = "web", workload = { size = "10M" } }, { name = "batch", workload = { size = "10M" } } },
                      strategies = { strategy } }, host.settings).strategies[1]
end
for _, name in ipairs { "earlyoom", "nohang", "oomd", "oomd_senpai", "min_ttl", "damon_reclaim", "zswap", "zram" } do
  tap.is(checked(comparators[name] { name = "one" }).name, "one", name .. " is a strategy")
end
tap.is(checked(qos).tenants.web.limits["memory.max"], 200 << 20, "so is memory_qos")
tap.is(checked(comparators.zram { size = "64M" }).swap, 64 << 20, "zram is swap")
tap.fails(function() checked { name = "s", swap = "much" } end, "strategies.s.swap: much: not a size", "which has a size", 1)
tap.fails(function() zram.swap(scope.new(), 1 << 20) end, "swap: zram: only in the microVM (--vm): elsewhere it would change the machine",
  "and is made for nobody's machine", memlua.status.unsupported)
tap.fails(function() checked { name = "s", controller = { prints = {} } } end, "strategies.s.controller.argv: missing", "a program needs words", 1)
tap.fails(function() checked { name = "s", controller = { argv = { 1 } } } end, "strategies.s.controller.argv[1]: a string is needed", "which are text", 1)
tap.fails(function() checked { name = "s", tunables = { { "relative", 1 } } } end, "strategies.s.tunables[1]: relative: no absolute path", "a tunable has a path", 1)
tap.fails(function() checked { name = "s", tunables = { { "/sys/x" } } } end, "a value is needed for /sys/x", "and a value", 1)
tap.fails(function() checked { name = "s", tunables = { { "/sys/x", 1, "maybe" } } } end, "/sys/x: \"optional\" or nothing comes after its value", "a kernel may lack it, or not", 1)
tap.fails(function() checked { name = "s", counters = { a = 1 } } end, "strategies.s.counters.a: an absolute path or a function", "a counter a path", 1)

-- ---- programs --------------------------------------------------------------------------------------------------------

local function why_not(f, ...)
  local ok, why = pcall(f, ...)
  return not ok and type(why) == "table" and why.status, not ok and tostring(why)
end
local status, why = why_not(program.argv, { argv = { "no-such-program-of-memlua" } }, {})
tap.is(status, memlua.status.unsupported, "one that isn't installed can't be run here")
tap.like(why, "no%-such%-program%-of%-memlua is not installed", "which is said")
tap.is(program.argv({ argv = function(seen) return { "sh", seen.folder } end }, { folder = "/x" }), { "sh", "/x" }, "its words may depend on what it sees")
assert(host.save(folder .. "/out", "begin\nsending SIGTERM to process 1\nsending SIGKILL to process 1\n\n"))
tap.is(program.counted({ prints = { kills = "SIG%u+", never = "never" } }, folder .. "/out"), { kills = 2, never = 0 }, "what it printed is counted by lines")
tap.is(program.counted({}, folder .. "/out"), nil, "only where that is asked for")
tap.is(program.last_words(folder .. "/out"), "sending SIGKILL to process 1", "its last words")
tap.is(program.last_words(folder .. "/none"), nil, "or none")

-- ---- the kernel's files -------------------------------------------------------------------------------------------------

assert(host.save(folder .. "/stat", "pgscan 5\nzswpout 7\nzswpout_more 9\n"))
assert(host.save(folder .. "/one", "3\n"))
local strategy = { name = "s", counters = { of_file = folder .. "/one", of_key = folder .. "/stat:zswpout", of_f = function() return 1 end, gone = folder .. "/gone" } }
local before = tunables.counters(strategy)
tap.is(before, { of_file = 3, of_key = 7, of_f = 1 }, "counters are read, and what isn't there is absent")
assert(host.save(folder .. "/one", "10\n"))
tap.is(tunables.counted(strategy, before), { of_file = 7, of_key = 0, of_f = 0 }, "and tell by how much they grew")
tap.is(tunables.counters { name = "s" }, nil, "where there are any")
if not host.in_guest then
  status, why = why_not(tunables.set, { name = "s", tunables = { { folder .. "/one", "5" } } }, {})
  tap.is({ status, why:find "only in the microVM" ~= nil }, { memlua.status.unsupported, true }, "the machine's own kernel is left alone")
end

-- ---- the report --------------------------------------------------------------------------------------------------------

local function said(...)
  local runs = {}
  for i, n in ipairs { ... } do runs[i] = { strategy = "s", counted = { kills = n }, tenants = {} } end
  local s = { label = "s", strategy = { name = "s", runs = #runs, intact = #runs, tenants = {} }, folder = { runs = runs, manifest = { scenario = { tenants = {} } } } }
  return remarks.endings { s }
end
tap.is(said(2, 4, 4), "s: counted: kills 4 (2 to 4)\n", "its counters stand below the table")
tap.is(said(0, 0), "s: it did nothing: kills stayed 0\n", "and that they stayed 0")

tap.done()
