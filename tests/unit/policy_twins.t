-- template, priority and reserve in Lua beside their C: compiled for the machine itself, on a world of which each input is given
-- (tests/fuzz/native), both answer the same, input by input, and count the same.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local host = require "memlua.host"
local policy = require "memlua.policy"
local sys = require "memlua.base.sys"
local tap = require "tap"

local tests = arg[0]:match "^(.*)/[^/]*/[^/]*$"
local root = tests .. "/.."
local ROUNDS <const> = 2000

-- Of each policy: the roles' tenants, from 1 to 4, the programs and what they are asked with, and names where C and Lua differ.
local TWINS <const> = {
  template = { roles = { tenant = { 1, 4 } }, asked = { { "tenant_charged", "tenant" } }, joins = { "tenant" }, structs = { tenant = "tenant" } },
  priority = { roles = { high = { 1, 2 }, low = { 3, 4 } }, structs = { high = "high_tenant", low = "low_tenant" }, joins = { "high" },
    asked = { { "high_below_low", "high" }, { "high_below_min", "high" }, { "low_charged", "low" }, { "low_charged", "low" }, { "faulted", "high" } },
    gone = "high", faulted = { c = "faults_fentry", lua = "high_faulted_fentry" } },
  reserve = { roles = { tenant = { 1, 4 } }, asked = { { "tenant_charged", "tenant" } }, joins = { "tenant" }, gone = "tenant", structs = { tenant = "tenant" } },
}

-- ---- the programs ----------------------------------------------------------------------------------------------------

