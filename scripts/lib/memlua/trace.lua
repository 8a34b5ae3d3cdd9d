--- memlua.trace: traces of a program's memory over time. Read from the resources.json of agents' containers or
--- from CSV, checked sample by sample, described, scaled, synthesised, and turned into the curve that a worker
--- of kind "trace" replays. A trace is { name, samples = { {seconds, bytes[, cpu]}, ... } }: seconds from its
--- first sample, never falling; cpu is a share of one CPU (1 = all of it), absent where it isn't known.
local host = require "memlua.host"
local inputs = require "memlua.experiment.inputs"
local json = require "memlua.json"
local memlua = require "memlua"
local stats = require "memlua.stats"
local units = require "memlua.units"

local trace = {}

-- A file of 16M holds some 100,000 samples of JSON: a day of them at one a second.
local MAX_FILE <const> = 16 << 20
-- Sizes from here on are a mistake of the recorder, not memory.
local ABSURD <const> = 1 << 50

local function refuse(fmt, ...) memlua.fail(memlua.status.misuse, fmt, ...) end

local function finite(x) return type(x) == "number" and x == x and math.abs(x) < math.huge end

-- ---- one sample --------------------------------------------------------------------------------------------

-- Docker's units, after go-units: kB MB GB TB are decimal, KiB MiB GiB TiB binary.
local UNITS = { B = 1, kB = 1e3, KB = 1e3, MB = 1e6, GB = 1e9, TB = 1e12,
                KiB = 2 ^ 10, MiB = 2 ^ 20, GiB = 2 ^ 30, TiB = 2 ^ 40 }

local function check_bytes(bytes, where, shown)
  if not finite(bytes) then refuse("%s: %s: not a size", where, shown) end
  if bytes < 0 then refuse("%s: %s: a negative size", where, shown) end
  if bytes > ABSURD then refuse("%s: %s: more than a machine can have", where, shown) end
  return math.floor(bytes + 0.5)
end

--- Bytes of a container's "147.9MB / 134.5GB": what stands before the slash. `where` names it in the error.
function trace.usage(text, where)
  if type(text) ~= "string" then refuse("%s: a text like '147.9MB / 134.5GB' is needed, not a %s", where, type(text)) end
  local number, unit = text:match "^%s*(-?[%d.]+)%s*(%a+)%s*$"
  if not number then number, unit = text:match "^%s*(-?[%d.]+)%s*(%a+)%s*/" end
  local value, scale = tonumber(number), UNITS[unit]
  if not value or not scale then
    refuse("%s: %s: not a size; known units: B kB MB GB TB KiB MiB GiB TiB", where, text)
  end
  return check_bytes(value * scale, where, text)
end

local function share(text, where)
  if text == nil or text == json.null then return nil end
  local percent = type(text) == "number" and text or tonumber((tostring(text):gsub("%s*%%%s*$", "")))
  if not finite(percent) or percent < 0 or percent > 1e6 then refuse("%s: %s: not a percentage", where, tostring(text)) end
  return percent / 100
end

