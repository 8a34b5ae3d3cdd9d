--- memlua.results.format: what the files of a run's folder must be like for those who read them. A folder may come from
--- another machine, another memlua, or somebody who means harm: each complaint names the file and the key in it. Keys that
--- nobody here reads may be anything.
local check = require "memlua.base.check"
local schema = require "memlua.results.schema"
local samples = require "memlua.results.samples"
local is <const> = require "memlua.base.shape"

local format = {}

local refuse <const> = check.refuse
local count <const>, number <const>, text <const> = is.count, is.number, is.text
local list <const>, map <const>, record <const> = is.list, is.map, is.record

local function id(value, path)
  check.name(value, path)
  if not value:find "^%d+%-." then refuse(path, "'%s': not a run's id, which is NUMBER-STRATEGY", value) end
end

-- ---- manifest.json ------------------------------------------------------------------------------------------------

local phase <const> = record({ name = text, rate = number, duration = number }, { "rate", "duration" })
local kind_of_workload <const> = record({ kind = text, name = text, duration = number, hold = number, size = number, rate = list(phase, 1) },
                                        { "kind" })

local limits = map(is.number_or_text)

local function session_limits(value, path)
  limits(value, path)
  if value["memory.max"] ~= nil then is.limit(value["memory.max"], is.below(path, "memory.max")) end
end

local SCENARIO <const> = record({
  limits = session_limits,
  tenants = list(record({ name = check.name, role = text, rank = number, size = number, limits = limits,
                          workloads = list(kind_of_workload, 1) }, { "name", "workloads" }), 1),
  strategies = list(record({ name = check.name }, { "name" })),
}, { "limits", "tenants", "strategies" })

local BROKEN <const> = record({ id = text, detail = text, error = text }, { "id" })

local CLAIM_FORM <const> = record({ name = check.name, text = text, tenant = text, metric = text, under = text, against = text, below = number, above = number },
                                 { "name", "text", "metric", "under" })

local function claim(value, path)
  CLAIM_FORM(value, path)
  if not (value.below or value.above) then refuse(path, "no band: below or above is missing") end
end

local MANIFEST <const> = record({
  name = text, about = text, seed = is.whole, report = text, written = text, warmup = count, options = is.object, notes = list(text),
  scenario = SCENARIO, solo_of = map(check.name), skipped = list(record({ name = check.name, reason = text }, { "name", "reason" })),
  stopping = record({ share = number, looks = list(count, 1), stopped = count }, { "share", "looks" }), claims = list(claim, 1), cells = is.unique(id), cell = id, runs = is.unique(id), missing = list(id),
  expected = list(record({ text = text, runs = count, broken = list(BROKEN) }, { "text", "runs" })),
}, { "name", "runs" })

-- ---- host.json ----------------------------------------------------------------------------------------------------

local TEXTS <const> = map(text)

local HOST <const> = record {
  cmdline = text, asked = record { words = list(text), kernel = text, headers = text, memory = number, disk = number },
  ran = record { digests = TEXTS, versions = TEXTS, packages = TEXTS, config = TEXTS, load = map(number), steal = number,
                 machine = record { release = text, cpu = text, cpus = count, memory = count } },
  release = text, clock = text, way = text, accel = text, arch = text, cpu = text, memlua = text, clocksource = text, thp = text,
  mglru = text, cpus = count, memory = count, swap = count, page_size = count, hz = count, tick_ns = count,
}

-- ---- runs/ID/run.json ---------------------------------------------------------------------------------------------

local HISTOGRAM <const> = record({
  unit = text, count = count, min = number, max = number, sum = number, buckets = list(is.tuple(0, number, number, count)),
}, { "count", "buckets" })

-- Percentiles look for a rank in the buckets.
local function histogram(value, path)
  HISTOGRAM(value, path)
  local n = 0
  for _, bucket in ipairs(value.buckets) do n = n + bucket[3] end
  if n ~= value.count then refuse(is.below(path, "count"), "%d, but the buckets hold %d", value.count, n) end
  for _, key in ipairs(n > 0 and { "min", "max" } or {}) do
    if not value[key] then refuse(is.below(path, key), "missing") end
  end
