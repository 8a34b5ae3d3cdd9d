-- memlua.results.effects and memlua.report.effects: which strategies are said to differ, how surely, by how much; and that
-- those that are alike are hardly ever said to.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local effects = require "memlua.results.effects"
local shown = require "memlua.report.effects"
local stats = require "memlua.stats"
local summary = require "memlua.results.summary"

-- ---- the tests against scipy -----------------------------------------------------------------------------------

local w, p = stats.signed_rank { 1, 2, 3, 4, 5, -6 }
tap.is({ w, p }, { 15.0, 0.4375 }, "signed ranks: scipy.stats.wilcoxon's exact p")
w, p = stats.signed_rank { 1.1, 2, -3, 4, 4, 4, -5, 7 }
tap.is({ w, p }, { 26.0, 0.3125 }, "with ties: the share of all 2^8 signs")
tap.is({ stats.signed_rank { 1, 1, 1, 1, 1, 1, 0 } }, { 21.0, 0.03125 }, "six of one sign are the least that can show anything; 0 is none")
tap.is({ stats.signed_rank { 0, 0 } }, { 0.0, 1.0 }, "no difference, p is 1")
local hundred = {}
for i = 1, 101 do hundred[i] = i end
tap.is(select(2, stats.signed_rank(hundred)), nil, "above 100 it isn't counted")
local holm = stats.holm { 0.01, 0.04, 0.03, 0.005 }
local want = { 0.03, 0.06, 0.06, 0.02 } -- R's p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
for i = 1, 4 do tap.near(holm[i], want[i], 1e-12, "Holm's correction " .. i) end

-- ---- folders ----------------------------------------------------------------------------------------------------

