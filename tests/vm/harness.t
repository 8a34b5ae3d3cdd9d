-- The harness is not a victim: whatever its tenants do to the machine, memlua lives, finishes and is on time, and says how late
-- it was at most. Session limit hit, fork bomb, a tenant that puts itself before all others; then a guest without memory left.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local run = require "memlua.run"
local shell = require "shell"
local sys = require "memlua.base.sys"
local validity = require "memlua.experiment.validity"

local quote <const> = sys.quote
local owned <close> = assert(host.scratch())
local scratch <const> = owned:path()

-- The results of a scenario in a guest, and what memlua said.
local function results_of(name, options, scenario)
  assert(host.save(("%s/%s.lua"):format(scratch, name), 'require "memlua.scenario".run ' .. scenario))
  local said, status = shell.said(("cd %s && %s --vm %s --warmup 0 --out %s %s.lua"):format(quote(scratch), quote(host.executable()), options, name, name))
  local ok, folder = pcall(run.load, scratch .. "/" .. name)
  tap.ok(ok and #folder.runs == 1 and (status == 0 or status == 7), name .. ": memlua finished, with its results", status, said, not ok and folder)
  return ok and folder.runs[1] or { tenants = {} }, said
end

local function on_time(name, result)
  local s = result.supervisor or {}
  tap.ok(s.late_s and (s.late_s <= validity.LATE_S or s.late_s <= validity.LATE * result.duration_s),
    ("%s: memlua was on time, which the result says"):format(name), result.supervisor, result.duration_s)
  print(("# %s: at most %.4f s late in %.2f s, %.3f s without a CPU, %d major faults"):format(name, s.late_s or -1, result.duration_s or -1, s.waited_s or -1, s.major_faults or -1))
end

local function ended(result)
  local how = {}
  for _, tenant in ipairs(result.tenants) do how[tenant.name] = tenant.ended end
  return how
end

local result = results_of("pressed", "", [[{
  name = "pressed", solo = false, limits = { ["memory.max"] = "96M", ["memory.swap.max"] = 0 },
  tenants = {
    { name = "first", workload = { kind = "anon", size = "64M", hold = "2s" } },
    { name = "second", workload = { kind = "anon", size = "64M", hold = "2s" } },
    { name = "bomb", limits = { ["pids.max"] = 64 }, workload = { kind = "exec", size = "16M",
      argv = { "sh", "-c", "bomb() { bomb | bomb & }; (bomb) 2>/dev/null; sleep 1" } } },
    { name = "rude", workload = { kind = "exec", size = "4M",
      argv = { "sh", "-c", "renice -n -20 -p $$ >/dev/null; i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done" } } },
  },
  strategies = { { name = "none" } } }]])
tap.ok(result.parent and result.parent.events.oom_kill > 0, "the session's limit was hit, and somebody killed", result.parent and result.parent.events)
local how = ended(result)
tap.is(how.rude, "done", "the rude one, before everybody else on the CPU, ended by itself")
on_time("limit, fork bomb and a tenant of the best nice value", result)

result = results_of("starved", "--memory 320M", [[{
  name = "starved", solo = false, limits = { ["memory.swap.max"] = 0 },
  tenants = {
    { name = "first", workload = { kind = "anon", size = "180M", hold = "2s" } },
    { name = "second", workload = { kind = "anon", size = "180M", hold = "2s" } },
  },
  strategies = { { name = "none" } } }]])
how = ended(result)
tap.ok(how.first == "oom-killed" or how.second == "oom-killed", "the machine was out of memory, and a tenant the victim", how)
on_time("machine out of memory", result)
tap.done()
