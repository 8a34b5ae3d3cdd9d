--- memlua.report.controllers: what a strategy's controller in user space cost, how fast it was, and what became of it.
local printable = require "memlua.base.printable"
local units = require "memlua.units"

local controllers = {}

local function of_series(s)
  local list = {}
  for _, result in ipairs(s.folder.runs) do
    if result.strategy == s.strategy.name and result.controller then list[#list + 1] = result.controller end
  end
  return list
end

local function reactions_of(r)
  if not r then return "it was never called" end
  return ("%d calls, from event to effect %s (P50), %s (P99)"):format(r.count, units.format_duration(r.p50), units.format_duration(r.p99))
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

--- Adds to `lines` how many of the controllers of the series `s` (summary.series) ended before their time, and why.
function controllers.add_ends(s, lines)
  local list, count, why = of_series(s), {}, {}
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
  local c = s.strategy.controller
  local wakeups = c.wakeups and c.wakeups.median -- a program's aren't known, nor how fast it reacts
  local calls = wakeups and (", %g wake-up%s; %s"):format(wakeups, wakeups == 1 and "" or "s", reactions_of(c.reactions)) or ""
  lines[#lines + 1] = ("%s: controller: %s of CPU%s%s"):format(s.label, c.cpu_s and units.format_duration(c.cpu_s.median) or "-", calls,
    put_back_of(list))
  controllers.add_ends(s, lines)
end

return controllers
