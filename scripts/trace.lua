-- Memory traces: describes them, converts them to CSV, scales them, or makes one from statistics.
--   memlua scripts/trace.lua resources.json
--   memlua scripts/trace.lua resources.json --scale-memory 0.5 --csv half.csv
--   memlua scripts/trace.lua --peak 320M --mean 200M --duration 98 --bursts 6 --csv synthetic.csv
local document = require "memlua.base.document"
local host = require "memlua.host"
local json = require "memlua.json"
local memlua = require "memlua"
local option = require "memlua.option"
local plot = require "memlua.plot"
local text = require "memlua.base.text"
local trace = require "memlua.trace"
local units = require "memlua.units"

local options = option.parse {
  name = "trace", about = "Describes, converts, scales and makes memory traces.", common = "report",
  arguments = { { "trace", args = "*", help = "resources.json of an agent, or CSV seconds,bytes[,cpu_percent]" } },
  options = {
    { "csv", "string", arg = "FILE", help = "write the trace there as CSV (-: standard output) instead of describing it" },
    { "scale-memory", "number", default = 1, arg = "X", help = "multiply its memory" },
    { "scale-time", "number", default = 1, arg = "X", help = "multiply its times" },
    { "peak", "size", help = "make a trace: its greatest level" },
    { "mean", "size", help = "make a trace: its mean level" },
    { "duration", "duration", default = "100s", help = "make a trace: how long it is" },
    { "interval", "duration", default = "1s", help = "make a trace: from one sample to the next" },
    { "bursts", "positive", default = 8, help = "make a trace: plateaus above its resident level" },
    { "seed", "count", default = 1, help = "make a trace: equal seeds give equal ones" },
  },
}

local function synthesised(o)
  if not (o.peak and o.mean) then
    memlua.fail(memlua.status.misuse, "nothing to do: name a trace, or give --peak and --mean to make one")
  end
  return trace.synthesise { peak = o.peak, mean = o.mean, duration = o.duration, interval = o.interval,
                            bursts = o.bursts, seed = o.seed }
end

local function traces_of(o)
  local list = {}
  for i, path in ipairs(o.trace) do list[i] = trace.read(path) end
  if #list == 0 then list[1] = synthesised(o) end
  for i, t in ipairs(list) do list[i] = trace.scale(t, o.scale_memory, o.scale_time) end
  return list
end

-- ---- CSV -------------------------------------------------------------------------------------------------------

local function write_csv(traces, path)
  if #traces > 1 then memlua.fail(memlua.status.misuse, "--csv: one trace at a time; %d were given", #traces) end
  if path == "-" then return io.stdout:write(trace.csv(traces[1])) end
  memlua.must(host.save(path, trace.csv(traces[1])))
end

-- ---- description -------------------------------------------------------------------------------------------------

local COLUMNS = {
  { "TRACE" }, { "SAMPLES", align = "right", drop = 3 }, { "DURATION", align = "right" }, { "PEAK", align = "right" },
  { "MEAN", align = "right" }, { "PEAK/MEAN", align = "right" }, { "RISES", align = "right", drop = 3 },
  { "GROWN", align = "right", drop = 4 }, { "FASTEST RISE", align = "right", drop = 1 },
  { "FASTEST FALL", align = "right", drop = 2 }, { "CPU", align = "right", drop = 5 },
}

local function base_name(path) return path:match "([^/]+)$" or path end

local function row_of(t)
  local s, size = trace.stats(t), units.format_size
  return {
    base_name(t.name), s.samples, ("%.1f s"):format(s.duration), size(s.peak), size(s.mean),
    s.burstiness and ("%.2f"):format(s.burstiness), s.rises, size(s.grown), size(s.rise) .. "/s", size(s.fall) .. "/s",
    s.cpu and ("%.0f %%"):format(s.cpu * 100),
  }
end

local LEVELS = { [true] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" }, [false] = { ".", ":", "-", "=", "+", "*", "#", "@" } }

-- One line: each column the greatest level in its part of the time.
local function spark(t)
  local levels, s = LEVELS[text.unicode()], trace.stats(t)
  local width, columns, parts = math.min(100, text.columns()), {}, {}
  for i = 1, width do columns[i] = trace.at(t, s.duration * (i - 1) / width) end
  for _, sample in ipairs(t.samples) do
    local i = s.duration > 0 and math.min(width, sample[1] / s.duration * width // 1 + 1 | 0) or 1
    columns[i] = math.max(columns[i], sample[2])
  end
  for i, bytes in ipairs(columns) do parts[i] = levels[math.max(1, math.ceil(bytes / math.max(1, s.peak) * #levels))] end
  return table.concat(parts)
end

local function describe(traces)
  local rows = {}
  for i, t in ipairs(traces) do rows[i] = row_of(t) end
  io.stdout:write(text.render(COLUMNS, rows))
  local bursts = trace.bursts(traces)
  if bursts.change > 0 then -- in a million bytes, as containers are told of
    print(("bursts: up to %.1f times the mean (%s), up to %.0f MB within a second (%s)"):format(bursts.ratio, base_name(bursts.ratio_of), bursts.change / 1e6,
      base_name(bursts.change_of)))
  end
  for _, t in ipairs(traces) do print(("\n%s\n%s"):format(base_name(t.name), spark(t))) end
end

-- Columns of the data: trace, seconds, MB.
local function draw(traces, folder)
  local rows, names, most, last = {}, {}, 0, 0
  for i, t in ipairs(traces) do
    names[i] = base_name(t.name):gsub("%s", "_")
    for _, sample in ipairs(t.samples) do rows[#rows + 1] = { i, sample[1] + 0.0, sample[2] / 1000000 } end
    most, last = math.max(most, trace.stats(t).peak / 1000000), math.max(last, trace.stats(t).duration)
  end
  plot.write(folder, "traces", "trace", { heading = "Memory over time", series = #traces,
    names = table.concat(names, " "), most = math.max(most, 1), last = math.max(last, 1) }, rows)
  plot.render(folder)
end

local function statistics(traces)
  local list = {}
  for i, t in ipairs(traces) do
    list[i] = trace.stats(t)
    list[i].name = t.name
  end
  return json.array(list)
end

local traces = traces_of(options)
if options.csv then return write_csv(traces, options.csv) end
if options.json ~= "-" then describe(traces) end
if options.json then document.write(options.json, statistics(traces)) end
if options.out then draw(traces, options.out) end