-- Appends a sample whose time is not yet relative to the first.
local function append(samples, at, bytes, cpu, where)
  local last = samples[#samples]
  if last and at < last[1] then refuse("%s: time runs backwards, from %.15g to %.15g s", where, last[1], at) end
  samples[#samples + 1] = { at, bytes, cpu }
end

-- ---- the formats -------------------------------------------------------------------------------------------

local function field(sample, key, where)
  local value = sample[key]
  if value == nil or value == json.null then refuse("%s: %s: missing", where, key) end
  return value
end

local function from_json(text, name)
  local document, why = json.decode(text)
  if document == nil then refuse("%s: not JSON: %s", name, why) end
  local list = type(document) == "table" and document.samples
  if type(list) ~= "table" then refuse('%s: no "samples": not the resources.json of an agent', name) end
  local samples = {}
  for i, sample in ipairs(list) do
    local where = ("%s: sample %d"):format(name, i)
    if type(sample) ~= "table" then refuse("%s: a record is needed, not a %s", where, type(sample)) end
    local epoch = field(sample, "epoch", where)
    if not finite(epoch) then refuse("%s: epoch: %s: not a time", where, tostring(epoch)) end
    append(samples, epoch, trace.usage(field(sample, "mem_usage", where), where .. ": mem_usage"),
      share(sample.cpu_percent, where .. ": cpu_percent"), where)
  end
  return samples
end

local function csv_number(text, what, where)
  local number = tonumber(text)
  if not finite(number) then refuse("%s: %s: '%s' is not a number", where, what, text or "") end
  return number
end

-- seconds,bytes[,cpu_percent]; a head line, empty lines and # comments are passed over.
local function from_csv(text, name)
  local samples, first = {}, true
  for line in text:gmatch "[^\r\n]+" do
    local at, bytes, cpu = line:match "^%s*([^,]-)%s*,%s*([^,]-)%s*,%s*([^,]-)%s*$"
    if not at then at, bytes = line:match "^%s*([^,]-)%s*,%s*([^,]-)%s*$" end
    local head = first and at and at:match "^%a" and at:lower() ~= "nan" and at:lower() ~= "inf"
    if line:match "%S" and not line:match "^%s*#" and not head then
      local where = ("%s: sample %d"):format(name, #samples + 1)
      if not at then refuse("%s: '%s': seconds,bytes is needed", where, line:sub(1, 40)) end
      append(samples, csv_number(at, "seconds", where), check_bytes(csv_number(bytes, "bytes", where), where, bytes),
        cpu and cpu ~= "" and share(cpu, where .. ": cpu_percent") or nil, where)
    end
    first = first and not line:match "%S"
  end
  return samples
end

-- Times count from the first sample.
local function from_zero(samples)
  local start = samples[1][1]
  for _, sample in ipairs(samples) do sample[1] = sample[1] - start end
  return samples
end

--- The trace in a text: JSON if it begins with a brace, else CSV. `name` stands for it in errors and charts.
--- Fails with status 1: "NAME: sample 3: mem_usage: -5MB: a negative size".
function trace.parse(text, name)
  local samples = (text:match "^%s*[{%[]" and from_json or from_csv)(text, name)
  if #samples == 0 then refuse("%s: no samples: an empty trace", name) end
  return { name = name, samples = from_zero(samples) }
end

--- The trace in a file. Fails with status 1 naming the file and the sample that is wrong.
function trace.read(path)
  local file <close> = memlua.must(io.open(path, "rb"))
  local text, why = file:read(MAX_FILE + 1)
  if why then refuse("%s: %s", path, why) end
  if #(text or "") > MAX_FILE then
    refuse("%s: more than %s: too long for a trace; thin it out or cut it", path, units.format_size(MAX_FILE))
  end
  inputs.file("trace", path)
  return trace.parse(text or "", path)
end

--- The trace as CSV: seconds,bytes[,cpu_percent], with a head line. trace.parse reads it back.
function trace.csv(t)
  local lines = { "seconds,bytes" .. (t.samples[1][3] and ",cpu_percent" or "") }
  for i, sample in ipairs(t.samples) do
    lines[i + 1] = ("%.6f,%d"):format(sample[1], sample[2]) .. (sample[3] and (",%g"):format(sample[3] * 100) or "")
  end
  return table.concat(lines, "\n") .. "\n"
end

-- ---- what it is like ---------------------------------------------------------------------------------------

local function column(t, index)
  local values = {}
  for i, sample in ipairs(t.samples) do values[i] = sample[index] or 0 end
  return values
end

-- Greatest rise and fall per second between neighbours; samples at one time have none.
local function rates(samples)
  local rise, fall, grown, rises = 0, 0, 0, 0
  for i = 2, #samples do
    local span, delta = samples[i][1] - samples[i - 1][1], samples[i][2] - samples[i - 1][2]
    if delta > 0 then grown, rises = grown + delta, rises + 1 end
    if span > 0 then rise, fall = math.max(rise, delta / span), math.max(fall, -delta / span) end
  end
  return rise, fall, grown, rises
end

--- Statistics of a trace: samples, duration (s), peak, mean, median (bytes, over the samples), burstiness (peak
--- over mean), rise and fall (greatest change between neighbours, bytes/s), grown (sum of all rises, bytes),
--- rises (their number), cpu (mean share, nil if not recorded).
function trace.stats(t)
  local bytes = column(t, 2)
  local peak, mean = 0, stats.mean(bytes)
  for _, b in ipairs(bytes) do peak = math.max(peak, b) end
  local rise, fall, grown, rises = rates(t.samples)
  return {
    samples = #t.samples, duration = t.samples[#t.samples][1], peak = peak, mean = mean, median = stats.median(bytes),
    burstiness = mean > 0 and peak / mean or nil, rise = rise, fall = fall, grown = grown, rises = rises,
    cpu = t.samples[1][3] and stats.mean(column(t, 3)) or nil,
  }
end

--- The bursts of a list of traces, as agents' are characterised: { ratio = the greatest peak over mean, ratio_of = that trace's name, change = the
--- greatest rise or fall between two samples, bytes a second, change_of }.
function trace.bursts(list)
  local found = { ratio = 0, change = 0 }
  for _, t in ipairs(list) do
    local s = trace.stats(t)
    if (s.burstiness or 0) > found.ratio then found.ratio, found.ratio_of = s.burstiness, t.name end
    local change = math.max(s.rise, s.fall)
    if change > found.change then found.change, found.change_of = change, t.name end
  end
  return found
end

--- Level of a trace at a time: that of the last sample not after it; 0 before the first.
function trace.at(t, seconds)
  local low, high = 0, #t.samples
  while low < high do
    local middle = (low + high + 1) // 2
    if t.samples[middle][1] <= seconds then low = middle else high = middle - 1 end
  end
  return low > 0 and t.samples[low][2] or 0
end

-- ---- other traces from it ------------------------------------------------------------------------------------

local function positive(factor, what)
  if not finite(factor) or factor <= 0 then refuse("%s: %s: must be more than 0", what, tostring(factor)) end
end

--- A copy with memory and time multiplied by `memory` and `time` (1).
function trace.scale(t, memory, time)
  positive(memory or 1, "memory")
  positive(time or 1, "time")
  local samples = {}
  for i, sample in ipairs(t.samples) do
    local bytes = check_bytes(sample[2] * (memory or 1), ("%s: sample %d"):format(t.name, i), tostring(sample[2]))
    samples[i] = { sample[1] * (time or 1), bytes, sample[3] }
  end
  return { name = t.name, samples = samples }
end

-- ---- synthesis ---------------------------------------------------------------------------------------------

-- A generator of numbers in [0, 1) from one of 64-bit integers.
local function uniform(random) return (random() >> 11) * 2.0 ^ -53 end

-- Tool calls: each a plateau of its own height at a place of its own; the first one reaches the peak. Between
-- them the level wavers a little, as garbage collected heaps do.
local function burst_shape(s, random)
  local shape = {}
  for i = 1, s.count do shape[i] = 0.05 * uniform(random) end
  for b = 1, s.bursts do
    local length = math.max(1, math.min(s.count - 2, math.floor(s.count / 20 * (0.5 + uniform(random)) + 0.5)))
    local first = 2 + math.floor(uniform(random) * (s.count - length - 1))
    local height = b == 1 and 1 or 0.3 + 0.6 * uniform(random)
    for i = first, math.min(s.count, first + length - 1) do shape[i] = math.max(shape[i], height) end
  end
  return shape
end

local function check_synthesis(s)
  if not finite(s.duration) or s.duration <= 0 then refuse("duration: %s: must be more than 0 s", tostring(s.duration)) end
  if not finite(s.interval) or s.interval <= 0 then refuse("interval: %s: must be more than 0 s", tostring(s.interval)) end
  s.count = math.floor(s.duration / s.interval + 0.5) + 1
  if s.count < 4 or s.count > 1000000 then
    refuse("%d samples of %g s: choose a duration and an interval that make 4 to 1000000", s.count, s.interval)
  end
  check_bytes(s.peak, "peak", tostring(s.peak))
  if s.mean > s.peak then refuse("mean: %d is above the peak, %d", s.mean, s.peak) end
end

-- What lies between the bursts, so that the mean comes out as asked.
local function resident(s, shape)
  local busy = stats.mean(shape)
  local level = (s.mean - s.peak * busy) / (1 - busy)
  if level < 0 then
    refuse("mean: %d can't be reached: %d bursts to %d alone make %.0f; ask for fewer bursts or a greater mean",
      s.mean, s.bursts, s.peak, s.peak * busy)
  end
  return level
end

--- A trace from statistics: a resident level with `bursts` (8) plateaus above it, like an agent's tool calls.
--- `s`: peak, mean (bytes, both met within rounding), duration, interval (1) (seconds), bursts, seed (1), name.
--- Equal arguments give equal traces.
function trace.synthesise(s)
  s = { peak = s.peak, mean = s.mean, duration = s.duration, interval = s.interval or 1, bursts = s.bursts or 8,
        seed = s.seed or 1, name = s.name or "synthetic" }
  check_synthesis(s)
  local shape = burst_shape(s, stats.random(s.seed))
  local level, samples = resident(s, shape), {}
  for i = 1, s.count do
    samples[i] = { (i - 1) * s.interval, math.floor(level + (s.peak - level) * shape[i] + 0.5) }
  end
  return { name = s.name, samples = samples }
end

-- ---- replaying -----------------------------------------------------------------------------------------------

--- The trace as the workload of a tenant: kind "trace". `how`: speed (1), base (0 bytes), cpu (false: memory only).
--- Fails with status 1 where the trace with its base exceeds this machine's memory, before anything starts.
function trace.workload(t, how)
  local speed, base = how.speed or 1, how.base or 0
  if not finite(speed) or speed <= 0 then
    refuse("speed: %s: must be more than 0; 1 is the trace's own", tostring(speed))
  end
  local peak, total = trace.stats(t).peak, host.facts().memory
  if total and peak + base > total then
    refuse("%s: its peak of %s on a base of %s is more than this machine's memory, %s; scale it, or give the "
      .. "microVM more with --memory", t.name, units.format_size(peak), units.format_size(base), units.format_size(total))
  end
  local curve = {}
  for i, sample in ipairs(t.samples) do curve[i] = { sample[1], sample[2], how.cpu and sample[3] or nil } end
  return { kind = "trace", curve = curve, speed = speed, base = base, size = peak + base }
end

return trace
