-- Traces of agents' memory replayed beside each other under one limit that can't hold all their peaks: who
-- survives, how late, and how long does a rise of memory take? The presets are AgentCgroup's (arXiv 2602.09345): its three
-- scenarios, and the five combinations that it models; --traces FOLDER has theirs. Without traces of your own, synthetic ones of similar statistics are replayed.
--   memlua scripts/replay.lua --high A.json --low B.json --low B.json --runs 10
-- The paper replays at 50x. An emulated CPU can't touch that much memory in the time, so that the tenants would fight
-- for CPU instead: 10x is the default, and the report warns where a tenant alone can't keep up. See replay.md.
local host = require "memlua.host"
local memlua = require "memlua"
local option = require "memlua.option"
local scenario = require "memlua.scenario"
local trace = require "memlua.trace"
local units = require "memlua.units"

-- The paper's figures. Its megabytes are those of the traces, of a million bytes: the ratio of limit to peaks is
-- what matters.
local MB <const> = 1000000
local DASK <const>, GITHUB3 <const> = "dask__dask-11628", "sigmavirus24__github3.py-673"
local PRE_COMMIT <const>, FAKER <const> = "pre-commit__pre-commit-2524", "joke2k__faker-1520"

local function preset(limit, high, low, more)
  local p = { limit = limit * MB, base = 100 * MB, low_high = 400 * MB, speed = 10, delay = 50, traces = { high = { high }, low = low } }
  for key, value in pairs(more or {}) do p[key] = value end
  return p
end

local FAST <const> = { speed = 100, delay = 100 } -- as its isolation case; the combinations are given no speed
local PRESETS <const> = {
  survival = preset(1100, DASK, { GITHUB3, GITHUB3 }),
  latency = preset(1300, DASK, { GITHUB3, GITHUB3 }),
  isolation = preset(2560, PRE_COMMIT, { DASK, FAKER }, FAST),
  ["combination-1"] = preset(2048, PRE_COMMIT, { DASK, FAKER }, FAST),
  ["combination-2"] = preset(2048, DASK, { PRE_COMMIT, FAKER }, FAST),
  ["combination-3"] = preset(1024, DASK, { FAKER, GITHUB3 }, FAST),
  ["combination-4"] = preset(1024, PRE_COMMIT, { DASK, FAKER }, FAST),
  ["combination-5"] = preset(512, PRE_COMMIT, { DASK }, FAST),
}

local options = option.parse {
  name = "replay", about = "Replays memory traces under one limit: survival, slowdown and latency by policy.",
  options = {
    { "high", "string", arg = "TRACE", many = true, help = "a trace of a high tenant: resources.json or CSV (synthetic)" },
    { "low", "string", arg = "TRACE", many = true, help = "a trace of a low tenant; the first given ranks first" },
    { "traces", "string", arg = "DIR", help = "the folder of the preset's traces, NAME.json or NAME/attempt_1/resources.json" },
    { "preset", memlua.keys(PRESETS), default = "survival", help = "the paper's scenario (1100, 1300 or 2560 MB), or its combination" },
    { "limit", "limit", help = "memory.max of the session (the preset's)" },
    { "speed", "number", arg = "X", help = "seconds of the trace per second (10; isolation, combinations: 100)" },
    { "base", "size", help = "memory that each tenant keeps beside its trace (100 MB)" },
    { "policy", "string", default = "none,priority,reserve", arg = "LIST", help = "strategies, separated by commas: none, "
      .. "max, low, high (the kernel's own limits), a policy's name or path" },
    { "low-high", "share", help = "priority, high: memory.high of the low tenants (400 MB)" },
    { "delay", "count", arg = "MS", help = "priority: sleep of a low tenant per slow-path charge (50; isolation, combinations: 100)" },
    { "threshold", "count", default = 10000, arg = "FAULTS", help = "priority: faults of the high ones per window that "
      .. "switch it on; 0: always on" },
    { "window", "duration", default = "1s", help = "priority: that window" },
    { "margin", "size", help = "reserve: what a claim exceeds peak and base by (2M and 1 %)" },
    { "shares", { "ranked", "equal" }, default = "ranked", help = "CPU shares of the tenants" },
    { "cpu", "flag", help = "use the CPU as the trace says, too" },
  },
}

-- The preset's traces in a folder; those that aren't there are all named.
local function traces_in(folder, wanted)
  local paths, missing = {}, {}
  for role, names in pairs(wanted) do
    paths[role] = {}
    for i, name in ipairs(names) do
      local flat, published = ("%s/%s.json"):format(folder, name), ("%s/%s/attempt_1/resources.json"):format(folder, name)
      paths[role][i] = host.kind(flat) and flat or host.kind(published) and published
      if not paths[role][i] then missing[name] = true end
    end
  end
  if next(missing) then
    memlua.fail(memlua.status.misuse, "--traces %s: missing: %s; each as NAME.json or NAME/attempt_1/resources.json", folder, table.concat(memlua.keys(missing), ", "))
  end
  return paths
end

local function fill(o)
  local chosen = PRESETS[o.preset]
  if o.traces then
    if #(o.high or {}) + #(o.low or {}) > 0 then memlua.fail(memlua.status.misuse, "--traces: beside --high or --low; it says both") end
    local found = traces_in(o.traces, chosen.traces)
    o.high, o.low = found.high, found.low
  end
  for key, value in pairs(chosen) do
    if o[key] == nil and key ~= "traces" then o[key] = value end
  end
  if not (o.speed > 0) then memlua.fail(memlua.status.misuse, "--speed %g: must be more than 0; 1 is the trace's own", o.speed) end
  return o
