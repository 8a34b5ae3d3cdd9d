--- memlua.report.controllers: what a strategy's controller in user space cost, how fast it was, and what became of it.
local printable = require "memlua.base.printable"
local stats = require "memlua.stats"
local units = require "memlua.units"

local controllers = {}

local function of_series(s)
  local list = {}
  for _, result in ipairs(s.folder.runs) do
    if result.strategy == s.strategy.name and result.controller then list[#list + 1] = result.controller end
  end
  return list
end

local function median_of(list, key)
  local values = {}
  for _, c in ipairs(list) do values[#values + 1] = c[key] end
  return #values > 0 and stats.median(values) or nil
end

-- All calls of all runs.
local function reactions_of(list)
  local histograms = {}
  for _, c in ipairs(list) do histograms[#histograms + 1] = c.reactions end
  local all = #histograms > 0 and stats.merge(histograms)
  if not all or all.count == 0 then return "it was never called" end
  local function at(p) return units.format_duration(stats.percentile(all, p) / 1e9) end
  return ("%d calls, from event to effect %s (P50), %s (P99)"):format(all.count, at(0.5), at(0.99))
end

-- "low: memory.high": whose what was put back.
local function put_back_of(list)
  local seen, names = {}, {}
  for _, c in ipairs(list) do
    for tenant, knobs in pairs(c.put_back or {}) do
      for knob in pairs(knobs) do
        local name = tenant .. ": " .. knob
        if not seen[name] then seen[name], names[#names + 1] = true, name end
      end
    end
  end
  table.sort(names)
  return #names > 0 and "; put back: " .. table.concat(names, ", ") or ""
end

local function add_ends(s, list, lines)
  local count, why = {}, {}
  for _, c in ipairs(list) do
    if c.ended ~= "done" then count[c.ended], why[c.ended] = (count[c.ended] or 0) + 1, why[c.ended] or c.error or "by a signal" end
  end
  for _, how in ipairs { "failed", "hung", "killed", "oom-killed" } do
    if count[how] then
      lines[#lines + 1] = ("%s: its controller %s in %d of %d runs, which went on without it: %s"):format(s.label,
        how == "hung" and how or (how == "failed" and how or "was " .. how), count[how], #list, printable.text(why[how]))
    end
  end
end

--- Adds to `lines` what is to be said of the controllers of the series `s` (summary.series): CPU time and wake-ups (medians of
--- the runs), reaction time (all calls), what it had changed at the end, and how many ended before their time.
function controllers.add(s, lines)
  local list = of_series(s)
  if #list == 0 then return end
  local cpu, wakeups = median_of(list, "cpu_s"), median_of(list, "wakeups")
  lines[#lines + 1] = ("%s: controller: %s of CPU, %s; %s%s"):format(s.label, cpu and units.format_duration(cpu) or "-",
    wakeups and ("%g wake-up%s"):format(wakeups, wakeups == 1 and "" or "s") or "-", reactions_of(list), put_back_of(list))
  add_ends(s, list, lines)
end

return controllers
