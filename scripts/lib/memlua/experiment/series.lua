--- memlua.experiment.series: what a scenario and an experiment have in common: a number of runs, in blocks of random order,
--- after some to warm up; a folder that keeps each as it is finished; one cell of them alone, or a series that goes on; the
--- microVM in which all of it may happen; and who shows in the end what came of it.
local entry = require "memlua.experiment.entry"
local host = require "memlua.host"
local json = require "memlua.json"
local kinds = require "memlua.report.kinds"
local live = require "memlua.base.live"
local log = require "memlua.base.log"
local memlua = require "memlua"
local option = require "memlua.option"
local order = require "memlua.experiment.order"
local policy = require "memlua.policy"
local provenance = require "memlua.experiment.provenance"
local resume = require "memlua.experiment.resume"
local run = require "memlua.run"
local seal = require "memlua.results.seal"
local stopping = require "memlua.results.stopping"
local sweep = require "memlua.experiment.sweep"
local sys = require "memlua.base.sys"
local way = require "memlua.machine.way"

local series = {}

-- ---- what is to be done ----------------------------------------------------------------------------------------

-- --until: when it may end before all runs are made. nil without.
local function stopping_of(self)
  local given = self.settings["until"]
  if not given then return nil end
  local share = stopping.share(given) or memlua.fail(memlua.status.misuse, "--until %s: a share of the figures is needed, such as 2%%, 50%% at most", given)
  if not self.kind.figures then memlua.fail(memlua.status.misuse, "--until: this is no scenario, whose tenants have figures to know precisely") end
  for _, other in ipairs { "cell", "blocks" } do
    if self.settings[other] then memlua.fail(memlua.status.misuse, "--until with --%s: it takes all runs to know when they are enough; leave one of them out", other) end
  end
  return { share = share, looks = json.array(stopping.looks(self.plan.runs)) }
end

