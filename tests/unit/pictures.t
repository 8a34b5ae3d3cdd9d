-- The pictures of a scenario's folder: what their data say, and that gnuplot draws each of them without a word,
-- whatever the scenario was like.
local tests = arg[0]:match "^(.*)/[^/]*/[^/]*$"
package.path = tests .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local plot = require "memlua.plot"
local report = require "memlua.report"
local run = require "memlua.run"
local quote <const> = require "memlua.base.sys".quote

local ALL <const> = "completion latency memory slowdown"

local scratch <const>, tidy <close> = require "shell".folder()

local function content(path)
  local file <close> = io.open(path, "rb")
  return file and file:read "a"
end

local has_gnuplot = os.execute "gnuplot --version >/dev/null 2>&1"

local function scripts(path)
  local list = {}
  local pipe <close> = io.popen(("cd %s/plots && ls *.gp"):format(quote(path)))
  for name in pipe:lines() do list[#list + 1] = name:gsub("%.gp$", "") end
  return list
end

local function names(path) return table.concat(scripts(path), " ") end

-- Passes when gnuplot has nothing to say about any of the folder's pictures, and each comes out as SVG and PNG.
local function draws(path, name)
  if not has_gnuplot then return tap.skip(name, "gnuplot is not installed") end
  local pipe <close> = io.popen(("cd %s/plots && ls *.gp | LC_ALL=C xargs -n 1 -P 4 gnuplot 2>&1 || echo failed")
    :format(quote(path)))
  local said = pipe:read "a"
  for _, name in ipairs(scripts(path)) do
    local base = path .. "/plots/" .. name
    if not (content(base .. ".svg") or ""):find "</svg>" then said = said .. base .. ".svg: not whole\n" end
    if (content(base .. ".png") or ""):sub(1, 4) ~= "\137PNG" then said = said .. base .. ".png: no PNG\n" end
  end
  tap.is(said, "", name)
end

-- The rows of plots/NAME.dat: lists of numbers and words.
local function data(path, name)
  local rows = {}
  for line in (content(("%s/plots/%s.dat"):format(path, name)) or ""):gmatch "([^\n]*)\n" do
    local row = {}
    local at = 1
    while at <= #line do
      local words, after = line:match('^"([^"]*)" ?()', at)
      local number, behind = line:match("^([^ ]+) ?()", at)
      row[#row + 1], at = words or tonumber(number), after or behind
    end
    rows[#rows + 1] = row
  end
  return rows
end

local function script(path, name) return content(("%s/plots/%s.gp"):format(path, name)) or "" end

local count = 0
local function drawn(folders)
  count = count + 1
  local path = scratch .. "/" .. count
  report.pictures(folders, path)
  return path
end

-- ---- folders as a scenario leaves them ----------------------------------------------------------------------------

local function histogram(ms)
  local ns = ms * 1000000
  return { unit = "ns", count = 4, min = ns, max = 3 * ns, sum = 7 * ns,
           buckets = { { ns, ns + 9, 2 }, { 2 * ns, 2 * ns + 9, 1 }, { 3 * ns, 3 * ns + 9, 1 } } }
end

-- One tenant's result; what the strategy makes of it is `t`: { ended, completion, at, memory, latency }.
local function outcome(spec, t)
  local done = (t.ended or "done") == "done"
  local finish = done and t.completion or nil
  return { name = spec.name, role = spec.role, rank = spec.rank, workload = spec.workloads[1],
           ended = t.ended or "done", completion_s = finish, finish = finish, ended_at = t.at or t.completion,
           read_bytes = t.read, latency = t.latency and histogram(t.latency) or nil, memory = t.memory }
end

local function series_of(size)
  return { { 0.0, 0, 0 }, { 1.0, size, 0 }, { 2.0, size, 900000 }, { 3.0, 0, 900000 } }
end

-- A folder of `o.runs` blocks: each tenant alone unless o.solo is false, then each strategy. o.result(strategy, index,
-- block) says what became of a tenant.
local function folder_of(o)
  local folder = { path = "/nowhere/x", host = { release = "6.12", clock = "virtual", way = "module" }, runs = {} }
  local scenario = { limits = { ["memory.max"] = o.limit or 100 << 20 }, tenants = o.tenants, strategies = {} }
  folder.manifest = { schema_version = 1, name = "x", seed = 1, scenario = scenario, solo_of = {} }
  for i, name in ipairs(o.strategies) do scenario.strategies[i] = { name = name } end
  local function add(block, strategy, solo, tenants)
    table.insert(folder.runs, { strategy = strategy, solo = solo, block = block, tenants = tenants,
                                parent = { limits = scenario.limits } })
  end
  for block = 1, o.runs or 1 do
    for i, spec in ipairs(o.solo ~= false and o.tenants or {}) do
      folder.manifest.solo_of[spec.name] = "solo-" .. spec.name
      add(block, "solo-" .. spec.name, true, { outcome(spec, o.result("alone", i, block)) })
    end
    for s = #o.strategies, 1, -1 do -- as if shuffled
      local tenants = {}
      for i, spec in ipairs(o.tenants) do tenants[i] = outcome(spec, o.result(o.strategies[s], i, block)) end
      add(block, o.strategies[s], nil, tenants)
    end
  end
  return folder
end

local function tenants_of(n, name, workload)
  local list = {}
  workload = workload or { kind = "anon", size = 30 << 20 }
  for i = 1, n do
    list[i] = { name = (name or "t%d"):format(i), role = i == 1 and "high" or "low", rank = i == 1 and 1 or 2,
                size = workload.size, workloads = { workload } }
  end
  return list
end

local function plain(strategy, i, block)
  local alone = 1 + block / 10
  if strategy == "alone" then return { completion = alone, latency = 1, memory = series_of(30 << 20) } end
  return { completion = alone * (i + 1), latency = 2, memory = series_of(30 << 20) }
end

-- ---- recorded runs ------------------------------------------------------------------------------------------------

local baseline, protected = run.load(tests .. "/fixtures/baseline"), run.load(tests .. "/fixtures/protected")
local both = drawn { baseline, protected }
tap.is(names(both), ALL, "two folders have all four pictures")
draws(both, "which gnuplot draws without a word")

local high_solo = protected.runs[1].tenants[1].completion_s
local slow = data(both, "slowdown")
tap.is(#slow - 3, 6, "slowdown: a dot per tenant and folder")
tap.is({ slow[1][6], slow[1][7], slow[1][8] }, { 2, "OOM-killed", "baseline" }, "the killed one is lost, in words")
tap.is({ slow[2][3], slow[2][6] }, { protected.runs[2].tenants[1].completion_s / high_solo, 0 },
  "the protected one's is its time over the solo time")
tap.is(slow[3][6], 1, "a survivor beside losses is marked")
tap.like(slow[3][7], "others lost", "in words as well")
tap.ok(slow[2][4] == slow[2][3] and slow[2][5] == slow[2][3], "one run has no interval")

local memory = data(both, "memory")
local first = baseline.runs[2].tenants
local one, two, three = first[1].memory[1][2], first[2].memory[1][2], first[3].memory[1][2]
local MIB <const> = 1 << 20
tap.is(memory[1], { first[1].memory[1][1], one / MIB, 0, (one + two) / MIB, 0, (one + two + three) / MIB, 0 },
  "memory: the layers' tops in MiB")
tap.is({ #memory[140], #memory[141], #memory[142], #memory[143] }, { 7, 0, 0, 7 }, "two empty lines between two panels")
local cross = memory[#memory]
tap.is({ cross[1], cross[2], cross[4] }, { 1, first[1].ended_at, "1" }, "a cross with a number where one was killed")
tap.like(script(both, "memory"), "'oom-killed: 1 high'", "  which the line above the panel explains, outside of the data")


local latency = data(both, "latency")
local last = {}
for _, row in ipairs(latency) do last[row[1] .. "/" .. row[2]] = row end
local function greatest(result) return result.tenants[1].latency.max * 1e-6 end
tap.is(last["1/2"], { 1, 2, greatest(protected.runs[2]), 1 }, "latency: the last step is the greatest value")
tap.is(last["2/3"], { 2, 3, greatest(baseline.runs[1]), 1 }, "a tenant that is like another has its solo run")

-- ---- several runs -------------------------------------------------------------------------------------------------

local function drifting(s, i, block)
  local t = plain(s, i, block)
  if s ~= "alone" then t.completion = t.completion * (1 + block / 100) end
  if s == "none" and i == 2 and block <= 3 then t.ended, t.at = "oom-killed", 0.5 end
  return t
end

local two = tenants_of(2)
local ten = drawn { folder_of { tenants = two, strategies = { "none", "max" }, runs = 10, result = drifting } }
draws(ten, "ten runs are drawn")
slow = data(ten, "slowdown")
tap.is(slow[1][8], "none", "strategies come as the scenario lists them, however they were shuffled")
tap.near(slow[2][3], 2 * 1.055, 1e-9, "each run is set against the solo run of its own block")
local middle, low, high = table.unpack(slow[2], 3, 5)
tap.ok(2.02 <= low and low < middle and middle < high and high <= 2.2, "with an interval", low, middle, high)
tap.near(slow[1][3], 2 * 1.07, 1e-9, "runs with a loss are left out where there are others")
tap.ok(slow[3][7]:find("3 of 10 lost", 1, true) and slow[3][6] == 0, "losses in some runs are told", slow[3][7])
local dots, bars = 0, data(ten, "completion")
for _, row in ipairs(bars) do if #row == 2 and row[1] >= 0 then dots = dots + 1 end end
tap.is(dots, 7 + 7 + 10 + 10, "each run without a loss is a dot beside its bar")
tap.like(script(ten, "completion"), ", n = 10'", "and the picture says how many there are")
tap.like(script(ten, "slowdown"), "\nlogarithmic = 0\n", "a narrow range is linear")
tap.like(script(ten, "memory"), "'max, the first of 10 runs'", "memory over time is of the first run, and says so")
tap.like(script(ten, "memory"), "'none, run 1 of 10, the first that lost t2'", "or of one that lost a tenant")

-- Of four runs the second loses the lesser tenant, the third and fourth the best-ranked one; `how`: what became of them.
local function losing(how)
  return function(s, i, block)
    local t = plain(s, i, block)
    if s ~= "alone" and (block == 2 and i == 2 or block >= 3 and i == 1) then t.ended, t.at = how, block / 10 end
    return t
  end
end
for how, words in pairs { ["oom-killed"] = "that lost t1", failed = "in which t1 failed" } do
  local folder = folder_of { tenants = tenants_of(2), strategies = { "none" }, runs = 4, result = losing(how) }
  for i, result in ipairs(folder.runs) do result.id = ("%03d-x"):format(i) end
  local path = drawn { folder }
  tap.like(script(path, "memory"), "'none, run 3 of 4 %(009%-x%), the first " .. words .. "'", how .. ": of the first that lost the best-ranked")
  local rows = data(path, "memory")
  tap.is(rows[#rows][2], 0.3, "  which its data are of")
  tap.like(script(path, "memory"), how .. ": 1 t1'", "  and its line above")
  slow = data(path, "slowdown")
  tap.like(slow[1][7], "2 of 4 " .. (how == "failed" and how or "lost"), "  losses and failures are told apart beside the slowdown")
  tap.like(content(path .. "/plots/completion.dat"), "2 of 4 " .. (how == "failed" and how or "lost"), "  and beside the bar")
end

local wide = drawn { folder_of { tenants = tenants_of(2), strategies = { "none" }, result = function(s, i)
  return { completion = s == "alone" and 1.0 or i == 1 and 1.1 or 70.0 }
end } }
tap.like(script(wide, "slowdown"), "\nlogarithmic = 1\n", "a wide one is logarithmic")
tap.is(names(wide), "completion slowdown", "what was neither sampled nor timed has no picture")
draws(wide, "which gnuplot draws")

-- Sampled for 3 s, or so many times as long.
local function longer(strategy, i, block)
  local t, times = plain(strategy, i, block), { b = 2, c = 80 }
  for _, sample in ipairs(t.memory) do sample[1] = sample[1] * (times[strategy] or 1) end
  return t
end

local lengths = drawn { folder_of { tenants = tenants_of(1), strategies = { "a", "b", "c" }, result = longer } }
tap.like(script(lengths, "memory"), "array last[3] = [6, 6, 240]", "short runs share a time axis beside a long one")
tap.like(script(lengths, "memory"), "The time axes differ.", "  and the caption says so")
tap.is(script(ten, "memory"):find "time axes differ", nil, "  only then")

-- ---- whatever the scenario was like -------------------------------------------------------------------------------

local function lost(strategy, i, block)
  local t = plain(strategy, i, block)
  if strategy ~= "alone" then t.ended, t.at = "oom-killed", 1.2 end
  return t
end

local function exec(strategy, i, block)
  local t = plain(strategy, i, block)
  t.latency = nil
  return t
end

local EXEC = { kind = "exec", argv = { "true" } }
local ODD = "t%%%d_a name that's `id` \"long\" and longer still, €"
for _, case in ipairs {
  { "one tenant", ALL, tenants = tenants_of(1), strategies = { "none" } },
  { "no solo", "completion latency memory", tenants = tenants_of(3), strategies = { "none", "max" }, solo = false },
  { "exec", "completion memory slowdown", tenants = tenants_of(2, nil, EXEC), strategies = { "none" }, result = exec },
  { "all lost", "completion memory slowdown", tenants = tenants_of(3), strategies = { "none", "max" }, result = lost },
  { "all lost twice", "completion memory slowdown", tenants = tenants_of(3), strategies = { "none" }, runs = 2, result = lost },
  { "all lost, no solo", "completion memory", tenants = tenants_of(2), strategies = { "none" }, solo = false,
    result = lost },
  { "no limit", ALL, tenants = tenants_of(2), strategies = { "none" }, limit = "max" },
  { "eight tenants, six strategies", ALL, tenants = tenants_of(8),
    strategies = { "none", "max", "low", "high", "priority", "reserve" } },
  { "odd names", ALL, tenants = tenants_of(3, ODD), strategies = { "it's 100 %", "b`id`" } },
} do
  case.result = case.result or plain
  local path = drawn { folder_of(case) }
  tap.is(names(path), case[2], case[1] .. ": has the pictures that tell something")
  draws(path, case[1] .. ": gnuplot draws them without a word")
end

local eight = drawn { folder_of { tenants = tenants_of(8, "tenant_%d"), strategies = { "none", "max" }, result = lost } }
draws(eight, "eight tenants, all lost, are drawn")
local numbers = {}
for _, row in ipairs(data(eight, "memory")) do if row[1] == 1 and #row == 4 then numbers[#numbers + 1] = row[4] end end
tap.is(table.concat(numbers, " "), "1 2 3 4 5 6 7 8", "memory: all lost, a numbered cross each")
local said = script(eight, "memory"):match "losses%[2%] = %['([^']*)'"
tap.ok(said and said == "oom-killed: 1 tenant_1, 2 tenant_2, 3 tenant_3, 4 tenant_4, 5 tenant_5, 6 tenant_6, 7 tenant_7, 8 tenant_8", "named above, in as much room as there is", said)

local function lost_by_none(s, i, block) return (s == "none" and lost or plain)(s, i, block) end
local some = drawn { folder_of { tenants = tenants_of(2), strategies = { "none", "max" }, result = lost_by_none } }
slow = data(some, "slowdown")
tap.is({ slow[1][6], slow[2][6], slow[3][6], slow[4][6] }, { 2, 0, 2, 0 }, "one that lost all beside one that didn't")
tap.like(script(some, "latency"), "'t1 (none: lost)', 't2 (none: lost)'", "the latencies of the lost, cut off at their end, are not drawn")
for _, row in ipairs(data(some, "latency")) do
  if row[2] == 1 then tap.ok(false, "no step of none", row) end
end

-- ---- more tenants than colours ------------------------------------------------------------------------------------

local many = tenants_of(12)
many[12].rank, many[1].rank = 1, 3 -- the last one matters most
local crowd = drawn { folder_of { tenants = many, strategies = { "none" }, limit = 1 << 30, result = plain } }
draws(crowd, "twelve tenants are drawn")
tap.like(script(crowd, "memory"), "'t12', 't2', 't3', 't4', 't5', 't6', 't7', '5 others'",
  "the best-ranked of their own, the rest together")
tap.is(data(crowd, "memory")[2][16], 12 * 30, "and no memory is lost")
tap.is(data(crowd, "memory")[2][14], 7 * 30, "the rest lie on top")
local shares = {}
for _, row in ipairs(data(crowd, "latency")) do if row[1] == 8 and row[2] == 1 then shares[#shares + 1] = row[4] end end
tap.is(shares, { 0, 0.5, 0.75, 1 }, "the rest's latencies are merged by their counts")

-- ---- tenants that work for a fixed time ---------------------------------------------------------------------------

local function reading(s, i, block)
  local t = plain("alone", i, block)
  t.read = (s == "alone" and 300 or 100 * i) << 20
  return t
end

local FILE = { kind = "file", size = 1 << 20, duration = 5 }
local fixed = drawn { folder_of { tenants = tenants_of(2, nil, FILE), strategies = { "none" }, result = reading } }
tap.is(names(fixed), "latency memory read slowdown", "tenants with a fixed time are compared by what they read in it")
slow = data(fixed, "slowdown")
tap.near(slow[1][3], 3, 1e-9, "their slowdown is that of a byte")
tap.near(slow[2][3], 1.5, 1e-9, "  for each")
draws(fixed, "which gnuplot draws")

local HOLD = { kind = "anon", size = 30 << 20, hold = 0.5 }
local holding = drawn { folder_of { tenants = tenants_of(1, nil, HOLD), strategies = { "none" }, result = plain } }
local bar = data(holding, "completion")[1]
tap.near(bar[3] - bar[9], 0.5, 1e-9, "the hold is a part of the bar of its own")
draws(holding, "which gnuplot draws")

-- ---- names and room -----------------------------------------------------------------------------------------------

tap.is(plot.short "low_1", "low_1", "a short name stays")
local short = plot.short(("€"):rep(40) .. "end")
tap.ok(utf8.len(short) == 28 and short:find "…" and short:find "end$", "a long one loses its middle", short)
local room = plot.room({ { 10, ("x"):rep(40) }, { 9, "x" } }, 10)
tap.ok(room > 12 and room < 30, "an axis leaves room for the words behind its longest bar", room)
tap.done()
