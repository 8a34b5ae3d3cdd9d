--- memlua.experiment.cell: one run of one strategy: cgroups, policy, tenants, and everything measured of them.
local attribution = require "memlua.experiment.attribution"
local cgroup = require "memlua.cgroup"
local controller = require "memlua.experiment.controller"
local files = require "memlua.experiment.folders"
local growth = require "memlua.experiment.growth"
local host = require "memlua.host"
local json = require "memlua.json"
local kills = require "memlua.experiment.kills"
local live = require "memlua.base.live"
local log = require "memlua.base.log"
local memlua = require "memlua"
local nested = require "memlua.experiment.nested"
local oom = require "memlua.oom"
local policy = require "memlua.policy"
local rates = require "memlua.results.rates"
local recording = require "memlua.experiment.recording"
local sampling = require "memlua.experiment.sampling"
local scope = require "memlua.base.scope"
local services = require "memlua.experiment.services"
local tunables = require "memlua.experiment.tunables"
local user = require "memlua.policy.user"
local validity = require "memlua.experiment.validity"
local worker = require "memlua.worker"
local workloads = require "memlua.experiment.workloads"

local cell = {}

-- ---- setting up ------------------------------------------------------------------------------------------

local function overlaid(base, over)
  local merged = {}
  for key, value in pairs(base or {}) do merged[key] = value end
  for key, value in pairs(over or {}) do merged[key] = value end
  return merged
end

