--- memlua.experiment.plan: the plan's experiment (a session of one high and two low tenants that want more memory than
--- there is), shared by baseline.lua and protected.lua: its options, its presets, its tree.
local memlua = require "memlua"
local option = require "memlua.option"
local units = require "memlua.units"

local plan = {}

-- kind -> preset -> option -> value. What an option isn't given falls back to these.
local PRESETS = {
  anon = {
    plan = { limit = "512M", size = "256M", high = "200M", hold = "5s", delay = 2000, start = 0 },
    default = { limit = "544M", size = "256M", high = "max", hold = "5s", delay = 2000, start = 0 },
  },
  file = {
    default = { limit = "160M", size = "70M", high = "max", hold = "4s", delay = 0, start = "3s" },
  },
}
PRESETS.file.plan = PRESETS.file.default

local WHY = {
  limit = "the two low tenants' 2 x 256M and their page tables must fit side by side once the high one is done",
  high = "anonymous memory without swap can't be reclaimed, so the kernel's own penalty above memory.high "
    .. "throttles a tenant for some 3200 s",
}

local OPTIONS = {
  { "preset", { "default", "plan" }, default = "default", help = "plan: the plan's numbers to the letter" },
  { "kind", { "anon", "file" }, default = "anon", help = "what the tenants fight for: anonymous memory or page cache" },
  { "limit", "limit", help = "memory.max of the session (544M; plan: 512M; file: 160M)" },
  { "size", "size", help = "what each tenant uses (256M; file: 70M)" },
  { "high", "share", help = "memory.high of each tenant, 40% for a part of the limit (max; plan: 200M)" },
  { "hold", "duration", help = "how long a tenant keeps it, or re-reads its file (5s; file: 4s)" },
  { "start", "duration", help = "how much later the high tenant starts (0; file: 3s)" },
  { "calibrate", "flag", help = "raise limit or size until short trials show pressure without needless kills" },
}

local PROTECTION = {
  { "delay", "count", arg = "MS", help = "sleep of a low tenant per slow-path charge (2000, the clamp; file: 0)" },
  { "threshold", "count", default = 0, arg = "FAULTS", help = "page faults of the high one per window that "
    .. "switch the protection on; 0: on while it lives" },
  { "window", "duration", default = "1s", help = "length of that window, and of the protection" },
}

local function show(value) return value == "max" and value or units.format_size(value) end

-- What the default preset changed of the plan's numbers, and why.
local function notes_of(values)
  local notes = {}
  for _, key in ipairs { "limit", "high" } do
    local letter = memlua.must(units.limit(PRESETS[values.kind].plan[key]))
    local ours = memlua.must(units.limit(PRESETS[values.kind].default[key]))
    if ours ~= letter and values[key] == ours then -- what the user chose needs no reason
      notes[#notes + 1] = ("%s %s instead of the plan's %s: %s"):format(key, show(values[key]), show(letter), WHY[key])
    end
  end
  return notes
end

local READERS = { limit = units.limit, size = units.size, high = units.limit, hold = units.duration,
                  start = units.duration, delay = tonumber }

local function fill(values)
  for key, preset in pairs(PRESETS[values.kind][values.preset]) do
    if values[key] == nil then values[key] = memlua.must(READERS[key](preset)) end
  end
  return values
end

--- Reads the command line of a script of the plan; `protected` adds the policy's options. Fills in the preset.
function plan.options(name, about, protected)
  local declared = table.move(OPTIONS, 1, #OPTIONS, 1, {})
  if protected then table.move(PROTECTION, 1, #PROTECTION, #declared + 1, declared) end
  local values = fill(option.parse { name = name, about = about, options = declared })
  if not protected then values.delay = nil end
  return values
end

local function workload(o, reading)
  if o.kind == "file" then return { kind = "file", size = o.size, duration = reading } end
  return { kind = "anon", size = o.size, hold = o.hold }
end

--- The plan's tree: session/{high_session, low_session_1, low_session_2}, as the tenants of a scenario.
function plan.tenants(o)
  local limits = { ["memory.high"] = o.high }
  -- The low readers keep up the pressure for as long as the high one reads; before that it writes its file,
  -- which takes it about as long again.
  local reading = 2 * o.hold + o.start
  return {
    { name = "high", cgroup = "high_session", role = "high", limits = limits, workload = workload(o, o.hold), start = o.start },
    { name = "low_1", cgroup = "low_session_1", role = "low", limits = limits, workload = workload(o, reading) },
    { name = "low_2", cgroup = "low_session_2", role = "low", limits = limits, workload = workload(o, reading) },
  }
end

--- How the tenants share the CPU. Those that only allocate must not wait for it; readers are at it all the time,
--- and the low ones would get none: equal shares let all of them press on the page cache.
function plan.shares(o) return o.kind == "anon" and "ranked" or "equal" end

--- Whether tenants run alone too, first: readers of files work for a fixed time, alone or not, from a cold cache.
function plan.has_solo(o) return o.kind == "anon" end

--- The limits of the session: no swap, so that what doesn't fit can't hide.
function plan.limits(o) return { ["memory.max"] = o.limit, ["memory.swap.max"] = 0 } end

--- What this run changed of the plan's numbers, and why: for the scenario's `notes`.
plan.notes = notes_of

return plan
