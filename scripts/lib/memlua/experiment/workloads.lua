--- memlua.experiment.workloads: the processes of one tenant: starting them, what each of them came to, and what they come to
--- together.
local files = require "memlua.experiment.folders"
local host = require "memlua.host"
local json = require "memlua.json"
local memlua = require "memlua"
local metrics = require "memlua.experiment.metrics"
local nested = require "memlua.experiment.nested"
local outbox = require "memlua.experiment.outbox"
local schema = require "memlua.results.schema"
local stats = require "memlua.stats"
local worker = require "memlua.worker"

local workloads = {}

-- ---- starting --------------------------------------------------------------------------------------------------

-- A name for people, for the kernel's log, and for files: that of the tenant, unless it has several workloads.
local function name_of(t, workload)
  return #t.spec.workloads == 1 and t.spec.name or t.spec.name .. "." .. workload.name
end

-- Programs and functions may write. What they write in a run that counts is kept with its results.
local function output_of(t, name, folder)
  if not folder then return outbox.log(t.outbox, name) end
  memlua.must(host.mkdir(folder))
  return ("%s/%s.out"):format(folder, name)
end

-- keys of the scenario that no worker knows
local OWN <const> = { background = true, start = true, ready = true, stop = true, metrics = true, cgroup = true }

local WRITES = { exec = true, lua = true } -- kinds that may print, and leave files

local function phases_of(rate)
  local phases = {}
  for i, phase in ipairs(rate) do phases[i] = { phase.rate, phase.duration } end
  return phases
end

local function worker_spec(t, workload, folder)
  local spec = {}
  for key, value in pairs(workload) do if not OWN[key] then spec[key] = value end end
  spec.name = name_of(t, workload)
  if spec.rate then spec.phases, spec.rate = phases_of(spec.rate), nil end
  if spec.request then spec.run, spec.request = spec.request, nil end
  local delay = t.spec.start + workload.start
  spec.delay = delay > 0 and delay or nil
  if spec.kind == "file" then spec.file = spec.file or files.path(spec.name) end
  if WRITES[spec.kind] then
    spec.output = spec.output or output_of(t, spec.name, folder)
    spec.env = { MEMLUA_OUT = t.outbox }
  end
  return spec
end

--- Starts one workload of the tenant `t` ({ spec, cg, nested }) in its cgroup. Returns { spec, worker, output }, the worker owned by
--- the scope `owned`. What programs and functions write goes to NAME.out in the folder `folder`, without one to a file
--- that goes with the run.
function workloads.start_one(t, workload, owned, folder)
  if WRITES[workload.kind] then t.outbox = t.outbox or outbox.make(owned) end
  local spec = worker_spec(t, workload, folder)
  return { spec = workload, output = spec.output, worker = owned:add(memlua.must(worker.spawn(nested.of(t, workload), spec))) }
end

--- Starts all workloads of the tenant that aren't there yet: in `t.parts`, by their places, those that are.
function workloads.start(t, owned, folder)
  for i, workload in ipairs(t.spec.workloads) do
    t.parts[i] = t.parts[i] or workloads.start_one(t, workload, owned, folder)
  end
end

-- ---- ending ----------------------------------------------------------------------------------------------------

local function all(parts, condition)
  for _, part in ipairs(parts) do if not condition(part) then return false end end
  return true
end

--- Whether all parts have ended.
function workloads.ended(parts)
  return all(parts, function(part) return part.result end)
end

-- Kills it, or, where it is to be asked, asks it first and kills it once it has had its time.
local function stop(part)
  local how = part.spec.stop
  if not how then return part.worker:kill "stopped" end
  if not part.asked then
    part.asked = host.monotonic()
    part.worker:stop(how.signal)
  elseif host.monotonic() - part.asked > how.grace then
    part.worker:kill "stopped"
  end
end

--- Stops all that still runs, as each of them is to be stopped.
function workloads.stop(parts)
  for _, part in ipairs(parts) do if not part.result then stop(part) end end
end

--- Kills those whose time to end has passed.
function workloads.press(parts)
  for _, part in ipairs(parts) do if part.asked and not part.result then stop(part) end end
