--- memlua.scenario: a table in, results out. See memlua.experiment.spec for how the table is checked and memlua.experiment.cell for what
--- is measured; this is the order of things: check, run, write, judge.
local calibrate = require "memlua.calibrate"
local cell = require "memlua.experiment.cell"
local entry = require "memlua.experiment.entry"
local host = require "memlua.host"
local json = require "memlua.json"
local judge = require "memlua.results.judge"
local kinds = require "memlua.report.kinds"
local live = require "memlua.base.live"
local log = require "memlua.base.log"
local memlua = require "memlua"
local option = require "memlua.option"
local order = require "memlua.experiment.order"
local resume = require "memlua.experiment.resume"
local run = require "memlua.run"
local spec = require "memlua.experiment.spec"
local sweep = require "memlua.experiment.sweep"
local sys = require "memlua.base.sys"
local way = require "memlua.machine.way"

local scenario = {}

-- ---- settings ------------------------------------------------------------------------------------------

local function apply_settings(plan)
  local settings = host.settings
  plan.runs = settings.runs or plan.runs
  plan.warmup = settings.warmup or plan.warmup
  plan.seed = settings.seed or resume.seed() or plan.seed
end

-- All runs, numbered and in order; those to make, which with --cell is one; and what else was left open.
local function settle(plan)
  apply_settings(plan)
  local settings, seed = host.settings, plan.seed
  plan.seed = seed or sys.time()
  local all = order.cells(plan)
  local cells = sweep.chosen(all, seed)
  if settings.cell and plan.calibrate then
    memlua.fail(memlua.status.misuse, "--cell with --calibrate: each machine would find a size of its own; calibrate first, "
      .. "then give the sizes that it found")
  end
  if settings.resume and plan.calibrate then
    memlua.fail(memlua.status.misuse, "--resume with --calibrate: the size might come out different; give the sizes that it found")
  end
  settings.out = settings.out or run.default_path(plan.name)
  return all, cells
end