-- A folder of `runs` blocks of the strategies, in which value(strategy, tenant, block) is what each tenant's time, or
-- whatever `metric` names, comes to; nil where it was lost.
local function folder_of(o)
  local runs, listed, tenants = {}, {}, {}
  for i, name in ipairs(o.strategies) do listed[i] = { name = name } end
  for i, name in ipairs(o.tenants) do tenants[i] = { name = name, workloads = { o.workload or { kind = "anon" } } } end
  for block = 1, o.runs do
    for s = #o.strategies, 1, -1 do
      local list = {}
      for i, name in ipairs(o.tenants) do
        local value = o.value(o.strategies[s], name, block)
        list[i] = { name = name, rank = i, ended = value and "done" or "oom-killed", workload = o.workload, finish = value,
                    metrics = o.own and { [o.own] = { value = value, unit = "1/s", better = "higher" } }, [o.metric or "completion_s"] = value }
      end
      runs[#runs + 1] = { strategy = o.strategies[s], block = block, tenants = list }
    end
  end
  return { path = o.path or "x", runs = runs, host = {}, manifest = { name = o.path or "x", seed = 1, schema_version = 2,
           scenario = { limits = {}, tenants = tenants, strategies = listed } } }
end

local function of(o) return effects.of(summary.series { folder_of(o) }) end
local function lines(...)
  local folders = {}
  for i, o in ipairs { ... } do folders[i] = folder_of(o) end
  return shown.of(summary.series(folders))
end

local PAIR <const> = { "none", "reserve" }
local function slower(strategy, _, block) return (strategy == "reserve" and 2 or 1) * (1 + block / 100) end

tap.is(lines { tenants = { "a" }, strategies = PAIR, runs = 5, value = slower },
  "a: reserve against none: 2 [2, 2] 94 % x the time (Mann-Whitney p 0.0079, corrected 0.0079)\n", "a difference has a magnitude with its interval")
tap.like(lines { tenants = { "a" }, strategies = PAIR, runs = 6, value = slower }, "2 [2, 2] 97 % x the time (Wilcoxon p 0.031",
  "of six blocks they are paired")
tap.is(lines { tenants = { "a" }, strategies = PAIR, runs = 3, value = slower },
  "no difference told in 1 of 1 comparison: the runs are too few, 4 would tell\n", "three runs can't show any")
tap.is(lines { tenants = { "a" }, strategies = PAIR, runs = 1, value = slower }, "", "of one run nothing is said")
tap.like(lines { tenants = { "a" }, strategies = PAIR, runs = 5, value = function(s, _, b) return 1 + b / 10 + (s == "none" and 0 or 0.0005) end },
  "^a: reserve against none: no difference beyond 5 %%: 1 %[1, 1%] 94 %% x the time\n$", "0.05 % is no difference that matters, though always there")
tap.is(lines { tenants = { "a" }, strategies = PAIR, runs = 5, value = function(s, _, b) if s == "none" or b > 1 then return 1 + b end end }:match "told", "told",
  "a run beside a loss is left out")
tap.is(lines { tenants = { "a" }, strategies = PAIR, runs = 5, value = function(s, _, b) return s == "none" and b or nil end }, "",
  "where all were lost there is nothing to compare")
tap.like(lines({ tenants = { "a" }, strategies = { "none" }, runs = 6, value = slower, path = "one" },
  { tenants = { "a" }, strategies = { "reserve" }, runs = 6, value = slower, path = "two" }),
  "a: two against one: 2 [1.94, 2.06] 96 % x the time (Mann-Whitney p 0.0022", "runs of two folders are not paired")

-- what drifts, drifts in both: each block is twice as slow as the one before
local found = of { tenants = { "a" }, strategies = PAIR, runs = 8, value = function(s, _, b) return 2.0 ^ b * (s == "none" and 1 or 1.1) end }
tap.ok(found.comparisons[1].told == "different" and math.abs(found.comparisons[1].ratio.high - 1.1) < 1e-9, "a drift doesn't hide a difference",
  found.comparisons[1])

local HOLD <const> = { kind = "anon", hold = 5 }
found = of { tenants = { "a" }, strategies = PAIR, runs = 5, workload = HOLD, value = function(s, _, b) return 5.5 + b / 1000 + (s == "none" and 0 or 0.5) end }
tap.ok(found.comparisons[1].what == "working time" and found.comparisons[1].ratio.median > 1.9, "the hold is left out", found.comparisons[1])
found = of { tenants = { "a" }, strategies = PAIR, runs = 5, workload = { kind = "file", duration = 3 }, metric = "read_bytes", value = slower }
tap.is({ found.comparisons[1].what, found.comparisons[1].told }, { "bytes read", "different" }, "who works for a fixed time is compared by what it read")

found = of { tenants = { "a" }, strategies = PAIR, runs = 5, own = "qps", value = slower }
tap.is({ found.comparisons[2].what, found.comparisons[2].ratio.median }, { "qps", 2 }, "of a figure of its own there is as much more as it says, whichever way is better")

found = of { tenants = { "a" }, strategies = PAIR, runs = 150, value = slower }
tap.ok(found.comparisons[1].told == "different" and found.comparisons[1].test == "sign test", "of 150 runs a difference is told, too", found.comparisons[1])

-- ---- all against all ---------------------------------------------------------------------------------------------

local FOUR <const>, THREE <const> = { "none", "max", "low", "high" }, { "a", "b", "c" }
local function one_better(s) return function(strategy, _, block) return (strategy == s and 0.5 or 1) * (1 + block / 1000) end end
found = of { tenants = THREE, strategies = FOUR, runs = 8, value = one_better "low" }
local different, same = 0, 0
for _, c in ipairs(found.comparisons) do
  different, same = different + (c.told == "different" and 1 or 0), same + (c.told == "same" and 1 or 0)
end
tap.is({ #found.comparisons, different, same }, { 18, 9, 9 }, "each is compared with each, not only with the first")
found = of { tenants = THREE, strategies = FOUR, runs = 5, value = one_better "low" }
tap.is({ found.able, found.needs }, { false, 6 }, "of five runs none of eighteen can be told; six would")

-- ---- how often what is alike is said to differ ----------------------------------------------------------------------

local random = stats.random(11)
local function uniform() return random(1 << 52) / (1 << 52) end
local function noise() return 1 + 0.1 * math.sqrt(-2 * math.log(uniform())) * math.cos(2 * math.pi * uniform()) end

-- Experiments with strategies that are all alike: in how many any two are said to differ. `drift(block)` is common to a
-- block.
local function wrong_of(experiments, o, drift)
  local wrong = 0
  for _ = 1, experiments do
    o.value = function(_, _, block) return drift(block) * noise() end
    for _, c in ipairs(of(o).comparisons) do
      if c.told == "different" then
        wrong = wrong + 1
        break
      end
    end
  end
  return wrong
end
local function steady() return 1 end
local wrong = wrong_of(200, { tenants = { "high" }, strategies = { "one", "another" }, runs = 5 }, steady)
tap.ok(wrong <= 10, "two identical strategies, 200 experiments at n = 5: one is better in at most 5 %", wrong)
wrong = wrong_of(1000, { tenants = THREE, strategies = { "one", "another" }, runs = 5 }, steady)
tap.ok(wrong <= 50, "the same with three tenants, 1000 experiments", wrong)
wrong = wrong_of(100, { tenants = THREE, strategies = FOUR, runs = 8 }, steady)
tap.ok(wrong <= 5, "eighteen comparisons at n = 8", wrong)
wrong = wrong_of(200, { tenants = { "high" }, strategies = { "one", "another" }, runs = 5 }, function(block) return block end)
tap.ok(wrong <= 10, "and where the machine drifts", wrong)

tap.done()
