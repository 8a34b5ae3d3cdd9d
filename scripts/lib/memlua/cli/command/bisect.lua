--- memlua bisect CLAIM SCRIPT [RELEASE...]: between which two kernels a scenario's claim changes from confirmed to refuted, or back.
local bisect = require "memlua.base.bisect"
local claims = require "memlua.results.claims"
local document = require "memlua.base.document"
local host = require "memlua.host"
local json = require "memlua.json"
local kernels = require "memlua.machine.kernels"
local log = require "memlua.base.log"
local memlua = require "memlua"
local option = require "memlua.option"
local per_kernel = require "memlua.experiment.per_kernel"
local run = require "memlua.run"
local sys = require "memlua.base.sys"

local options = option.parse {
  name = "bisect", about = "Which kernel lost it? Run a scenario on as few kernels as tell between which two one of its claims changes. Exit status 0 "
    .. "where that is found, 2 where the first and the last agree, 7 where no kernel tells.",
  arguments = { { "claim", help = "the name of the claim" }, { "script", help = "the scenario's file" },
                { "release", args = "*", help = "kernels in their order, as --kernel takes them (all that are in the cache or the archive)" } },
  options = { { "word", "string", arg = "WORD", many = true, help = "a word of the script's own command line" } },
}

local function refuse(fmt, ...) memlua.fail(memlua.status.misuse, fmt, ...) end

local function check()
  if not host.kind(options.script) then refuse("%s: no such script", options.script) end
  for _, name in ipairs { "host", "kernel", "headers", "cell", "blocks", "resume", "dry_run" } do
    if options[name] then refuse("--%s: bisect boots a microVM of each kernel, and makes all runs there", (name:gsub("_", "-"))) end
  end
  local seen = {}
  for _, release in ipairs(options.release) do
    if seen[release] then refuse("%s: named twice", release) end
    seen[release] = true
  end
  local list = #options.release > 0 and options.release or kernels.at_hand()
  if #list < 2 then refuse("bisect takes two kernels at least; there %s", #list == 1 and "is " .. list[1] or "are none") end
  return list
end
local list <const> = check()

-- What of the common options each run is given.
local PASSED <const> = { "runs", "until", "warmup", "accel", "clock", "memory", "disk", "cpus", "timeout" }

local function command_line()
  local words = { "--seed", tostring(options.seed or sys.time()) }
  for _, name in ipairs(PASSED) do
    if options[name] then table.move({ "--" .. name, tostring(options[name]) }, 1, 2, #words + 1, words) end
  end
  words[#words + 1] = options.script
  return table.move(options.word, 1, #options.word, #words + 1, words)
end
local words <const> = command_line()

-- ---- asking one kernel -----------------------------------------------------------------------------------------------------

local folder <const> = options.out or run.default_path "bisect"
local verdicts, result = {}, { claim = options.claim, path = folder, kernels = json.array {} }

local function claim_of(path)
  local found = claims.of(run.load(path)) or {}
  return memlua.named(found, options.claim) or refuse("%s: %s claims no such thing%s", options.claim, options.script,
    #found > 0 and memlua.hint(options.claim, memlua.keys(memlua.by_name(found))) or "")
end

local TOLD <const> = { confirmed = true, refuted = false }

-- Returns true for confirmed, false for refuted, nil where this kernel doesn't tell.
local function ask(kernel)
  local path = ("%s/%s"):format(folder, per_kernel.folder_name(kernel))
  local ended, _, why = per_kernel.measure(kernel, path, words)
  local claim = ended and claim_of(path) or {}
  verdicts[kernel] = claim.verdict or "not measured: " .. why
  log.say("%s: %s", kernel, verdicts[kernel])
  table.insert(result.kernels, { kernel = kernel, verdict = verdicts[kernel], median = claim.median, low = claim.low, high = claim.high, n = claim.n })
  return TOLD[claim.verdict]
end

-- ---- all of them -----------------------------------------------------------------------------------------------------------

memlua.must(host.mkdir(folder))
local low, high, same = bisect.search(list, ask)
if low then result.first, result.last, result.changes = list[low], list[high], not same end
document.write(options.json, result)
if not low then memlua.fail(memlua.status.untrustworthy, "%s: no kernel tells; more runs (--runs) may, %s has what there is", options.claim, folder) end
local said = ("%s: %s on %s, %s on %s"):format(options.claim, verdicts[list[low]], list[low], verdicts[list[high]], list[high])
if same then memlua.fail(memlua.status.assertion, "%s: nothing changes between them", said) end
if options.json ~= "-" then print(said) end
for i = low + 1, high - 1 do
  if options.json ~= "-" then print(("  between them %s: %s"):format(list[i], verdicts[list[i]])) end
end