end

-- Of the requests that were due within each part of a workload's time.
local function windows(value, path)
  record({ width_s = number, latency = list(histogram) }, { "width_s", "latency" })(value, path)
  if value.width_s <= 0 then refuse(is.below(path, "width_s"), "%s: not more than 0", value.width_s) end
end

local numbers <const> = map(number)
local loads <const> = list(record({ at = number, cpu_us = number, cpu_stalled_us = number, io_stalled_us = number }, { "at" }))

local function rows(name)
  local least, most = table.unpack(samples.ROWS[name])
  local columns = {}
  for i = 1, most do columns[i] = number end
  return list(is.tuple(most - least, table.unpack(columns)))
end

local PROCESS <const> = {
  ended = text, signal = is.number_or_text, exit_code = is.number_or_text, error = text, output = check.name, pid = number, completion_s = number,
  alloc_s = number, held_s = number, spawned = number, start = number, finish = number, ended_at = number, delay = number,
  metrics = map(record({ value = number, unit = text, better = text }, { "value", "better" })), ready_s = number, prepare_s = number,
  latency = histogram, windows = windows, progress = rows "progress", workload = kind_of_workload,
}

local function joined(fields, more)
  local all = {}
  for key, value in pairs(fields) do all[key] = value end
  for key, value in pairs(more) do all[key] = value end
  return all
end

local WORKLOAD <const> = record(joined(PROCESS, { name = text }), { "name", "ended" })

local TENANT <const> = record(joined(PROCESS, {
  name = check.name, role = text, rank = number, limits = limits, events = numbers, events_local = numbers, stat = numbers,
  stalled_us = numbers, peak = number, memory = rows "memory", load = numbers, loads = loads,
  rate = record { asked = number, achieved = number, kept = is.yes_or_no, unit = text }, callbacks = record { claim = number },
  workloads = list(WORKLOAD, 1), left = record { files = count, bytes = count, others = count },
}), { "name", "rank", "ended" })

local ANSWER <const> = record({ text = text, holds = is.yes_or_no, detail = text, error = text }, { "text" })

local CONTROLLER <const> = record({
  ended = text, error = text, after_s = number, cpu_s = number, wakeups = count, reactions = histogram,
  put_back = map(map(is.number_or_text)), output = check.name, killed = list(check.name),
  counted = numbers,
}, { "ended" })

local RECORDED <const> = record({ file = check.name, calls = count, cut = count, beyond = count, lost = count, bytes = count }, { "file", "calls" })

local RESULT <const> = record({
  id = id, block = is.whole, strategy = check.name, solo = is.yes_or_no, duration_s = number, expected = list(ANSWER),
  supervisor = record { cpu_s = number, late_s = number, waited_s = number, major_faults = number, others = number, load = numbers,
                        loads = loads },
  parent = record { events = numbers, events_local = numbers, stat = numbers, stalled_us = numbers, load = numbers, peak = number,
                    limits = session_limits },
  counted = numbers, policy = record({ name = text, stats = map(is.tree), recorded = RECORDED }, { "name" }), controller = CONTROLLER,
  paid = record { threads = numbers, programs = map(record({ calls = count, time_s = number }, { "calls", "time_s" })) },
  oom = list(record({ task_memcg = text, oom_memcg = text, time = number }, { "time" })), tenants = list(TENANT, 1),
}, { "strategy", "tenants" })

local function positive(value, path)
  number(value, path)
  if value <= 0 then refuse(path, "%s: not more than 0", value) end
end

-- What memlua.experiment measures depends on who reports it.
local STEPS <const>, step = { "make", "attach", "spawn", "sample", "figures", "wait", "detach", "remove" }, {}
for _, name in ipairs(STEPS) do step[name] = positive end
local steps <const> = record(step, STEPS)

local MEASURED <const> = {
  costs = record({ case = check.name, block = is.whole, id = id, ended = text, alloc_s = positive, size = positive, chunks_s = list(positive, 1) },
                 { "case", "block", "alloc_s", "size", "chunks_s" }),
  growth = record({ case = check.name, block = is.whole, id = id, ended = text, tenants = positive, steps = steps }, { "case", "tenants", "steps" }),
  sleeps = record({ case = check.name, block = is.whole, id = id, ended = text, asked_ms = count, chunks_s = list(number, 1),
                    module = record { slept = number, slept_ms = number } }, { "asked_ms", "chunks_s" }),
}
local ANY_MEASURED <const> = record { case = text, block = is.whole, id = id, ended = text }

