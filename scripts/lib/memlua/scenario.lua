--- memlua.scenario: a table in, results out. See memlua.experiment.spec for how the table is checked, memlua.experiment.cell
--- for what is measured in one run, and memlua.experiment.series for the order of things.
local calibrate = require "memlua.calibrate"
local cell = require "memlua.experiment.cell"
local effects = require "memlua.results.effects"
local host = require "memlua.host"
local json = require "memlua.json"
local judge = require "memlua.results.judge"
local log = require "memlua.base.log"
local memlua = require "memlua"
local option = require "memlua.option"
local order = require "memlua.experiment.order"
local per_kernel = require "memlua.experiment.per_kernel"
local series = require "memlua.experiment.series"
local spec = require "memlua.experiment.spec"

local scenario = {}

-- ---- writing -------------------------------------------------------------------------------------------

local function plain(value)
  if type(value) == "function" or type(value) == "userdata" then return nil end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, item in pairs(value) do copy[key] = plain(item) end
  return copy
end

-- What the manifest says of the plan itself goes into its own keys.
local APART <const> = { "expect", "hooks", "solo_of", "options", "notes", "report", "calibration", "skipped", "claims", "stopping" }

local function described(plan, results)
  local scenario_table = plain(plan)
  for _, key in ipairs(APART) do scenario_table[key] = nil end
  -- a function can't be written; that there is one tells the strategy from one that does nothing
  for i, strategy in ipairs(plan.strategies) do scenario_table.strategies[i].controller = strategy.controller and (plain(strategy.controller) or true) end
  return {
    notes = json.array(plan.notes), scenario = scenario_table, calibration = plan.calibration, skipped = plan.skipped,
    solo_of = plan.solo_of, expected = judge.expected(results),
  }
end

-- ---- what this kernel can do -----------------------------------------------------------------------------------

-- Why this kernel can't do a strategy, nil if it can.
local function obstacle(plan, strategy)
  local ok, why = pcall(cell.rehearse, plan, strategy)
  if ok then return nil end
  if type(why) == "table" and why.status == memlua.status.unsupported then return why.message end
  error(why, 0)
end

local function is_among(cells, strategy)
  for _, c in ipairs(cells) do if c.case == strategy then return true end end
end

