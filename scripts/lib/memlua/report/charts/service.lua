--- memlua.report.charts.service: the chart of requests at a rate over time: how many were made, how long they took, the tenant's
--- memory, its pressure, and what else it waited for, below each other, a line for each strategy, with the phases of the rate shaded.
local plot = require "memlua.plot"
local stats = require "memlua.stats"
local summary = require "memlua.results.summary"
local telling = require "memlua.report.charts.telling"

local service = {}

local MIB <const> = 1 << 20

-- More are too many to look at: those of the best-ranked tenants are drawn.
local MOST <const> = 4

-- ---- one tenant of one run -------------------------------------------------------------------------------------------

-- The parts that make requests at the same rate: those that are alike in width.
local function paced_of(tenant)
  local parts = {}
  for _, part in ipairs(tenant.workloads or { tenant }) do
    local first = parts[1] or part
    if part.windows and part.windows.width_s == first.windows.width_s then parts[#parts + 1] = part end
  end
  return parts
end

-- Seconds into the run at which its first phase began: memory is touched, and files are written, before that.
local function begun(part)
  if part.workload.kind == "lua" or not part.alloc_s then return part.start or 0 end
  return (part.spawned or 0) + (part.delay or 0) + part.alloc_s
end

local function ms(histogram, p) return histogram and histogram.count > 0 and stats.percentile(histogram, p) / 1e6 or 0.0 end

-- So many of the kept parts of the time are one in the picture that it has ten requests, where there are enough: of fewer a rate
-- is a row of steps.
local FEW <const> = 10

local function stride_of(tenant, n)
  for stride = 1, n // FEW do
    if (tenant.requests_due or 0) * stride >= FEW * n then return stride end
  end
  return n // FEW
end

-- The latencies of the windows from `first` to `last` of all parts.
local function merged_of(parts, first, last)
  local list = {}
  for _, part in ipairs(parts) do table.move(part.windows.latency, first, last, #list + 1, list) end
  return stats.merge(list)
end

-- Rows { seconds, requests a second, P50, P99 } up to the tenant's end.
local function windows_of(tenant)
  local parts, rows = paced_of(tenant), {}
  local width, origin, n = parts[1].windows.width_s, begun(parts[1]), #parts[1].windows.latency
  local stride = math.max(1, stride_of(tenant, n))
  for first = 1, n, stride do
    local last = math.min(n, first + stride - 1)
    local at, merged = origin + (first + last - 1) / 2 * width, merged_of(parts, first, last)
    if at > (tenant.ended_at or math.huge) then break end
    rows[#rows + 1] = { at, (merged and merged.count or 0) / width / (last - first + 1), ms(merged, 0.50), ms(merged, 0.99) }
  end
  return rows
end

-- Of the time between two looks, per cent; `us`: how much was counted then.
local function share_of(seconds, us) return math.min(100.0, math.max(0.0, us / 1e4 / seconds)) end

-- Rows { seconds, per cent of the time since the last look in which it waited for the CPU, for block devices }.
local function waits_of(tenant)
  local rows, loads = {}, tenant.loads or {}
  for i = 2, #loads do
    local before, now = loads[i - 1], loads[i]
    local seconds = now.at - before.at
    if seconds > 0 and now.cpu_stalled_us and before.cpu_stalled_us then
      rows[#rows + 1] = { now.at, share_of(seconds, now.cpu_stalled_us - before.cpu_stalled_us),
                          share_of(seconds, (now.io_stalled_us or 0) - (before.io_stalled_us or 0)) }
    end
  end
  return rows
end

-- Rows { seconds, MiB of the tenant, of all, per cent of the time since the last sample in which it was stalled }.
local function memory_of(result, tenant)
  local rows = {}
  for i, sample in ipairs(tenant.memory or {}) do
    local before, all = tenant.memory[i - 1], 0
    for _, other in ipairs(result.tenants) do
      local one = (other.memory or {})[i]
      all = all + (one and one[2] or 0) / MIB
    end
    local is_known = before and sample[3] and before[3] and sample[1] > before[1]
    rows[i] = { sample[1] + 0.0, sample[2] / MIB, all, is_known and share_of(sample[1] - before[1], sample[3] - before[3]) or 0.0 }
  end
  return rows
end

-- ---- phases ------------------------------------------------------------------------------------------------------------

-- What stands above one that takes such a share of the picture: as much of its name as there is room for.
local function label_of(phase, share)
  local words, room = plot.short(phase.name or ("%g/s"):format(phase.rate)), math.floor(share * 105)
  if utf8.len(words) <= room then return words end
  return room > 2 and words:sub(1, utf8.offset(words, room) - 1) .. "…" or ""
end

-- Of the first of its parts: begins, ends, names, and rows { seconds, as many as are due a second }.
local function phases_of(tenant, last)
  local parts = paced_of(tenant)
  local at, begins, ends, names, rows = begun(parts[1]), {}, {}, {}, {}
  local share = #parts / (parts[1].workload.lanes or 1)
  for i, phase in ipairs(parts[1].workload.rate) do
    begins[i], ends[i] = at, at + phase.duration
    names[i] = #parts[1].workload.rate > 1 and label_of(phase, phase.duration / last) or ""
    rows[i], at = { at, phase.rate * share }, ends[i]
  end
  rows[#rows + 1] = { at, 0.0 }
  return { begins = begins, ends = ends, names = names, rows = rows }
end

-- ---- losses ------------------------------------------------------------------------------------------------------------

-- Rows { series, seconds, number }, and "lost: 1 batch (none)" for the line above.
local function losses_of(shown)
  local rows, words = { { 0, -1.0, "" } }, {} -- one of no series, since gnuplot wants a block to hold something
  for _, one in ipairs(shown) do
    for _, tenant in ipairs(one.result.tenants) do
      if tenant.ended ~= "done" and tenant.ended_at then
        words[#words + 1] = ("%d %s (%s, %s)"):format(#words + 1, plot.short(tenant.name), tenant.ended, one.label)
        rows[#rows + 1] = { one.index, tenant.ended_at, tostring(#words) }
      end
    end
  end
  local line = table.concat(words, ", ")
  if utf8.len(line) > 120 then line = line:sub(1, utf8.offset(line, 118)) .. " …" end
  return rows, #words > 0 and "lost: " .. line or ""
end

-- ---- the picture -------------------------------------------------------------------------------------------------------

-- The runs of all series in which the tenant made requests: list of { index, label, result, tenant, windows, memory, waits }.
local function shown_of(series, name)
  local list = {}
  for i, s in ipairs(series) do
    local result, title = telling.run(s)
    local tenant = result and summary.find(result, name)
    if tenant and #paced_of(tenant) > 0 then
      list[#list + 1] = { index = i, label = s.label, title = title, result = result, tenant = tenant, windows = windows_of(tenant),
                          memory = memory_of(result, tenant), waits = waits_of(tenant) }
    end
  end
  return list
end

local function append(data, rows)
  if #data > 0 then data[#data + 1], data[#data + 2] = {}, {} end
  table.move(#rows > 0 and rows or { { -1.0, 0.0, 0.0, 0.0 } }, 1, math.max(1, #rows), #data + 1, data)
end

-- How far the axes go: { last (seconds), least, most (ms), made (a second), held (MiB) }.
local function range_of(shown)
  local range = { least = math.huge, most = 0, last = 0, made = 1, held = 1 }
  local function raise(key, value) range[key] = math.max(range[key], value) end
  for _, one in ipairs(shown) do
    for _, row in ipairs(one.windows) do
      raise("last", row[1])
      raise("made", row[2])
      raise("most", row[4])
      if row[3] > 0 then range.least = math.min(range.least, row[3]) end
    end
    for _, row in ipairs(one.memory) do
      raise("last", row[1])
      raise("held", row[3])
    end
  end
  return range
end

local function write(path, file, name, series, shown, setting)
  local range = range_of(shown)
  local phases, by_index, names, data = phases_of(shown[1].tenant, range.last), {}, {}, {}
  for _, row in ipairs(phases.rows) do range.made = math.max(range.made, row[2]) end
  for _, one in ipairs(shown) do by_index[one.index] = one end
  append(data, phases.rows)
  for _, key in ipairs { "windows", "memory", "waits" } do
    for i in ipairs(series) do append(data, by_index[i] and by_index[i][key] or {}) end
  end
  local losses, line = losses_of(shown)
  append(data, losses)
  for i, s in ipairs(series) do names[i] = by_index[i] and by_index[i].title or s.label end
  local columns, key_rows = plot.key(names)
  local short, rate = plot.short(name), shown[1].tenant.rate
  plot.write(path, file, "service", {
    heading = short .. " over time", setting = setting, tenant = short, what = rate and rate.unit or "requests",
    series = #series, names = names, last = range.last, least = range.least, most = range.most,
    most_made = range.made, most_held = range.held, phases = #phases.begins, begins = phases.begins,
    ends = phases.ends, phase = phases.names, losses = line, columns = columns, key_rows = key_rows,
    caption = ("Requests at a rate, by the part of the time in which they were due (60 in all, fewer where there are few "
      .. "requests): how many were made, their latency from when they were due, the memory of %s and of all tenants, its memory pressure, and how long it waited for the CPU and for block devices: %s. Shaded: every other phase of the rate. A "
      .. "dotted vertical line: a tenant was lost then, by the number in the line above."):format(name, telling.SAID),
  }, data)
end

local function by_rank(series)
  local names, ranks = summary.tenants(series), {}
  for place, name in ipairs(names) do
    ranks[name] = { math.huge, place }
    for _, s in ipairs(series) do
      local tenant = summary.find(s.strategy, name)
      if tenant and tenant.rank then ranks[name][1] = math.min(ranks[name][1], tenant.rank) end
    end
  end
  table.sort(names, function(a, b)
    local x, y = ranks[a], ranks[b]
    return x[1] < y[1] or x[1] == y[1] and x[2] < y[2]
  end)
  return names
end

--- Writes plots/service.gp, service_2.gp, ... into the folder `path`: for each of the four best-ranked tenants with requests at a
--- rate what became of these over time under each of the `series` (summary.series), in one run of each; nothing where there are
--- none. `setting`: the chart's second line.
function service.write(path, series, setting)
  local n = 0
  for _, name in ipairs(by_rank(series)) do
    local shown = shown_of(series, name)
    if #shown > 0 and #shown[1].windows > 0 and n < MOST then
      n = n + 1
      write(path, n == 1 and "service" or "service_" .. n, name, series, shown, setting)
    end
  end
end

return service
