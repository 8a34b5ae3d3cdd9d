-- --calibrate on a real kernel: steps from a session that is too loose, and from one that is too tight, to a regime.
local root = arg[0]:match "^(.*)tests/[^/]*/[^/]*$"
package.path = root .. "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local calibrate = require "memlua.calibrate"
local host = require "memlua.host"
local run = require "memlua.run"

host.enter()
if not host.in_guest then return tap.done "the session must have the machine's memory to itself: only in the microVM (--vm)" end

local scratch = "/run/memlua-calibrate-test"
assert(host.mkdir(scratch))

-- Runs a script in this process, its document going to a file; returns its folder if it has a result, its exit status
-- and its complaint.
local function memlua(name, script, words)
  local out, stdout = scratch .. "/" .. name, io.stdout
  for key in pairs(host.settings) do host.settings[key] = nil end
  arg = { [0] = ("%sscripts/%s.lua"):format(root, script), "--quiet", "--calibrate", "--out", out }
  for word in words:gmatch "%S+" do arg[#arg + 1] = word end
  io.stdout = assert(io.open(scratch .. "/document", "w"))
  local ok, why = pcall(dofile, arg[0])
  io.stdout:close()
  io.stdout = stdout
  local loaded, folder = pcall(run.load, out)
  return loaded and folder or nil, ok and 0 or type(why) == "table" and why.status or why, ok or why.message
end

local function verdicts(steps)
  local list = {}
  for i, step in ipairs(steps) do list[i] = step.verdict end
  return table.concat(list, " ")
end

local function measured(folder, strategy)
  for _, result in ipairs(folder.runs) do if result.strategy == strategy then return result end end
end

local function lost(result)
  local count = 0
  for _, tenant in ipairs(result.tenants) do count = count + (tenant.ended == "done" and 0 or 1) end
  return count
end

-- Three of 16M below 64M press on nothing; at 24M the third has no room.
local folder, status, said = memlua("loose", "compare", "--limit 64M --size 16M --size 16M --size 16M --hold 500ms "
  .. "--strategy none --strategy reserve --runs 1 --warmup 0")
tap.is(status, 0, "too loose: ends with a regime", said)
tap.is(verdicts(folder.manifest.calibration), "loose right", "after one step, which the manifest records")
tap.is({ folder.manifest.scenario.limits["memory.max"], folder.manifest.scenario.tenants[1].size },
  { 64 << 20, 24 << 20 }, "the sizes are raised, the limit isn't")
tap.is(measured(folder, "none").tenants[3].workload.size, 24 << 20, "and are what is measured")
tap.ok(measured(folder, "none").parent.events.max >= calibrate.EVENTS, "now there is pressure", measured(folder, "none").parent.events)
tap.is(lost(measured(folder, "reserve")), 0, "and reserve keeps all")

-- 24M have no room below 20M, not even alone.
folder, status, said = memlua("tight", "baseline", "--limit 20M --size 24M --hold 500ms --runs 1 --warmup 0")
tap.is(status, 0, "too tight: ends with a regime", said)
tap.is(verdicts(folder.manifest.calibration), "tight right", "after one step")
tap.is({ folder.manifest.scenario.limits["memory.max"], folder.manifest.scenario.tenants[1].size },
  { 25 << 20, 24 << 20 }, "the limit is raised, the sizes aren't")
tap.like(folder.manifest.calibration[1].why, "under solo-high high oom-killed", "for the kill of a tenant alone")
tap.is(lost(measured(folder, "solo-high")), 0, "which now survives alone")

folder, status, said = memlua("none", "compare", "--limit 20M --size 24M --hold 0 --strategy reserve --runs 1 --warmup 0")
tap.is({ status, folder }, { 7 }, "a lone tenant has no regime: status 7, and nothing is measured")
tap.like(said, "no regime in 8 steps", "after a bounded number of steps")

os.execute("rm -rf " .. scratch)
tap.done()