-- What both count and are told: the documented fields.
local function names_of(members)
  local names = {}
  for _, member in ipairs(members or {}) do
    if member.doc then names[#names + 1] = member.name end
  end
  table.sort(names)
  return names
end

-- The part of world.h that depends on the policy.
local function glue(twin, described, is_lua)
  local out, maps = { '#include "bpf/bpf_helpers.h"', "#define MAPS \\" }, {}
  local function put(fmt, ...) out[#out + 1] = fmt:format(...) end
  for role, range in pairs(twin.roles) do maps[#maps + 1] = ("MAP(%s_memcg, struct x, %d, %d)"):format(role, range[1], range[2]) end
  out[2] = "#define MAPS " .. table.concat(maps, " ")
  local function struct(role) return is_lua and role .. "_tenant" or twin.structs[role] end
  for role in pairs(twin.roles) do put("static struct %s %s_values[5];", struct(role), role) end
  put("static void *entry(__u64 id)\n{")
  for role, range in pairs(twin.roles) do put("if (id >= %d && id <= %d) return &%s_values[id];", range[1], range[2], role) end
  put("return (void *)0;\n}\nstatic void set_member(int id, const char *name, long long value)\n{")
  for _, name in ipairs(names_of(described.config)) do put('if (!id && !strcmp(name, "%s")) config.%s = value;', name, name) end
  for role, range in pairs(twin.roles) do
    for _, member in ipairs(names_of(described.tenants[role])) do
      put('if (id >= %d && id <= %d && !strcmp(name, "%s")) %s_values[id].%s = value;', range[1], range[2], member, role, member)
    end
  end
  put("}\nstatic long long ask(const char *name, struct mem_cgroup *memcg, long long argument)\n{")
  put("unsigned long long ctx[3] = {0, argument, argument}; struct memlua_join join = {.cgroup_id = memcg->css.cgroup->kn->id};")
  for _, one in ipairs(twin.asked) do
    -- the kernel sleeps no longer than 2 s, and Lua's answers are clamped to that already
    if one[1] ~= "faulted" then put('if (!strcmp(name, "%s")) { long long ms = %s(ctx, memcg); return ms > 2000 ? 2000 : ms; }', one[1], one[1]) end
  end
  if twin.faulted then put('if (!strcmp(name, "faulted")) return %s(ctx, memcg, PGFAULT, argument);', is_lua and twin.faulted.lua or twin.faulted.c) end
  for _, role in ipairs(twin.joins) do put('if (!strcmp(name, "%s_join")) { int e = %s_join(&join); puts(join.why); return !!e; }', role, role) end
  if twin.gone then put('if (!strcmp(name, "%s_offline")) { %s_offline(ctx, memcg); return 0; }', twin.gone, twin.gone) end
  put("return -1;\n}\nstatic void show(void)\n{")
  for _, name in ipairs(names_of(described.stats)) do put('printf("%s %%lld\\n", (long long)stats.%s);', name, name) end
  for role, range in pairs(twin.roles) do
    for _, member in ipairs(names_of(described.tenants[role])) do
      for id = range[1], range[2] do put('printf("%d.%s %%lld\\n", (long long)%s_values[%d].%s);', id, member, role, id, member) end
    end
  end
  put('}\n#include "world.h"')
  return table.concat(out, "\n") .. "\n"
end

-- Both are shown what the C one documents.
local function build(folder, name, twin, code, is_lua)
  local path = ("%s/%s-%s"):format(folder, name, is_lua and "lua" or "c")
  assert(host.save(path .. ".c", code .. glue(twin, policy.describe(name), is_lua)))
  -- a helper of the kernel that the machine's headers lack is an error to gcc 14 and a warning to older ones
  local command = ("${CC:-cc} -O1 -Werror=implicit-function-declaration -fsanitize=undefined -I %s -I %s -o %s %s 2>&1")
    :format(sys.quote(tests .. "/fuzz/native"), sys.quote(root .. "/bpf/policies"), sys.quote(path), sys.quote(path .. ".c"))
  local pipe <close> = io.popen(command)
  local said = pipe:read "a"
  assert(pipe:close(), said)
  return path
end

-- ---- inputs ---------------------------------------------------------------------------------------------------------------

local CONFIG <const> = {
  trigger = function() return math.random(0, 4) end, delay_ms = function() return math.random(0, 2000) end,
  window_ms = function() return math.random(1, 50) * 10 end, threshold = function() return math.random(0, 3) * 20 end,
  refaults = function() return math.random(0, 100) end, pressure = function() return math.random(0, 40) end,
  poll_ms = function() return math.random(11, 100) end, ms_per_mb = function() return math.random(0, 50) end,
  limit = function() return math.random(0, 1) * math.random(1, 512) << 20 end,
}

local function flag() return math.random(0, 1) end
for _, name in ipairs { "use_below_low", "use_below_min", "only_active", "graded", "only_over_high" } do CONFIG[name] = flag end

local function size() return math.random(0, 64) << 20 end

local SETTINGS <const> = { soft = function() return math.random(0, 3) * 16 << 20 end, claim = function() return math.random(0, 4) * 32 << 20 end,
  rank = function() return math.random(0, 5) end }

local function commands(twin, described)
  local lines, time = {}, 1000
  local function put(word, id, name, a, b, c) lines[#lines + 1] = ("%s %d %s %d %d %d"):format(word, id, name or "-", a or 0, b or 0, c or 0) end
  local function settle()
    for _, name in ipairs(names_of(described.config)) do put("set", 0, name, (CONFIG[name] or size)()) end
    for role, range in pairs(twin.roles) do
      for id = range[1], range[2] do
        for _, member in ipairs(described.tenants[role]) do
          if SETTINGS[member.name] then put("set", id, member.name, SETTINGS[member.name]()) end
        end
      end
    end
    for _, role in ipairs(twin.joins) do for id = twin.roles[role][1], twin.roles[role][2] do put("ask", id, role .. "_join") end end
  end
  for round = 1, ROUNDS do
    if round % 50 == 1 then settle() end
    time = time + math.random(0, 20)
    put("time", 0, "-", time * 1000000)
    local all = 0
    for id = 1, 4 do
      local usage = math.random(0, 1 << 14)
      all = all + usage
      put("pages", id, "-", usage, math.maxinteger >> 12, math.random(2) == 1 and math.random(0, 1 << 14) or math.maxinteger >> 12)
    end
    put("pages", 0, "-", all + math.random(0, 100), math.random(8) == 1 and math.maxinteger >> 12 or math.random(1 << 13, 1 << 16), math.maxinteger >> 12)
    for id = 1, 2 do put("counts", id, "-", math.random(0, 20), math.random(0, 20) * 1000000) end
    local one = twin.asked[math.random(#twin.asked)]
    local range = twin.roles[one[2]]
    put("ask", math.random(range[1], range[2]), one[1], math.random(1, 64))
    if twin.gone and round == ROUNDS - 100 then put("ask", 2, twin.gone .. "_offline") end
  end
  put("show", 0)
  return table.concat(lines, "\n") .. "\n"
end

-- ---- both -----------------------------------------------------------------------------------------------------------------

local function output(path, into)
  local pipe <close> = io.popen(("%s < %s 2>&1"):format(sys.quote(path), sys.quote(into)))
  local text = pipe:read "a"
  assert(pipe:close(), text)
  local lines = {}
  for line in text:gmatch "[^\n]+" do lines[#lines + 1] = line end
  return lines
end

-- How many different answers there were: the inputs are worth something.
local function kinds_of(lines)
  local seen, n = {}, 0
  for _, line in ipairs(lines) do
    if not seen[line] then seen[line], n = true, n + 1 end
  end
  return n
end

math.randomseed(7)
local folder <close> = assert(host.scratch())
for _, name in ipairs { "template", "priority", "reserve" } do
  local twin, described = TWINS[name], policy.describe(name)
  local lua = dofile(("%s/bpf/policies/%s.lua"):format(root, name))
  local c_file, into = assert(sys.read(("%s/bpf/policies/%s.bpf.c"):format(root, name))), folder:path() .. "/in"
  assert(host.save(into, commands(twin, described)))
  local in_c = output(build(folder:path(), name, twin, c_file, false), into)
  local in_lua = output(build(folder:path(), name, twin, lua:c(), true), into)
  local differs
  for i = 1, math.max(#in_c, #in_lua) do
    if in_c[i] ~= in_lua[i] then differs = differs or ("line %d: %s in C, %s in Lua"):format(i, in_c[i], in_lua[i]) end
  end
  tap.ok(not differs, ("%s: %d answers and counters are the same"):format(name, #in_c), differs)
  tap.ok(#in_c >= ROUNDS and kinds_of(in_c) > 50, name .. ": and of many kinds", #in_c, kinds_of(in_c))
  local lines_c, lines_lua = select(2, c_file:gsub("\n", "")), select(2, sys.read(("%s/bpf/policies/%s.lua"):format(root, name)):gsub("\n", ""))
  tap.ok(2 * lines_lua <= lines_c, ("%s: %d lines in Lua, %d in C"):format(name, lines_lua, lines_c))
end
tap.done()
