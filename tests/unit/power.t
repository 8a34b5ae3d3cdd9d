-- What runs can show, and when they are enough: power told before and after, --until, and that what is said errs no more often than it says,
-- with skewed, tied and bimodal figures, whether the number of runs was fixed or a series stopped when it was precise.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local claims = require "memlua.results.claims"
local effects = require "memlua.results.effects"
local host = require "memlua.host"
local intervals = require "memlua.base.intervals"
local power = require "memlua.base.power"
local run = require "memlua.run"
local shell = require "shell"
local shown = require "memlua.report.effects"
local stats = require "memlua.stats"
local stopping = require "memlua.results.stopping"
local summary = require "memlua.results.summary"

local random = stats.random(2026)
local function uniform() return (random(1 << 52) - 0.5) / (1 << 52) end
local function normal() return math.sqrt(-2 * math.log(uniform())) * math.cos(2 * math.pi * uniform()) end

-- ---- power -------------------------------------------------------------------------------------------------------------

-- Of normal values the t test shows 1.80, 1.32 and 0.91 standard deviations of 6, 10 and 20 (Cohen, "Statistical Power Analysis",
-- table 2.4.1); Mann and Whitney's takes some 5 % more values for the same.
for n, d in pairs { [6] = 1.80, [10] = 1.32, [20] = 0.91 } do
  local shift = power.apart(n, n, 0.05)
  tap.ok(shift > 0.92 * d and shift < 1.18 * d, ("%d and %d show %.2f standard deviations"):format(n, n, d), shift)
end
-- The paired t test: 1.00 of 10, 0.66 of 20
for n, d in pairs { [10] = 1.00, [20] = 0.66 } do
  local shift = power.paired(n, 0.05)
  tap.ok(shift > 0.92 * d and shift < 1.18 * d, ("%d pairs show %.2f"):format(n, d), shift)
end
tap.is({ power.apart(3, 3, 0.05), power.paired(5, 0.05) }, {}, "three and three show nothing, nor do five pairs")
tap.is({ power.apart(31, 31, 0.05), power.paired(61, 0.05) }, {}, "above sixty it isn't told")
local told = 0
local shift = power.apart(8, 8, 0.05)
for _ = 1, 500 do
  local x, y = {}, {}
  for i = 1, 8 do x[i], y[i] = normal() + shift, normal() end
  local _, p = stats.mann_whitney(x, y)
  told = told + (p <= 0.05 and 1 or 0)
end
tap.ok(told > 360 and told < 440, "a difference as great is shown in four of five experiments", told)
tap.near(power.least(nil, { 1, 2, 3, 4 }, { 1, 2, 3, 4 }, 0.05), power.apart(4, 4, 0.05) * math.sqrt(5 / 3), 1e-9, "by the scatter that there is")

local f = effects.foreseen(2, 1, 5)
tap.is({ f.count, f.needs, f.shows }, { 1, 4, power.apart(5, 5, 0.05) }, "before any run it is told in standard deviations")
f = effects.foreseen(4, 3, 5)
tap.is({ f.count, f.needs, f.shows }, { 18, 6 }, "of eighteen comparisons five runs show none, six may")
tap.is(effects.foreseen(1, 3, 5), nil, "one strategy is compared with none")

-- ---- a folder --------------------------------------------------------------------------------------------------------------

