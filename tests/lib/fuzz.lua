-- Damaged run folders and traces through all that reads them, in this process: what is shown, its page and pictures, `memlua
-- runs`, merge. Each must come to a result, or to an error that names the file; never to a traceback, never outside the
-- folder, never with a control character for the terminal. As a script, for long rounds (make fuzz):
--   memlua tests/lib/fuzz.lua [ROUNDS [SEED [FIRST]]]
-- A failure names its round: the same with FIRST and ROUNDS 1 repeats it.
package.path = (arg[0]:match "^(.*)/[^/]*$" or ".") .. "/?.lua;" .. package.path
local host = require "memlua.host"
local html = require "memlua.report.html"
local json = require "memlua.json"
local mutate = require "mutate"
local plot = require "memlua.plot"
local kinds = require "memlua.report.kinds"
local run = require "memlua.run"
local runs = require "memlua.results.find"
local sweep = require "memlua.experiment.sweep"
local sys = require "memlua.base.sys"
local trace = require "memlua.trace"

local fuzz = {}

-- ---- what is damaged -----------------------------------------------------------------------------------------------

-- Of the fixtures, one of each kind that something reads: name -> file -> text.
local function read_folder(path)
  local files = {}
  local pipe <close> = io.popen(("cd %s && find . -type f -name '*.*' | sort"):format(sys.quote(path)))
  for name in pipe:lines() do files[name:sub(3)] = sys.read(path .. "/" .. name) end
  return files
end

local function altered(files, name, change)
  local copy = {}
  for key, text in pairs(files) do copy[key] = text end
  local value = json.decode(copy[name])
  change(value)
  copy[name] = json.encode(value)
  return copy
end

-- With a second block, so that intervals are drawn, and cells, so that it can be merged.
local function doubled(files)
  local copy = altered(files, "manifest.json", function(m)
    m.cells, m.runs = json.array { "001-solo-high", "002-none", "003-none" }, json.array { "001-solo-high", "002-none", "003-none" }
    m.expected = json.array { { text = "all live", runs = 2, broken = json.array { { id = "002-none", detail = "high" } } } }
    m.skipped = json.array { { name = "reserve", reason = "no" } }
  end)
  copy["runs/003-none/run.json"] = copy["runs/002-none/run.json"]
  return copy
end

local function measured(report_name, results)
  local files = { ["host.json"] = json.encode { release = "6.12", clock = "virtual", way = "module", page_size = 4096, tick_ns = 10000000 },
                  ["script.lua"] = "-- nothing\n" }
  local ids = json.array {}
  for i, result in ipairs(results) do
    result.block, ids[i] = 1, ("%03d-%s"):format(i, result.case)
    files[("runs/%s/run.json"):format(ids[i])] = json.encode(result)
  end
  files["manifest.json"] = json.encode { schema_version = run.SCHEMA, name = "x", about = "about", seed = 7, report = report_name, runs = ids, cells = ids }
  return files
end

local function corpus(fixtures)
  local baseline = read_folder(fixtures .. "/baseline")
  local function reported(name) return altered(baseline, "manifest.json", function(m) m.report = name end) end
  local chunks = json.array { 0.001, 0.002, 0.0015 }
  return { baseline, read_folder(fixtures .. "/protected"), doubled(baseline), reported "replay", reported "pages",
    measured("costs", { { case = "none", alloc_s = 0.1, size = 1 << 20, chunks_s = chunks }, { case = "growth", alloc_s = 0.2, size = 1 << 20, chunks_s = chunks } }),
    measured("sleeps", { { case = "0ms", asked_ms = 0, chunks_s = chunks }, { case = "20ms", asked_ms = 20, chunks_s = json.array { 0.022, 0.023 } } }) }
end

-- Values that hold nothing are not to be damaged: the JSON files, and the script once in a while.
local function victims(files)
  local names = {}
  for name in pairs(files) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function write_all(path, files)
  for name, text in pairs(files) do
    host.mkdir((path .. "/" .. name):match "^(.*)/")
    assert(host.save(path .. "/" .. name, text))
  end
end

-- What isn't text: a file's place taken by something else.
local OBSTACLES = { "mkdir %s", "ln -s /dev/zero %s", "mkfifo %s", "true %s" }