end

-- ---- tenants -------------------------------------------------------------------------------------------------

-- As varied as agents at work on a repository: a resident part, and tool calls above it.
local SYNTHETIC = {
  high = { { name = "synthetic high", peak = 320000000, mean = 200000000, duration = 98, seed = 1 } },
  low = { { name = "synthetic low", peak = 305000000, mean = 215000000, duration = 102, seed = 2 } },
}
SYNTHETIC.low[2] = SYNTHETIC.low[1]

-- Equal traces are one table, so that they share a solo run.
local read = setmetatable({}, { __index = function(cache, path)
  cache[path] = trace.read(path)
  return cache[path]
end })

local synthetic = setmetatable({}, { __index = function(cache, statistics)
  cache[statistics] = trace.synthesise(statistics)
  return cache[statistics]
end })

local function traces_of(o, role)
  local list = {}
  for i, path in ipairs(o[role] or {}) do list[i] = read[path] end
  if #(o.high or {}) + #(o.low or {}) == 0 then
    for i, statistics in ipairs(SYNTHETIC[role]) do list[i] = synthetic[statistics] end
  end
  return list
end

local workloads = {}

local function workload_of(t, o)
  workloads[t] = workloads[t] or trace.workload(t, { speed = o.speed, base = o.base, cpu = o.cpu })
  return workloads[t]
end

local function add_tenants(list, o, role)
  local traces = traces_of(o, role)
  for i, t in ipairs(traces) do
    local name = #traces > 1 and role .. "_" .. i or role
    list[#list + 1] = { name = name, cgroup = name .. "_session", role = role, rank = #list + 1,
                        workload = workload_of(t, o) }
  end
end

local function tenants_of(o)
  local list = {}
  add_tenants(list, o, "high")
  add_tenants(list, o, "low")
  return list
end

-- ---- strategies ------------------------------------------------------------------------------------------------

-- The same limits for every tenant of a role, or for all.
local function each(tenants, role, limits_of)
  local overrides = {}
  for _, t in ipairs(tenants) do
    if not role or t.role == role then overrides[t.name] = { limits = limits_of(t) } end
  end
  return overrides
end

local STRATEGIES = {}

function STRATEGIES.none() return { name = "none" } end

function STRATEGIES.max(o, tenants)
  local share = o.limit == "max" and "max" or o.limit // #tenants
  return { name = "max", tenants = each(tenants, nil, function() return { ["memory.max"] = share } end) }
end

function STRATEGIES.low(_, tenants)
  return { name = "low", tenants = each(tenants, "high", function(t) return { ["memory.low"] = t.workload.size } end) }
end

function STRATEGIES.high(o, tenants)
  return { name = "high", tenants = each(tenants, "low", function() return { ["memory.high"] = o.low_high } end) }
end

-- As in the paper: the low tenants have memory.high beside the policy.
function STRATEGIES.priority(o, tenants)
  return { name = "priority", tenants = STRATEGIES.high(o, tenants).tenants, policy = { name = "priority", config = {
    trigger = "faults", threshold = o.threshold, delay_ms = o.delay, window_ms = math.floor(o.window * 1000),
  } } }
end

-- Without a margin of ours the scenario adds what a tenant charges beside what it touches.
function STRATEGIES.reserve(o, tenants)
  local overrides = {}
  for _, t in ipairs(o.margin and tenants or {}) do
    overrides[t.name] = { policy = { claim = t.workload.size + o.margin } }
  end
  return { name = "reserve", tenants = overrides, policy = { name = "reserve" } }
end

local function other(path) return { name = path:match "([^/]+)$":gsub("%.bpf%.o$", ""), policy = { name = path } } end

local function strategies_of(o, tenants)
  local list = {}
  for name in o.policy:gmatch "[^,%s]+" do
    list[#list + 1] = STRATEGIES[name] and STRATEGIES[name](o, tenants) or other(name)
  end
  if #list == 0 then memlua.fail(memlua.status.misuse, "--policy: empty; name at least one, or none for no policy") end
  return list
end

-- ---- the whole ---------------------------------------------------------------------------------------------------

fill(options)
local tenants = tenants_of(options)
local together = 0
for _, t in ipairs(tenants) do together = together + t.workload.size end

-- Who doesn't fit even alone is lost whatever anybody does.
local function notes()
  local list = { ("peaks with bases: %s together, limit %s"):format(units.format_size(together), units.format_size(options.limit)) }
  for _, t in ipairs(tenants) do
    if options.limit ~= "max" and t.workload.size > options.limit then
      list[#list + 1] = ("%s alone exceeds the limit: %s; no strategy can keep it"):format(t.name, units.format_size(t.workload.size))
    end
  end
  return list
end

scenario.run {
  name = "replay",
  about = ("replay at %gx, %s"):format(options.speed, options.preset),
  options = options,
  notes = notes(),
  limits = { ["memory.max"] = options.limit, ["memory.swap.max"] = 0 },
  tenants = tenants,
  strategies = strategies_of(options, tenants),
  shares = options.shares, runs = 5,
  report = "replay",
}
