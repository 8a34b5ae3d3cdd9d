--- memlua.experiment.validity: whether a run measured what it says: the gates that memlua.experiment.cell passes each
--- run through. What a gate found is a doubt, { gate, text }: it stands in the run's result and in the report, and the
--- experiment's exit status is 7 (memlua.results.doubts).
local host = require "memlua.host"
local hostwait = require "memlua.hostwait"
local kernel = require "memlua.experiment.kernel"
local contention = require "memlua.experiment.contention"
local log = require "memlua.base.log"
local module = require "memlua.machine.counters"
local rates = require "memlua.results.rates"

local validity = {}

--- The CPU may idle for this share of a completion while the tenant waits for the host's files: the virtual clock can
--- have leapt by that much.
validity.LEAP = 0.01
--- The supervisor's samples may come so much late, in seconds and as a share of the run.
validity.LATE_S, validity.LATE = 0.1, 0.05
--- The share of the machine's CPU time that others may have, on the real clock.
validity.BUSY = 0.10
--- The share of a policy's answers that may have ended by an error, with 0 or false in their place.
validity.ERRORS = 0.01

local Validity = {}
Validity.__index = Validity

local virtual <const> = os.getenv "MEMLUA_GUEST_CLOCK" == "virtual"

local function ours(run) return { run.parent, run.controller and run.controller.cg } end

--- Begins to look at a run of memlua.experiment.cell, `self` as its hooks get it, before its workloads start. What it
--- holds goes with self.scope.
function validity.begin(self)
  local waits, why = hostwait.open()
  if not waits then log.detail("how long tenants wait for files isn't measured: %s", why) end
  local v = setmetatable({ run = self, waits = waits and self.scope:add(waits), late = 0, kernel = kernel.state(),
                           load = contention.now(ours(self)), module = module.counters() }, Validity)
  for _, t in ipairs(self.tenants) do if waits then waits:watch(t.cg) end end
  return v
end

--- A sample that was due at `due` is made at `at`, both in seconds.
function Validity:sampled(due, at) self.late = math.max(self.late, at - due) end

--- How long a tenant waited for files that the host (or a FUSE daemon) serves: hostwait's h:read, nil where it can't be
--- measured.
function Validity:wait(t) return self.waits and self.waits:read(t.cg) or nil end

local gates = {}

function gates.kernel(v)
  local found = kernel.worsened(v.kernel)
  if #found > 0 then return ("the kernel complained: %s%s"):format(found[1], #found > 1 and (" and %d more"):format(#found - 1) or "") end
end

function gates.late(v, result)
  local since = v.since
  if v.late > validity.LATE_S and v.late > validity.LATE * result.duration_s then
    return ("the supervisor sampled %.2f s late (%.2f s without a CPU, %d major page faults)"):format(v.late,
      since.own.waited_us / 1e6, since.faults)
  end
end

function gates.busy(v)
  if virtual then return nil end
  local since = v.since
  if since.steal > validity.BUSY then return ("the hypervisor took %.0f %% of the CPU time"):format(since.steal * 100) end
  if since.others > validity.BUSY then return ("others used %.0f %% of the machine's CPU time"):format(since.others * 100) end
end

function gates.asked(v, result)
  local p = not result.solo and result.policy
  if not p then return nil end
  local asked -- nil where nobody counted
  if p.where == "user" then
    asked = p.stats and p.stats.asked
  elseif v.module then
    local grown = module.growth(v.module)
    asked = grown and grown.asked + grown.weighed
  end
  if asked == 0 then return ("no callback of the policy %s was ever asked"):format(p.name) end
end

-- The machine's own end, or the limit of a container around memlua, is not the scarcity that the session describes. What has a limit below
-- memlua's root, the session or a controller's cgroup, is memlua's.
function gates.machine(v, result)
  local root = v.run.parent:path():match "([^/]+)/[^/]+$"
  for _, kill in ipairs(result.oom) do
    local is_whole = kill.constraint and kill.constraint ~= "CONSTRAINT_MEMCG"
    if is_whole or kill.oom_memcg and not kill.oom_memcg:find("/" .. root .. "/", 1, true) then
      return ("the kernel killed %s because %s was full, not the session: give it more memory%s, or the session less"):format(kill.tenant or kill.comm or "a process",
        is_whole and "the machine" or kill.oom_memcg, host.in_guest and " (--memory)" or "")
    end
  end
end

-- What a policy in Lua answers then isn't what it says.
function gates.errors(_, result)
  local stats = (result.policy or {}).stats or {}
  if not stats.error_line or stats.errors <= validity.ERRORS * stats.asked then return nil end
  return ("the policy %s, asked %d times, ended %d calls by an error, the last in line %d of its Lua: what it answered then is 0 or false"):format(
    result.policy.name, stats.asked, stats.errors, stats.error_line)
end

function gates.leap(_, result)
  if not virtual then return nil end
  for _, tenant in ipairs(result.tenants) do
    local wait, time = tenant.host_wait, tenant.completion_s
    if wait and wait.idle_s and time and wait.idle_s > validity.LEAP * time then
      return ("%s waited %.3f s of its %.2f s for files of the host, while the virtual clock may have leapt"):format(tenant.name,
        wait.idle_s, time)
    end
  end
end

-- With all the machine for itself: what others do to it isn't what is measured then. Beside others it is (memlua.results.verdict).
function gates.rate(_, result)
  local tenant = result.solo and result.tenants[1]
  local rate = tenant and rates.of(tenant)
  if rate and not rate.kept then
    return ("%s couldn't keep its rate even alone: %s; ask for fewer, or give it a higher concurrency"):format(tenant.name, rates.text(rate))
  end
end

local ORDER <const> = { "kernel", "machine", "leap", "late", "busy", "asked", "errors", "rate" }

--- The doubts about the result of the run, a list of { gate, text }; nil where there are none.
function Validity:doubts(result)
  self.since = contention.since(self.load, ours(self.run))
  log.detail("supervisor: at most %.3f s late, %.3f s without a CPU, %d major faults; others had %.1f %% of the CPU", self.late,
    self.since.own.waited_us / 1e6, self.since.faults, self.since.others * 100)
  local doubts = {}
  for _, gate in ipairs(ORDER) do
    local text = gates[gate](self, result)
    if text then doubts[#doubts + 1] = { gate = gate, text = text } end
  end
  return #doubts > 0 and doubts or nil
end

--- How memlua itself fared, once doubts() was asked: { cpu_s: CPU time that it took; late_s: the latest of its samples;
--- waited_s: how long it could run and had no CPU; major_faults; others: the share of the machine's CPU time that was neither its nor
--- the tenants'; load: how load.own() grew }.
function Validity:supervisor()
  local since = self.since
  return { cpu_s = since.own.cpu_us / 1e6, late_s = self.late, waited_s = since.own.waited_us / 1e6, major_faults = since.faults,
           others = since.others, load = since.own }
end

return validity
