-- The plan's scripts on a real kernel, a quarter of the size: what the demo claims, as counts, orders and ratios.
local root = arg[0]:match "^(.*)tests/[^/]*/[^/]*$"
package.path = root .. "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local shell = require "shell"
local run = require "memlua.run"
local summary = require "memlua.results.summary"

host.enter()
if not host.in_guest then return tap.done "takes most of a machine's memory away: only in the microVM (--vm)" end

local scratch = "/run/memlua-plan-test"
assert(host.mkdir(scratch))
local SMALL = "--limit 136M --size 64M --hold 2s --warmup 0"

-- Runs a script of the plan in this process, its document going to a file; returns its folder if it has a
-- result, its exit status and its complaint.
local function memlua(name, script, words)
  local out, stdout, say = scratch .. "/" .. name, io.stdout, print
  for key in pairs(host.settings) do host.settings[key] = nil end
  arg = { [0] = ("%sscripts/%s.lua"):format(root, script), "--quiet", "--out", out }
  for word in words:gmatch "%S+" do arg[#arg + 1] = word end
  io.stdout, print = assert(io.open(scratch .. "/document", "w")), function() end
  local ok, why = pcall(dofile, arg[0])
  io.stdout:close()
  io.stdout, print = stdout, say
  local loaded, folder = pcall(run.load, out)
  return loaded and folder or nil, ok and 0 or type(why) == "table" and why.status or why, ok or why.message
end

local function measured(folder)
  for _, result in ipairs(folder.runs) do if not result.solo then return result end end
end

local function by_name(result)
  local map = {}
  for _, tenant in ipairs(result.tenants) do map[tenant.name] = tenant end
  return map
end

local function count(result, how)
  local n = 0
  for _, tenant in ipairs(result.tenants) do n = n + (tenant.ended == how and 1 or 0) end
  return n
end

-- ---- anonymous memory ------------------------------------------------------------------------------------

local folder, status, said = memlua("baseline", "baseline", SMALL)
tap.is(status, 0, "the baseline ends well: a loss is a result", said)
local result = measured(folder)
local lost = count(result, "oom-killed")
tap.ok(lost >= 1 and lost + count(result, "done") == 3, "it loses a tenant", lost)
tap.ok(result.parent.events.oom_kill >= lost, "the session's events count the kill", result.parent.events)
tap.is(#result.oom, lost, "the kernel log has a line for each")
for _, tenant in ipairs(result.tenants) do
  if tenant.ended == "oom-killed" then
    tap.ok(tenant.reached > 0 and not tenant.completion_s and tenant.ended_at, "what it reached is told, no completion time",
      tenant.reached, tenant.completion_s)
    tap.is(tenant.events_local.oom_kill, 1, "its own events too")
  end
end

folder, status, said = memlua("protected", "protected", SMALL)
tap.is(status, 0, "the protected run keeps what it expects", said)
result = measured(folder)
local tenants = by_name(result)
tap.is(count(result, "done"), 3, "all three finish")
tap.is({ result.parent.events.oom, result.parent.events.oom_kill, #result.oom }, { 0, 0, 0 }, "without an OOM kill")
tap.ok(tenants.high.finish < tenants.low_1.finish and tenants.high.finish < tenants.low_2.finish, "the high one first")
tap.ok(result.policy.stats.delay_calls >= result.policy.stats.delay_active and result.policy.stats.delay_active > 0,
  "get_high_delay_ms was asked and answered", result.policy.stats)
tap.ok(tenants.low_1.stalled_us.some > 1e6 and tenants.low_2.stalled_us.some > 1e6, "the low ones' delay is a memory stall",
  tenants.low_1.stalled_us, tenants.low_2.stalled_us)
tap.ok(tenants.high.stalled_us.some < 1e5, "the high one had next to none", tenants.high.stalled_us)
local strategy = summary.of(folder).strategies[2]
tap.ok(summary.find(strategy, "high").slowdown <= 1.05, "the high one takes as long as alone",
  summary.find(strategy, "high").slowdown)
tap.ok(summary.find(strategy, "low_1").slowdown > 1.5, "the low one shows its delay", summary.find(strategy, "low_1").slowdown)

_, status, said = memlua("doomed", "protected", "--limit 60M --size 64M --hold 0 --warmup 0")
tap.is(status, 2, "an expectation that fails is exit status 2")
tap.like(said, "expected: the high tenant finishes", "and says which")

-- ---- page cache ------------------------------------------------------------------------------------------

local FILE = "--kind file --limit 40M --size 17M --hold 1s --start 1s"
local unprotected, unprotected_status, unprotected_said = memlua("file-baseline", "baseline", FILE)
tap.is(unprotected_status, 0, "readers of files, no protection", unprotected_said)
local protected, protected_status, protected_said = memlua("file-protected", "protected", FILE)
tap.is(protected_status, 0, "readers of files, the high one protected", protected_said)
local before, after = by_name(measured(unprotected)), by_name(measured(protected))
local function refaults(tenant) return tenant.stat.workingset_refault_file end
tap.ok(refaults(before.high) > 1000, "without protection the high one loses its cached pages", refaults(before.high))
tap.ok(refaults(after.high) * 100 <= refaults(before.high), "protected it keeps them", refaults(after.high))
-- Not their refaults, nor what they read: which of them keep their pages without protection differs from run to run, and
-- three alike may fall into step, in which all lose theirs and the low ones read less than beside a protected one.
local function part_of_low(tenants)
  local low = tenants.low_1.read_bytes + tenants.low_2.read_bytes
  return low / (low + tenants.high.read_bytes)
end
tap.ok(part_of_low(after) < part_of_low(before), "the low ones pay for it: theirs is less of all that is read", part_of_low(after), part_of_low(before))
tap.ok(after.high.read_bytes > before.high.read_bytes, "the high one reads more", after.high.read_bytes, before.high.read_bytes)
tap.ok(measured(protected).policy.stats.below_low_active > 0, "below_low was asked and answered")

-- ---- what is left ------------------------------------------------------------------------------------------

local function lines(command) return (shell.output(command)) end
tap.is(lines "find /sys/fs/cgroup -maxdepth 2 -type d -name 'session*'", "", "no cgroup of a session is left")
tap.is(lines "grep -c memlua-ramdisk /proc/mounts", "0\n", "no mount")
tap.is(lines "lsmod | grep -c -e ^brd -e ^memcg_bpf_ops", "0\n", "no module")

os.execute("rm -rf " .. scratch)
tap.done()
