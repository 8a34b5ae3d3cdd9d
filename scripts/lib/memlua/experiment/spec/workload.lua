--- memlua.experiment.spec.workload: what a tenant runs: the keys of each kind, and whether this machine has what they need.
local check = require "memlua.base.check"
local host = require "memlua.host"
local log = require "memlua.base.log"
local memlua = require "memlua"
local metrics = require "memlua.experiment.metrics"
local record = require "memlua.experiment.spec.record"
local sys = require "memlua.base.sys"
local units = require "memlua.units"
local way = require "memlua.machine.way"
local worker = require "memlua.worker"

local workload_spec = {}

local positive = check.number { min = 1, integer = true }

local check_phase = record.of({ name = check.name, rate = check.number { min = 0, max = 1e6 }, duration = check.duration }, { "rate", "duration" })

-- So many a second, or phases of different rates.
local function check_rate(value, path)
  if type(value) == "table" then return check.list(check_phase)(value, path) end
  return check.number { min = 1e-3, max = 1e6 }(value, path)
end

-- A constant rate becomes one phase.
local function check_paced(workload, path)
  if type(workload.rate) == "table" and workload.duration then
    check.refuse(path .. ".duration", "each phase of the rate has its own")
  elseif type(workload.rate) == "number" then
    if not workload.duration then check.refuse(path .. ".duration", "missing; for how long are %g a second due?", workload.rate) end
    workload.rate, workload.duration = { { rate = workload.rate, duration = workload.duration } }, nil
  end
  local due = 0
  for _, phase in ipairs(workload.rate) do due = due + phase.rate * phase.duration end
  if due < 1 then check.refuse(path .. ".rate", "not one request is due in that time") end
end

-- Of kind lua: either it runs by itself, or its requests are made for it.
local function check_load(workload, path)
  if not workload.run and not workload.request then check.refuse(path .. ".run", "missing; or request = f(i), with a rate") end
  if workload.run and (workload.request or workload.rate or workload.duration or workload.concurrency) then
    check.refuse(path .. ".run", "it runs by itself; a rate, a duration and a concurrency are for request = f(i)")
  end
  if workload.request and not workload.rate then check.refuse(path .. ".rate", "missing; how many requests a second are due?") end
  if workload.concurrency and workload.ready then
    check.refuse(path .. ".concurrency", "of a service: its copies would all want the same place; leave it out")
  end
end

-- What a workload may be told; `size` of what a program or a function takes says what it will be at most.
local KEYS = {
  size = check.size, chunk = check.size, hold = check.duration, passes = positive, duration = check.duration,
  file = check.is "string", curve = check.is "table", speed = check.number { min = 1e-6, max = 1e6 }, base = check.bytes,
  user = check.is "string", huge = check.is "boolean", argv = check.list(check.is "string"), output = check.is "string", run = check.is "function", request = check.is "function",
  rate = check_rate, concurrency = check.number { min = 1, max = 256, integer = true },
}

