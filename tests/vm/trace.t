-- Replaying traces in real cgroups: memory.current follows the curve, what is released is really given back, and a
-- session that can't hold the peaks loses a tenant without a policy and none with reserve.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local cgroup = require "memlua.cgroup"
local scenario = require "memlua.scenario"
local trace = require "memlua.trace"
local worker = require "memlua.worker"

local MB <const> = 1 << 20
local SECONDS <const> = 600 -- only a hang reaches it

host.settings.memory = host.settings.memory or 4 << 30 -- ample for a peak of 2 GB

-- ---- a long trace ---------------------------------------------------------------------------------------------

-- 10,000 samples in 200 s: level, up to 2 GB in small steps, a plateau that wavers, down by half at once, and up and
-- down again.
local function level(i)
  if i <= 500 then return 300 end
  if i <= 5000 then return 300 + 1700 * (i - 500) / 4500 end
  if i <= 6000 then return 2000 - i % 2 * 3 end
  if i <= 8000 then return 1000 - (i - 6000) * 0.3 end
  return 400 + 200 * math.sin((i - 8000) / 2000 * math.pi)
end

local lines = { "seconds,bytes" }
for i = 1, 10000 do lines[i + 1] = ("%.3f,%.0f"):format((i - 1) * 0.02, level(i) * 1e6) end
local long = trace.parse(table.concat(lines, "\n"), "long.csv")
local workload = trace.workload(long, { speed = 2, base = "0" })

local session = assert(cgroup.create("session", { ["memory.swap.max"] = 0 }))
local within, sum, n = 0, 0, 0
local result
do
  local cg <close> = assert(cgroup.create "session/tenant")
  local w <close> = assert(worker.spawn(cg, workload))
  local start, settled = host.monotonic(), 4 -- the first level is in by then
  while not w:ended() do
    local before = host.monotonic()
    local usage = cg:usage()
    local at = (before + host.monotonic()) / 2 - start
    local wanted = trace.at(long, at * 2)
    if at > settled and at < 99.5 then
      local deviation = math.abs(usage - wanted) / wanted
      within, sum, n = within + (deviation < 0.01 and 1 or 0), sum + deviation, n + 1
    end
    host.sleep(0.05)
  end
  result = assert(w:wait(SECONDS))
  print(("# %d readings of memory.current: deviation %.3f %% in the mean, below 1 %% in %.2f %% of them; lag %.0f ms at most")
    :format(n, sum / n * 100, within / n * 100, result.lag_max_s * 1e3))
  tap.is({ result.ended, result.steps_done }, { "done", 10000 }, "10,000 samples are replayed")
  tap.ok(n > 500, "while memory.current is read", n)
  tap.ok(sum / n < 0.01, "which deviates by less than 1 % in the mean", sum / n)
  -- giving back 1 GB at once takes its time
  tap.ok(within / n > 0.95, "and at nearly all times", within / n)
  tap.ok(cg:peak() >= 2000 * 1000000 and cg:peak() < 2020 * 1000000, "the peak is the trace's", cg:peak())
end

-- ---- release ----------------------------------------------------------------------------------------------------

do
  local cg <close> = assert(cgroup.create "session/tenant")
  local w <close> = assert(worker.spawn(cg, { kind = "trace", base = "4M", curve = { { 0, 200 * MB }, { 1, 0 }, { 100, 0 } } }))
  while w:progress() < 204 * MB do host.sleep(0.1) end
  tap.ok(cg:usage() >= 204 * MB, "at the peak all of it is charged", cg:usage())
  host.sleep(3)
  tap.ok(cg:usage() >= 4 * MB and cg:usage() < 5 * MB, "what it releases is the kernel's again, page tables too", cg:usage())
end

local function run(knobs, spec)
  local cg <close> = assert(cgroup.create("session/tenant", knobs))
  local w <close> = assert(worker.spawn(cg, spec))
  return assert(w:wait(SECONDS))
end

local r = run({ ["memory.max"] = "16M" }, { kind = "trace", curve = { { 0, 8 * MB }, { 1, 4 * MB }, { 2, 32 * MB }, { 3, 0 } }, speed = 100 })
tap.is({ r.ended, r.steps_done, r.latency.count }, { "oom-killed", 2, 1 }, "beyond its limit it is OOM-killed in that rise")
tap.ok(r.reached > 12 * MB and r.reached <= 16 * MB, "and what it had reached is known", r.reached)

session:remove()

-- ---- policies -----------------------------------------------------------------------------------------------------

-- Both are at 40 MB at the same time, which is more than there is; alone each fits.
local t = trace.parse("0,10000000\n1,20000000\n2,40000000\n8,40000000\n9,10000000\n10,0\n", "plateau.csv")
local how = { speed = 1, base = 2 * MB }
host.settings.out, host.settings.quiet = (os.getenv "TMPDIR" or "/tmp") .. "/memlua-trace-test-" .. os.time(), true
local folder = scenario.run {
  name = "traces", warmup = 0, seed = 1,
  limits = { ["memory.max"] = 64 * MB, ["memory.swap.max"] = 0 },
  tenants = { { name = "high", role = "high", workload = trace.workload(t, how) }, { name = "low", workload = trace.workload(t, how) } },
  strategies = { { name = "none" }, { name = "reserve", policy = { name = "reserve" } } },
}
os.execute("rm -r " .. host.settings.out)
local ended = {}
for _, one in ipairs(folder.runs) do
  for _, tenant in ipairs(one.tenants) do
    ended[one.strategy] = (ended[one.strategy] or 0) + (tenant.ended == "done" and 1 or 0)
    if one.strategy == "reserve" then
      tap.ok(tenant.steps_done == 6 and tenant.lag_max_s, "reserve: no sample of " .. tenant.name .. " is skipped", tenant.steps_done)
      if tenant.name == "low" then
        tap.ok(tenant.lag_max_s > 1 and tenant.stalled_us.some > 1000000, "it is held, and so late", tenant.lag_max_s, tenant.stalled_us)
      else
        tap.ok(tenant.stalled_us.some < 100000, "high is not", tenant.stalled_us)
      end
    end
  end
end
tap.is(ended["solo-high"], 1, "alone a tenant fits")
tap.is(ended.none, 1, "without a policy one of two is lost")
tap.is(ended.reserve, 2, "with reserve none")

tap.done()
