--- memlua.experiment.per_kernel: a scenario on several kernels. Each has a series of its own, a run's folder below --out, which is made block
--- by block, each in a microVM of its own: in each block all kernels have their turn, in random order, so that no drift favours one of them.
local again = require "memlua.experiment.again"
local another = require "memlua.experiment.another"
local document = require "memlua.base.document"
local host = require "memlua.host"
local log = require "memlua.base.log"
local memlua = require "memlua"
local report = require "memlua.report.per_kernel"
local resume = require "memlua.experiment.resume"
local run = require "memlua.run"
local stats = require "memlua.stats"
local sys = require "memlua.base.sys"

local per_kernel = {}

-- ---- one kernel ------------------------------------------------------------------------------------------------------------

--- Runs memlua in the microVM of a kernel. `kernel`: as --kernel takes it; `out`: the run's folder; `words`: of the command line beside these;
--- `timeout`: seconds, or nil. Returns what another.run does.
function per_kernel.measure(kernel, out, words, timeout)
  local command = { "--vm", "--kernel", kernel, "--out", out }
  if timeout then table.move({ "--timeout", tostring(timeout) }, 1, 2, #command + 1, command) end
  return another.run(table.move(words, 1, #words, #command + 1, command))
end

-- ---- all of them -----------------------------------------------------------------------------------------------------------

local function refuse(fmt, ...) memlua.fail(memlua.status.misuse, fmt, ...) end

local function check_settings(settings)
  if settings.host then refuse "--host: this machine has one kernel, and the scenario names several; leave --host out" end
  if settings.interactive then refuse "a scenario with kernels boots one microVM after the other; at the prompt give it one with --kernel" end
  for _, name in ipairs { "cell", "until", "blocks" } do
    if settings[name] then refuse("--%s: of which kernel? the scenario names several; say one with --kernel", name) end
  end
end

--- What the folder of a kernel, which may be a path, is called below --out.
function per_kernel.folder_name(kernel) return (kernel:gsub("^/", ""):gsub("[^%w.+-]", "_")) end

local function entries_of(kernels, out)
  local entries, taken = {}, {}
  for i, kernel in ipairs(kernels) do
    local path = ("%s/%s"):format(out, per_kernel.folder_name(kernel))
    if taken[path] then refuse("kernels: '%s' and '%s' would have one folder, %s", taken[path], kernel, path) end
    taken[path], entries[i] = kernel, { kernel = kernel, path = path }
  end
  return entries
end

-- An interrupted one goes on with its own seed.
local function seed_of(settings, plan, entries)
  for _, entry in ipairs(entries) do
    local there = host.kind(entry.path .. "/manifest.json")
    if there and not settings.resume then refuse("%s: holds a run already; name another folder with --out, or go on with --resume", entry.path) end
    local seed = there and resume.seed { resume = true, out = entry.path }
    if seed then return seed end
  end
  return settings.seed or plan.seed or sys.time()
end

-- What of the time that --timeout gave is left, in seconds; nil without.
local function clock_of(settings)
  local ends = settings.timeout and sys.time() + host.give_up_after(0)
  return function() return ends and math.max(1, ends - sys.time()) end
end

local function words_of(seed, runs, block)
  local words = { "--seed", tostring(seed), "--runs", tostring(runs), "--blocks", tostring(block), "--resume" }
  local own = again.kept(table.move(host.argv, 2, #host.argv, 1, {}))
  return table.move(own, 1, #own, #words + 1, words)
end

-- A kernel that fails is named and left out from then on; the others go on.
local function make_block(entries, words, left)
  for _, entry in ipairs(entries) do
    if not entry.failed then
      log.say("%s: in %s", entry.kernel, entry.path)
      local ended
      ended, entry.status, entry.said = per_kernel.measure(entry.kernel, entry.path, words, left())
      entry.failed = not ended and entry.said or nil
      if not ended then log.warn("%s: left out: %s", entry.kernel, entry.said) end
    end
  end
end

local function load(entries)
  for _, entry in ipairs(entries) do
    local ok, folder = pcall(run.load, entry.path)
    entry.folder = ok and #folder.runs > 0 and folder or nil
  end
end

local function publish(entries, plan, settings)
  document.write(settings.json, report.document(entries))
  if settings.json ~= "-" then io.stdout:write(report.text(entries, plan)) end
end

-- The first that isn't 0, of the kernels in their order.
local function judge(entries)
  for _, entry in ipairs(entries) do
    if entry.status ~= memlua.status.done then memlua.fail(entry.status, "%s: %s", entry.kernel, entry.said) end
  end
end

--- Runs a checked scenario (memlua.experiment.spec) on each of its `kernels`, prints a table of kernels and strategies, and what became of its
--- claims on each. `settings`: memlua.host.settings. Returns { path, kernels = list of { kernel, path, status, said (last by its memlua), failed
--- (the same where it has no result or not all, or nil), folder (memlua.run.load, or nil) } }. Fails with the first status that isn't 0.
function per_kernel.run(plan, settings)
  check_settings(settings)
  local out, left = settings.out or run.default_path(plan.name), clock_of(settings)
  local entries = entries_of(plan.kernels, out)
  local seed, runs = seed_of(settings, plan, entries), settings.runs or plan.runs
  memlua.must(host.mkdir(out))
  local random = stats.random(seed)
  for block = 1, runs do
    log.say("block %d of %d, on %d kernels", block, runs, #entries)
    make_block(stats.shuffle(table.move(entries, 1, #entries, 1, {}), random), words_of(seed, runs, block), left)
  end
  load(entries)
  publish(entries, plan, settings)
  judge(entries)
  return { path = out, kernels = entries }
end

return per_kernel
