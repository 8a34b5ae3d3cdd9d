--- memlua.plot_memory: the chart of who held how much when: the tenants' memory.current stacked up against the
--- parent's limit, with the ends of those that were lost, and the times in which a tenant was stalled by memory (held
--- or delayed by the policy, or waiting for reclaim).
local plot = require "memlua.plot"

local plot_memory = {}

local MB <const> = 1000000

-- A tenant counts as stalled between two samples when it was for this share of the time.
local STALLED <const> = 0.5

-- 1 if the tenant was stalled between its samples i - 1 and i.
local function was_stalled(memory, i)
  local before, now = memory[i - 1], memory[i]
  if not before or not before[3] or not now[3] or now[1] <= before[1] then return 0 end
  return (now[3] - before[3]) * 1e-6 / (now[1] - before[1]) >= STALLED and 1 or 0
end

-- All tenants are sampled together. One row: seconds, then for each tenant the top of its layer and 0 or 1.
local function rows_of(result)
  local rows = {}
  for i, sample in ipairs(result.tenants[1].memory) do
    local row, top = { sample[1] + 0.0 }, 0
    for _, tenant in ipairs(result.tenants) do
      local memory = tenant.memory
      top = top + (memory[i] and memory[i][2] or 0) / MB
      row[#row + 1], row[#row + 2] = top, was_stalled(memory, i)
    end
    rows[i] = row
  end
  return rows
end

-- Where the tenant's layer ended at a time.
local function top_at(rows, index, time)
  local top = 0
  for _, row in ipairs(rows) do
    if row[1] > time then break end
    top = row[2 * index]
  end
  return top
end

-- Marks as gnuplot code: a template has no loop over words and places.
local function marks(result, rows)
  local code = {}
  for i, tenant in ipairs(result.tenants) do
    if tenant.ended ~= "done" and tenant.ended_at then
      code[#code + 1] = ('set label %d "  %s %s" at %g, %g left front noenhanced point pt 2 ps 1.6 lw 3'):format(
        10 + i, tenant.name:gsub('["\\]', ""), tenant.ended, tenant.ended_at, top_at(rows, i, tenant.ended_at))
    end
  end
  return table.concat(code, "; ")
end

local function names_of(result)
  local names = {}
  for i, tenant in ipairs(result.tenants) do names[i] = tenant.name:gsub("%s", "_") end
  return table.concat(names, " ")
end

local function most_of(rows, limit)
  local most = type(limit) == "number" and limit / MB or 1
  for _, row in ipairs(rows) do most = math.max(most, row[#row - 1]) end
  return most
end

local function draw(path, result, setting)
  local rows, limit = rows_of(result), result.parent.limits["memory.max"]
  if #rows < 2 then return end
  plot.write(path, "memory-" .. result.strategy, "memory", {
    heading = ("Memory of all tenants over time, %s"):format(result.strategy), setting = setting,
    tenants = #result.tenants, names = names_of(result), marks = marks(result, rows),
    limit = type(limit) == "number" and limit / MB or -1, limit_text = type(limit) == "number" and ("limit %.0f MB"):format(limit / MB) or "",
    most = most_of(rows, limit), last = rows[#rows][1],
  }, rows)
end

--- Writes plots/memory-STRATEGY.gp into the folder `path` for the first run of each strategy that isn't a solo run of
--- the run folder `folder`. `setting`: the chart's second line.
function plot_memory.write(folder, path, setting)
  local seen = {}
  for _, result in ipairs(folder.runs) do
    if not result.solo and not seen[result.strategy] then
      seen[result.strategy] = true
      draw(path, result, ("%s, run %s"):format(setting, result.id))
    end
  end
end

return plot_memory
