-- Recordings of policies in Lua: their format, a policy on one, what it says where it would differ; traces in its place; refusals with
-- their texts. That the kernel's recordings are so: tests/vm/policy_lua.t.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local feed = require "memlua.policy.feed"
local host = require "memlua.host"
local json = require "memlua.json"
local kinds = require "memlua.policy.kinds"
local memlua = require "memlua"
local policy = require "memlua.policy"
local recording = require "memlua.policy.recording"
local replay = require "memlua.policy.replay"
local report = require "memlua.report.shadow"
local scenario = require "memlua.scenario"
local sys = require "memlua.base.sys"

local output <const> = require "shell".output
local tests <const> = arg[0]:match "^(.*)/[^/]*/[^/]*$"
local scratch <close> = assert(host.scratch())
local folder <const> = scratch:path()
host.setenv("XDG_CACHE_HOME", folder)

local MB <const>, UNLIMITED <const> = 1 << 20, 0x7ffffffffffff000
local A <const>, B <const>, PARENT <const> = 40, 41, 39

-- ---- making one -------------------------------------------------------------------------------------------------------

local TEXT <const> = [[
return require "memlua.policy".lua {
  name = "kept", config = { step = { 2, unit = "ms" }, mood = { "calm", one_of = { "calm", "wild" } }, eager = false },
  state = { last = 0 },
  roles = { tenant = {
    settings = { soft = { 0, unit = "bytes" }, is_odd = false }, counters = { "calls" },
    join = function(memcg, me) if me.soft > 100 << 20 then return refuse "soft: too much" end end,
    charged = function(memcg, me, config, pages)
      me.calls = me.calls + 1
      %s
    end,
    below_low = function(memcg, me, config, protection, usage) return usage > protection and me.is_odd end,
    uncharged = function(memcg, me, config, pages) me.calls = me.calls - pages end,
  } },
}]]

local function made(body) return assert(load(TEXT:format(body)))() end

local plain_one <const> = made "return memcg.usage > me.soft and me.calls * config.step or 0"

local function told(more)
  local t = { config = { step = 2, mood = "calm", eager = false }, began = 1.0, tenants = {
    { name = "a", role = "tenant", id = A, settings = { soft = 8 * MB, is_odd = false } },
    { name = "b", role = "tenant", id = B, settings = { soft = 8 * MB, is_odd = true } } } }
  for key, v in pairs(more or {}) do t[key] = v end
  return t
end