-- A strategy that this kernel can't do is left out, and its reason told; that none is left is the end.
local function impossible(plan, cells)
  local skipped, left_out, tried = {}, {}, 0
  for _, strategy in ipairs(plan.strategies) do
    local is_wanted = is_among(cells, strategy)
    local why = is_wanted and obstacle(plan, strategy)
    tried = tried + (is_wanted and 1 or 0)
    if why then
      log.warn("%s: skipped: %s", strategy.name, why)
      skipped[#skipped + 1], left_out[strategy] = { name = strategy.name, reason = why }, true
    end
  end
  if tried > 0 and #skipped == tried then
    memlua.fail(memlua.status.unsupported, "%s: %s", skipped[1].name, skipped[1].reason)
  end
  plan.skipped = #skipped > 0 and skipped or nil
  return left_out
end

-- The cells that this kernel can do. They keep their numbers: an id means the same everywhere.
local function possible(plan, cells)
  local left_out, left = impossible(plan, cells), {}
  for _, c in ipairs(cells) do if not left_out[c.case] then left[#left + 1] = c end end
  return left
end

-- ---- its runs --------------------------------------------------------------------------------------------------

-- With --calibrate, the scenario in the size at which it tells something.
local function calibrate_first(self)
  local value, steps = calibrate.run(self.plan.calibrate, self.settings)
  local scaled = spec.check(value, self.settings)
  scaled.calibration = json.array(steps)
  series.replan(self, scaled)
end

-- The size that one run finds is not that of another.
local function check_calibration(plan, settings)
  if plan.calibrate and settings.cell then
    memlua.fail(memlua.status.misuse, "--cell with --calibrate: each machine would find a size of its own; calibrate first, "
      .. "then give the sizes that it found")
  end
  if plan.calibrate and settings.resume then
    memlua.fail(memlua.status.misuse, "--resume with --calibrate: the size might come out different; give the sizes that it found")
  end
end

-- Known before any run: of how much their scatter is, only runs tell.
local function foreseen(plan)
  local f = effects.foreseen(#plan.strategies, #plan.tenants, plan.runs)
  if not f then return nil end
  local of = ("%d comparison%s"):format(f.count, f.count > 1 and "s" or "")
  if not f.shows then return ("%d runs of each are too few for %s; %d can show a difference"):format(plan.runs, of, f.needs) end
  return ("%d runs of each show, among %s, a difference from %.1f standard deviations of a strategy's runs on, with a chance of 80 %%")
    :format(plan.runs, of, f.shows)
end

local KIND <const> = {
  foreseen = foreseen, figures = effects.figures,
  check = check_calibration, cases = order.strategies, to_warm = order.to_warm,
  measure = cell.run, described = described,
  asked = function(plan, result) return judge.ask(plan.expect, result) end,
  prepare = function(self)
    if self.plan.calibrate then calibrate_first(self) end
    self.cells = possible(self.plan, self.cells)
  end,
  is_shown = function() return true end, -- what was lost, or isn't to be trusted, is told with the figures
  published = function() end,
  trust = judge.trust, judge = judge.results,
}

--- Runs a scenario: checks the table whole, makes sure of a kernel that can (which may mean that the same script runs
--- in the microVM and this call doesn't return), runs everything, writes the run's folder, prints the table.
--- With --cell it runs that one only, unless --out has it already, and prints no table (memlua.experiment.sweep).
--- Returns { path, manifest, host, runs }. Fails with the status that memlua --help lists; an error in the table names
--- the path in it. The table; what has no default in brackets and isn't said to be needed may be absent:
---   name         of the scenario, and of its folder; needed
---   about        a line at the report's head
---   limits       of the session, the cgroup above all tenants: { ["memory.max"] = "512M", ["memory.swap.max"] = 0 };
---                needed. Files of a cgroup: memory.{max,high,low,min,swap.max,swap.high,zswap.max,oom.group},
---                cpu.{weight,idle,max}, pids.max. A tenant's may be shares of the session's memory.max: "50%"
---   tenants      list, at least one; needed. Each:
---     name         needed; cgroup (name): what its cgroup is called
---     role ("low") "high", "low", or a role of the policy's own
---     rank         1 is the best (1 for role high, else 2): reserve's order, and the share of the CPU
---     limits ({})  of its cgroup; start (0): seconds into the run
---     workload     what it runs; or workloads, a list of these. Each as in worker.spawn:
---       kind         "anon" (default): size; chunk, hold, passes, duration, rate
---                    "file": size; chunk, hold, passes, duration, rate, file (a fresh one on a RAM disk)
---                    "trace": curve; speed, base, hold, huge; see trace.workload
---                    "exec": argv; output, size (what it takes at most, for the claim), user ("nobody": whom it runs as)
---                    "lua": run = f(step); output, size, user. Or request = f(i), called so many times a second as `rate`
---                    says, for a `duration`; one that returns false has failed. With concurrency = n up to n requests are
---                    in flight, of as many processes, among which those that are due are dealt in turn
---       rate         so many requests a second, or, of anon and file once all is allocated or written, pages that are changed or
---                    read, each in its turn. With it `duration`; or a list of phases { rate =, duration =, name =}. Latencies count
---                    from when a request was due (no coordinated omission). A rate that isn't kept (1 % is missed) is told in the
---                    report, of a tenant that matters forbids "protects", and of one alone is a doubt
---       ready        it is a service, in the background, and no load begins before it is: { port = 6379 }, { socket = path },
---                    { line = what it prints }, { file = path }, { when = f() -> true }; within ("60s"): else the run fails.
---                    It starts before the run's time begins
---       metrics      what its program says of itself, in the tables beside memlua's own: "redis-benchmark", "pgbench",
---                    "sysbench", "stress-ng", "fio", "wrk", "h2load", "time", "json" (one object), or f(text) -> { name = number }
---                    by names that end in _ms, _us, _s, _per_s, rps or tps; others: { number, unit = "MB", better =
---                    "higher" }. { parse = one of these, file = its name in $MEMLUA_OUT } reads a file
---       stop         "TERM", or { signal = "INT", grace ("10s") }: asked to end so, and killed after that (killed at once)
---       name (kind)  in the results; start (0): seconds after the tenant's
---       background   true: killed when the tenant's others are done (false)
---     prepare      a workload, or a list of them: run in the tenant's cgroup, one after the other, once its services are
---                  ready and before the run's time begins: loading data
---     keep ("16M") how much of what its programs leave in the folder $MEMLUA_OUT comes to the run's, runs/ID/TENANT/: files
---                  whose names end in .json .txt .log .csv .tsv .dat .out .err or .md
---     background   true: a service, stopped when the tenants without this are done; it has no completion time and is
---                  not run alone (false)
---     slo          { metric = "p99", below = "10ms" }, or a list of these: what it must keep to for a strategy to protect, how a
---                  service is judged. metric: p50, p95 or p99 of its latencies, or a figure of its own (workload.metrics);
---                  below, or above, is a number in its unit. The median of the runs is to keep to it, or, with share =
---                  0.9, so many of all runs
---     policy       what the policy is told of it, over what its rank and sizes say: { claim = "300M" }
---   strategies   list of what is compared, in random order ({ { name = "none" } }). Each:
---     name         needed
---     policy       { name = a built-in one, a .bpf.o, a .lua, or what policy.lua gave, config = {...}, roles = { ROLE = { tenant, ... } } };
---                  without roles each tenant has its own; all have the policy's only one if it knows no other. One in Lua
---                  runs in the kernel, or with where = "user" as a controller that looks once a period ("10ms"); record = true keeps
---                  the calls of one in the kernel for `memlua replay-policy`, see memlua.policy.recording
---     limits       of the session, over the scenario's
---     tenants      { TENANT = { limits = {...}, policy = {...} } }: over the tenant's own
---     controller   f(c): in user space, beside a policy or alone: a process in a cgroup of its own outside the session (at most
---                  64M), a copy of the script as it is when a run begins. It says what it is to be called for, c:every("100ms", f),
---                  c:on_pressure("low", "some", "150ms", "1s", f), c:on_event("high", f), and looks at and changes tenants:
---                  `memlua help controller.loop` and `controller.target`. memlua.controllers has ready ones. It says so once more before the runs, to see what is refused. What it
---                  changed is put back when it ends; its CPU time, wake-ups and reaction time stand in the result. Or a program:
---                  { argv = { "earlyoom", ... }, prints = { kills = "sending SIG" } }, whose lines with that pattern are counted; argv
---                  may be f(seen), see controller.program. memlua.comparators has some
---     tunables     list of { path, value }, or { path, value, "optional" }: files of the microVM's kernel, set for a run
---     counters     { NAME = path with a number, "path:key" or f() -> number }: by how much they grew shows that it did something
---     only         { tenant, ... }: without the others, and below the session's limits only
---   runs (1)     of each strategy; warmup (1): of each distinct tenant before them, uncounted; --runs, --warmup override
---   seed         of the order and of the intervals (the clock; kept in the manifest); --seed overrides
---   solo (true)  run each kind of tenant alone in each block, too: what X SOLO is told against
---   shares       "ranked" (default): of two ranks the better one gets practically all the CPU; or "equal"
---   deadline     seconds after which a run is given up with status 124 (7200)
---   expect       list of { "what", f(run) -> holds [, detail] }: status 2 where one doesn't hold. `run` is as
---                cell.run returns it; solo runs are not asked. Asked once a run is made; the report tells what held
---   hooks        { setup = f(run), load = f(run), measure = f(run), teardown = f(run) }: called once the cgroups are
---                there, before the workloads start, once they run, and after all was measured; see cell.run
---     stated       where it stands: { page, what its line has beside the figure, the figure as it is written there }: for claim files, whose
---                  figures `memlua verify FOLDER` makes again (none)
---   kernels      { "6.12", "7.3" }: list of kernels, as --kernel takes them, which overrides it: each block in a microVM of each, in
---                random order, so that each has a run's folder of its own below --out; a table of kernels and strategies, and the claims on
---                each, which err in at most 5 % of experiments on all of them together. One that can't be had or fails is named, the others
---                go on. Returned is { path, kernels = list of { kernel, path, status, failed, folder } } then
---   session      what the session's cgroup is called ("session")
---   options, notes   kept in the manifest; notes, a list of lines, are said before the runs, too
---   answer       { tenant, under = a strategy, against = another }: the sentence in which the report ends: how the tenant fared under
---                the one, in times of the other
---   claims       list of what the runs are to show, each { name, "in words", the figure, the band that confirms it }, held against
---                intervals: confirmed, refuted (status 2) or inconclusive; the table's last section, and claims.json. All together
---                err in at most 5 % of experiments:
---     name         needed; [1]: what it says in words; needed
---     metric       "time" (default), "work" (without the hold), "p50", "p95", "p99", "peak", "read", "kept" (the share of runs that
---                  don't lose it), "makespan", or a figure of its own (workload.metrics)
---     tenant       whose; kept and makespan without: all. Who is lost has the worst figure there is
---     under        the strategy (the only one)
---     against      what it is a ratio to, block by block: "solo", or another strategy (none: the figure itself)
---     below, above, between = { from, to }   1.05, or without `against` "10ms", "300M": the bound itself confirms
---   report       a table and charts of another kind: see memlua.report.kinds
---   calibrate    f(scale) -> this table with limit and sizes multiplied: for --calibrate, see memlua.calibrate;
---                survives: the strategy under which nobody may be lost
function scenario.run(value)
  local plan, settings = spec.check(value, host.settings), host.settings
  if not option.parsed then option.parse { name = plan.name, about = plan.about } end
  if not plan.kernels or settings.kernel or settings.dry_run or host.in_guest then return series.run(plan, KIND) end
  return per_kernel.run(plan, settings)
end

return scenario
