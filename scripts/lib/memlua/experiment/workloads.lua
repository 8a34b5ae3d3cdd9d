--- memlua.experiment.workloads: the processes of one tenant: starting them, what each of them came to, and what they come to
--- together.
local files = require "memlua.experiment.folders"
local host = require "memlua.host"
local json = require "memlua.json"
local memlua = require "memlua"
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
local function output_of(name, folder)
  if not folder then return "/dev/null" end
  memlua.must(host.mkdir(folder))
  return ("%s/%s.out"):format(folder, name)
end

local OWN = { background = true, start = true } -- keys of the scenario that no worker knows

local WRITES = { exec = true, lua = true } -- kinds that may print, and leave files

local function worker_spec(t, workload, folder)
  local spec = {}
  for key, value in pairs(workload) do if not OWN[key] then spec[key] = value end end
  spec.name = name_of(t, workload)
  local delay = t.spec.start + workload.start
  spec.delay = delay > 0 and delay or nil
  if spec.kind == "file" then spec.file = spec.file or files.path(spec.name) end
  if WRITES[spec.kind] then
    spec.output = spec.output or output_of(spec.name, folder)
    spec.env = { MEMLUA_OUT = t.outbox }
  end
  return spec
end

--- Starts the workloads of the tenant `t` ({ spec, cg }) in its cgroup: a list of { spec, worker, output }, the
--- workers owned by the scope `owned`. What programs and functions write goes to NAME.out in the folder `folder`, or,
--- without one, nowhere.
function workloads.start(t, owned, folder)
  local parts = {}
  for _, workload in ipairs(t.spec.workloads) do
    if WRITES[workload.kind] then t.outbox = t.outbox or outbox.make(owned) end
  end
  for i, workload in ipairs(t.spec.workloads) do
    local spec = worker_spec(t, workload, folder)
    parts[i] = { spec = workload, output = spec.output, worker = owned:add(memlua.must(worker.spawn(t.cg, spec))) }
  end
  return parts
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

--- Kills all that still runs.
function workloads.stop(parts)
  for _, part in ipairs(parts) do
    if not part.result then part.worker:kill "stopped" end
  end
end

--- Kills what runs in the background, once nothing else of the tenant runs any more.
function workloads.stop_background(parts)
  if all(parts, function(part) return part.spec.background or part.result end) then workloads.stop(parts) end
end

-- ---- one of them -----------------------------------------------------------------------------------------------

local function allocated(r) return r.start and r.alloc_s and r.start + r.alloc_s end

-- Of a function only its place can be written down.
local function described(workload)
  local copy = {}
  for key, value in pairs(workload) do copy[key] = value end
  if workload.run then
    local info = debug.getinfo(workload.run, "S")
    copy.run = ("%s:%d"):format(info.short_src, info.linedefined)
  end
  return copy
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
    latency = r.latency, progress = progress_of(r.progress, origin),
  }
  for _, figure in ipairs(worker.figures) do outcome[figure.name] = r[figure.name] end
  return outcome
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
  together.completion_s = together.finish - (together.spawned + start)
  together.alloc_s = reduced(counting, "alloc_s", math.max)
end

local function together_of(parts, start)
  local together = {
    delay = start, spawned = reduced(parts, "spawned", math.min), start = reduced(parts, "start", math.min),
    held_s = reduced(parts, "held_s", math.min), latency = latency_of(parts), workloads = json.array(parts),
  }
  for _, figure in ipairs(worker.figures) do
    if figure.together then together[figure.name] = reduced(parts, figure.name, JOINTS[figure.together]) end
  end
  finish_together(together, parts, start)
  return together
end

--- What the workloads of the tenant `t` came to: { spec, parts, each { spec, output, result, ended_at }, growth =
--- growth.since() of its cgroup }. Of one workload: { workload, ended, signal, exit_code, error, pid, output (its file in
--- `folder`), delay (seconds that it was to wait), spawned, start, finish, ended_at (seconds since `origin`),
--- completion_s, alloc_s, held_s (since it was due), latency, progress, lost_children, and worker.figures } as
--- memlua.worker measures them. Of several: the same where it means something for all, and `workloads`, a list of these,
--- each with its name. `killed_at(pid)` gives the time of an OOM kill, or nil.
function workloads.outcome(t, origin, killed_at, folder)
  local outcomes, children = {}, lost_children(t)
  for i, part in ipairs(t.parts) do
    local start = t.spec.start + part.spec.start
    outcomes[i] = outcome_of(part, start, killed_at(part.result.pid), origin, folder)
  end
  if children then blame(outcomes, children) end
  local outcome = #outcomes > 1 and together_of(outcomes, t.spec.start) or outcomes[1]
  if #outcomes == 1 then outcome.name = nil end
  if outcome.ended == "stopped" then outcome.ended = "done" end -- a service that was there to the end
  if children and outcome.ended == "done" then take_loss(outcome, children) end
  outcome.lost_children = children
  if t.outbox and folder then outcome.left = outbox.take(t.outbox, folder .. "/" .. t.spec.name, t.spec.keep, t.spec.name) end
  return outcome
end

return workloads
