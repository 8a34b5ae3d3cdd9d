--- memlua.report.precision: what precision.lua reports: per delay the mean sleep, its error as it is, and what is left of the
--- error when the kernel's rounding (memlua.machine.jiffies) is taken out.
local figures = require "memlua.base.figures"
local intervals = require "memlua.base.intervals"
local jiffies = require "memlua.machine.jiffies"
local memlua = require "memlua"
local plot = require "memlua.plot"
local report = require "memlua.report"
local stats = require "memlua.stats"
local text = require "memlua.base.text"

local sleeps = {}

--- Below this, the work of the chunk itself is more than 1 % of the delay under the virtual clock.
sleeps.EXACT_FROM_MS = 100

-- ---- the figures -------------------------------------------------------------------------------------------------

local function undelayed(folder)
  local times, runs = {}, folder.runs
  for _, run in ipairs(runs) do
    if run.asked_ms == 0 then table.move(run.chunks_s, 1, #run.chunks_s, #times + 1, times) end
  end
  return stats.median(times) or memlua.fail(memlua.status.misuse,
    "%s: holds no run of 0ms: without an undelayed chunk's time no sleep is known", folder.path)
end

--- The sleeps in ms of chunks that took `times` seconds, `base` of it their own work, when each charge should sleep for
--- some `expected_ms`. Besides its pages a chunk charges page tables, so one in some hundred has no charge or two.
--- Second: the number of chunks without one.
function sleeps.of(times, base, expected_ms)
  local list, without = {}, 0
  for _, time in ipairs(times) do
    local slept = (time - base) * 1000
    local charges = math.floor(slept / expected_ms + 0.5)
    if charges > 0 then list[#list + 1] = slept / charges else without = without + 1 end
  end
  return list, without
end

local function mean_of(values, seed)
  if #values == 0 then return nil end
  local low, high = intervals.mean(values, { seed = seed })
  return { n = #values, mean = stats.mean(values), low = low, high = high }
end

-- Of a growing linear function the interval is the function of the bounds.
local function mapped(e, f)
  return e and { n = e.n, mean = f(e.mean), low = e.low and f(e.low), high = e.high and f(e.high) }
end

-- The module's own account, which counts whole jiffies, of all sleeps including those before the first chunk.
local function counted(runs)
  local slept, ms = 0, 0
  for _, run in ipairs(runs) do
    slept, ms = slept + (run.module and run.module.slept or 0), ms + (run.module and run.module.slept_ms or 0)
  end
  return slept > 0 and ms / slept or nil
end

local function row_of(asked_ms, runs, base, folder)
  local times, tick_ns = {}, folder.host.tick_ns
  for _, run in ipairs(runs) do table.move(run.chunks_s, 1, #run.chunks_s, #times + 1, times) end
  local rounded = jiffies.sleep_ms(asked_ms, tick_ns)
  local values, without = sleeps.of(times, base, rounded)
  local slept = mean_of(values, folder.manifest.seed)
  local function raw(ms) return ms / asked_ms - 1 end
  local function left(ms) return (ms - rounded) / asked_ms end
  return { asked_ms = asked_ms, jiffies = jiffies.of_ms(asked_ms, tick_ns), rounded_ms = rounded, without = without,
           slept_ms = slept, raw = mapped(slept, raw), left = mapped(slept, left), module_ms = counted(runs),
           values_ms = values }
end

local function verdict_of(delays)
  local worst = 0
  for _, d in ipairs(delays) do
    if d.asked_ms >= sleeps.EXACT_FROM_MS and d.left then worst = math.max(worst, math.abs(d.left.mean)) end
  end
  return ("from %d ms up at most %.2f %% off what the kernel rounds to"):format(sleeps.EXACT_FROM_MS, worst * 100)
end

--- { tick_ns, undelayed_s, verdict (a line), delays = list of { asked_ms, jiffies, rounded_ms (what the kernel makes of it), slept_ms, raw
--- and left (errors as parts of what was asked) as { n, mean, low, high }, without (chunks that had no charge),
--- module_ms, values_ms } } of a folder of memlua.experiment. A delay that never slept has no slept_ms, raw, left.
function sleeps.summarise(folder)
  local base, by_delay, delays = undelayed(folder), {}, {}
  for _, run in ipairs(folder.runs) do
    by_delay[run.asked_ms] = by_delay[run.asked_ms] or {}
    table.insert(by_delay[run.asked_ms], run)
  end
  for asked, runs in pairs(by_delay) do
    if asked > 0 then delays[#delays + 1] = row_of(asked, runs, base, folder) end
  end
  table.sort(delays, function(a, b) return a.asked_ms < b.asked_ms end)
  return { tick_ns = folder.host.tick_ns, undelayed_s = base, delays = delays, verdict = verdict_of(delays) }
end

-- ---- the table -----------------------------------------------------------------------------------------------------

local function percent(x) return ("%+.2f %%"):format(x * 100) end

-- An interval is the mean's, at 95 %.
local function error_of(e)
  return e and figures.text({ n = e.n, median = e.mean, low = e.low, high = e.high }, percent)
end

local function ms(value) return value and ("%.2f ms"):format(value) end

local COLUMNS = {
  { "ASKED", align = "right" }, { "JIFFIES", align = "right", drop = 4 }, { "SLEPT", align = "right", drop = 1 },
  { "ERROR", align = "right", drop = 2 }, { "ROUNDED TO", align = "right", drop = 3 },
  { "ERROR LEFT", align = "right" }, { "SLEEPS", align = "right", drop = 5 }, { "MODULE SAYS", align = "right", drop = 6 },
}

local NOTES = [[

error: mean of (slept - asked) / asked, with its 95 %% interval; error left: the same against what the kernel
rounds the delay to. A jiffy is %g ms here, delays are rounded up to whole ones, and a timer ends on a slot of
the timer wheel behind them: 1 jiffy wide below 63 jiffies, 8 below 504, 64 below 4032. One after the other,
the sleeps begin where a slot begins but for the %s that an undelayed chunk takes: that is what is left.
]]

--- The document of the one folder in `folders`.
function sleeps.text(folders)
  local folder, rows = folders[1], {}
  local summary = folder.summary
  for i, d in ipairs(summary.delays) do
    rows[i] = { d.asked_ms .. " ms", d.jiffies, d.slept_ms and ms(d.slept_ms.mean) or "never", error_of(d.raw),
                ms(d.rounded_ms), error_of(d.left), d.slept_ms and d.slept_ms.n or 0, ms(d.module_ms) }
  end
  return table.concat { report.title(folder), text.render(COLUMNS, rows),
    text.paragraph(NOTES:format(summary.tick_ns / 1e6, ms(summary.undelayed_s * 1000))) }
end

-- ---- the chart -------------------------------------------------------------------------------------------------------

--- Writes the chart of the one folder in `folders` into the folder `path`.
function sleeps.pictures(folders, path)
  local folder, rows = folders[1], {}
  for _, d in ipairs(folder.summary.delays) do
    local function triple(e) return e.mean * 100, (e.low or e.mean) * 100, (e.high or e.mean) * 100 end
    if d.raw then
      local raw, raw_low, raw_high = triple(d.raw)
      rows[#rows + 1] = { d.asked_ms, raw, raw_low, raw_high, triple(d.left) }
    end
  end
  if #rows == 0 then return end
  plot.write(path, "precision", "precision", {
    heading = "How much longer a delay is than asked", setting = report.setting(folder),
    tick = ("%g ms"):format(folder.summary.tick_ns / 1e6),
    caption = "How much longer a task slept than the policy asked, with 95 % intervals of the mean: as it is, and "
      .. "without the kernel's rounding. Grey: what is expected from 100 ms up.",
  }, rows)
end

return sleeps
