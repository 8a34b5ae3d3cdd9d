-- The pictures of services: requests at a rate over time, and programs' own figures; what their data say, and that gnuplot draws them.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local format = require "memlua.results.format"
local plot = require "memlua.plot"
local report = require "memlua.report"
local sys = require "memlua.base.sys"
local worker = require "memlua.worker"

local scratch <const>, tidy <close> = require "shell".folder()
local has_gnuplot = os.execute "gnuplot --version >/dev/null 2>&1"

-- The blocks of plots/NAME.dat: lists of rows of words.
local function blocks(path, name)
  local list = { {} }
  for line in (sys.read(("%s/plots/%s.dat"):format(path, name)) or ""):gmatch "([^\n]*)\n" do
    local row = {}
    for quoted, word in line:gmatch '("?)([^" ]+)"?' do row[#row + 1] = quoted == "" and tonumber(word) or word end
    if #row == 0 and #list[#list] > 0 then list[#list + 1] = {} end
    if #row > 0 then table.insert(list[#list], row) end
  end
  return list
end
local function script(path, name) return sys.read(("%s/plots/%s.gp"):format(path, name)) or "" end

local count = 0
local function drawn(folder, said)
  count = count + 1
  local path = scratch .. "/" .. count
  report.pictures({ folder }, path)
  if not has_gnuplot then tap.skip(said, "gnuplot is not installed") else tap.ok(plot.draw(path), said) end
  return path
end

-- A part of a tenant with `made` requests of so many ms in each of the 60 windows of 0.1 s.
local PHASES <const> = { { name = "idle", rate = 100, duration = 2 }, { name = "a burst with a long name", rate = 300, duration = 1 }, { rate = 50, duration = 3 } }
local function windows(made, ms)
  local list, all = {}, {}
  for i = 1, 60 do
    local values = {}
    for k = 1, made(i) do values[k] = ms(i) * 1000000 end
    list[i] = worker.histogram(values)
    table.move(values, 1, #values, #all + 1, all)
  end
  return { width_s = 0.1, latency = list }, worker.histogram(all)
end
local function part(made, ms, more)
  local w, all = windows(made, ms)
  local one = { ended = "done", start = 0.5, ended_at = 6.5, finish = 6.5, workload = { kind = "lua", rate = PHASES }, windows = w, latency = all,
                requests_due = 650, requests_done = all.count }
  for key, value in pairs(more or {}) do one[key] = value end
  return one
end
local function tenant(name, rank, one)
  one.name, one.rank, one.completion_s = name, rank, one.finish
  one.memory = { { 0.0, 1 << 20, 0 }, { 1.0, 3 << 20, 0 }, { 2.0, 3 << 20, 250000 }, { 3.0, 2 << 20, 250000 } }
  one.loads = { { at = 0.0, cpu_stalled_us = 0, io_stalled_us = 0 }, { at = 2.0, cpu_stalled_us = 500000, io_stalled_us = 1000000 },
                { at = 4.0, cpu_stalled_us = 500000 } } -- where the controller io is off, nothing is counted
  return one
end
local function folder_of(runs, names, strategies)
  local specs = {}
  for i, name in ipairs(names) do specs[i] = { name = name, rank = i, workloads = { { kind = "lua" } } } end
  local scenario = { limits = {}, tenants = specs, strategies = strategies }
  return { path = "/nowhere/x", host = { release = "6.12", clock = "virtual", way = "module" }, runs = runs,
           manifest = { schema_version = 1, name = "x", seed = 1, scenario = scenario, solo_of = {} } }
end
local function run_of(strategy, tenants) return { strategy = strategy, block = 1, tenants = tenants, parent = { limits = {} } } end
local function ten(_) return 10 end
local function rising(i) return i end

-- ---- over time ---------------------------------------------------------------------------------------------------------

local lost = { name = "batch", rank = 2, ended = "oom-killed", ended_at = 1.5, workload = { kind = "anon" }, memory = { { 0.0, 5 << 20, 0 }, { 1.0, 5 << 20, 0 } } }
local one = folder_of({ run_of("none", { tenant("web", 1, part(ten, rising)), lost }) }, { "web", "batch" }, { { name = "none" } })
tap.ok(format.result(one.runs[1], "run.json", { scenario = {} }), "what a file may say of windows")
local path = drawn(one, "one service is drawn")
local asked, made, memory, waits, losses = table.unpack(blocks(path, "service"))
tap.is(asked, { { 0.5, 100 }, { 2.5, 300 }, { 3.5, 50 }, { 6.5, 0 } }, "what was due, phase by phase, from when the load began")
tap.is(#made, 60, "a row for each part of its time")
tap.near(made[1][1], 0.55, 1e-9, "in its middle")
tap.near(made[7][2], 100, 1e-9, "requests a second")
tap.ok(math.abs(made[7][4] / 7 - 1) < 0.04, "and their P99 in ms, as exact as the histogram", made[7])
tap.is(memory[2], { 1, 3, 8, 0 }, "memory of the tenant and of all, in MiB")
tap.near(memory[3][4], 25, 1e-9, "and for which share of the time it was stalled")
tap.is(waits[1], { 2, 25, 50 }, "for which it waited for the CPU, and for block devices")
tap.is(waits[2], { 4, 0, 0 }, "nothing where nothing was counted")
tap.is(losses, { { 0, -1 }, { 1, 1.5, "1" } }, "a mark where a tenant was lost")
local said = script(path, "service")
tap.like(said, "losses = 'lost: 1 batch %(oom%-killed, none%)'", "which the line above explains")
tap.like(said, "array phase%[3%] = %['idle', 'a burst with[^']*…', '50/s'%]", "phases by their names, as far as there is room, or rates")
tap.like(said, "array begins%[3%] = %[0.5, 2.5, 3.5%]", "shaded where they are")

-- a tenant of two workloads that share a rate
local lanes = { kind = "lua", rate = PHASES, lanes = 2 }
local both = { ended = "done", ended_at = 6.5, finish = 6.5, requests_due = 650, requests_done = 600,
               workloads = { part(function() return 5 end, rising, { workload = lanes }), part(function() return 5 end, rising, { workload = lanes }) } }
path = drawn(folder_of({ run_of("none", { tenant("web", 1, both) }) }, { "web" }, { { name = "none" } }), "several in flight are drawn")
local dealt = blocks(path, "service")
tap.is(dealt[1], asked, "together they are asked for the whole rate")
tap.near(dealt[2][7][2], 100, 1e-9, "and make it")

-- few requests, and one that stalls to its end
local function rarely(i) return i <= 30 and i % 3 == 0 and 1 or 0 end
local few = part(rarely, rising)
few.requests_due = 20
path = drawn(folder_of({ run_of("none", { tenant("web", 1, few) }) }, { "web" }, { { name = "none" } }), "few requests are drawn")
local sparse = blocks(path, "service")[2]
tap.is(#sparse, 10, "of few requests the parts are wider")
tap.is({ sparse[10][2], sparse[10][4] }, { 0, 0 }, "where none was made there were none")
local cut = part(ten, rising)
cut.ended, cut.ended_at, cut.finish = "oom-killed", 2.0, nil
path = drawn(folder_of({ run_of("none", { tenant("web", 1, cut) }) }, { "web" }, { { name = "none" } }), "one that was lost is drawn")
tap.is(#blocks(path, "service")[2], 15, "up to its end")

-- eight tenants with long names, three strategies
local names, strategies, runs = {}, { { name = "none" }, { name = "it's 100 %" }, { name = "a strategy with a long name" } }, {}
for i = 1, 8 do names[i] = ("t%d's service with `id` and a \"long\" name, €"):format(i) end
for s, strategy in ipairs(strategies) do
  local list = {}
  for i, name in ipairs(names) do list[i] = tenant(name, i, part(ten, function(k) return s * i + k end)) end
  runs[s] = run_of(strategy.name, list)
end
path = drawn(folder_of(runs, names, strategies), "eight services with long names are drawn")
tap.ok(script(path, "service_4") ~= "" and script(path, "service_5") == "", "the four best-ranked have a picture each")
tap.is(#blocks(path, "service"), 11, "a block of requests, of memory and of what is waited for, for each strategy")
path = drawn(folder_of({ run_of("none", { lost }) }, { "batch" }, { { name = "none" } }), "who has no rate has no such picture")
tap.is(script(path, "service"), "", "none at all")

-- ---- figures of their own ------------------------------------------------------------------------------------------------

runs = {}
for block = 1, 6 do
  for s, strategy in ipairs(strategies) do
    local list = {}
    for i, name in ipairs(names) do
      list[i] = { name = name, rank = i, ended = "done", completion_s = 1.0, finish = 1.0, workload = { kind = "exec" }, metrics = {
        p99_ms = { value = 10.0 * s + block, unit = "ms", better = "lower" }, ["rps%s"] = { value = 5.0, unit = "1/s", better = "higher" } } }
    end
    runs[#runs + 1] = run_of(strategy.name, list)
    runs[#runs].block = block
  end
end
path = drawn(folder_of(runs, names, strategies), "figures of eight tenants are drawn")
local points, dots = table.unpack(blocks(path, "metrics"))
tap.is({ #points, #dots }, { 12 * 3, 1 + 12 * 3 * 6 }, "a point for each figure and strategy, as many as a picture holds, and a dot for each run")
tap.is({ points[2][1], points[2][2], points[2][3] }, { 1, 2, 23.5 }, "the median of a strategy's runs")
tap.ok(points[2][4] < 23.5 and points[2][5] > 23.5, "with its interval", points[2])
tap.like(script(path, "metrics"), "p99_ms in ms, lower is better", "unit and direction are told")
tap.like(script(path, "metrics"), "4 more figures stand in the table", "and that there are more")
tap.done()
