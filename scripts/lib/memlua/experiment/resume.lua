--- memlua.experiment.resume: --resume: a series that was interrupted goes on where it stopped. What is finished in its folder
--- is kept, what is not whole is measured again. Whatever would make it another series is refused: another script, scenario,
--- seed or option, another kernel, clock or way.
local handback = require "memlua.base.handback"
local host = require "memlua.host"
local log = require "memlua.base.log"
local memlua = require "memlua"
local run = require "memlua.run"
local seal = require "memlua.results.seal"
local sweep = require "memlua.experiment.sweep"
local sys = require "memlua.base.sys"

local resume = {}

local function refuse(fmt, ...) memlua.fail(memlua.status.misuse, fmt, ...) end

-- Where the series in --out (of the settings) can be read, in the microVM too; nil where there is none to go on with. A single cell needs no
-- such thing: it is measured again unless it is whole.
local function source(settings)
  if not settings.resume or settings.cell then return nil end
  if not settings.out then refuse("--resume: give --out DIR too: the folder of the series that goes on") end
  local path = handback.before(settings.out)
  return host.kind(path .. "/manifest.json") and path or nil
end

--- The seed of the series that goes on (`settings`: memlua.host.settings), which a command line need not repeat; nil where there is none.
function resume.seed(settings)
  local path = source(settings)
  return path and run.manifest(path).seed
end

-- The result of a run, or nil where its file isn't whole, which is said.
local function whole(path, id, manifest)
  local ok, result = pcall(run.result, path, id, manifest)
  if ok then return result end
  if type(result) ~= "table" or result.status ~= memlua.status.misuse then error(result, 0) end
  log.warn("%s; it is measured again", result.message)
end

--- What is finished of the series in --out, of which `manifest` is what this command would write: id -> result. Empty where
--- there is nothing to go on with. Fails with status 1 where it is another series, naming what differs.
function resume.kept(settings, manifest)
  local path, kept = source(settings), {}
  if not path then return kept end
  seal.check(path, "name another folder with --out to begin anew")
  local out, there = settings.out, run.manifest(path)
  local done = there.stopping and there.stopping.stopped
  if done then refuse("%s: --resume: it was precise enough after %d blocks (--until): nothing is left to do", out, done) end
  local why = sweep.difference(there, manifest, out, "this command")
  if not why and run.script(path) ~= sys.read(arg[0]) then why = "the script has changed since" end
  if why then refuse("%s: --resume: another series: %s; name another folder with --out to begin anew", out, why) end
  for _, id in ipairs(there.runs) do kept[id] = whole(path, id, there) end
  if not host.in_guest then log.say("%s: %d of %d runs are made", out, #there.runs, #(there.cells or {})) end
  return kept
end

local SAME <const> = { "release", "clock", "way", "accel", "memlua", "cpus" }

--- Fails with status 1 where the machine or its use (run.facts) isn't that of the series, naming what differs. `kept`: of
--- resume.kept.
function resume.check_machine(settings, facts, kept)
  local path, out = next(kept) and source(settings), settings.out
  if not path then return end
  local there = run.machine(path)
  for _, key in ipairs(SAME) do
    if there[key] ~= facts[key] then
      refuse("%s: --resume: %s: %s there, %s here: the figures could not be compared", out, key,
        tostring(there[key]), tostring(facts[key]))
    end
  end
  -- what the kernel keeps for itself differs a little from boot to boot
  if math.abs((there.memory or 0) - facts.memory) > 0.02 * facts.memory then
    refuse("%s: --resume: memory: %s there, %s here: the figures could not be compared", out, there.memory, facts.memory)
  end
end

--- Whether nothing is left to measure of the `cells`, a list of { id, ... }.
function resume.is_complete(cells, kept)
  for _, c in ipairs(cells) do if not kept[c.id] then return false end end
  return true
end

return resume
