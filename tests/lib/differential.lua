-- Differential fuzzing of policies in Lua: random programs (tests/lib/programs.lua) on random inputs, as plain Lua and as the C
-- that is made of them. All that a program can change is compared: its answer, statistics, state and tenants.
local host = require "memlua.host"
local plain = require "memlua.policy.plain"
local programs = require "programs"
local sys = require "memlua.base.sys"

local differential = {}

differential.INPUTS = 4 -- of each program
--- Sizes of a batch: two programs a role; statements of a program, and how deep blocks lie in blocks. The verifier walks each way through
--- a program, and in an emulated microVM a million instructions take it a minute.
differential.LARGE, differential.SMALL = { roles = 16, statements = 6, depth = 2 }, { roles = 8, statements = 4, depth = 1 }
local CALLBACKS <const> = { "charged", "below_low" }
local HERE <const> = arg[0]:match "^(.*)/[^/]*/[^/]*$"

-- ---- a batch of programs -----------------------------------------------------------------------------------------------

local ROLE <const> = [[
%s = { settings = { soft = 0, claim = 0 }, counters = { "active", "total" }, state = { since = 0 },
charged = function(memcg, me, config, pages)
%s
end,
below_low = function(memcg, me, config, pages)
%s
end },
]]

local HEAD <const> = [[
return require "memlua.policy".lua { name = "fuzz", about = "random",
config = { scale = 0, bias = 0, eager = false, mood = { "calm", one_of = { "calm", "wild" } } },
stats = { "calls", "sum" }, state = { last = 0, seen = 0 }, roles = {
]]

--- A policy of random programs by `seed`, LARGE or SMALL: { seed, text, definition, names = list of { role, callback } }.
function differential.batch(seed, size)
  math.randomseed(seed)
  local parts, names = { HEAD }, {}
  for i = 1, size.roles do
    local role = "r" .. i
    local charged = programs.body(math.random, true, size.statements, size.depth):gsub("ROLE", role)
    local below = programs.body(math.random, false, size.statements, size.depth):gsub("ROLE", role)
    parts[#parts + 1] = ROLE:format(role, charged, below)
    for _, callback in ipairs(CALLBACKS) do names[#names + 1] = { role = role, callback = callback } end
  end
  local text = table.concat(parts) .. "} }"
  return { seed = seed, text = text, definition = assert(load(text))(), names = names }
end

-- The whole C: the policy's, and a driver of each program.
function differential.c_of(batch, main)
  local parts = { batch.definition:c(), "#include \"driver.h\"" }
  for _, name in ipairs(batch.names) do parts[#parts + 1] = ("DRIVE(%s, %s)"):format(name.role, name.callback) end
  return table.concat(parts, "\n") .. "\n" .. (main or "")
end

-- ---- inputs ------------------------------------------------------------------------------------------------------------

local ODD <const> = { 0, 1, -1, 2, 63, 64, 4096, 1 << 20, 1 << 31, 1 << 32, math.maxinteger, math.mininteger, -(1 << 31), 1000, 0x7ffffffffffff000 }

local function integer()
  if math.random(3) == 1 then return ODD[math.random(#ODD)] end
  return math.random(2) == 1 and math.random(-100, 100) or math.random(0) >> math.random(0, 63)
end

local FIELDS <const> = { "soft", "claim", "active", "total", "since", "gone" }
local CGROUP <const> = { "usage", "max", "high", "low", "min" }
local EVENTS <const> = { "low", "high", "max", "oom", "oom_kill" }

-- The record as struct run of driver.h has it: a list of integers, and where in it what stands.
local PROGRAM <const>, ANSWER <const>, ARGUMENT <const>, NOW <const>, ME <const> = 1, 2, 3, 4, 5
local CONFIG <const>, STATS <const>, STATE <const>, OF_TENANTS <const>, OF_CGROUPS <const> = 5, 9, 13, 15, 33
local WORDS <const> = 33 + 90

local function record(program)
  local r = {}
  for i = 1, WORDS do r[i] = integer() end
  r[PROGRAM], r[ANSWER], r[ME] = program - 1, 0, math.random(0, 2)
  r[CONFIG + 2], r[CONFIG + 3] = math.random(0, 1), math.random(0, 1)
  for i = 0, 2 do r[OF_TENANTS + 6 * i + 6] = math.random(4) == 1 and 1 or 0 end
  r[STATS + 3], r[STATS + 4] = 0, 0
  return r
end

local FORM <const> = "<" .. ("i8"):rep(WORDS)
differential.RECORD = WORDS * 8 -- bytes

--- Records for a batch, packed: INPUTS of each program. Returns the text, and the list of records.
function differential.inputs(batch)
  math.randomseed(batch.seed, 1)
  local list, packed = {}, {}
  for i = 1, #batch.names do
    for _ = 1, differential.INPUTS do
      list[#list + 1] = record(i)
      packed[#packed + 1] = FORM:pack(table.unpack(list[#list]))
    end
  end
  return table.concat(packed), list
end

-- ---- in plain Lua ---------------------------------------------------------------------------------------------------------

local function cgroup_of(r, i)
  local at, cg = OF_CGROUPS + 10 * i, { events = {} }
  for k, name in ipairs(CGROUP) do cg[name] = r[at + k] end
  for k, name in ipairs(EVENTS) do cg.events[name] = r[at + 5 + k] end
  cg.stat = { anon = cg.events.oom, pgfault = cg.events.oom_kill } -- see LUA_STATE in tests/fuzz/policy/lua.bpf.h
  return cg
end

local function tenant_of(r, i)
  local me = {}
  for k, name in ipairs(FIELDS) do me[name] = r[OF_TENANTS + 6 * i + k] end
  local memcg = cgroup_of(r, 3 * i)
  memcg.parent = cgroup_of(r, 3 * i + 1)
  memcg.parent.parent = cgroup_of(r, 3 * i + 2)
  return { me = me, memcg = memcg }
end

--- What a record becomes by plain Lua.
function differential.expected(batch, r)
  local tenants, present = {}, {}
  for i = 0, 2 do
    tenants[i] = tenant_of(r, i)
    if tenants[i].me.gone == 0 then present[#present + 1] = tenants[i] end
  end
  local world = { now = function() return r[NOW] end, tenants = function() return present end }
  local instance = plain.new(batch.definition, world)
  instance.config = { bias = r[CONFIG + 1], eager = r[CONFIG + 2] == 1, mood = r[CONFIG + 3] == 1 and "wild" or "calm", scale = r[CONFIG + 4] }
  instance.stats.calls, instance.stats.sum = r[STATS + 1], r[STATS + 2]
  instance.state.last, instance.state.seen = r[STATE + 1], r[STATE + 2]
  local name, me = batch.names[r[PROGRAM] + 1], tenants[r[ME]]
  local answer = instance:call(name.role, name.callback, me.memcg, me.me, r[ARGUMENT])
  local out = table.move(r, 1, WORDS, 1, {})
  out[ANSWER] = answer == true and 1 or answer or 0
  out[STATS + 1], out[STATS + 2] = instance.stats.calls, instance.stats.sum
  out[STATS + 3], out[STATS + 4] = instance.stats.errors, instance.stats.error_line
  out[STATE + 1], out[STATE + 2] = instance.state.last, instance.state.seen
  for i = 0, 2 do
    for k, field in ipairs(FIELDS) do out[OF_TENANTS + 6 * i + k] = tenants[i].me[field] end
  end
  return out
end

-- ---- comparing ---------------------------------------------------------------------------------------------------------------

-- What stands at a place of the record, in words.
local function place(i)
  if i == ANSWER then return "the answer" end
  if i <= STATE then return ({ "calls", "sum", "errors", "error_line" })[i - STATS] or "word " .. i end
  if i <= OF_TENANTS then return ({ "last", "seen" })[i - STATE] end
  return ("tenant %d's %s"):format((i - OF_TENANTS - 1) // 6, FIELDS[(i - OF_TENANTS - 1) % 6 + 1])
end

--- Compares outputs, packed, with what plain Lua makes of the inputs. Programs of `skipped` (index -> true) are left out. Returns how
--- many were compared, how many of them an error ended, and nil or what differs.
function differential.compare(batch, list, output, skipped)
  local compared, errors = 0, 0
  for n, r in ipairs(list) do
    if not (skipped or {})[r[PROGRAM] + 1] then
      local want, got = differential.expected(batch, r), { FORM:unpack(output, (n - 1) * differential.RECORD + 1) }
      compared, errors = compared + 1, errors + want[STATS + 3]
      for i = 1, OF_CGROUPS do
        -- Lua 5.4.4 tells a wrong line of a division: that of the last call before it
        if want[i] ~= got[i] and i ~= STATS + 4 then
          local name = batch.names[r[PROGRAM] + 1]
          return compared, errors, ("seed %d, %s of %s, record %d: %s is %d in C, %d in Lua"):format(batch.seed, name.callback, name.role, n,
            place(i), got[i], want[i])
        end
      end
    end
  end
  return compared, errors
end

-- ---- on the machine ---------------------------------------------------------------------------------------------------------

local MAIN <const> = [[
int main(void)
{
	static int (*const programs[])(struct run *) = {%s};
	struct run run;

	while (fread(&run, sizeof(run), 1, stdin) == 1)
		if (programs[run.program](&run) || fwrite(&run, sizeof(run), 1, stdout) != 1)
			return 1;
	return 0;
}
]]

local function shell(fmt, ...)
  local words = {}
  for i, word in ipairs { ... } do words[i] = sys.quote(word) end
  local pipe <close> = io.popen(fmt:format(table.unpack(words)) .. " 2>&1")
  local said = pipe:read "a"
  return pipe:close(), said
end

-- The optimising one takes ten times as long.
local COMPILERS <const> = { quick = "clang -O0", strict = "${CC:-cc} -O1 -fsanitize=undefined -fno-sanitize-recover=all" }

--- Runs a batch as C of this machine. `how`: "quick", or "strict": optimised and with the sanitizer of undefined behaviour. Returns what
--- compare returns. Fails where it can't be compiled, or doesn't end well.
function differential.native(batch, how)
  local folder <close> = assert(host.scratch())
  local path = folder:path()
  local drivers = {}
  for i, name in ipairs(batch.names) do drivers[i] = ("drive_%s_%s"):format(name.role, name.callback) end
  assert(host.save(path .. "/fuzz.c", differential.c_of(batch, MAIN:format(table.concat(drivers, ", ")))))
  local packed, list = differential.inputs(batch)
  assert(host.save(path .. "/in", packed))
  local ok, said = shell(COMPILERS[how] .. " -w -I %s -I %s -o %s %s", HERE .. "/fuzz/policy",
    HERE .. "/../bpf/policies", path .. "/fuzz", path .. "/fuzz.c")
  assert(ok, said)
  ok, said = shell("%s < %s > %s", path .. "/fuzz", path .. "/in", path .. "/out")
  assert(ok, said)
  return differential.compare(batch, list, assert(sys.read(path .. "/out")))
end

-- ---- as BPF ---------------------------------------------------------------------------------------------------------------------

--- Compiles a batch to a BPF object `path`, whose programs are named drive_ROLE_CALLBACK. Fails where clang can't.
function differential.object(batch, path)
  local folder <close> = assert(host.scratch())
  assert(host.save(folder:path() .. "/runtime.h", host.embedded "policies/lua.bpf.h"))
  assert(host.save(folder:path() .. "/fuzz.c", differential.c_of(batch)))
  local ok, said = shell("clang -target bpf -g -O2 -w -I %s -I %s -c -o %s %s", HERE .. "/fuzz/policy", folder:path(), path, folder:path() .. "/fuzz.c")
  assert(ok, said)
end

--- Runs a batch's object on a kernel, with build/tests/bpf_run. Returns what compare returns, and how many programs the verifier refused.
function differential.kernel(batch, path)
  local folder <close> = assert(host.scratch())
  local packed, list = differential.inputs(batch)
  local into, out, said = folder:path() .. "/in", folder:path() .. "/out", folder:path() .. "/said"
  assert(host.save(into, packed))
  local runner = host.executable():match "^(.*)/" .. "/tests/bpf_run"
  local ok = shell("{ %s %s " .. differential.RECORD .. " < %s > %s 2> %s; }", runner, path, into, out, said)
  local refused, skipped = 0, {}
  for number in assert(sys.read(said)):gmatch "refused (%d+)" do refused, skipped[number + 1] = refused + 1, true end
  assert(ok, sys.read(said))
  local compared, errors, difference = differential.compare(batch, list, assert(sys.read(out)), skipped)
  return compared, errors, difference, refused
end

return differential