-- What the kernel's part reads for the recording itself.
local function base(id, usage)
  local list = {}
  local function add(of, name, v) list[#list + 1] = { recording.key(of, kinds.reading(name)), v } end
  for _, one in ipairs { { id, usage }, { PARENT, 2 * usage } } do
    add(one[1], "usage", one[2])
    for _, name in ipairs { "max", "high" } do add(one[1], name, one[1] == PARENT and 64 * MB or UNLIMITED) end
    for _, name in ipairs { "low", "min" } do add(one[1], name, 0) end
    if one[1] == id then add(id, "parent", PARENT) end
  end
  return list
end

-- One call as the ring buffer has it: the callback's name, its tenant, the usage, the recorded answer, and what it has read.
local function call(definition, name, id, usage, answer, own, more)
  more = more or {}
  local readings, number = usage and base(id, usage) or {}, 0xffff
  for i, f in ipairs(definition.functions) do if f.callback == name then number = i - 1 end end
  local n = #readings
  for _, one in ipairs(own or {}) do readings[#readings + 1] = one end
  local parts = { ("<i8i8i8i8i8I2I2BBBB"):pack(more.time or 1500000000, id, more.first or 64, more.second or 0, answer, number, #readings, n,
    more.cut or 0, 0, more.failed or 0) }
  for _, one in ipairs(readings) do parts[#parts + 1] = ("<i8i8"):pack(one[1], one[2]) end
  return table.concat(parts)
end

local function reading(id, name, v) return { recording.key(id, kinds.reading(name)), v } end
local function setting(id, number, v) return { recording.key(id, kinds.recorded.setting + number), v } end
local function given(number, v) return { recording.key(number, kinds.recorded.config), v } end
local function other(name, v, id) return { recording.key(id or 0, kinds.recorded[name]), v } end

local function parsed(definition, calls, more)
  return recording.parse(recording.header(definition, told(more)) .. "\n" .. table.concat(calls), "x.calls")
end

local function replayed(definition, calls, config, kept)
  return replay.run(definition, parsed(kept or definition, calls), config, 3)
end

-- ---- the same, and not -----------------------------------------------------------------------------------------------

local function charged(id, usage, answer, own, more) return call(plain_one, "charged", id, usage, answer, own, more) end

local three <const> = { charged(A, 4 * MB, 0), charged(A, 9 * MB, 4), charged(B, 9 * MB, 2) }
local same = replayed(plain_one, three)
tap.is({ same.calls, same.answers, same.differ, same.untold, same.older }, { 3, 3, 0, 0, 0 }, "the same answers, as what is kept of a tenant evolves")
tap.is(same.tenants[1], { name = "a", role = "tenant", calls = 2, differ = 0, before_ms = 4, now_ms = 4, before_protected = 0, now_protected = 0 },
  "a tenant's totals")

local wrong = replayed(plain_one, { charged(A, 9 * MB, 3), charged(A, 9 * MB, 4), charged(B, 9 * MB, 0, { setting(B, 1, 1) }, { time = 2250000000 }) })
tap.is({ wrong.differ, wrong.tenants[1].differ, wrong.tenants[2].differ }, { 2, 1, 1 }, "answers that differ are counted")
tap.is(wrong.differences[1], { at = 0.5, tenant = "a", callback = "charged", before = "3 ms", now = "2 ms", inputs = "pages 64, usage 9M" },
  "and told by time, tenant and inputs")
local keeping <const> = made "state.last = state.last + pages; return me.calls"
tap.is(replayed(keeping, { charged(A, 9 * MB, 1), charged(A, 9 * MB, 5), charged(B, 9 * MB, 5) }).differences[1].inputs, "pages 64, calls 1, last 64",
  "with what the policy kept of the tenant and of itself before the call")
tap.is({ wrong.differences[2].at, wrong.differences[2].tenant }, { 1.25, "b" }, "in their order")
tap.is(replayed(plain_one, three, { step = 3 }).tenants[1].now_ms, 6, "another configuration takes the recording's place")

local many = {}
for i = 1, 9 do many[i] = charged(A, 9 * MB, 0) end
local told_few = replayed(plain_one, many)
tap.is({ told_few.differ, #told_few.differences }, { 9, 3 }, "not more differences are told than asked for")

-- ---- readings --------------------------------------------------------------------------------------------------------

local function only(body, own, answer, more, first)
  local p = made(body)
  return replay.run(p, parsed(p, { call(p, "charged", A, 9 * MB, answer, own, first) }, more), nil, 3)
end
local function gives(answer, body, own, name, more)
  local result = only(body, own, answer, more)
  tap.is({ result.differ, result.untold, result.older }, { 0, 0, 0 }, name .. ((result.differences[1] or {}).now or ""))
end
gives(7, "return memcg.usage - memcg.usage + 7 - memcg.usage + memcg.usage",
  { reading(A, "usage", 5) }, "the last reading stays")
gives(3, "return memcg.usage - memcg.usage + memcg.usage",
  { reading(A, "usage", 5), reading(A, "usage", 9), reading(A, "usage", 7) }, "the n-th of a kind by the n-th")
gives(64, "return memcg.parent.max >> 20", {}, "what the recording took itself")
gives(21, "return memcg.events.high + memcg.parent.stat.anon", { reading(A, "events.high", 1), reading(PARENT, "stat.anon", 20) }, "events and statistics")
gives(1, "return memcg.parent.parent.parent.max == math.maxinteger - 4095 and memcg.parent.parent.usage == 0 and 1 or 0",
  { reading(PARENT, "parent", 0) }, "above the root is nothing, and no limit")
gives(1500, "return now()", {}, "the time of a call, ms")
gives(1501, "return now()", { other("now", 1501) }, "and as it has read it")
gives(9, "return config.mood == 'wild' and config.eager and config.step or 0", { given(0, 1), given(1, 1), given(2, 9) },
  "configuration as it was read, by its numbers")
gives(2, "return config.mood == 'calm' and not config.eager and config.step or 0", {}, "and else as it was when the recording began")
gives(5, "return me.is_odd and me.soft or 0", { setting(A, 0, 1), setting(A, 1, 5) }, "settings")
gives(8, "return me.is_odd and 0 or me.soft >> 20", {}, "settings that were not read are those of the beginning")

local unread = only("return memcg.events.high", {}, 0)
tap.is({ unread.untold, unread.untold_why }, { 1, "events.high of a is not in the recording" }, "what was never read can't be told")
local p = made "return memcg.events.high"
local older = replay.run(p, parsed(p, { call(p, "charged", A, 9 * MB, 4, { reading(A, "events.high", 4) }), call(p, "charged", A, 9 * MB, 4) }), nil, 3)
tap.is({ older.differ, older.untold, older.older }, { 0, 0, 1 }, "what an earlier call has read is taken, and said")
tap.is(only("return 5", {}, 5, nil, { cut = 1 }).untold_why, "it has read more than a recording keeps of a call", "a call that is cut isn't compared")
local failed = only("return pages // (me.calls - 1)", {}, 0, nil, { failed = 1 })
tap.is({ failed.differ, failed.errors }, { 0, 1 }, "a call that an error ends answers 0")

-- ---- for_each ----------------------------------------------------------------------------------------------------------

local each <const> = made [[local n, usage = 0, 0
      for_each("tenant", function(other, cg)
        n = n + 1
        usage = usage + (cg.usage >> 20)
        return other == me and memcg.max == 7
      end)
      return n * 100 + usage]]
local function turns(ids, ends)
  local list = { other("role", 0) }
  for _, id in ipairs(ids) do
    list[#list + 1] = other("turn", 0, id)
    list[#list + 1] = reading(id, "usage", id * MB)
  end
  list[#list + 1] = other("last", ends and 1 or 0)
  return list
end
local function each_gives(answer, calls, name)
  local result = replay.run(each, parsed(each, calls), nil, 3)
  tap.is({ result.differ, result.untold, result.tenants[1].now_ms }, { 0, 0, answer }, name)
end
each_gives(281, { call(each, "charged", A, 9 * MB, 281, turns { B, A }) }, "all tenants that it came to, with what it read of them")
each_gives(141, { call(each, "charged", A, 9 * MB, 141, turns { B }) }, "not those that it didn't")
local all <const> = call(each, "charged", A, 9 * MB, 281, turns { A, B })
local early = replay.run(each, parsed(each, { all, call(each, "charged", B, 9 * MB, 141, turns({ B }, true)) }), nil, 3)
tap.is({ early.differ, early.differences[1].now, early.older }, { 1, "281 ms", 1 }, "where it was ended early, the others follow, as an earlier call has read them")
local none = replay.run(each, parsed(each, { all, call(each, "charged", B, 9 * MB, 1) }), nil, 3)
tap.is({ none.differ, none.differences[1].now, none.older }, { 1, "249 ms", 1 }, "so do all where there was none")
local gone = replay.run(each, parsed(each, { all, call(each, nil, A, nil, 0), call(each, "charged", B, 9 * MB, 109) }), nil, 3)
tap.is({ gone.calls, gone.differ, gone.older }, { 2, 0, 0 }, "a tenant that has ended is passed over, and its end is no call")

-- ---- the other callbacks -------------------------------------------------------------------------------------------------

local rest = replayed(plain_one, {
  call(plain_one, "join", A, 1 * MB, 0), call(plain_one, "join", A, 1 * MB, -22),
  call(plain_one, "below_low", B, 9 * MB, 1, nil, { first = MB, second = 2 * MB }), call(plain_one, "below_low", A, 9 * MB, 1, nil, { first = MB, second = 2 * MB }),
  call(plain_one, "uncharged", A, nil, 0, nil, { first = 5 }), charged(A, 9 * MB, 0) })
tap.is({ rest.calls, rest.answers, rest.differ }, { 6, 5, 2 }, "joins, protection, what asks for no answer")
tap.is({ rest.differences[1].before, rest.differences[1].now }, { "refused", "taken" }, "a join's answer")
tap.is({ rest.differences[2].before, rest.differences[2].now }, { "protected", "not protected" }, "that of below_low")
tap.is(rest.errors, 1, "the counters evolve: -5 * 2 ms is an error, and 0")

local silent <const> = policy.lua { name = "silent", roles = { tenant = { charged = function() return 0 end } } }
tap.is(replayed(silent, { call(plain_one, "below_low", B, 9 * MB, 1) }, nil, plain_one).differences[1].now, "not protected", "a policy without the callback protects nobody")
local stranger <const> = policy.lua { name = "stranger", roles = { tenent = { charged = function() return 0 end } } }
tap.fails(function() replayed(stranger, three, nil, plain_one) end, "stranger: has no role 'tenant', which a has in the recording; did you mean 'tenent'?", "no such role", 1)

-- ---- damaged files ---------------------------------------------------------------------------------------------------------

local function damaged(text, what)
  tap.fails(function()
    for _ in recording.parse(text, "x.calls"):calls() do end -- luacheck: ignore
  end, "x.calls: " .. what, what, memlua.status.misuse)
end
local header <const> = recording.header(plain_one, told())
local function changed_header(key, v)
  local t = json.decode(header)
  t[key] = v
  return json.encode(t) .. "\n"
end
damaged("", "no recording of memlua's: its header's memlua_calls")
damaged("{}\n", "no recording of memlua's: its header's memlua_calls")
damaged("[1]\n", "no recording of memlua's: its header's memlua_calls")
damaged(changed_header("memlua_calls", 2), "written by another memlua: version 2, this one reads 1")
for _, key in ipairs { "config", "tenants", "functions", "roles", "readings", "policy", "began" } do
  damaged(changed_header(key, key == "policy" and 5 or "x"), "no recording of memlua's: its header's " .. key)
end
damaged(changed_header("readings", { "usage", "min" }), "written by another memlua: reading 2 is min, here max")
damaged(changed_header("tenants", { { name = "a" } }), "no recording of memlua's: its header's tenants")
damaged(changed_header("functions", { { "tenant", "chargd" } }), "no recording of memlua's: its header's functions")
damaged(changed_header("config_fields", { 5 }), "no recording of memlua's: its header's config_fields")
damaged(changed_header("roles", { { name = "tenant", settings = { {} } } }), "no recording of memlua's: its header's roles")
for _, left in ipairs { 1, 20, 60, #three[1] - 1 } do
  damaged(header .. "\n" .. three[1]:sub(1, left), "ends in the middle of a call; was memlua killed?")
end
damaged(header .. "\n" .. charged(77, 4 * MB, 0), "a call of a tenant that its header doesn't know: 77")
damaged(changed_header("functions", {}) .. three[1], "a call of a function that its header doesn't know: ")

damaged(changed_header("tenants", { { name = "a", id = A, role = "tenent", settings = {} } }), "no recording of memlua's: its header's tenants")
damaged(changed_header("tenants", { { name = "a", id = A, role = "tenant", settings = { soft = "x" } } }), "no recording of memlua's: its header's tenants")
damaged(changed_header("config", { step = 1.5 }), "no recording of memlua's: its header's config")
damaged(changed_header("functions", { { "other", "charged" }, { "other", "charged" } }) .. three[1], "a call of role other of a, whose role is tenant")

-- Whatever else is wrong with a file is refused in words, or no matter.
math.randomseed(16)
local whole <const>, refusals = header .. "\n" .. table.concat(three) .. call(each, "charged", A, 9 * MB, 281, turns { B, A }), 0
for _ = 1, 2000 do
  local at = math.random(#whole)
  local text = whole:sub(1, at - 1) .. string.char(math.random(0, 255)) .. whole:sub(at + (math.random(20) == 1 and math.random(40) or 1))
  local ok, why = pcall(function() return replay.run(each, recording.parse(text, "x.calls"), nil, 3) end)
  if not ok then
    refusals = refusals + 1
    if type(why) ~= "table" or why.status ~= memlua.status.misuse then tap.is(tostring(why), "a refusal", ("a changed byte %d"):format(at)) end
  end
end
tap.ok(refusals > 200 and refusals < 1800, "changed bytes are refused in words, or no matter", refusals)

-- ---- what is compiled, and what the host keeps -------------------------------------------------------------------------------------

tap.ok(plain_one:object(true) ~= plain_one:object() and sys.read((plain_one:object(true):gsub("o$", "c"))):find('#include "lua_record.h"', 1, true),
  "one that is recorded is another object")
tap.like(plain_one:c(), "LUA_READ%(L, lua_id%(memcg_%d+%), 1, lua_usage%(memcg_%d+%)%)", "each reading is named to the recording")
tap.ok(#kinds.readings < kinds.recorded.now and kinds.reading "events.oom_kill" == 11 and kinds.reading "stat.pgsteal_direct" == 47,
  "readings keep their numbers", kinds.readings)
local settings <const> = {}
for i = 1, 131 do settings["s" .. i] = 0 end
local role <const> = { settings = settings, charged = function() return 0 end }
tap.fails(function() policy.lua { roles = { tenant = role } }:object(true) end,
  "roles.tenant.settings: 131 of them; a policy that is recorded has 130 at most", "too many settings", 1)
local loaded <close> = assert(policy.load(plain_one))
for name, got in pairs { drain = { loaded:drain() }, recorded = { loaded:recorded() } } do
  tap.is({ got[1], got[2] }, { nil, "kept: not recorded" }, name .. " without a recording")
end
tap.is(select(2, loaded:record(folder .. "/x.calls", "{}", 1000)), "kept: its calls can't be recorded: it is none in Lua that was made for it and is attached",
  "only what was made for it can be recorded")
tap.fails(function() loaded:record(folder .. "/x.calls", "{}", 0) end, "bytes, more than 0", "a file of no size")

local function checked(what, p_of)
  tap.fails(function()
    scenario.run { name = "s", limits = { ["memory.max"] = "64M" }, strategies = { { name = "kept", policy = p_of } },
      tenants = { { name = "t", role = "high", rank = 1, workload = { size = "1M" } } } }
  end, what, what, memlua.status.misuse)
end
checked("strategies.kept.policy.record: priority is written in C, and only what a policy in Lua reads is known; write it in Lua", { name = "priority", record = true })
checked("strategies.kept.policy.name: nobody: no such policy; known: ", { name = "nobody", record = true })
checked('strategies.kept.policy.record: is of the kernel\'s calls; where = "user" has none', { name = plain_one, where = "user", record = true })
checked("strategies.kept.policy.record: a boolean is needed, not a number", { name = plain_one, record = 1 })

-- ---- what is printed ---------------------------------------------------------------------------------------------------------------

local function printed(result, lost, beyond) return report.text("x", result, { lost = lost or 0, beyond = beyond or 0 }, true) end
tap.like(printed(same), "^x: 3 answers, the same as recorded\n\ntenant +role +asked +delay before +now\na ", "the same")
tap.like(printed(wrong), "^x: 2 of 3 answers differ\n.*\n2 differences:\n +time +tenant +asked +before +now +with\n0.500 s  a ", "different ones")
tap.like(printed(told_few), "The first 3 of 9 differences:\n", "the first of many")
tap.like(printed(older), "1 call: a reading that the recorded policy didn't make is taken from an earlier call\n", "older readings")
tap.like(printed(unread), "1 call can't be told: events.high of a is not in the recording\n", "none")
tap.like(printed(failed), "1 call ended by an error, the last in line %d+\n", "errors")
tap.like(printed(same, 2, 3), "2 calls missing in the recording, whose buffer was full: what the policy keeps may differ from then on\n3 calls missing at the "
  .. "recording's end: the file was full\n", "what the recording lacks")

-- ---- the command -------------------------------------------------------------------------------------------------------------------

local memlua_path <const> = sys.quote(host.executable())
local function run(fmt, ...)
  local words = {}
  for i, word in ipairs { ... } do words[i] = sys.quote(word) end
  return output(("%s replay-policy %s 2>&1"):format(memlua_path, fmt:format(table.unpack(words))))
end

-- A run of the fixture, as if its policy had been recorded.
local function run_folder(name, kept)
  local path = ("%s/%s"):format(folder, name)
  assert(os.execute(("cp -r %s/fixtures/protected %s"):format(sys.quote(tests), sys.quote(path))))
  local file = path .. "/runs/002-priority/run.json"
  local result = json.decode(sys.read(file))
  result.policy.recorded = kept
  assert(json.write(file, result))
  return path
end

local function save(name, text)
  assert(host.save(folder .. "/" .. name, text))
  return folder .. "/" .. name
end

local good <const>, other_policy <const> = save("good.lua", TEXT:format "return memcg.usage > me.soft and me.calls * config.step or 0"),
  save("other.lua", TEXT:format "return memcg.usage > me.soft and me.calls * config.step + 1 or 0")
local out <const> = run_folder("out", { file = "kept.calls", calls = 3, cut = 1, beyond = 0, lost = 2, bytes = 5 })
local calls <const> = save("out/runs/002-priority/kept.calls", header .. "\n" .. table.concat(three))
local said, status = run("%s %s", out, good)
tap.ok(status == 0 and said:find("^002%-priority: 3 answers, the same as recorded\n2 calls missing"), "a run: the same", said, status)
said, status = run("%s %s --first 1", calls, other_policy)
tap.ok(status == 2 and said:find "2 of 3 answers differ" and said:find("4 ms    5 ms", 1, true) and said:find "\nmemlua: 2 answers differ from the recorded\n$",
  "a file of it: different", said, status)
said, status = run("%s %s --config step=3", calls, good)
tap.ok(status == 2 and said:find "2 of 3 answers differ", "another configuration", said, status)
local scenario_path <const> = save("scenario.lua", "require 'memlua.scenario'.run { name = 'x', limits = { ['memory.max'] = '64M' }, tenants = { { name = 'a', workload = { kind = 'anon', size = '4M' } } }, "
  .. "strategies = { { name = 'none' } } }")
said, status = run("%s %s", calls, scenario_path)
tap.ok(status == 1 and said:find "scenario.lua: it is no policy, it begins an experiment; a policy's file ends with `return policy.lua", "a scenario isn't run", said, status)
local silent_path <const> = save("silent.lua", TEXT:format "return memcg.events.max")
said, status = run("%s %s", calls, silent_path)
tap.ok(status == 7 and said:find "kept.calls: no answer can be compared\n.*\nmemlua: 3 calls can't be told\n$", "what can't be told is not the same", said, status)
said, status = run("%s %s --json -", calls, other_policy)
tap.ok(status == 2 and json.decode(said:match "^(.*)\nmemlua: ")[1].differ == 2, "as JSON", said)
said = output(memlua_path .. " show " .. sys.quote(out) .. " 2>&1")
tap.like(said, "of 3 recorded calls 1 are cut; 2 are missing as the kernel's buffer was full, 0 as the file was", "the table of a run says what its recording lacks")

local function refused(what, fmt, ...)
  local text, code = run(fmt, ...)
  tap.ok(code == 1 and text:find(what, 1, true), what, text, code)
end
refused("none of its runs is recorded; give the strategy policy = { name = ..., record = true } and run it again", "%s %s", tests .. "/fixtures/protected", good)
refused("--strategy prioritx: " .. out .. " has no recording of it; did you mean 'priority'?", "%s %s --strategy prioritx", out, good)
refused("holds no call: the policy was never asked", "%s %s", save("empty.calls", header .. "\n"), good)
refused("--config: step: write KEY=VALUE", "%s %s --config step", calls, good)
refused("kept: stp: unknown; did you mean 'step'?", "%s %s --config stp=5", calls, good)
refused("it returns no policy; end it with `return policy.lua { ... }`", "%s %s", calls, save("none.lua", "return 5\n"))
refused("--limit: is for traces; " .. calls .. " is a recording, which has what it was", "%s %s --limit 5M", calls, good)
refused("policy.recorded.file", "%s %s", run_folder("bad", { file = "../x.calls", calls = 3 }), good)

-- ---- traces ---------------------------------------------------------------------------------------------------------------------------

local trace <const> = save("tool.csv", "seconds,bytes\n0,1048576\n2,10485760\n3,1048576\n")
local fed = replay.run(plain_one, feed.of(plain_one, { { name = "tool", role = "tenant", settings = { soft = 8 * MB },
  trace = { samples = { { 0, MB }, { 2, 10 * MB }, { 3, MB } } } } }), nil, 3)
tap.is({ fed.calls, fed.answers, fed.differ, fed.tenants[1].calls, fed.errors }, { 42, 41, 0, 41, 0 },
  "a rise is asked about once for each 64 pages, a fall is told once, a join comes first")
tap.is(fed.tenants[1].now_ms, 2 * (33 + 34 + 35 + 36 + 37 + 38 + 39 + 40), "with the usage as it grows")
local sums = {}
local two <const> = feed.of(plain_one, { { name = "x", role = "tenant", trace = { samples = { { 0, MB }, { 1, 2 * MB } } } },
  { name = "y", role = "tenant", trace = { samples = { { 0.5, 3 * MB } } } } }, 8 * MB)
for one in two:calls() do
  local last = {}
  for _, r in ipairs(one.readings) do last[r.of] = r.value end
  sums[#sums + 1] = ("%g %s %d/%d"):format(one.at, one.tenant.name, last[recording.key(1, 1)] >> 18, last[recording.key(1, 2)] >> 18)
end
tap.is({ sums[3], sums[7], sums[#sums] }, { "0 x 1/32", "0.5 y 5/32", "1 x 20/32" }, "the parent has the sum of all, and the limit")

said, status = run("%s %s --setting soft=8M --beside %s", trace, good, trace)
tap.ok(status == 0 and said:find "tool.csv: 84 calls, of which 82 ask for an answer\n" and said:find "\ntool_2 +tenant +41 +584 ms", "the command takes traces", said, status)
said, status = run("%s %s --setting soft=8M --setting tool_2.soft=64M --beside %s", trace, good, trace)
tap.ok(status == 0 and said:find "\ntool +tenant +41 +584 ms" and said:find "\ntool_2 +tenant +41 +0 s", "and settings of one", said, status)
refused("soft: ", "%s %s --setting soft=apples", trace, good)
local roles <const> = tests .. "/../bpf/policies/priority.lua"
refused("tool.csv: which role has it? priority knows high, low: --role of the first, --beside ROLE=TRACE of the others", "%s %s", trace, roles)
refused("knows no role 'hihg'; did you mean 'high'?", "%s %s --role hihg", trace, roles)
said, status = run("%s %s --role high --beside %s", trace, roles, "low=" .. trace)
tap.ok(status == 0 and said:find "\ntool_2 +low +40 ", "roles of traces", said, status)
refused("--strategy: is of a run; " .. trace .. " is a trace", "%s %s --strategy x", trace, good)
refused("--strategy: is of a run; " .. calls .. " is one recording", "%s %s --strategy x", calls, good)

-- ---- a policy on the command line --------------------------------------------------------------------------------------------------------

said, status = output(memlua_path .. [[ -e 'local p = require "memlua.policy".lua { name = "typed", roles = { tenant = {
  charged = function(memcg) return memcg.usage >> 20 end } } } print(p:c())' 2>&1]])
tap.ok(status == 0 and said:find "lua_shr", "a policy of -e has a source", said, status)
said, status = output(memlua_path .. [[ -e 'require "memlua.policy".lua { roles = { tenant = {
  charged = function(memcg) return memcg.usage / 2 end } } }' 2>&1]])
tap.ok(status == 1 and said:find(']:2: / makes a float; divide integers with //', 1, true), "and is refused by its line", said, status)

tap.done()
