--- memlua.scenario: a table in, results out. What is behind it, memlua.experiment.comparison, is loaded by scenario.run: a
--- script's --help and its completion need none of it.
local host = require "memlua.host"

local scenario = {}

--- The path of a program that a script can't do without and not every machine has. `name` is looked for in the PATH, of programs in
--- the microVM, too; or it is a path of its own, "/usr/lib/postgresql/*/bin/postgres", where * stands for anything: of several
--- the last by name. Where there is none it fails with status 1 and the command that installs `package`, Debian's.
function scenario.program(name, package)
  local memlua, sys, way = require "memlua", require "memlua.base.sys", require "memlua.machine.way"
  local path = sys.which(name, (os.getenv "PATH" or "") .. ":" .. way.GUEST_PATH)
  if name:find "[/*]" then path = sys.matching(name) end
  return path or memlua.fail(memlua.status.misuse, "%s: this script needs it and it is not installed; apt-get install %s", name, package)
end

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
---     cgroups ({}) those below it, which its workloads name, and their limits: { tools = { ["memory.high"] = "20M" } }
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
---       cgroup       the one below the tenant's in which it runs, as a container's or an agent's tool call does; all of a tenant's
---                    workloads have one, or none
---       background   true: killed when the tenant's others are done (false)
---     prepare      a workload, or a list of them: run in the tenant's cgroup, one after the other, once its services are
---                  ready and before the run's time begins: loading data
---     keep ("16M") how much of what its programs leave in the folder $MEMLUA_OUT comes to the run's, runs/ID/TENANT/: files
---                  whose names end in .json .txt .log .csv .tsv .dat .out .err or .md
---     background   true: a service, stopped when the tenants without this are done; it has no completion time and is
---                  not run alone (false)
---     slo          { metric = "p99", below = "10ms" }, or a list of these: what it must keep to for a strategy to protect, how a
---                  service is judged. metric: p50, p95 or p99 of its latencies, below a duration ("10ms"; a number is seconds), or a figure of
---                  its own (workload.metrics), below or above a plain number in the figure's unit: 20 of one in ms. The median of the runs is to keep to it, or, with share =
---                  0.9, so many of all runs
---     policy       what the policy is told of it, over what its rank and sizes say: { claim = "300M" }
---   strategies   list of what is compared, in random order ({ { name = "none" } }). Each:
---     name         needed
---     policy       { name = a built-in one, a .bpf.o, a .lua, or what policy.lua gave, config = {...}, roles = { ROLE = { tenant, ... } } };
---                  without roles each tenant has its own; all have the policy's only one if it knows no other. One in Lua
---                  runs in the kernel, or with where = "user" as a controller that looks once a period ("10ms"); record = true keeps
---                  the calls of one in the kernel for `memlua replay-policy`, see memlua.policy.recording
---     limits       of the session, over the scenario's
---     swap         so much swap on zram for its runs, over the scenario's
---     tenants      { TENANT = { limits = {...}, cgroups = { NAME = {...} }, policy = {...} } }: over the tenant's own
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
---   swap         so much swap on zram, a fresh one for each run; in the microVM only (none). memory.swap.max is a limit like the others
---   runs (1)     of each strategy; warmup (1): of each distinct tenant before them, uncounted; --runs, --warmup override
---   seed         of the order and of the intervals (the clock; kept in the manifest); --seed overrides
---   solo (true)  run each kind of tenant alone in each block, too: what X SOLO is told against
---   shares       "ranked" (default): of two ranks the better one gets practically all the CPU; or "equal"
---   deadline     seconds after which a run is given up with status 124 (7200)
---   expect       list of { "what", f(run) -> holds [, detail], under = a strategy (all) }: status 2 where one doesn't hold. `run` is as
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
---   answer       { tenant, under = a strategy, against = another, metric = a figure of its own (by what all tenants are compared) }: the
---                sentence in which the report ends: how the tenant fared under the one, in times of the other
---   claims       list of what the runs are to show, each { name, "in words", the figure, the band that confirms it }, held against
---                intervals: confirmed, refuted (status 2) or inconclusive; the table's last section, and claims.json. All together
---                err in at most 5 % of experiments:
---     name         needed; [1]: what it says in words; needed
---     metric       "time" (default), "work" (without the hold), "p50", "p95", "p99", "mean" (of latencies), "peak", "read", "kept" (the
---                  share of runs that don't lose it; of latencies a request that was due and never made is worse than any), "makespan", or a figure of its own (workload.metrics)
---     tenant       whose; kept and makespan without: all. Who is lost has the worst figure there is
---     under        the strategy (the only one)
---     against      what it is a ratio to, block by block: "solo", or another strategy (none: the figure itself)
---     below, above, between = { from, to }   1.05, or without `against` "10ms", "300M": the bound itself confirms
---   report       a table and charts of another kind: see memlua.report.kinds
---   calibrate    f(scale) -> this table with limit and sizes multiplied: for --calibrate, see memlua.calibrate;
---                survives: the strategy under which nobody may be lost
function scenario.run(value) return require "memlua.experiment.comparison".run(value, host.settings) end

--- Runs the scenario of another script, varied: that of `path`, which begins at the folder of the script that calls, with `words` before those of the
--- command line, and with what `changes` has in place of its table's: scenario.vary("../replay.lua", { "--preset", "latency" }, { runs = 6 });
--- or changes is a function, which is given the table to change it.
--- Returns what scenario.run does. Fails with status 1 where there is no such script or it runs no scenario, and as the script does.
function scenario.vary(path, words, changes)
  local memlua = require "memlua"
  local whole = (debug.getinfo(2, "S").source:match "^@(.*/)" or "") .. path
  local script, why = loadfile(whole)
  if not script then memlua.fail(memlua.status.misuse, "scenario.vary: %s", why) end
  local run, has_run, result = scenario.run, false, nil
  require "memlua.experiment.inputs".file("script", whole)
  local given = arg or {}
  arg = table.move(given, 1, #given, #words + 1, table.move(words, 1, #words, 1, { [0] = given[0] }))
  function scenario.run(value)
    scenario.run, has_run = run, true
    if type(changes) == "function" then changes(value) else for key, change in pairs(changes) do value[key] = change end end
    result = run(value)
    return result
  end
  script()
  arg = given
  if not has_run then memlua.fail(memlua.status.misuse, "scenario.vary: %s runs no scenario", whole) end
  return result
end

return scenario