-- kind -> the keys that it takes and those that it needs, as the kind itself says
local WORKLOADS = {}
for _, kind in ipairs(worker.kinds) do
  local fields, needed = {}, {}
  for key, need in kind.takes:gmatch "([%w_]+)(!?)" do
    fields[key] = KEYS[key]
    if need ~= "" then needed[#needed + 1] = key end
  end
  WORKLOADS[kind.name] = { fields, needed }
end

-- ---- services ----------------------------------------------------------------------------------------------------

local SIGNS <const> = { "port", "socket", "line", "file", "when" }

local check_signs = record.of {
  port = check.number { min = 1, max = 65535, integer = true }, socket = check.is "string", line = check.is "string", file = check.is "string",
  when = check.is "function", within = check.duration,
}

-- A function alone is what says it.
local function check_ready(value, path)
  local ready = check_signs(type(value) == "function" and { when = value } or value, path)
  local signs = 0
  for _, sign in ipairs(SIGNS) do signs = signs + (ready[sign] and 1 or 0) end
  if signs == 0 then check.refuse(path, "by what? one of %s is needed, { port = 6379 }", table.concat(SIGNS, ", ")) end
  ready.within = ready.within or 60
  return ready
end

local check_stop = record.of({ signal = check.one_of { "TERM", "INT", "QUIT", "HUP", "USR1", "USR2" }, grace = check.duration }, { "signal" })

-- A signal alone is how it is asked.
local function check_stop_of(value, path)
  local how = check_stop(type(value) == "string" and { signal = value } or value, path)
  how.grace = how.grace or 10
  return how
end

--- Fails with status 1 where a tenant's service is told what makes no sense of one.
function workload_spec.check_services(tenant, path)
  for _, workload in ipairs(tenant.workloads) do
    local at = path .. ".workloads." .. workload.name
    if workload.ready and not (workload.background or tenant.background) then
      check.refuse(at .. ".ready", "a service is stopped when the others are done; give it, or its tenant, background = true")
    end
    if workload.ready and (workload.start > 0 or (tenant.start or 0) > 0) then
      check.refuse(at .. ".start", "a service that is to be ready is started before the run's time begins; leave start out")
    end
    if workload.ready and workload.ready.line and workload.kind ~= "exec" and workload.kind ~= "lua" then
      check.refuse(at .. ".ready.line", "this workload is of kind %s and prints nothing", workload.kind)
    end
  end
end

-- ---- each workload -------------------------------------------------------------------------------------------------

-- What every kind takes.
local ANY_KIND = { kind = check.any, name = check.name, cgroup = check.name, start = check.duration, background = check.is "boolean", ready = check_ready,
                   stop = check_stop_of, metrics = metrics.check }

local function check_size(workload, path, machine)
  if not workload.size or workload.kind == "file" then return end
  if machine.memory and workload.size > machine.memory then
    check.refuse(path .. ".size", "%s is more than the memory of %s, %s; choose less%s", units.format_size(workload.size),
      machine.name, units.format_size(machine.memory), machine.name == "the microVM" and ", or give it more with --memory" or "")
  end
end

-- The kernel, and memlua, need a part of the machine themselves.
local OURS <const> = 8

-- Where a session may take more than the machine has, the machine's own end may come before its limit: what is run then isn't trusted
-- (memlua.experiment.validity).
local function warn_of_session(scenario, machine)
  local limit, together = scenario.limits["memory.max"], 0
  for _, tenant in ipairs(scenario.tenants) do
    for _, workload in ipairs(tenant.workloads) do together = together + (workload.kind ~= "file" and workload.size or 0) end
  end
  local has = machine.memory and machine.memory - machine.memory // OURS
  if host.in_guest or not has or math.type(limit) ~= "integer" or math.min(limit, together) <= has then return end
  log.warn("the session may take %s, and of %s's %s %s are left for it: should it be full first, the run tells nothing%s", units.format_size(math.min(limit, together)),
    machine.name, units.format_size(machine.memory), units.format_size(has),
    machine.name == "the microVM" and ("; --memory %dG"):format((math.min(limit, together) * OURS // (OURS - 1) >> 30) + 1) or "")
end

-- The most that a replay holds beside its base: what claims and the check of the machine go by.
local function peak_of(curve, path)
  local peak = 0
  for i, point in ipairs(curve) do
    if type(point) ~= "table" or math.type(point[2]) ~= "integer" then
      check.refuse(("%s: point %d"):format(path, i), "{seconds, bytes} is needed")
    end
    peak = math.max(peak, point[2])
  end
  return peak
end

-- kind -> what checks a workload of it
local KINDS = {}
for kind, schema in pairs(WORKLOADS) do
  local fields, needed = table.unpack(schema)
  for key, checker in pairs(ANY_KIND) do fields[key] = checker end
  KINDS[kind] = record.of(fields, needed)
end

-- A key that another kind would take is told as such: the kind may just have been left out.
local function refuse_other_kinds(value, kind, path)
  for _, key in ipairs(memlua.keys(value)) do
    local takers = {}
    for other, schema in pairs(WORKLOADS) do
      if schema[1][key] then takers[#takers + 1] = ('"%s"'):format(other) end
    end
    if not WORKLOADS[kind][1][key] and #takers > 0 then
      table.sort(takers)
      check.refuse(path .. "." .. key, "this workload is of kind %s; kind = %s takes it", kind, table.concat(takers, " or "))
    end
  end
end

--- The checker of one workload.
function workload_spec.check(value, path)
  check.is "table"(value, path)
  local kind = check.one_of(memlua.keys(KINDS))(value.kind or "anon", path .. ".kind")
  refuse_other_kinds(value, kind, path)
  local workload = KINDS[kind](value, path)
  workload.kind, workload.start = kind, workload.start or 0
  if kind == "lua" then check_load(workload, path) end
  if workload.rate and workload.passes then check.refuse(path .. ".passes", "beside a rate; give one of them") end
  if workload.rate then check_paced(workload, path) end
  if kind == "trace" then workload.size = peak_of(workload.curve, path .. ".curve") + (workload.base or 0) end
  return workload
end

-- One process makes one request after the other. So many in flight take so many, among which those that are due are dealt in turn.
local function dealt(list)
  local all = {}
  for _, workload in ipairs(list) do
    local n = workload.concurrency or 1
    workload.concurrency = nil
    if n == 1 then all[#all + 1] = workload end
    for lane = 0, n > 1 and n - 1 or -1 do
      local copy = { lane = lane, lanes = n }
      for key, value in pairs(workload) do copy[key] = value end
      copy.name = ("%s_%d"):format(workload.name or workload.kind, lane + 1)
      all[#all + 1] = copy
    end
  end
  return all
end

-- Unnamed workloads are called after their kind: anon, exec, exec_2.
local function fill_names(workloads)
  local count = {}
  for _, workload in ipairs(workloads) do
    local kind = workload.kind
    count[kind] = (count[kind] or 0) + 1
    workload.name = workload.name or (count[kind] > 1 and kind .. "_" .. count[kind] or kind)
  end
end

--- The checker of a tenant's list of them, which gives those without a name one, and of each with a `concurrency` makes as many.
function workload_spec.check_all(given, path)
  local list = dealt(given)
  fill_names(list)
  record.check_unique(list, "name", path)
  for _, workload in ipairs(list) do
    if not workload.background then return list end
  end
  check.refuse(path, "%s", #list == 0 and "none; at least one is needed"
    or "all run in the background: the tenant would never be done; leave that out of one")
end

--- The checker of what prepares a run: a workload or a list of them, one after the other.
function workload_spec.check_preparation(value, path)
  local list = check.list(workload_spec.check)(type(value) == "table" and #value == 0 and { value } or value, path)
  for _, workload in ipairs(list) do
    workload.name = workload.name or "prepare"
    if workload.background or workload.ready then check.refuse(path, "it must end before the load begins: no background, no ready") end
    if workload.concurrency then check.refuse(path .. ".concurrency", "what prepares a run is one process after the other; leave it out") end
  end
  return list
end

-- A program by its path may be made by a hook of the scenario, just before it is run.
local function check_program(workload, path, hooks, machine)
  if not workload.argv then return end
  local program = workload.argv[1]
  path = path .. ".argv[1]"
  if not program then check.refuse(path, "missing; the program stands first: { \"program\", \"argument\", ... }") end
  if program:find "/" and (hooks.setup or hooks.load) then return end
  local folders = machine.name == "the microVM" and way.GUEST_PATH or os.getenv "PATH"
  if sys.which(program, folders) then return end
  if program:find "/" then check.refuse(path, "%s: no such program here", program) end
  check.refuse(path, "%s: no such program in the PATH of %s (%s); install it, or give its path", program, machine.name, folders)
end

--- Fails with status 1 where the machine that the scenario will run on, as the settings (memlua.host.settings) say, hasn't
--- the memory or a program that a workload needs.
function workload_spec.check_machine(scenario, settings)
  local machine = {}
  machine.memory, machine.name = way.memory(settings)
  for _, tenant in ipairs(scenario.tenants) do
    local path = "tenants." .. tenant.name .. (#tenant.workloads == 1 and ".workload" or ".workloads.%s")
    for _, workload in ipairs(tenant.workloads) do
      check_size(workload, path:format(workload.name), machine)
      check_program(workload, path:format(workload.name), scenario.hooks, machine)
    end
    for _, workload in ipairs(tenant.prepare or {}) do
      if workload.argv then check_program(workload, "tenants." .. tenant.name .. ".prepare", scenario.hooks, machine) end
    end
  end
  warn_of_session(scenario, machine)
end

return workload_spec