-- ---- summary.json -------------------------------------------------------------------------------------------------

local SUMMARY <const> = record {
  verdict = text,
  strategies = list(record({ name = text, solo = is.yes_or_no, runs = count,
                             tenants = list(record({ name = text, lost = map(count) }, { "name" })) }, { "name", "runs", "tenants" })),
}

-- ---- between the files --------------------------------------------------------------------------------------------

local function names_of(tenants)
  local names = {}
  for i, tenant in ipairs(tenants) do names[i] = tenant.name .. "\0" .. #(tenant.workloads or {}) end
  table.sort(names)
  for i = 2, #names do if names[i] == names[i - 1] then return nil, names[i]:match "^[^%z]*" end end
  return table.concat(names, "\0\0")
end

-- All runs of a strategy have its tenants, each once and with the same workloads.
local function check_tenants(folder, results)
  local of_strategy = {}
  for i, result in ipairs(folder.runs) do
    local path = ("%s: tenants"):format(results[i])
    local names, twice = names_of(result.tenants)
    if twice then refuse(path, "'%s' stands there twice", twice) end
    local known = of_strategy[result.strategy]
    if known and known.names ~= names then refuse(path, "not those of %s, a run of the same strategy", known.file) end
    if known and known.solo ~= result.solo then refuse(results[i] .. ": solo", "not as in %s", known.file) end
    of_strategy[result.strategy] = known or { names = names, file = results[i], solo = result.solo }
  end
end

-- Those that the scenario lists are in each run that isn't one of a tenant alone.
local function check_scenario(folder, results)
  for i, result in ipairs(folder.runs) do
    local there = {}
    for _, tenant in ipairs(result.tenants) do there[tenant.name] = true end
    for _, tenant in ipairs(result.solo and {} or folder.manifest.scenario.tenants) do
      if not there[tenant.name] then refuse(results[i] .. ": tenants", "'%s' of the scenario is missing", tenant.name) end
    end
  end
end

-- ---- what the files are checked with --------------------------------------------------------------------------------

local function checker(form)
  return function(value, file)
    if type(value) ~= "table" then refuse(file, "an object is needed, not %s", is.kind_of(value)) end
    form(value, file .. ": ")
    return value
  end
end

--- Checks what a manifest.json holds, `value`, decoded; `file` names it in errors. Returns it, or fails with status 1 and
--- "file: key: reason".
function format.manifest(value, file) return checker(MANIFEST)(value, file) end

--- The same of a host.json.
function format.host(value, file) return checker(HOST)(value, file) end

--- The same of a summary.json.
function format.summary(value, file) return checker(SUMMARY)(value, file) end

--- The same of a run.json; what it must hold depends on the folder's manifest.
function format.result(value, file, manifest)
  if manifest.scenario then return schema.check(checker(RESULT)(value, file), file) end
  return checker(MEASURED[manifest.report] or ANY_MEASURED)(value, file)
end

--- What must hold between the files of a folder ({ path, manifest, host, runs }) for it to be shown. `results`: the
--- run.json of each of its runs. Fails as the others do.
function format.together(folder, results)
  local manifest = folder.path .. "/manifest.json: "
  if folder.manifest.scenario then
    check_tenants(folder, results)
    check_scenario(folder, results)
  elseif not MEASURED[folder.manifest.report] then
    refuse(manifest .. "report", "'%s' and no scenario: nothing that this memlua can show", folder.manifest.report or "nothing")
  elseif folder.manifest.report == "costs" and (folder.host.page_size or 0) < 1 then
    refuse(folder.path .. "/host.json: page_size", "missing")
  elseif folder.manifest.report == "sleeps" and (folder.host.tick_ns or 0) < 1 then
    refuse(folder.path .. "/host.json: tick_ns", "missing")
  end
end

return format
