--- memlua.cell: one run of one strategy: cgroups, policy, tenants, and everything measured of them.
local cgroup = require "memlua.cgroup"
local files = require "memlua.files"
local host = require "memlua.host"
local json = require "memlua.json"
local live = require "memlua.live"
local log = require "memlua.log"
local memlua = require "memlua"
local oom = require "memlua.oom"
local policy = require "memlua.policy"
local scope = require "memlua.scope"
local worker = require "memlua.worker"

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

-- Alone, a tenant runs under the parent's limit only: the best that it can have.
local function limits_of(tenant, strategy)
  if strategy.only then return {} end
  local over = strategy.tenants[tenant.name]
  return overlaid(tenant.limits, over and over.limits)
end

local function create_tenant(self, tenant)
  local limits = limits_of(tenant, self.strategy)
  local cg = self.scope:add(memlua.must(cgroup.create(self.session .. "/" .. tenant.cgroup, limits)))
  if self.plan.shares == "ranked" then give_share(cg, tenant.rank) end
  table.insert(self.tenants, { spec = tenant, cg = cg, limits = limits, series = {} })
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

local function attach_policy(self)
  local p = self.strategy.policy
  if not p then return end
  self.policy = self.scope:add(memlua.must(policy.attach(p.name, attachment(self, p))))
end

-- ---- counters ----------------------------------------------------------------------------------------------

-- What the kernel doesn't give stays absent.
local function snapshot(cg)
  local pressure = cg:pressure "memory"
  return {
    events = cg:events(), events_local = cg:events_local(), stat = cg:stat(),
    stalled_us = pressure and { some = pressure.some and pressure.some.total,
                                full = pressure.full and pressure.full.total },
  }
end

local function difference(after, before)
  if type(after) ~= "table" then return after and before and after - before end
  local delta = {}
  for key, value in pairs(after) do delta[key] = difference(value, before and before[key]) end
  return delta
end

-- Of memory.stat the counters are kept as they grew; the rest are levels that mean nothing afterwards.
local function is_counter(key)
  return key:find "^pg" or key:find "^workingset_" or key:find "^thp_" or key:find "^zswp"
end

local function counters(stat)
  local kept = {}
  for key, value in pairs(stat or {}) do if is_counter(key) then kept[key] = value end end
  return next(kept) and kept or nil
end

local function growth(cg, before)
  local delta = difference(snapshot(cg), before)
  delta.stat = counters(delta.stat)
  delta.peak = cg:peak()
  return delta
end

-- ---- running -------------------------------------------------------------------------------------------------

local function spawn(self, t)
  local workload = overlaid(t.spec.workload)
  workload.name, workload.delay = t.spec.name, t.spec.start > 0 and t.spec.start or nil
  if workload.kind == "file" then workload.file = workload.file or files.path(t.spec.name) end
  t.worker = self.scope:add(memlua.must(worker.spawn(t.cg, workload)))
end

-- What the policy keeps about a tenant goes with it. Not every tenant needs to have a role in the policy.
local function drop(self, t)
  t.callbacks = self.policy:tenant(t.cg)
  if t.callbacks then memlua.must(self.policy:drop(t.cg)) end
end

local function take_result(self, t, result)
  if self.policy then drop(self, t) end
  t.result, t.ended_at = result, host.monotonic() - self.started
  t.growth = growth(t.cg, t.before)
  log.detail("%s: %s after %.2f s", t.spec.name, result.ended, t.ended_at)
end

-- Usage over time, and how long it was stalled by then (us: delays, holds and reclaim alike): as many samples as a
-- picture needs; when they get too many, every other one goes.
local SAMPLES = 512

local function sample(self)
  local at = host.monotonic() - self.started
  if at < self.next_sample then return end
  self.next_sample = at + self.interval
  for _, t in ipairs(self.tenants) do
    local pressure = t.cg:pressure "memory"
    table.insert(t.series, { at, t.cg:usage(), pressure and pressure.some and pressure.some.total })
  end
  if #self.tenants[1].series < SAMPLES then return end
  self.interval = self.interval * 2
  for _, t in ipairs(self.tenants) do
    for i = 1, SAMPLES // 2 do t.series[i] = t.series[2 * i] end
    for i = SAMPLES // 2 + 1, SAMPLES do t.series[i] = nil end
  end
end

