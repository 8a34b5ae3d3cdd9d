-- Claims: what may be claimed, what the runs make of it, how it is told; and that what is said is hardly ever false.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local claims = require "memlua.results.claims"
local claims_spec = require "memlua.experiment.spec.claims"
local host = require "memlua.host"
local json = require "memlua.json"
local shown = require "memlua.report.claims"
local spec = require "memlua.experiment.spec"
local stats = require "memlua.stats"

-- ---- what may be claimed ---------------------------------------------------------------------------------------------

local function scenario(claim, more)
  local table_ = { name = "x", limits = { ["memory.max"] = "10M" }, strategies = { { name = "none" }, { name = "reserve" } }, claims = { claim },
                   tenants = { { name = "high", workload = { size = "1M" } }, { name = "job", workload = { kind = "exec", argv = { "true" } } },
                               { name = "own", workload = { kind = "exec", argv = { "true" }, metrics = "time" } } } }
  for key, value in pairs(more or {}) do table_[key] = value end
  return spec.check(table_, host.settings).claims[1]
end
local function claim(over)
  local c = { name = "fast", "HIGH is as fast as alone", tenant = "high", under = "reserve", against = "solo", below = 1.05 }
  for key, value in pairs(over or {}) do if value == json.null then c[key] = nil else c[key] = value end end
  return c
end
local NONE <const> = json.null
tap.is(scenario(claim()), { name = "fast", text = "HIGH is as fast as alone", tenant = "high", metric = "time", under = "reserve", against = "solo", below = 1.05 },
  "a claim in its normal form")
local c = scenario(claim { against = NONE, below = NONE, between = { "10ms", "2s" }, metric = "p99" })
tap.is({ c.above, c.below, c.between }, { 0.01, 2 }, "a latency is between two durations")
tap.is(scenario(claim { against = NONE, metric = "peak", below = "1M" }).below, 1 << 20, "what it takes is a size")
tap.is(scenario(claim { tenant = NONE, against = NONE, metric = "kept", below = NONE, above = 0.9 }).above, 0.9, "all are kept")
tap.is(scenario(claim { tenant = "own", against = NONE, metric = "user_s", below = -3 }).below, -3, "a program's own figure may be anything")
tap.is(scenario(claim { under = NONE }, { strategies = { { name = "only" } } }).under, "only", "the only strategy")
for _, case in ipairs {
  { { metric = "tiem" }, "claims.fast.metric: tiem: no such figure; did you mean 'time'%?; figures of a program's own take", "a metric that doesn't exist" },
  { { tenant = "job", metric = "p99" }, "metric: p99: no workload of job has latencies", "a latency that isn't measured" },
  { { tenant = "job", metric = "mean" }, "metric: mean: no workload of job has latencies", "  nor its mean" },
  { { tenant = NONE, against = NONE, below = "1s" }, "metric: time: whose%?", "nobody's time" },
  { { tenant = "hihg" }, "tenant.hihg: hihg; did you mean 'high'", "an unknown tenant" },
  { { under = "reserv" }, "under.reserv: reserv; did you mean 'reserve'", "an unknown strategy" },
  { { against = "nobody" }, "against.nobody: nobody; known", "against an unknown one" },
  { { under = NONE }, "under: missing; which of the 2 is it about", "of which strategy" },
  { { below = NONE }, "claims.fast: no band that confirms it: give below, above or between", "no band" },
  { { below = NONE, between = { 1.05, 0.95 } }, "its band excludes everything: above 1.05 and below 0.95; no figure", "a band the wrong way round" },
  { { below = 0 }, "its band excludes everything", "a ratio below 0" },
  { { below = NONE, above = 0 }, "its band includes everything; no figure could refute it", "a claim that nothing could refute" },
  { { metric = "kept", against = NONE, below = NONE, above = 1.5 }, "its band excludes everything", "a share above 1" },
  { { below = 0 / 0 }, "below: .*nan: not a number", "no number" },
  { { between = { 1, 2 } }, "between: beside below or above", "two bands" },
  { { metric = "kept" }, "against: kept is a share", "a share against another" },
  { { [1] = NONE }, "what it says in words is missing", "no words" },
  { { say = "x" }, "claims.fast.say: unknown key", "an unknown key" },
} do tap.fails(function() scenario(claim(case[1])) end, case[2], case[3], 1) end
tap.fails(function() scenario(claim(), { solo = false }) end, "against: solo: the scenario says solo = false", "alone where nobody is", 1)
tap.fails(function() scenario(claim(), { claims = { claim(), claim() } }) end, "two of them have the name 'fast'", "a name twice", 1)