-- Of two ranks the better one gets practically all of the CPU that it asks for, so that memory is what
-- they fight for; 1 and 10000 are the bounds of cpu.weight (Documentation/admin-guide/cgroup-v2.rst).
local function weight_of(rank) return math.max(1, 10000 // 100 ^ (rank - 1) // 1) end

local function give_share(cg, rank)
  local done, why = cg:set("cpu.weight", ("%d"):format(weight_of(rank)))
  if not done then log.detail("no CPU shares: %s", why) end
end

local function is_part(strategy, tenant)
  if not strategy.only then return true end
  for _, name in ipairs(strategy.only) do if name == tenant.name then return true end end
  return false
end

-- Of the tenant, and by their names of the cgroups below its own. Alone, it runs under the parent's limit only: the best that it can have.
local function limits_of(tenant, strategy)
  if strategy.only then return {}, {} end
  local over, below = strategy.tenants[tenant.name] or {}, {}
  for name, limits in pairs(tenant.cgroups or {}) do below[name] = overlaid(limits, over.cgroups and over.cgroups[name]) end
  return overlaid(tenant.limits, over.limits), below
end

local function create_tenant(self, tenant)
  local limits, below = limits_of(tenant, self.strategy)
  local cg = self.scope:add(memlua.must(cgroup.create(self.session .. "/" .. tenant.cgroup, limits)))
  if self.plan.shares == "ranked" then give_share(cg, tenant.rank) end
  table.insert(self.tenants, { spec = tenant, cg = cg, limits = limits })
  nested.create(self.tenants[#self.tenants], self.scope, below)
end

local function create_cgroups(self)
  self.limits = overlaid(self.plan.limits, self.strategy.limits)
  self.parent = self.scope:add(memlua.must(cgroup.create(self.session, self.limits)))
  for _, tenant in ipairs(self.plan.tenants) do
    if is_part(self.strategy, tenant) then create_tenant(self, tenant) end
  end
end

local function find(tenants, name)
  for _, t in ipairs(tenants) do if t.spec.name == name then return t end end
end

-- { ROLE = { {cg, claim=...}, ... }, config = {...} } as memlua.policy.attach takes it.
local function attachment(self, p)
  local roles = { config = p.config }
  for role, names in pairs(p.roles) do
    roles[role] = {}
    for i, name in ipairs(names) do
      local cg, settings = find(self.tenants, name).cg, p.settings[name]
      roles[role][i] = next(settings) and overlaid(settings, { cg }) or cg -- not every role takes settings
    end
  end
  return roles
end

-- The kernel takes an object once: the one that was opened to check the plan serves the first, which is the rehearsal.
local function attach_policy(self)
  local p = self.strategy.policy
  if not p or p.where == "user" then return end
  local opened = p.opened
  p.opened = nil
  self.policy = self.scope:add(memlua.must(policy.attach(opened or p.object and p.object() or p.name, attachment(self, p))))
  if p.object and self.folder then files.keep_policy(p.object(), self.folder) end
  recording.begin(self)
end

-- ---- running -------------------------------------------------------------------------------------------------

-- What the policy keeps about a tenant goes with it. Not every tenant needs to have a role in the policy.
local function drop(self, t)
  t.callbacks = self.policy:tenant(t.cg)
  if t.callbacks then memlua.must(self.policy:drop(t.cg)) end
end

-- The tenant's own counters stop where the last of its workloads does.
local function close_tenant(self, t)
  if self.policy then drop(self, t) end
  t.ended = true
  t.growth = growth.since(t.cg, t.before)
end

-- Services are there for the others.
local function stop_services(self)
  for _, t in ipairs(self.tenants) do
    if not t.spec.background and not workloads.ended(t.parts) then return end
  end
  for _, t in ipairs(self.tenants) do workloads.stop(t.parts) end
end

local function take_result(self, t, part, result)
  part.result, part.ended_at = result, host.monotonic() - self.started
  log.detail("%s: %s after %.2f s", result.name, result.ended, part.ended_at)
  workloads.stop_background(t.parts)
  if workloads.ended(t.parts) then close_tenant(self, t) end
  stop_services(self)
end

-- The workers that still run, and whose they are.
local function waiting(self)
  local workers, owners = {}, {}
  for _, t in ipairs(self.tenants) do
    for _, part in ipairs(t.parts) do
      if not part.result then
        workers[#workers + 1], owners[#owners + 1] = part.worker, { tenant = t, part = part }
      end
    end
  end
  return workers, owners
end

local function give_up(self, owners)
  for _, o in ipairs(owners) do
    o.part.worker:kill "timed out"
    if not o.part.result then take_result(self, o.tenant, o.part, memlua.must(o.part.worker:wait(10))) end
  end
end

local function watch(self)
  local deadline = self.started + self.plan.deadline
  local workers, owners = waiting(self)
  while #workers > 0 do
    if host.interrupted() then memlua.fail(memlua.status.signal, "interrupted") end
    local left = deadline - host.monotonic()
    if left <= 0 then return give_up(self, owners) end
    local i = worker.wait(workers, recording.wait(self, math.min(self.sampling.interval, left)))
    recording.take(self)
    if i then
      take_result(self, owners[i].tenant, owners[i].part, memlua.must(workers[i]:wait(1)))
      workers, owners = waiting(self)
    end
    for _, t in ipairs(self.tenants) do workloads.press(t.parts) end
    controller.look(self)
    self.sampling:take()
    live.show(self)
  end
end

-- ---- the outcome ---------------------------------------------------------------------------------------------

local function outcome_of(self, t)
  local own = {
    name = t.spec.name, role = t.spec.role, rank = t.spec.rank, limits = t.limits, callbacks = t.callbacks,
    events = t.growth.events, events_local = t.growth.events_local, stat = t.growth.stat,
    stalled_us = t.growth.stalled_us, peak = t.growth.peak, host_wait = self.validity:wait(t), memory = json.array(t.series),
    load = t.growth.load, loads = json.array(t.loads),
  }
  local outcome = overlaid(workloads.outcome(t, self.started, function(pid) return self.kills:time_of(pid) end, self.folder), own)
  outcome.rate = rates.of(outcome)
  return outcome
end

local function policy_outcome(self)
  local p = self.strategy.policy
  if p and p.where == "user" then return user.outcome(p, self.controller, self.tenants) end
  if not self.policy then return nil end
  return { name = p.name, roles = p.roles, config = self.policy:config(), recorded = recording.outcome(self), stats = self.policy:stats() }
end

local function outcome(self)
  local parent = growth.since(self.parent, self.parent_before)
  parent.limits = self.limits
  local result = {
    strategy = self.strategy.name, solo = self.strategy.only and true or nil, duration_s = self.duration,
    parent = parent, policy = policy_outcome(self), controller = controller.outcome(self), paid = self.paid, counted = self.counted, oom = self.kills:list(), tenants = {},
  }
  for i, t in ipairs(self.tenants) do result.tenants[i] = outcome_of(self, t) end
  result.doubts = self.validity:doubts(result)
  result.supervisor = self.validity:supervisor()
  result.supervisor.loads = json.array(self.sampling.loads)
  return result
end

local function hook(self, phase)
  local f = self.plan.hooks[phase]
  if f then f(self) end
end

local function load_tenants(self)
  services.bring_up(self)
  controller.start(self)
  self.log = self.scope:add(memlua.must(oom.open()))
  self.parent_before = growth.snapshot(self.parent)
  for _, t in ipairs(self.tenants) do t.before = growth.snapshot(t.cg) end
  self.validity = validity.begin(self)
  self.paid, self.counters = attribution.begin(self.policy), tunables.counters(self.strategy)
  self.started = host.monotonic()
  self.sampling = sampling.begin(self, function(due, at) self.validity:sampled(due, at) end)
  for _, t in ipairs(self.tenants) do workloads.start(t, self.scope, self.folder) end
end

local function begin(plan, strategy, owned)
  return { plan = plan, strategy = strategy, scope = owned, session = plan.session, tenants = {} }
end

--- Sets a strategy up and takes it down again, without tenants: whether this kernel has what it asks for, and whether
--- the policy takes its settings and a controller's function what it is given, shows before anything is measured. Fails as cell.run would.
function cell.rehearse(plan, strategy)
  local owned <close> = scope.new()
  local self = begin(plan, strategy, owned)
  create_cgroups(self)
  tunables.set(strategy, owned, plan.swap)
  attach_policy(self)
  controller.rehearse(self)
end

--- Runs one strategy of a checked scenario once. Whatever happens, nothing of it remains but what programs and
--- functions wrote, in the folder `folder` (without one, not even that). The scenario's hooks get the run as a table:
--- session, parent (cgroup), tenants (list of { spec, cg, parts = list of { spec, worker } }), policy. Fails with
--- status 5 when interrupted. Returns what was measured (runs/ID/run.json); what wasn't is absent. Times are seconds
--- from the run's start unless said, memory is in bytes:
---   strategy, solo (true for a tenant alone), duration_s; in a folder also id, block, expected (judge.ask)
---   tenants      list; each: name, role, rank, limits, workload (as given), and
---     ended        "done", "oom-killed", "lost a child", "killed", "timed out", "failed"; signal, exit_code, error, output
---     lost_children   how many processes the OOM killer took beside the workloads' own: absent where none
---     completion_s from when it was due until its end; absent when it was lost. alloc_s: until all was touched;
---                  held_s: until it began
---     spawned, start, finish, ended_at (that of an OOM kill is the kernel log's), delay (its start as given), pid
---     latency, windows, progress: see w:wait; rate: { asked, achieved, kept, unit } where requests were due at one; so are
---                  the figures that worker.figures lists
---     metrics      { name = { value, unit, better } }: figures of its programs' own
---     ready_s      until a service was ready, prepare_s: how long what prepares the run took: before the run's start
---     left         { files, bytes, others }: what it left in $MEMLUA_OUT, others: that wasn't kept
---     workloads    of a tenant of several: each as above, with its name
---     events, events_local   how memory.events and memory.events.local grew; stat: memory.stat's counters
---     stalled_us   { some, full }: how memory.pressure grew; peak: memory.peak
---     memory       list of { time, memory.current, stalled_us.some }
---     load         how what it used and waited for beside memory grew: CPU, block devices, pressure of both, see load.of
---     loads        the same over time, list of { at, ... }, see memlua.gauge's g:load
---     callbacks    what the policy kept of it
---     host_wait    { requests, in_flight_s, idle_s }: its requests for files that the host serves, see memlua.hostwait
---   doubts       list of { gate, text }: why the run isn't trustworthy, see memlua.experiment.validity
---   supervisor   { late_s, waited_s, major_faults, others, load, loads }: how memlua itself fared, see there; loads: over time
---   parent       the session's events, events_local, stat, stalled_us, peak, limits, load
---   policy       { name, roles, config, stats, recorded (see memlua.experiment.recording) }
---   controller   what became of it and what it cost, see memlua.experiment.controller's outcome
---   paid         { threads, programs }: what the kernel's threads and the policy's programs took, see memlua.experiment.attribution
---   counted      { NAME = by how much a counter of the strategy's grew }
---   oom          the kernel log's OOM kills below the session, as log:read gives them, and `tenant`: whose process it was
function cell.run(plan, strategy, folder)
  local owned <close> = scope.new()
  local self = begin(plan, strategy, owned)
  self.folder = folder
  files.prepare(plan, owned)
  create_cgroups(self)
  hook(self, "setup")
  tunables.set(strategy, owned, plan.swap)
  attach_policy(self)
  hook(self, "load")
  load_tenants(self)
  hook(self, "measure")
  watch(self)
  self.duration = host.monotonic() - self.started
  self.paid, self.counted = self.paid:since(), tunables.counted(self.strategy, self.counters)
  controller.stop(self)
  self.kills = kills.of(self.log:read(), self.session, self.tenants, self.started)
  local result = outcome(self)
  hook(self, "teardown")
  return result
end

return cell