local function waiting(self)
  local tenants, workers = {}, {}
  for _, t in ipairs(self.tenants) do
    if not t.result then
      tenants[#tenants + 1], workers[#workers + 1] = t, t.worker
    end
  end
  return tenants, workers
end

local function give_up(self, tenants)
  for _, t in ipairs(tenants) do
    t.worker:kill()
    local result = memlua.must(t.worker:wait(10))
    result.ended = "timed out"
    take_result(self, t, result)
  end
end

local function watch(self)
  local deadline = self.started + self.plan.deadline
  while true do
    local tenants, workers = waiting(self)
    if #tenants == 0 then return end
    if host.interrupted() then memlua.fail(memlua.status.signal, "interrupted") end
    local left = deadline - host.monotonic()
    if left <= 0 then return give_up(self, tenants) end
    local i = worker.wait(workers, math.min(self.interval, left))
    if i then take_result(self, tenants[i], memlua.must(workers[i]:wait(1))) end
    sample(self)
    live.show(self)
  end
end

-- ---- the outcome ---------------------------------------------------------------------------------------------

local function relative(self, time) return time and time - self.started end

local function is_of(entry, t)
  return entry.pid == t.result.pid
end

local function killed_at(self, t)
  for _, entry in ipairs(self.kills) do
    if is_of(entry, t) then return relative(self, entry.time) end
  end
end

-- Since a policy may hold a tenant before it does anything, its time runs from when it was asked to start.
local function since_due(t, time) return time and time - (t.result.spawned + t.spec.start) end

local function allocated(r) return r.start and r.alloc_s and r.start + r.alloc_s end

local function progress_of(self, r)
  local list = {}
  for i, sampled in ipairs(r.progress or {}) do list[i] = { relative(self, sampled[1]), sampled[2] } end
  return r.progress and json.array(list)
end

local function outcome_of(self, t)
  local r = t.result
  return {
    name = t.spec.name, role = t.spec.role, rank = t.spec.rank, limits = t.limits, workload = t.spec.workload,
    delay = t.spec.start, ended = r.ended, signal = r.signal, exit_code = r.exit_code, error = r.error, pid = r.pid,
    spawned = relative(self, r.spawned), start = relative(self, r.start), finish = relative(self, r.finish),
    ended_at = killed_at(self, t) or relative(self, r.finish) or t.ended_at,
    completion_s = since_due(t, r.finish), alloc_s = since_due(t, allocated(r)), held_s = since_due(t, r.start),
    reached = r.reached, latency = r.latency, progress = progress_of(self, r), callbacks = t.callbacks,
    read_bytes = r.read_bytes, passes_done = r.passes_done,
    steps_done = r.steps_done, lag_max_s = r.lag_max_s, lag_last_s = r.lag_last_s,
    events = t.growth.events, events_local = t.growth.events_local, stat = t.growth.stat,
    stalled_us = t.growth.stalled_us, peak = t.growth.peak, memory = json.array(t.series),
  }
end

-- The kernel log's OOM kills below our own session, times counted from the run's start.
local function read_kills(self)
  self.kills = {}
  for _, entry in ipairs(self.log:read() or {}) do
    if (entry.task_memcg or ""):find("/" .. self.session, 1, true) then table.insert(self.kills, entry) end
  end
end

local function kernel_lines(self)
  local lines = {}
  for i, entry in ipairs(self.kills) do
    lines[i] = overlaid(entry, { time = relative(self, entry.time) })
  end
  return json.array(lines)
end

local function policy_outcome(self)
  if not self.policy then return nil end
  local p = self.strategy.policy
  return { name = p.name, roles = p.roles, config = self.policy:config(), stats = self.policy:stats() }
end

local function outcome(self)
  local parent = growth(self.parent, self.parent_before)
  parent.limits = self.limits
  local result = {
    strategy = self.strategy.name, solo = self.strategy.only and true or nil, duration_s = self.duration,
    parent = parent, policy = policy_outcome(self), oom = kernel_lines(self), tenants = {},
  }
  for i, t in ipairs(self.tenants) do result.tenants[i] = outcome_of(self, t) end
  return result
end

local function hook(self, phase)
  local f = self.plan.hooks[phase]
  if f then f(self) end
end

local function load_tenants(self)
  self.log = self.scope:add(memlua.must(oom.open()))
  self.parent_before = snapshot(self.parent)
  for _, t in ipairs(self.tenants) do t.before = snapshot(t.cg) end
  self.started, self.next_sample, self.interval = host.monotonic(), 0, 0.05
  for _, t in ipairs(self.tenants) do spawn(self, t) end
end

local function begin(plan, strategy, owned)
  return { plan = plan, strategy = strategy, scope = owned, session = plan.session, tenants = {} }
end

--- Sets a strategy up and takes it down again, without tenants: whether this kernel has what it asks for, and whether
--- the policy takes its settings, shows before anything is measured. Fails as cell.run would.
function cell.rehearse(plan, strategy)
  local owned <close> = scope.new()
  local self = begin(plan, strategy, owned)
  create_cgroups(self)
  attach_policy(self)
end

--- Runs one strategy of a checked scenario once, and returns what was measured as a plain table; times
--- are seconds from the run's start. Whatever happens, nothing of it remains. The hooks of the scenario get
--- the run as a table: session, parent (cgroup), tenants (list of { spec, cg, worker }), policy.
--- Fails with status 5 when interrupted.
function cell.run(plan, strategy)
  local owned <close> = scope.new()
  local self = begin(plan, strategy, owned)
  files.prepare(plan, owned)
  create_cgroups(self)
  hook(self, "setup")
  attach_policy(self)
  hook(self, "load")
  load_tenants(self)
  hook(self, "measure")
  watch(self)
  self.duration = host.monotonic() - self.started
  read_kills(self)
  local result = outcome(self)
  hook(self, "teardown")
  return result
end

return cell