local function folder_of(n, value, looks)
  local runs = {}
  for block = 1, n do
    for _, strategy in ipairs { "one", "other" } do
      runs[#runs + 1] = { strategy = strategy, block = block, tenants = { { name = "a", rank = 1, ended = "done", completion_s = value(strategy, block) } } }
    end
  end
  return { path = "x", runs = runs, host = {}, manifest = { name = "x", seed = 1, runs = {}, stopping = looks and { share = 0.02, looks = looks },
           scenario = { limits = {}, tenants = { { name = "a", workloads = { { kind = "anon" } } } }, strategies = { { name = "one" }, { name = "other" } } } } }
end
local function of(folder) return effects.of(summary.series { folder }) end
local said = shown.of(summary.series { folder_of(8, function(strategy, block) return 1 + (block * 5 % 8) / 10 + (strategy == "one" and 0.15 * (-1) ^ block or 0) end) })
tap.like(said, "no difference told in 1 of 1 comparison; these runs would show one of 1%.%d+ x, with a chance of 80 %%\n", "after the runs it is told as a ratio, by their scatter")

-- ---- when they are enough ----------------------------------------------------------------------------------------------------

tap.is({ stopping.share "2%", stopping.share "0.5%" }, { 0.02, 0.005 }, "a share")
for _, text in ipairs { "2", "0%", "51%", "-1%", "x%", "" } do tap.is(stopping.share(text), nil, text .. " is none") end
tap.is({ stopping.looks(8), stopping.looks(40), stopping.looks(100) }, { { 8 }, { 10, 20, 40 }, { 12, 25, 50, 100 } }, "it is looked at a few times, ever less often")
tap.fails(function() stopping.looks(7) end, "%-%-until: 7 runs at most can't show that; give %-%-runs 8", "of too few runs there is no such interval", 1)
for most = 8, 200 do
  local looks = stopping.looks(most)
  local _, level = intervals.outside(looks[1], 1)
  if level < 1 - 0.05 / #looks then tap.ok(false, "the first look can't show it", most) end
end
local close, wide = { 0, 0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.007 }, { 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7 }
tap.is({ stopping.is_precise({ close }, 0.02, 0.95), stopping.is_precise({ close, wide }, 0.02, 0.95), stopping.is_precise({}, 0.02, 0.95) }, { true, false, false },
  "all figures have to be precise; none is not enough")
local folder = folder_of(10, function(_, block) return 1 + block / 1e4 end, { 10, 20, 40 })
local s = summary.of(folder)
tap.ok(s.strategies[1].tenants[1].completion.level >= 1 - 0.05 / 3, "intervals of the table are as sure as it takes", s.strategies[1].tenants[1].completion)
tap.ok(s.effects.comparisons[1].ratio.level >= 1 - 0.05 / 3, "so are those of ratios", s.effects.comparisons[1].ratio)
tap.is(#effects.figures(folder), 2, "each tenant under each strategy has a figure")
folder.manifest.claims = { { name = "a", text = "b", tenant = "a", metric = "time", under = "one", below = 1.1 } }
tap.ok(claims.of(folder)[1].level >= 1 - 2 * 0.05 / 3, "and those of claims")

local scratch <const>, tidy <close> = shell.folder()
assert(host.save(scratch .. "/s.lua", [[require "memlua.scenario".run { name = "s", limits = { ["memory.max"] = "60M" }, tenants = { { name = "a", workload = { size = "8M" } } },
  strategies = { { name = "one" }, { name = "other" } } }]]))
assert(host.save(scratch .. "/e.lua", [[require "memlua.experiment".run { name = "e", cases = { { name = "a" } }, report = "sleeps", measure = function() end }]]))
local function memlua(words) return shell.said(("cd %s && %s %s --dry-run --seed 1 -o x"):format(scratch, host.executable(), words)) end
for _, case in ipairs {
  { "s.lua --until 2% --runs 20", 0, "20 runs of each show, among 1 comparison, a difference from 0%.%d standard deviations" },
  { "s.lua --runs 3", 0, "3 runs of each are too few for 1 comparison; 4 can show a difference" },
  { "s.lua --until 2", 1, "%-%-until 2: a share of the figures is needed, such as 2%%" },
  { "s.lua --until 2% --runs 5", 1, "5 runs at most can't show that" },
  { "s.lua --until 2% --runs 9 --cell 001-one", 1, "%-%-until with %-%-cell" },
  { "e.lua --until 2% --runs 9", 1, "this is no scenario" },
} do
  local said_, ended = memlua(case[1])
  tap.ok(ended == case[2] and said_:find(case[3]), case[1], ended, said_)
end

-- A series whose runs are made up, with a kernel that isn't asked for.
assert(host.save(scratch .. "/made.lua", [[
require "memlua.machine.way".name = "native"
local option = require "memlua.option"
local o = option.parse { name = "made", options = { { "scatter", "number", default = 0 } } }
local order, judge = require "memlua.experiment.order", require "memlua.results.judge"
local n = 0
require "memlua.experiment.series".run({ name = "made", runs = 1, warmup = 0, seed = 1 }, {
  check = function() end, cases = function() return { { name = "one" }, { name = "other" } } end, to_warm = function() return {} end,
  measure = function(_, case)
    n = n + 1
    return { strategy = case.name, duration_s = 1, oom = require "memlua.json".array {}, tenants = { { name = "a", role = "low", rank = 2, ended = "done",
      completion_s = 1 + n / 1e5 + o.scatter * (n % 7), workload = { kind = "anon" }, memory = require "memlua.json".array {} } } }
  end,
  asked = function() end, prepare = function() end, is_shown = function() return true end, published = function() end, foreseen = function() end,
  described = function() return { scenario = { limits = {}, tenants = { { name = "a", workloads = { { kind = "anon" } } } }, strategies = { { name = "one" }, { name = "other" } } } } end,
  trust = judge.trust, judge = judge.results, figures = require "memlua.results.effects".figures,
})]]))
local function made(words) return shell.said(("cd %s && %s %s"):format(scratch, host.executable(), words)) end
local text, status = made "made.lua --until 2% --runs 40 -o made"
tap.ok(status == 0 and text:find("precise enough after 10 blocks (--until)", 1, true), "a series stops where it is precise", status, text)
tap.like(text, "looked at after 10, 20, 40 blocks, precise to 2 %% after 10: intervals, tests and claims are held to 1/3", "the table says so")
local manifest = run.manifest(scratch .. "/made")
tap.is({ #manifest.runs, #manifest.cells, manifest.stopping.stopped, run.shortfall(manifest) }, { 20, 20, 10 }, "nothing is missing then")
text, status = made "verify made"
tap.is(status, 0, "and it can be verified", text)
text, status = made "made.lua --until 2% --runs 40 -o made --resume"
tap.ok(status == 1 and text:find "precise enough after 10 blocks", "there is nothing to resume", status, text)
text, status = made "made.lua --until 2% --runs 16 -o wide --scatter 0.1"
tap.ok(status == 0 and text:find "after 8, 16 blocks, not precise to 2 %%" and #run.manifest(scratch .. "/wide").runs == 32, "one that scatters goes on to its end", status, text)

-- ---- how often what is said is false -------------------------------------------------------------------------------------------

-- All of the median 1, but for the bimodal one, of which each number of 1 to 1.5 is one.
local DRAWS <const> = {
  skewed = { function() return math.exp(0.3 * normal()) end, 1, 1 },
  tied = { function() return 0.9 + math.floor(uniform() * 3) / 10 end, 1, 1 },
  bimodal = { function() return uniform() < 0.5 and 1 - uniform() / 50 or 1.5 + uniform() / 50 end, 1, 1.5 },
}
local MANY <const>, LOOKS <const> = 1000, { 8, 16 }
for name, case in pairs(DRAWS) do
  local draw, least, greatest = table.unpack(case)
  for _, looks in ipairs { false, LOOKS } do
    local kind, wrong, held, differ = looks and "stopped when precise" or "fixed", 0, 0, 0
    for i = 1, MANY do
      local manifest, n, values, logs = { stopping = looks and { looks = looks } or nil }, 8, {}, {}
      local function add(to) for k = #values + 1, to do values[k] = draw() logs[k] = math.log(values[k]) end end
      add(8)
      local confidence = stopping.confidence(manifest)
      if looks and not stopping.is_precise({ logs }, 0.20, confidence) then n = 16 end
      add(n)
      local low, high = intervals.median(values, confidence)
      held = held + (low <= greatest and high >= least and 1 or 0)
      local alpha = claims.ALPHA / 2 / stopping.parts(manifest) -- of two claims
      wrong = wrong + ((claims.judge({ below = least - 1e-9 }, values, alpha) == "confirmed" or claims.judge({ below = greatest }, values, alpha) == "refuted") and 1 or 0)
      if i <= 250 then
        local found = of(folder_of(n, function(strategy, block) return strategy == "one" and values[block] or draw() end, looks or nil))
        differ = differ + (found.comparisons[1].told == "different" and 1 or 0)
      end
    end
    tap.ok(held >= 0.95 * MANY - 20, ("%s, %s: %d intervals hold the median at 95 %%"):format(name, kind, MANY), held)
    tap.ok(wrong <= 0.05 * MANY, "  of two claims at the very bound any is decided wrongly in at most 5 %", wrong)
    tap.ok(differ <= 0.05 * 250 + 10, "  strategies that are alike are said to differ in at most 5 % of 250", differ)
  end
end

-- Order statistics come in steps: what is too few says so, what they give says its level, and holds that.
for n = 5, 20 do
  local _, level = intervals.outside(n, 0.95)
  local held = 0
  for _ = 1, 400 do
    local values = {}
    for i = 1, n do values[i] = math.exp(normal()) end
    local low, high = intervals.median(values)
    held = held + (low <= 1 and high >= 1 and 1 or 0)
  end
  if math.abs(held / 400 - level) > 3.5 * math.sqrt(level * (1 - level) / 400) then tap.ok(false, ("of %d values"):format(n), held, level) end
end
tap.ok(true, "of 5 to 20 values intervals cover as often as they say")
tap.done()
