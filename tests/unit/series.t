-- What scenario and experiment share: the plan that is told, a series with nothing left to measure, a cell that is there.
-- Nothing is measured: the folders are synthetic.
local tests = arg[0]:match "^(.*)/[^/]*/[^/]*$"
package.path = tests .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local json = require "memlua.json"
local run = require "memlua.run"
local shell = require "shell"
local spec = require "memlua.experiment.spec"
local sys = require "memlua.base.sys"

local quote <const> = sys.quote
local owned <close> = assert(host.scratch())
local scratch <const> = owned:path()

-- Standard output, exit status and standard error of memlua with these words.
local function memlua(words)
  local text, status = shell.output(("cd %s && %s %s 2>stderr"):format(quote(scratch), quote(host.executable()), words))
  return text, status, sys.read(scratch .. "/stderr")
end

local SCRIPTS <const> = { experiment = [[
require "memlua.experiment".run {
  name = "series", warmup = 2, cases = { { name = "0ms", ms = 0 }, { name = "100ms", ms = 100 } }, report = "sleeps",
  measure = function() error "nothing is to be measured" end,
  expect = { { "each sleeps", function(summary) return summary.delays[1].slept_ms ~= nil, "one is" end } },
}]], scenario = [[
require "memlua.scenario".run {
  name = "series", warmup = 2, limits = { ["memory.max"] = "60M" }, tenants = { { name = "a", workload = { size = "8M" } } },
  strategies = { { name = "none" }, { name = "other" } }, solo = false,
  hooks = { setup = function() error "nothing is to be measured" end },
  expect = { { "a survives", function() return true end } },
}]] }

-- What measure would have returned: `well` or in a way that breaks what is expected of it.
local RESULTS <const> = {
  experiment = function(id, well)
    local ms = id:find "100ms" and 100 or 0
    local chunk = 0.001 + (well and ms or 0) / 1000
    return { id = id, case = id:match "^%d+%-(.*)$", block = 1, ended = "done", asked_ms = ms, chunks_s = { chunk, chunk, chunk } }
  end,
  scenario = function(id, well)
    return { id = id, block = 1, strategy = id:match "^%d+%-(.*)$", duration_s = 1.5, oom = json.array {},
             expected = { { text = "a survives", holds = well, detail = not well and "one is" or nil } },
             tenants = { { name = "a", role = "low", rank = 2, ended = "done", completion_s = 1.1, finish = 1.1, peak = 1 << 23,
                           memory = json.array {}, workload = { kind = "anon", size = 8 << 20 } } } }
  end,
}

-- Of what the script's table comes to, without its functions.
local SCENARIO <const> = spec.check { name = "series", warmup = 2, limits = { ["memory.max"] = "60M" }, solo = false,
  tenants = { { name = "a", workload = { size = "8M" } } }, strategies = { { name = "none" }, { name = "other" } } }
SCENARIO.seed = 3
for _, key in ipairs { "expect", "hooks", "notes", "options" } do SCENARIO[key] = nil end

-- The manifest as memlua writes it: an identity differs in nothing, else --resume says in what.
local function manifest_of(kind, ids, made)
  local manifest = { schema_version = run.SCHEMA, name = "series", seed = 3, cells = json.array(ids), runs = json.array(made), written = "x" }
  if kind == "experiment" then
    manifest.report, manifest.warmup = "sleeps", 2
  else
    manifest.notes, manifest.scenario = json.array {}, SCENARIO
  end
  return manifest
end

local FACTS <const> = { release = "6.12.95", clock = "virtual", way = "module", memlua = host.version, page_size = 4096, tick_ns = 4000000 }

local function write(path, manifest, results)
  local folder = run.at(scratch .. "/" .. path)
  folder:json("host.json", FACTS)
  folder:text("script.lua", sys.read(scratch .. "/" .. path:match "^%l+" .. ".lua"))
  for _, result in ipairs(results) do folder:json("runs/" .. result.id .. "/run.json", result) end
  folder:json("manifest.json", manifest)
end

for kind, script in pairs(SCRIPTS) do
  local file = kind .. ".lua"
  assert(host.save(scratch .. "/" .. file, script))

  local listed, status, said = memlua(file .. " --dry-run --seed 3 -o x")
  tap.is(status, 0, kind .. ": a dry run")
  tap.like(said, "series: would make 2 runs after 2 to warm up, seed 3, results in x\n", "tells what it would do")
  local ids = {}
  for id in listed:gmatch "[^\n]+" do ids[#ids + 1] = id end
  tap.is({ #ids, ids[1]:match "^001%-" ~= nil, ids[2]:match "^002%-" ~= nil }, { 2, true, true }, "and lists the cells")

  local function results_of(list, well)
    local results = {}
    for i, id in ipairs(list) do results[i] = RESULTS[kind](id, well) end
    return results
  end

  local function resume(name, well)
    local path = kind .. name
    write(path, manifest_of(kind, ids, ids), results_of(ids, well))
    return memlua(file .. " --vm --resume -o " .. path)
  end
  local text
  text, status, said = resume("-well", true)
  tap.is(status, 0, "--resume with nothing left", said)
  tap.like(said, "2 of 2 runs are made", "says so")
  tap.ok(not said:find "microVM" and #text > 0, "and shows the table without a kernel", text)
  tap.ok(sys.exists(scratch .. "/" .. kind .. "-well/summary.json"), "the summary is written")
  text, status, said = resume("-broken", false)
  tap.is(status, 2, "what the runs break they break again", said)
  tap.ok(said:find("one is", 1, true) and #text > 0, "and are shown", said)

  local cell = ids[1]
  local manifest = manifest_of(kind, ids, { cell })
  manifest.cell = cell
  write(kind .. "-cells/" .. cell, manifest, results_of({ cell }, true))
  write(kind .. "-begun/" .. cell, manifest_of(kind, ids, {}), {})
  text, status, said = memlua(("%s --vm --kernel /nowhere --seed 3 -o %s-begun --cell %s"):format(file, kind, cell))
  tap.ok(status ~= 0 and said:find("/nowhere", 1, true) and not said:find "already", "a cell that was only begun is measured again, here for want of a kernel in vain", status, said)
  text, status, said = memlua(("%s --vm --seed 3 -o %s-cells --cell %s"):format(file, kind, cell))
  tap.is({ text, status }, { "", 0 }, "a cell that is there is not measured again")
  tap.ok(said:find(("%s: measured already, in %s-cells/%s"):format(cell, kind, cell), 1, true), "which is said", said)
end

-- ---- what is no measure ------------------------------------------------------------------------------------------------

local ids = {}
for id in memlua("experiment.lua --dry-run -q --seed 3 -o x"):gmatch "[^\n]+" do ids[#ids + 1] = id end
local lost = RESULTS.experiment(ids[2], true)
lost.ended = "oom-killed"
write("experiment-lost", manifest_of("experiment", ids, ids), { RESULTS.experiment(ids[1], true), lost })
local text, status, said = memlua "experiment.lua --vm --resume -o experiment-lost"
tap.ok(status == 7 and text == "" and said:find(ids[2] .. ": the tenant was oom-killed", 1, true),
  "an experiment's tenant that was lost: 7, and no table", text, status, said)

tap.done()