end

--- Kills what runs in the background, once nothing else of the tenant runs any more.
function workloads.stop_background(parts)
  if all(parts, function(part) return part.spec.background or part.result end) then workloads.stop(parts) end
end

-- ---- one of them -----------------------------------------------------------------------------------------------

local function allocated(r) return r.start and r.alloc_s and r.start + r.alloc_s end

-- Of a function only its place can be written down.
local function described(value)
  if type(value) == "function" then
    local info = debug.getinfo(value, "S")
    return ("%s:%d"):format(info.short_src, info.linedefined)
  end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, item in pairs(value) do copy[key] = described(item) end
  return #copy > 0 and json.array(copy) or copy
end

-- An empty file tells nothing.
local function kept_output(path, folder)
  if not path or not folder or path:sub(1, #folder) ~= folder then return nil end
  local file <close> = io.open(path)
  if file and file:read(0) then return path:match "[^/]*$" end
  os.remove(path)
end

local function progress_of(list, origin)
  if not list then return nil end
  local result = {}
  for i, sample in ipairs(list) do result[i] = { sample[1] - origin, sample[2] } end
  return json.array(result)
end

-- Since a policy may hold a process before it does anything, its time runs from when it was asked to start. Other
-- times are seconds since `origin`.
local function outcome_of(part, start, killed_at, origin, folder)
  local r = part.result
  local due = r.spawned + start
  local function since_due(time) return time and time - due end
  local function relative(time) return time and time - origin end
  local outcome = {
    name = part.spec.name, workload = described(part.spec), ended = r.ended, signal = r.signal,
    exit_code = r.exit_code, error = r.error, pid = r.pid, output = kept_output(part.output, folder),
    delay = start, spawned = relative(r.spawned), start = relative(r.start), finish = relative(r.finish),
    ended_at = killed_at or relative(r.finish) or part.ended_at,
    completion_s = since_due(r.finish), alloc_s = since_due(allocated(r)), held_s = since_due(r.start),
    latency = r.latency, windows = r.windows, progress = progress_of(r.progress, origin), ready_s = part.ready_s,
  }
  for _, figure in ipairs(worker.figures) do outcome[figure.name] = r[figure.name] end
  return outcome
end

-- What a program says of itself. One that should and doesn't has come to nothing that can be compared: it failed.
local function add_metrics(outcome, part, outbox_folder)
  if not part.spec.metrics or outcome.ended ~= "done" and outcome.ended ~= "stopped" then return end
  local why
  outcome.metrics, why = metrics.read(part, outbox_folder)
  if outcome.metrics then return end
  outcome.ended, outcome.completion_s, outcome.error = "failed", nil, "no figures of its own: " .. why
end

-- ---- lost children -----------------------------------------------------------------------------------------------

-- How many of the tenant's processes the OOM killer took beside the workloads themselves, by the cgroup's own counter.
local function lost_children(t)
  local n = t.growth and t.growth.events and t.growth.events.oom_kill or 0
  for _, part in ipairs(t.parts) do if part.result.ended == "oom-killed" then n = n - 1 end end
  return n > 0 and n or nil
end

-- Who lost a child has no time to compare, whatever status it made of that.
local function take_loss(outcome, children)
  outcome.error = ("%d of its processes OOM-killed%s"):format(children, outcome.error and "; " .. outcome.error or "")
  outcome.ended, outcome.completion_s = "lost a child", nil
end

-- Which of several workloads it was of isn't known: of those that didn't end well, or of the whole tenant alone.
local function blame(outcomes, children)
  for _, outcome in ipairs(outcomes) do
    if outcome.ended == "failed" or outcome.ended == "killed" then take_loss(outcome, children) end
  end
end

-- ---- together --------------------------------------------------------------------------------------------------

local function reduced(parts, key, f)
  local result
  for _, part in ipairs(parts) do
    local value = part[key]
    if value then result = result and f(result, value) or value end
  end
  return result
end

local JOINTS = { sum = function(a, b) return a + b end }

-- A pass through a file and a step of a function are not the same thing.
local function latency_of(parts)
  local list, kind = {}, nil
  for _, part in ipairs(parts) do
    if part.latency then
      if kind and kind ~= part.workload.kind then return nil end
      kind, list[#list + 1] = part.workload.kind, part.latency
    end
  end
  return stats.merge(list)
end

local function lost_of(parts)
  for _, how in ipairs(schema.LOSSES) do
    for _, part in ipairs(parts) do if part.ended == how then return part end end
  end
end

-- How the tenant ended: with the one that was lost, else when the last of those that count was done.
local function finish_together(together, parts, start)
  local lost = lost_of(parts)
  if lost then
    together.ended, together.ended_at, together.signal, together.exit_code = lost.ended, lost.ended_at, lost.signal, lost.exit_code
    together.error, together.output = ("%s: %s"):format(lost.name, lost.error or lost.ended), lost.output
    return
  end
  local counting = {}
  for _, part in ipairs(parts) do if not part.workload.background then counting[#counting + 1] = part end end
  together.ended, together.exit_code = "done", 0
  if not all(counting, function(part) return part.finish end) then return end -- stopped: the tenant is a service
  together.finish = reduced(counting, "finish", math.max)
  together.ended_at = together.finish
  together.completion_s = together.finish - (reduced(counting, "spawned", math.min) + start) -- services may be there before
  together.alloc_s = reduced(counting, "alloc_s", math.max)
end

-- Two that measure the same tell it under their own names.
local function metrics_of(parts)
  local count, result = {}, {}
  for _, part in ipairs(parts) do
    for name in pairs(part.metrics or {}) do count[name] = (count[name] or 0) + 1 end
  end
  for _, part in ipairs(parts) do
    for name, figure in pairs(part.metrics or {}) do result[count[name] > 1 and part.name .. "." .. name or name] = figure end
  end
  return next(result) and result or nil
end

local function together_of(parts, start)
  local together = {
    delay = start, spawned = reduced(parts, "spawned", math.min), start = reduced(parts, "start", math.min),
    held_s = reduced(parts, "held_s", math.min), latency = latency_of(parts), workloads = json.array(parts),
  }
  for _, figure in ipairs(worker.figures) do
    if figure.together then together[figure.name] = reduced(parts, figure.name, JOINTS[figure.together]) end
  end
  together.metrics = metrics_of(parts)
  finish_together(together, parts, start)
  return together
end

--- What the workloads of the tenant `t` came to: { spec, parts, each { spec, output, result, ended_at }, growth =
--- growth.since() of its cgroup }. Of one workload: { workload, ended, signal, exit_code, error, pid, output (its file in
--- `folder`), delay (seconds that it was to wait), spawned, start, finish, ended_at (seconds since `origin`),
--- completion_s, alloc_s, held_s (since it was due), latency, windows, progress, lost_children, and worker.figures } as
--- memlua.worker measures them. Of several: the same where it means something for all, and `workloads`, a list of these,
--- each with its name. `killed_at(pid)` gives the time of an OOM kill, or nil.
function workloads.outcome(t, origin, killed_at, folder)
  local outcomes, children = {}, lost_children(t)
  for i, part in ipairs(t.parts) do
    local start = t.spec.start + part.spec.start
    outcomes[i] = outcome_of(part, start, killed_at(part.result.pid), origin, folder)
    add_metrics(outcomes[i], part, t.outbox)
  end
  if children then blame(outcomes, children) end
  local outcome = #outcomes > 1 and together_of(outcomes, t.spec.start) or outcomes[1]
  if #outcomes == 1 then outcome.name = nil end
  if outcome.ended == "stopped" then outcome.ended = "done" end -- a service that was there to the end
  if children and outcome.ended == "done" then take_loss(outcome, children) end
  outcome.lost_children, outcome.prepare_s = children, t.prepare_s
  if t.outbox and folder then outcome.left = outbox.take(t.outbox, folder .. "/" .. t.spec.name, t.spec.keep, t.spec.name) end
  return outcome
end

return workloads