local CASES <const> = { { name = "with" }, { name = "without" } }
tap.is(claims_spec.of_experiment(nil, CASES), nil, "an experiment needs none")
c = claims_spec.of_experiment({ { name = "cheap", "it costs little", metric = "alloc_s", under = "with", against = "without", below = 1.1 } }, CASES)[1]
tap.is({ c.metric, c.below }, { "alloc_s", 1.1 }, "of an experiment the metric is what it measures")
tap.fails(function() claims_spec.of_experiment({ { name = "a", "b", metric = "x", tenant = "y", under = "with", below = 1 } }, CASES) end, "claims.a.tenant: an experiment has none", "no tenants", 1)
tap.fails(function() claims_spec.of_experiment({ { name = "a", "b", metric = "x", under = "wit", below = 1 } }, CASES) end, "claims.a.wit: wit; did you mean 'with'", "an unknown case", 1)

-- ---- what the runs make of it -------------------------------------------------------------------------------------------

-- A folder of so many blocks: value(strategy, block) is high's time, nil where it was lost, second: whether low was.
local function folder_of(n, list, value, more)
  local runs = {}
  for block = 1, n do
    for _, name in ipairs { "solo-high", "none", "reserve" } do
      local time, low_lost = value(name, block)
      local tenants = { { name = "high", ended = time and "done" or "oom-killed", completion_s = time, peak = 100,
                          metrics = more and more.metrics and { rps = { value = time, unit = "1/s", better = "higher" } } } }
      if name ~= "solo-high" then tenants[2] = { name = "low", ended = low_lost and "oom-killed" or "done", completion_s = 9 } end
      runs[#runs + 1] = { id = ("%03d-%s"):format(#runs + 1, name), block = block, strategy = name, solo = name == "solo-high" or nil, tenants = tenants }
    end
  end
  for _, one in ipairs(list) do one.text, one[1] = one.text or one[1], nil end
  local manifest = { claims = list, solo_of = { high = "solo-high" }, runs = {}, cells = more and more.cells, scenario = { strategies = { { name = "none" }, { name = "reserve" } } } }
  return { path = "x", manifest = manifest, runs = runs, host = { clock = "virtual" } }
end
local function times(strategy, block) return (strategy == "reserve" and 1.01 or strategy == "none" and 2 or 1) * (1 + block / 1000) end
local function of(n, over, value, more)
  local one = claim(over)
  one.metric = one.metric or "time"
  return claims.of(folder_of(n, { one }, value or times, more))[1]
end
c = of(6)
tap.is({ c.verdict, c.n, c.name, c.against }, { "confirmed", 6, "fast", "solo" }, "a ratio to solo, block by block: confirmed")
tap.near(c.high, 1.01, 1e-9, "with its interval")
tap.is({ of(5).verdict, of(4).verdict, of(4).more }, { "confirmed", "inconclusive", 1 }, "four runs are too few, one more would tell")
tap.is(of(1).more, 4, "of one run four more")
tap.is(of(6, { below = 1.005 }).verdict, "refuted", "an interval outside of the band refutes")
tap.is(of(6, { below = 1.01 + 1e-12 }).verdict, "confirmed", "the bound itself confirms")
tap.is({ of(6, { against = "none", below = 0.6 }).verdict, of(6, { against = "none", below = NONE, above = 0.6 }).verdict }, { "confirmed", "refuted" }, "against another strategy")
tap.is(of(8, { below = NONE, above = 1.0, below = 1.02 }).verdict, "confirmed", "between")
tap.is({ of(5, { above = 2, below = 3 }).verdict, of(6, { above = 2, below = 3 }).verdict }, { "inconclusive", "refuted" }, "to lie outside of two bounds takes one run more")
tap.is(of(6, { against = NONE, below = 1.1 }).verdict, "confirmed", "the figure itself")
local function scattered(strategy, block) return strategy == "reserve" and (block % 3 == 0 and 1.2 or 1.0) or 1.1 end
c = of(6, { against = NONE, below = 1.05 }, scattered)
tap.ok(c.verdict == "inconclusive" and c.more > 5 and c.more < 100, "what scatters across the bound takes many more", c)
tap.is(of(20, { against = NONE, below = 1.1 }, function(_, block) return block % 2 == 0 and 1 or 1.2 end).more, nil, "at the very edge no number of runs tells")

tap.near(claims.KNOWN.mean { latency = { count = 4, sum = 6e9 } }, 1.5, 1e-12, "a mean latency is in seconds")
tap.is({ claims.KNOWN.mean { latency = { count = 0, sum = 0 } }, claims.KNOWN.mean {} }, {}, "  of no latencies there is none")

-- requests that were never made have no latency, and are worse than any
local slow <const> = { unit = "ns", count = 100, sum = 100 * 5e6, min = 5000000, max = 5000000, buckets = { { 5000000, 5000000, 100 } } }
local function p99_of(done, due) return claims.KNOWN.p99 { latency = slow, requests_due = due, requests_done = done } end
tap.is({ p99_of(100, 100), p99_of(995, 1000), p99_of(980, 1000), p99_of(80, 1000) }, { p99_of(1, 1), p99_of(1, 1), math.huge, math.huge },
  "a P99 of which more than 1 % was missed is as bad as can be")
tap.is({ claims.KNOWN.p50 { latency = slow, requests_due = 100, requests_done = 60 }, claims.KNOWN.mean { latency = slow, requests_due = 100, requests_done = 60 } },
  { p99_of(1, 1), math.huge }, "its median may still be known, its mean isn't")

-- losses are no better than the slowest
c = of(6, {}, function(strategy, block) if strategy == "reserve" and block > 2 then return nil end return times(strategy, block) end)
tap.is({ c.verdict, c.lost, c.median }, { "inconclusive", 4 }, "who is lost has no time; the survivors' isn't taken for it")
tap.is(of(6, {}, function(strategy) if strategy ~= "reserve" then return 1 end end).verdict, "refuted", "lost in all runs: refuted")
c = of(8, {}, function(strategy, block) return times(strategy, block), strategy == "reserve" and block <= 3 end)
tap.is({ c.verdict, c.n, c.silent }, { "confirmed", 5, 3 }, "a run beside a loss tells nothing, which is counted")
c = of(6, { against = "none" }, function(strategy, block) if strategy ~= "none" then return times(strategy, block) end end)
tap.is({ c.verdict, c.n, c.silent, c.more }, { "inconclusive", 0, 6 }, "nothing is set against who was lost")
tap.is(of(6, { metric = "rps", against = NONE, below = NONE, above = 0.5 }, function(strategy) if strategy ~= "reserve" then return 1 end end, { metrics = true }).verdict,
  "refuted", "of what is better when it is more a loss is 0")
tap.fails(function() of(6, { metric = "tps", against = NONE }, times, { metrics = true }) end, "claims.fast.metric: tps: no run has such a figure; did you mean 'rps'", "a figure that no program printed", 1)

local KEPT <const> = { metric = "kept", tenant = NONE, against = NONE, below = NONE, above = 0.8 }
tap.is({ of(14, KEPT).verdict, of(13, KEPT).verdict, of(13, KEPT).more }, { "confirmed", "inconclusive", 1 }, "that all are kept takes fourteen runs to show for 80 %")
tap.is(of(14, KEPT, function(strategy, block) return times(strategy, block), block < 9 end).verdict, "refuted", "losses refute it")
tap.is(of(6, { metric = "makespan", tenant = NONE, against = NONE, below = 20 }).verdict, "refuted", "a makespan of runs that have no end is infinite")

c = of(6, nil, times, { cells = { "001-none", "002-reserve" } })
tap.is({ c.verdict, c.why:match "ended early", c.more }, { "inconclusive", "ended early" }, "a series that ended early tells nothing: who stops it may have seen the figures")
local untrusted = folder_of(6, { claim { metric = "time" } }, times)
untrusted.runs[1].tenants[1].ended, untrusted.runs[1].duration_s = "timed out", 1
tap.is(claims.of(untrusted)[1].why, "the runs are not to be trusted", "nor do runs that aren't to be trusted")
tap.is(claims.of { manifest = {}, runs = {} }, nil, "nothing claimed")

local costs = { manifest = { runs = {}, claims = { { name = "a", text = "b", metric = "alloc_s", under = "with", against = "without", below = 1.1 } } }, host = {}, runs = {} }
for block = 1, 6 do
  for i, name in ipairs { "with", "without" } do costs.runs[#costs.runs + 1] = { block = block, case = name, ended = "done", alloc_s = 3 + block - i / 100 } end
end
tap.is({ claims.of(costs)[1].verdict, claims.of(costs)[1].n }, { "confirmed", 6 }, "an experiment's cases are set against each other, too")
costs.manifest.claims[1].metric = "aloc_s"
tap.fails(function() claims.of(costs) end, "metric: aloc_s: no run has such a figure; did you mean 'alloc_s'", "nor is anything made up for them", 1)

-- ---- told ----------------------------------------------------------------------------------------------------------------

local function text_of(...)
  local folder = folder_of(6, { ... }, times)
  folder.claims = claims.of(folder)
  return shown.text { folder }, folder.claims
end
local said, found = text_of(claim { metric = "time" }, claim { metric = "time", name = "faster", below = 1.0 })
tap.like(said, "\nfast +1%.01 %[1%.01, 1%.01%] 97 %% +<= 1%.05 +confirmed: HIGH is as fast as alone", "the table's last section: figure, band, verdict")
tap.like(said, "faster .*refuted: HIGH", "and what is refuted")
tap.fails(function() claims.refuse(found) end, "^claim refuted: faster: HIGH is as fast as alone$", "which is exit status 2", 2)
claims.refuse(nil)
said = text_of(claim { metric = "time" }, claim { metric = "time", name = "b" }, claim { metric = "time", name = "c" }, claim { metric = "time", name = "d" })
tap.like(said, "fast .*inconclusive: 1 more run would tell", "four claims at 5 % together take seven runs")
tap.is(shown.text { { manifest = {} } }, "", "nothing claimed, nothing said")
tap.ok(json.encode(claims.document(found)), "all of it goes into a file")

-- ---- how often it is wrong --------------------------------------------------------------------------------------------------

local random = stats.random(18)
local function uniform() return (random(1 << 52) - 0.5) / (1 << 52) end
local function normal() return math.sqrt(-2 * math.log(uniform())) * math.cos(2 * math.pi * uniform()) end
-- Each with its median, or the least and the greatest number that is one.
local DRAWS <const> = {
  ["log-normal"] = { function() return math.exp(normal()) end, 1, 1 },
  tied = { function() return math.floor(uniform() * 3) / 2 + 0.5 end, 1, 1 },
  bimodal = { function() return uniform() < 0.5 and 1 - uniform() / 100 or 10 + uniform() end, 1, 10 },
}
for name, case in pairs(DRAWS) do
  local draw, least, greatest = table.unpack(case)
  local confirmed, refuted = 0, 0
  for _ = 1, 1000 do
    local values = {}
    for i = 1, 8 do values[i] = draw() end
    confirmed = confirmed + (claims.judge({ below = least - 1e-9 }, values, claims.ALPHA) == "confirmed" and 1 or 0)
    refuted = refuted + (claims.judge({ below = greatest }, values, claims.ALPHA) == "refuted" and 1 or 0)
  end
  tap.ok(confirmed <= 50, ("1000 experiments, %s, a claim that is just false: confirmed in at most 5 %%"):format(name), confirmed)
  tap.ok(refuted <= 50, "  one that is just true: refuted in at most 5 %", refuted)
end

tap.done()