local function damage(path, files, random)
  local names = victims(files)
  local name = names[random(#names)]
  if random(20) == 1 then
    os.execute("rm -rf " .. sys.quote(path .. "/" .. name) .. "; " .. OBSTACLES[random(#OBSTACLES)]:format(sys.quote(path .. "/" .. name)))
  else
    assert(host.save(path .. "/" .. name, mutate.text(files[name], random)))
  end
  return name
end

-- ---- what reads it -------------------------------------------------------------------------------------------------

local function show(path)
  local folder = run.load(path)
  local shown = kinds.of(folder)
  folder.summary = shown.summarise(folder)
  json.encode(folder.summary)
  local text = shown.text { folder }
  shown.pictures({ folder }, path .. "/drawn")
  html.text(shown, { folder }, path)
  return text
end

local function merge(path) return sweep.merge(path .. "/../merged/x", { path }) and "" end

local function list(path)
  local said = {}
  for i, one in ipairs(runs.list(path .. "/..")) do said[i] = ("%s %s %s %s"):format(one.name, one.written, one.runs, one.verdict) end
  return table.concat(said, "\n")
end

local READERS = { show = show, merge = merge, runs = list }

-- Nil, or what is wrong with how a reader took the folder.
local function fault_of(reader, path)
  local ok, said = xpcall(reader, function(why) return type(why) == "table" and why or { traceback = debug.traceback(tostring(why), 2) } end, path)
  if ok then
    local control = type(said) == "string" and said:find "[\0-\8\11-\31\127]"
    return control and ("a control character: %q"):format(said:sub(math.max(1, control - 30), control + 30))
  end
  if said.traceback then return said.traceback end
  if said.status ~= 1 then return ("status %s: %s"):format(said.status, said.message) end
  if not said.message:find(path, 1, true) and not said.message:find "^nothing to merge" then return "doesn't name the folder: " .. said.message end
  return nil, said.message
end

-- ---- rounds ----------------------------------------------------------------------------------------------------------

--- Damages folders made of the fixtures in the folder `fixtures`, `rounds` times from round `first` on. Returns { shown,
--- refused } (how many readings came to what) and a list of failures.
function fuzz.runs(fixtures, rounds, seed, first)
  local owned <close> = assert(host.scratch())
  local scratch <const> = owned:path()
  local kinds, count, failures = corpus(fixtures), { shown = 0, refused = 0 }, {}
  local draw, picture = plot.draw, nil
  plot.draw = function() return picture end -- gnuplot is not what is tested, and slow
  local restored <close> = setmetatable({}, { __close = function() plot.draw = draw end })
  for round = first, first + rounds - 1 do
    local random, path = mutate.random(seed, round), scratch .. "/run"
    local files = kinds[random(#kinds)]
    write_all(path, files)
    local name = damage(path, files, random)
    for reader, read in pairs(READERS) do
      local fault, refused = fault_of(read, path)
      count[(fault or refused) and "refused" or "shown"] = count[(fault or refused) and "refused" or "shown"] + 1
      if fault then failures[#failures + 1] = ("round %d, %s, %s: %s"):format(round, reader, name, fault) end
    end
    os.execute(("cd %s && rm -rf run merged"):format(sys.quote(scratch)))
    local left = table.concat(sys.names(scratch), " ")
    if left ~= "" then
      failures[#failures + 1] = ("round %d: written outside the folder: %s"):format(round, left)
      os.execute(("rm -rf %s/*"):format(sys.quote(scratch)))
    end
  end
  return count, failures
end

local TRACES = {
  '{"samples": [{"timestamp": "2026-01-31T12:00:00", "epoch": 100.5, "mem_usage": "1.5MB / 2GB", "cpu_percent": "3%"},'
    .. '{"epoch": 101, "mem_usage": "20MB / 2GB"}, {"epoch": 102.5, "mem_usage": "3KiB / 2GB"}]}',
  "seconds,bytes,cpu_percent\n0,1000,3\n1,2000000,50\n2.5,3000,1\n", "0,1000\n1,2000\n",
}

--- The same for traces: read, described, scaled, written again.
function fuzz.traces(rounds, seed, first)
  local count, failures = { shown = 0, refused = 0 }, {}
  local function read(name, text)
    local t = trace.parse(text, name)
    trace.stats(t)
    trace.at(t, 1)
    trace.parse(trace.csv(trace.scale(t, 2, 0.5)), name)
  end
  for round = first, first + rounds - 1 do
    local random = mutate.random(seed, round)
    local text = mutate.text(TRACES[random(#TRACES)], random)
    local fault, refused = fault_of(function(name) read(name, text) end, "a trace.json")
    count[(fault or refused) and "refused" or "shown"] = count[(fault or refused) and "refused" or "shown"] + 1
    if fault then failures[#failures + 1] = ("round %d, trace: %s"):format(round, fault) end
  end
  return count, failures
end

-- ---- as a script -------------------------------------------------------------------------------------------------------

local function main()
  local fixtures = (arg[0]:match "^(.*)/lib/[^/]*$" or "..") .. "/fixtures"
  local rounds, seed, first = tonumber(arg[1]) or 1000, tonumber(arg[2]) or 1, tonumber(arg[3]) or 1
  local failed = false
  for what, f in pairs { ["run folders"] = function() return fuzz.runs(fixtures, rounds, seed, first) end,
                         traces = function() return fuzz.traces(rounds, seed, first) end } do
    local count, failures = f()
    print(("%s: %d rounds with seed %d: %d results, %d errors that name what is wrong, %d failures"):format(what, rounds, seed,
      count.shown, count.refused, #failures))
    for _, failure in ipairs(failures) do print(failure) end
    failed = failed or #failures > 0
  end
  os.exit(not failed)
end

if arg[0]:find "fuzz%.lua$" then main() end
return fuzz