local function show_plan(plan, cells)
  log.say("%s: would make %d runs after %d to warm up, seed %d, results in %s", plan.name, #cells,
    plan.warmup * #order.to_warm(plan, cells), plan.seed, host.settings.out)
  for _, note in ipairs(plan.notes) do log.say("%s", note) end
  for _, c in ipairs(cells) do print(c.id) end
  memlua.fail(memlua.status.done, "")
end

-- ---- writing -------------------------------------------------------------------------------------------

local function plain(value)
  if type(value) ~= "table" then return type(value) ~= "function" and value or nil end
  local copy = {}
  for key, item in pairs(value) do copy[key] = plain(item) end
  return copy
end

-- `all`: every run of the plan; `results`: those that are finished.
local function manifest_of(plan, all, results)
  local scenario_table = plain(plan)
  scenario_table.expect, scenario_table.hooks, scenario_table.solo_of = nil, nil, nil
  for _, key in ipairs { "options", "notes", "report", "calibration", "skipped" } do scenario_table[key] = nil end
  return {
    schema_version = run.SCHEMA, name = plan.name, about = plan.about, seed = plan.seed,
    report = plan.report, options = plan.options, notes = json.array(plan.notes), scenario = scenario_table,
    calibration = plan.calibration, skipped = plan.skipped, solo_of = plan.solo_of, cells = sweep.ids(all),
    cell = host.settings.cell, runs = sweep.ids(results), expected = judge.expected(results), written = run.now(),
  }
end

-- ---- running -------------------------------------------------------------------------------------------

local function warm_up(plan, cells)
  local list = order.to_warm(plan, cells)
  local view <close> = live.runs(plan.warmup * #list, "warm-up run")
  for i = 1, plan.warmup * #list do
    local strategy = list[(i - 1) % #list + 1]
    view:begin(i, strategy.name)
    cell.run(plan, strategy)
  end
end

local function measured(plan, c, folder)
  local result = cell.run(plan, c.strategy, folder:begin(c.id))
  result.id, result.block = c.id, c.block
  -- they are functions of the script: their answers are kept for those who only have the folder
  result.expected = judge.ask(plan.expect, result)
  return result
end

-- The results that there are, in the order of the cells.
local function in_order(cells, results)
  local list = {}
  for _, c in ipairs(cells) do list[#list + 1] = results[c.id] end
  return list
end

-- `kept`: results that there are already, by id.
local function run_all(plan, all, cells, folder, kept)
  folder.runs = in_order(cells, kept)
  folder:start(manifest_of(plan, all, folder.runs))
  if resume.is_complete(cells, kept) then return end
  warm_up(plan, cells)
  local view <close> = live.runs(#cells)
  for i, c in ipairs(cells) do
    view:begin(i, c.strategy.name)
    if not kept[c.id] then
      kept[c.id] = measured(plan, c, folder)
      folder.runs = in_order(cells, kept)
      folder.manifest = manifest_of(plan, all, folder.runs)
      folder:finish(c.id, kept[c.id], folder.manifest)
    end
  end
end

-- Why this kernel can't do a strategy, nil if it can.
local function obstacle(plan, strategy)
  local ok, why = pcall(cell.rehearse, plan, strategy)
  if ok then return nil end
  if type(why) == "table" and why.status == memlua.status.unsupported then return why.message end
  error(why, 0)
end

local function is_among(cells, strategy)
  for _, c in ipairs(cells) do if c.strategy == strategy then return true end end
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
  for _, c in ipairs(cells) do if not left_out[c.strategy] then left[#left + 1] = c end end
  return left
end

-- With --calibrate, the scenario in the size at which it tells something, and its runs.
local function calibrated(plan)
  local value, steps = calibrate.run(plan.calibrate)
  local scaled = spec.check(value)
  scaled.seed = plan.seed
  local all, cells = settle(scaled)
  scaled.calibration = json.array(steps)
  return scaled, all, cells
end

-- What the microVM brought back is summed up here: thousands of resamples would take it minutes.
local function publish_later(out)
  if host.settings.cell then return sweep.tell(out) end
  local ok, folder = pcall(run.load, out)
  if ok then kinds.publish(folder) end -- else it ended before a result, and has said why
end

-- A cell that is there already: its folder, or nil when there is none, or it has to be measured again because it came
-- to no result that counts. What it broke it still breaks: the exit status is the same each time.
local function finished(plan, all)
  local folder = sweep.finished(manifest_of(plan, all, {}))
  if not folder then return nil end
  if not pcall(judge.trust, folder.runs, folder.host) then
    sweep.forget()
    return nil
  end
  log.say("%s: measured already, in %s", host.settings.cell, folder.path)
  judge.results(folder.runs, folder.host)
  return folder
end

-- A series of which nothing is left to measure: shown as if it had just ended.
local function show_complete(path)
  local folder = run.load(path)
  kinds.publish(folder)
  judge.results(folder.runs, folder.host)
  return folder
end

local function measure(plan, all, cells)
  local kept = resume.kept(manifest_of(plan, all, {}))
  if not host.in_guest and resume.is_complete(cells, kept) then return show_complete(host.settings.out) end
  local folder = run.create(host.settings.out, host.settings.resume)
  local tidy <close> = setmetatable({}, { __close = function() folder:discard_unfinished() end })
  entry.enter { out = host.settings.out, after = publish_later }
  for _, note in ipairs(plan.notes) do log.say("%s", note) end
  if plan.calibrate then plan, all, cells = calibrated(plan) end
  cells = possible(plan, cells)
  folder.host = run.facts()
  resume.check_machine(folder.host, kept)
  folder:json("host.json", folder.host)
  folder:keep_script()
  run_all(plan, all, cells, folder, kept)
  if host.settings.cell then
    if not way.hands_back then sweep.tell(folder.path) end
  elseif not way.hands_back then
    kinds.publish(folder)
  end
  judge.results(folder.runs, folder.host)
  return folder
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
---     workload     what it runs; or workloads, a list of these. Each as in worker.spawn:
---       kind         "anon" (default): size; chunk, hold, passes, duration
---                    "file": size; chunk, hold, passes, duration, file (a fresh one on a RAM disk)
---                    "trace": curve; speed, base, hold, huge; see trace.workload
---                    "exec": argv; output, size (what it takes at most, for the claim)
---                    "lua": run = f(step); output, size
---       name (kind)  in the results; start (0): seconds after the tenant's
---       background   true: killed when the tenant's others are done (false)
---     background   true: a service, stopped when the tenants without this are done; it has no completion time and is
---                  not run alone (false)
---     objective    { p50, p95, p99 = a duration }: what its latencies must stay below for a strategy to protect; how a
---                  service is judged
---     policy       what the policy is told of it, over what its rank and sizes say: { claim = "300M" }
---   strategies   list of what is compared, in random order ({ { name = "none" } }). Each:
---     name         needed
---     policy       { name = a built-in one or a .bpf.o, config = {...}, roles = { ROLE = { tenant, ... } } }; without
---                  roles each tenant has its own; all have the policy's only one if it knows no other
---     limits       of the session, over the scenario's
---     tenants      { TENANT = { limits = {...}, policy = {...} } }: over the tenant's own
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
---   session      what the session's cgroup is called ("session")
---   options, notes   kept in the manifest; notes, a list of lines, are said before the runs, too
---   report       a table and charts of another kind: see memlua.report.kinds
---   calibrate    f(scale) -> this table with limit and sizes multiplied: for --calibrate, see memlua.calibrate;
---                survives: the strategy under which nobody may be lost
function scenario.run(value)
  local plan = spec.check(value)
  local out <const> = host.settings.out -- the next scenario of a session gets a folder of its own again
  local restored <close> = setmetatable({}, { __close = function() host.settings.out = out end })
  -- a script that declares no options of its own takes the common ones
  if not option.parsed then option.parse { name = plan.name, about = plan.about } end
  local all, cells = settle(plan)
  if host.settings.dry_run then show_plan(plan, cells) end
  return finished(plan, all) or measure(plan, all, cells)
end

return scenario
