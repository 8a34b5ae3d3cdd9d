--- memlua.report.charts.memory: the chart of who held how much when: per strategy a panel with the tenants' memory.current
--- stacked up against the parent's limit, the ends of those that were lost, and the times in which a tenant was stalled
--- by memory (held or delayed by the policy, or waiting for reclaim).
local memlua = require "memlua"
local plot = require "memlua.plot"
local telling = require "memlua.report.charts.telling"
local units = require "memlua.units"

local memory = {}

local MIB <const> = 1 << 20

-- A tenant counts as stalled between two samples when it was for this share of the time.
local STALLED <const> = 0.5

-- Panels have one time axis, unless that would squeeze the shortest run below this share of it.
local LEAST_SHARE <const> = 0.1

-- ---- one run ---------------------------------------------------------------------------------------------------

local function was_stalled(memory, i)
  local before, now = memory[i - 1], memory[i]
  if not before or not before[3] or not now[3] or now[1] <= before[1] then return false end
  return (now[3] - before[3]) * 1e-6 / (now[1] - before[1]) >= STALLED
end

-- What a group holds at sample i, and whether half of it or more was stalled (0 or 1).
local function layer(result, group, i)
  local held, stalled = 0, 0
  for _, name in ipairs(group.names) do
    local memory = (memlua.named(result.tenants, name) or {}).memory
    if memory and memory[i] then
      held, stalled = held + memory[i][2] / MIB, stalled + (was_stalled(memory, i) and 1 or 0)
    end
  end
  return held, stalled * 2 >= #group.names and stalled > 0 and 1 or 0
end

-- All tenants are sampled together. One row: seconds, then for each group the top of its layer and 0 or 1.
local function rows_of(result, groups)
  local rows = {}
  for i, sample in ipairs(result.tenants[1].memory or {}) do
    local row, top = { sample[1] + 0.0 }, 0
    for _, group in ipairs(groups) do
      local held, stalled = layer(result, group, i)
      top = top + held
      row[#row + 1], row[#row + 2] = top, stalled
    end
    rows[i] = row
  end
  return rows
end

-- Where the layer ended at a time.
local function top_at(rows, index, time)
  local top = 0
  for _, row in ipairs(rows) do
    if row[1] > time then break end
    top = row[2 * index]
  end
  return top
end

-- Who was lost, by layer: list of { time, MiB, name, how }; those who share a layer stay unnamed.
local function losses_of(panel, groups)
  local list = {}
  for g, group in ipairs(groups) do
    for _, name in ipairs(group.names) do
      local tenant = memlua.named(panel.result.tenants, name)
      if tenant and tenant.ended ~= "done" and tenant.ended_at then
        local words = #group.names == 1 and group.label or ""
        list[#list + 1] = { tenant.ended_at, top_at(panel.rows, g, tenant.ended_at), words, tenant.ended, #list }
      end
    end
  end
  table.sort(list, function(a, b) return a[1] < b[1] or a[1] == b[1] and a[5] < b[5] end)
  return list
end

-- Rows { panel, seconds, MiB, number }, the number as in the line above the panel ("" of those who share a layer).
local function append_marks(marks, index, panel, groups)
  local number = 0
  for _, loss in ipairs(losses_of(panel, groups)) do
    local time, top, name = table.unpack(loss)
    if name ~= "" then number = number + 1 end
    marks[#marks + 1] = { index, time, top, name ~= "" and tostring(number) or "" }
  end
end

local ROOM <const> = 118 -- characters of the line above a panel

-- "oom-killed: 1 high, 2 low_1", as many as the line holds: words in the picture would cover the data.
local function losses_line(panel, groups)
  local parts, length, how = {}, 0, nil
  for _, loss in ipairs(losses_of(panel, groups)) do
    if loss[3] ~= "" then
      local part = ("%d %s"):format(#parts + 1, loss[3])
      length = length + utf8.len(part) + 2
      parts[#parts + 1] = length <= ROOM and part or "…"
      how = (how == nil or how == loss[4]) and loss[4] or "lost"
      if length > ROOM then break end
    end
  end
  return #parts > 0 and ("%s: %s"):format(how, table.concat(parts, ", ")) or ""
end

-- ---- the panels ------------------------------------------------------------------------------------------------

local function panel_of(s, groups)
  local result, title = telling.run(s)
  local rows = result and rows_of(result, groups) or {}
  if #rows < 2 then return nil end
  local limit = result.parent and result.parent.limits["memory.max"]
  return { result = result, rows = rows, last = rows[#rows][1], limit = type(limit) == "number" and limit or nil,
           title = title }
end

local function panels_of(series, groups)
  local panels = {}
  for _, s in ipairs(series) do panels[#panels + 1] = panel_of(s, groups) end
  return panels
end

-- Those that are too short for the axis of the longest share one among themselves. Returns whether there are several.
local function share_time_axis(panels)
  local most, short = 0, {}
  for _, panel in ipairs(panels) do most = math.max(most, panel.last) end
  for _, panel in ipairs(panels) do
    panel.axis = most
    if panel.last < LEAST_SHARE * most then short[#short + 1] = panel end
  end
  if #short > 0 then share_time_axis(short) end
  return #short > 0
end

-- The panels' rows one after the other, two empty lines between them, and the marks of all as the last block.
local function data_of(panels, groups)
  local rows, marks = {}, { { 0, -1, 0, "" } } -- one of no panel, since gnuplot wants a block to hold something
  for p, panel in ipairs(panels) do
    table.move(panel.rows, 1, #panel.rows, #rows + 1, rows)
    rows[#rows + 1], rows[#rows + 2] = {}, {}
    append_marks(marks, p, panel, groups)
  end
  return table.move(marks, 1, #marks, #rows + 1, rows)
end

local function most_of(panels)
  local most = 1
  for _, panel in ipairs(panels) do
    most = math.max(most, (panel.limit or 0) / MIB)
    for _, row in ipairs(panel.rows) do most = math.max(most, row[#row - 1]) end
  end
  return most
end

local function each(list, f)
  local values = {}
  for i, item in ipairs(list) do values[i] = f(item) end
  return values
end

local function limit_words(panel) return panel.limit and "limit " .. units.format_size(panel.limit) or "" end

--- Writes plots/memory.gp into the folder `path`: a panel for a run of each of the `series` (summary.series), the
--- first that lost the best-ranked of the lost tenants, else the first; nothing where no run was sampled. `setting`: the chart's second line.
function memory.write(path, series, setting)
  local groups = plot.groups(series)
  local panels = panels_of(series, groups)
  if #panels == 0 then return end
  local differ = share_time_axis(panels)
  local names = each(groups, function(group) return group.label end)
  local most = most_of(panels)
  local columns, key_rows = plot.key { "stalled", table.unpack(names) }
  plot.write(path, "memory", "memory", {
    heading = "Memory of all tenants over time", setting = setting, panels = #panels, tenants = #groups, names = names,
    most = most, columns = columns, key_rows = key_rows,
    titles = each(panels, function(panel) return panel.title end),
    last = each(panels, function(panel) return panel.axis end),
    limits = each(panels, function(panel) return panel.limit and panel.limit / MIB or -1 end),
    limit_words = each(panels, limit_words),
    losses = each(panels, function(panel) return losses_line(panel, groups) end),
    caption = "The tenants' memory.current stacked: " .. telling.SAID .. ". The line is the session's "
      .. "memory.max. Hatched: stalled by memory for half of the time or more (held or delayed by the policy, or "
      .. "waiting for reclaim). A cross: lost then, by the number in the line above." .. (differ and " The time axes differ." or ""),
  }, data_of(panels, groups))
end

return memory