-- The cells of the first blocks (nil: of all).
local function up_to(cells, block)
  local list = {}
  for _, c in ipairs(cells) do if c.block <= (block or math.huge) then list[#list + 1] = c end end
  return list
end

-- All runs, numbered and in order, and those to make, which with --cell is one, with --blocks those of the first. What the plan leaves open is filled in.
local function settle(self)
  local settings, plan = self.settings, self.plan
  plan.runs, plan.warmup = settings.runs or plan.runs, settings.warmup or plan.warmup
  plan.stopping = stopping_of(self)
  local given = settings.seed or resume.seed(settings) or plan.seed
  plan.seed = given or sys.time()
  self.all = order.blocks(self.kind.cases(plan), plan.runs, plan.seed)
  local out
  self.cells, out = sweep.chosen(settings, up_to(self.all, settings.blocks), given)
  self.out = self.out or out or run.default_path(plan.name)
end

local function say_notes(self)
  for _, note in ipairs(self.plan.notes or {}) do log.say("%s", note) end
end

local function show_plan(self)
  local plan = self.plan
  log.say("%s: would make %d runs after %d to warm up, seed %d, results in %s", plan.name, #self.cells,
    plan.warmup * #self.kind.to_warm(plan, self.cells), plan.seed, self.out)
  say_notes(self)
  local foreseen = self.kind.foreseen(plan)
  if foreseen then log.say("%s", foreseen) end
  for _, c in ipairs(self.cells) do print(c.id) end
  memlua.fail(memlua.status.done, "")
end

--- Takes another plan in place of the series' own: what it leaves open is filled in, and its runs are ordered.
function series.replan(self, plan)
  plan.seed, self.plan = self.plan.seed, plan
  settle(self)
end

-- ---- running ---------------------------------------------------------------------------------------------------

-- `results`: those that are finished.
local function manifest_of(self, results)
  local plan = self.plan
  local manifest = {
    schema_version = run.SCHEMA, name = plan.name, about = plan.about, report = plan.report, options = plan.options,
    claims = plan.claims, stopping = plan.stopping, seed = plan.seed, cells = sweep.ids(self.all), cell = self.settings.cell, runs = sweep.ids(results), written = run.now(),
  }
  for key, value in pairs(self.kind.described(plan, results)) do manifest[key] = value end
  return manifest
end

local function warm_up(self)
  local list, rounds = self.kind.to_warm(self.plan, self.cells), self.plan.warmup
  local view <close> = live.runs(rounds * #list, "warm-up run")
  for i = 1, rounds * #list do
    local case = list[(i - 1) % #list + 1]
    view:begin(i, case.name)
    self.kind.measure(self.plan, case)
  end
end

local function measured(self, c, folder)
  local result = self.kind.measure(self.plan, c.case, folder:begin(c.id))
  result.id, result.block = c.id, c.block
  -- the expectations are functions of the script: their answers are kept for those who only have the folder
  result.expected = self.kind.asked(self.plan, result)
  return result
end

-- The results that there are, in the order of the cells.
local function in_order(cells, results)
  local list = {}
  for _, c in ipairs(cells) do list[#list + 1] = results[c.id] end
  return list
end

-- Whether the figures of `folder` are precise enough where they are looked at, after the block that ends with cell `i`.
local function is_enough(self, folder, i)
  local s, block, following = self.plan.stopping, self.cells[i].block, self.cells[i + 1]
  if not s or not following or following.block == block then return false end
  for _, look in ipairs(s.looks) do
    if look == block then return stopping.is_precise(self.kind.figures(folder), s.share, stopping.confidence(folder.manifest)) end
  end
  return false
end

-- No more blocks are planned than this one.
local function stop_after(self, block)
  self.all, self.cells, self.plan.runs, self.plan.stopping.stopped = up_to(self.all, block), up_to(self.cells, block), block, block
  log.say("precise enough after %d blocks (--until)", block)
end

-- `kept`: results that there are already, by id.
local function run_all(self, folder, kept)
  folder.runs = in_order(self.cells, kept)
  folder.manifest = manifest_of(self, folder.runs)
  folder:start(folder.manifest)
  if resume.is_complete(self.cells, kept) then return end
  warm_up(self)
  local view <close> = live.runs(#self.cells)
  for i, c in ipairs(self.cells) do
    if host.interrupted() then memlua.fail(memlua.status.signal, "interrupted") end
    view:begin(i, c.case.name)
    if not kept[c.id] then
      kept[c.id] = measured(self, c, folder)
      folder.runs = in_order(self.cells, kept)
      local enough = is_enough(self, folder, i)
      if enough then stop_after(self, c.block) end
      folder.manifest = manifest_of(self, folder.runs)
      folder:finish(c.id, kept[c.id], folder.manifest)
      if enough then return end
    end
  end
end

-- ---- showing ---------------------------------------------------------------------------------------------------

local function publish(self, folder)
  kinds.publish(folder, self.settings.json)
  self.shown = folder
  provenance.complete(folder.path)
  self.kind.published(self.plan, folder.summary)
end

-- One cell, or the first blocks of a series that goes on.
local function is_part(self) return self.settings.cell or (self.settings.blocks or math.huge) < self.plan.runs end

-- A part has no table; its folder is complete if it is there.
local function tell_part(self, path)
  if sys.exists(path .. "/manifest.json") then provenance.complete(path) end
  sweep.tell(path, self.settings.cell or ("%d of %d blocks"):format(self.settings.blocks, self.plan.runs))
end

-- On the machine, once the microVM has ended: thousands of resamples would take that minutes. Where there is nothing to
-- show it ended before a result, and has said why.
local function show_brought(self, out)
  if is_part(self) then return tell_part(self, out) end
  local ok, folder = pcall(run.load, out)
  if not (ok and self.kind.is_shown(folder.runs, self.cells)) then return end
  publish(self, folder)
  -- what else is wrong with them the microVM has said
  if pcall(self.kind.judge, folder.runs, folder.host) then kinds.refuse(self.shown or {}) end
end

-- Where it was measured, unless others wait for it: a part has nothing to compare.
local function show(self, folder)
  if way.hands_back then return end
  if is_part(self) then return tell_part(self, folder.path) end
  if self.kind.is_shown(folder.runs, self.cells) then publish(self, run.load(folder.path)) end
end

-- The status with which it ends.
local function judge(self, folder)
  self.kind.judge(folder.runs, folder.host)
  kinds.refuse(self.shown or {})
end

-- A series of which nothing is left to measure: shown as if it had just ended.
local function show_complete(self)
  local folder = run.load(self.out)
  show(self, folder)
  judge(self, folder)
  return folder
end

-- A cell that is there already: its folder, or nil when there is none, or it has to be measured again because it came
-- to no result that counts. What it broke it still breaks: the exit status is the same each time.
local function finished(self)
  local folder = self.settings.cell and sweep.finished(self.out, manifest_of(self, {}))
  if not folder then return nil end
  if not pcall(self.kind.trust, folder.runs, folder.host) then
    sweep.forget(self.out)
    return nil
  end
  log.say("%s: measured already, in %s", self.settings.cell, folder.path)
  self.kind.judge(folder.runs, folder.host)
  return folder
end

-- ---- the whole -------------------------------------------------------------------------------------------------

-- What of the command line decides what is measured, so that it can be measured again.
local function asked(settings)
  local words = arg and table.move(arg, 1, #arg, 1, {}) or {}
  return { words = json.array(words), kernel = settings.kernel, headers = settings.headers, memory = settings.memory, disk = settings.disk }
end

local function measure(self)
  local kept = resume.kept(self.settings, manifest_of(self, {}))
  if not host.in_guest and resume.is_complete(self.cells, kept) then return show_complete(self) end
  local folder = run.create(self.out, self.settings.resume)
  local tidy <close> = setmetatable({}, { __close = function() folder:discard_unfinished() end })
  seal.open(self.out)
  entry.enter { out = self.out, after = function(out) show_brought(self, out) end, ran = provenance.of(self.plan) }
  -- loaded once, by what is tried before the first run: so all runs find the same kernel, too
  policy.keep_module(true)
  local restored <close> = setmetatable({}, { __close = function() policy.keep_module(false) end })
  say_notes(self)
  self.kind.prepare(self)
  folder.host = run.facts()
  folder.host.asked = asked(self.settings)
  resume.check_machine(self.settings, folder.host, kept)
  folder:json("host.json", folder.host)
  folder:keep_script()
  run_all(self, folder, kept)
  show(self, folder)
  judge(self, folder)
  return folder
end

--- Makes the runs of a plan as the command line says, which may mean that the same script runs in the microVM and this call
--- doesn't return. Returns the run's folder, { path, manifest, host, runs }. `plan` is a table that has name, runs, warmup,
--- and maybe about, report, options, notes (a list of lines) and seed. `kind` says what a run is, a table of functions:
---   check      (plan, settings): fails where they contradict each other (`settings`: memlua.host.settings)
---   cases      (plan) -> list of { name, ... }: what each block has, once
---   to_warm    (plan, cells) -> list of cases that run `warmup` times before the cells ({ id, block, case }), uncounted
---   measure    (plan, case, path) -> the result of one run, a table; `path`: of its folder, nil for one that warms up
---   asked      (plan, result) -> what the script expects of a run, and whether it holds (judge.ask), or nil
---   described  (plan, results) -> what the manifest has beside what all have
---   figures    (folder) -> lists of the logarithms of what is measured, for --until; nil: it can't be asked for
---   foreseen   (plan) -> what its runs can show, in a sentence, or nil
---   prepare    (series): called once the kernel is there, before the first run; may take cells out or replan
---   is_shown   (runs, cells) -> whether the runs that there are tell enough for a table
---   published  (plan, summary): called once the table is
---   trust      (runs, facts): fails where the runs don't count, so that a cell has to be measured again
---   judge      (runs, facts): fails with the status that the whole ends with, unless that is 0
function series.run(plan, kind)
  option.ensure(plan)
  local settings = host.settings
  local self = { plan = plan, kind = kind, settings = settings }
  kind.check(plan, settings)
  settle(self)
  if settings.dry_run then show_plan(self) end
  return finished(self) or measure(self)
end

return series
