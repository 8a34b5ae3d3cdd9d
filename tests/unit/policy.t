-- memlua.policy without a kernel: objects are read, described and configured through their BTF.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local policy = require "memlua.policy"

local objects = host.executable():match "^(.*)/" .. "/tests/"

local function keys(list)
  local names = {}
  for i, member in ipairs(list) do names[i] = member.name end
  return names
end

local function find(list, name)
  for _, member in ipairs(list) do if member.name == name then return member end end
end

-- ---- what is built in -----------------------------------------------------------------------------------

local builtin = policy.list()
tap.is(keys(builtin), { "async", "calls", "priority", "reserve", "template" }, "the built-in policies")
for _, p in ipairs(builtin) do
  tap.ok(#p.description > 20, p.name .. " says what it is", p.description)
  local d = policy.describe(p.name)
  for _, list in pairs { config = d.config, stats = d.stats } do
    for _, member in ipairs(list) do
      tap.ok(member.doc, ("%s: %s is documented"):format(p.name, member.name))
    end
  end
end

local d = policy.describe "priority"
tap.is(d.roles, { "high", "low" }, "priority: roles")
tap.is(keys(d.config), { "trigger", "delay_ms", "window_ms", "threshold", "growth", "refaults", "pressure", "use_below_low", "use_below_min", "only_active",
  "graded", "headroom_max", "only_over_high" }, "priority: configuration")
tap.is(find(d.config, "trigger").values, { "always", "faults", "growth", "refaults", "pressure" }, "priority: an enum lists its values")
tap.is({ find(d.config, "delay_ms").default, find(d.config, "delay_ms").unit }, { 2000, "ms" }, "priority: default and unit")
tap.is(find(d.stats, "faults").default, nil, "statistics have no default")
tap.is(keys(d.tenants.low), { "calls", "active", "delay_ms" }, "priority: what is kept about a LOW")
tap.is(policy.describe "reserve".roles, { "tenant" }, "reserve: roles")
tap.is(keys(policy.describe "reserve".config), { "limit", "slack", "batch", "poll_ms" }, "reserve: configuration")
tap.is(find(policy.describe "reserve".tenants.tenant, "cgroup"), nil, "a pointer is not shown")

-- ---- every type ------------------------------------------------------------------------------------------

local types = objects .. "types.bpf.o"
local p = assert(policy.load(types))
tap.is({ p:name(), tostring(p) }, { "types", "policy (types)" }, "a policy from a file is named after it")
tap.is(p:config(), { s8 = -128, u8 = 255, s16 = -2, u16 = 65535, s32 = -3, u32 = 4000000000, s64 = -4, u64 = math.maxinteger,
  flag = true, colour = "green", text = "hello", inner = { x = -5, deep = { false, true } }, list = { 1, 2, 3 } },
  "each type is read; more than 63 bits read as the largest integer; pointers and bit-fields are left out")
tap.is(find(policy.describe(p).config, "list").type, "unsigned int[3]", "type of an array")
tap.is(find(policy.describe(p).config, "text").type, "char[8]", "type of a text")
tap.is(find(policy.describe(p).config, "inner").type, "struct inner", "type of a struct")
tap.is(find(policy.describe(p).config, "s8").doc, "a small one", "doc")
tap.is(p:stats(), {}, "no statistics, no error")

local function set(key, value)
  local ok, why, code = pcall(p.configure, p, { [key] = value })
  return ok and why or nil, why, code
end

for _, case in ipairs {
  { "s8", -128 }, { "s8", 127 }, { "u8", 0 }, { "u8", 255 }, { "s16", -32768 }, { "s16", 32767 }, { "u16", 65535 },
  { "s32", -2147483648 }, { "s32", 2147483647 }, { "u32", 0 }, { "u32", 4294967295 }, { "s64", math.mininteger },
  { "s64", math.maxinteger }, { "u64", math.maxinteger }, { "u64", 0 }, { "flag", false }, { "flag", true },
  { "colour", "red" }, { "colour", "blue" }, { "text", "" }, { "text", "seven77" },
} do
  set(case[1], case[2])
  tap.is(p:config()[case[1]], case[2], ("%s = %s comes back"):format(case[1], case[2]))
end
set("u8", 5.0)
tap.is(p:config().u8, 5, "a float that is whole is taken")
set("u64", "1.5G")
tap.is(p:config().u64, 1536 << 20, "bytes take a size")
set("u32", "1.5s")
tap.is(p:config().u32, 1500, "ms take a duration")
set("inner", { x = 7 })
tap.is(p:config().inner, { x = 7, deep = { false, true } }, "a struct in the struct, the rest of it as it was")

local before = p:config()
for _, case in ipairs {
  { "s8", -129, "s8: -129 is out of range; -128 to 127" },
  { "s8", 128, "s8: 128 is out of range; -128 to 127" },
  { "u8", 256, "u8: 256 is out of range; 0 to 255" },
  { "u8", -1, "u8: -1 is negative; 0 or more" },
  { "u16", 65536, "u16: 65536 is out of range; 0 to 65535" },
  { "s32", 2147483648, "s32: 2147483648 is out of range" },
  { "u32", 4294967296, "u32: 4294967296 is out of range; 0 to 4294967295" },
  { "u64", -1, "u64: -1 is negative" },
  { "u8", 1.5, "u8: takes a whole number" },
  { "u8", true, "u8: takes an unsigned char, not a boolean" },
  { "u8", "5", "u8: takes an unsigned char, not a text" },
  { "u8", {}, "u8: takes an unsigned char, not a table" },
  { "flag", 1, "flag: takes a bool, not a number" },
  { "flag", "yes", "flag: takes a bool, not a text" },
  { "colour", "gren", "colour: unknown value 'gren'; did you mean 'green'? known: red, green, blue" },
  { "colour", 7, "colour: takes an enum colour, not a number" },
  { "text", "eight888", "text: 8 characters; at most 7 fit" },
  { "text", 5, "text: takes a char[8], not a number" },
  { "u64", "12X", "u64: 12X" },
  { "u32", "-1s", "u32: -1s" },
  { "u32", "9999999999s", "u32: 9999999999000 is out of range" },
  { "list", { 1, 2, 3 }, "list: takes an unsigned int[3], not a table" },
  { "pointer", 0, "pointer: is of a type that can't be set" },
  { "bits", 1, "bits: is of a type that can't be set" },
  { "inner", { y = 1 }, "inner: unknown key 'y'; known: x, deep" },
  { "colur", "red", "config: unknown key 'colur'; did you mean 'colour'? known: s8, u8, s16," },
} do
  tap.fails(function() p:configure { [case[1]] = case[2] } end, "types: " .. case[3],
    ("%s = %s is refused"):format(case[1], case[2]))
end
tap.fails(function() p:configure { u8 = 9, s8 = 1000 } end, "out of range", "one of two is wrong")
tap.is(p:config(), before, "what is refused changes nothing")
tap.fails(function() p:configure() end, "table expected", "configure takes a table")

-- ---- files that are no policies ---------------------------------------------------------------------------

local function refused(name, reason, what)
  local got, why, code = policy.load(name)
  tap.ok(got == nil and why:find(reason, 1, true) and math.type(code) == "integer", what, why, code)
end
refused("priorty", "priorty: no such policy; did you mean 'priority'? known: async, calls, priority, reserve, template; a file is named by its path",
  "an unknown name, and the nearest")
refused("", ": no such policy", "no name")
refused("./missing.bpf.o", "./missing.bpf.o: No such file or directory", "a missing file")
refused(arg[0], arg[0] .. ": not a BPF object file", "a file that is no object")
refused(host.executable(), "not a BPF object file", "an object for another machine")
refused(objects, "Is a directory", "a folder")
refused(objects .. "no_role.bpf.o", "no_role.bpf.o: has no memcg_bpf_ops struct_ops map", "an object without a role")

-- ---- handles ----------------------------------------------------------------------------------------------

p:detach()
p:close()
tap.is(tostring(p), "policy (detached)", "detaching twice is fine")
tap.fails(function() p:stats() end, "policy: used after detach", "used after detach")
do
  local closed
  do
    local q <close> = assert(policy.load "reserve")
    closed = q
  end
  tap.fails(function() closed:config() end, "used after detach", "a to-be-closed variable")
end
tap.fails(function() policy.load {} end, "a policy's name, or what policy.lua gave", "a table is no name")
tap.fails(function() policy.describe(io.stdout) end, "string expected", "a file is no policy")

do
  local q <close> = assert(policy.load "reserve")
  tap.is(q:check("tenant", { claim = "1.5G", rank = 1 }), true, "a tenant's settings are checked without one")
  tap.fails(function() q:check("tenant", { clam = 1 }) end, "reserve: tenant: tenant: unknown key 'clam'; did you mean 'claim'?", "an unknown one")
  tap.fails(function() q:check("tenant", { rank = -1 }) end, "reserve: tenant: rank: -1 is negative", "a wrong one")
  tap.fails(function() q:check("tennant", {}) end, "reserve: unknown role 'tennant'; did you mean 'tenant'?", "an unknown role")
  tap.fails(function() q:check "tenant" end, "table expected", "no settings")
end

local exported = {}
for name in pairs(policy) do exported[#exported + 1] = name end
table.sort(exported)
tap.is(exported, { "attach", "describe", "keep_module", "list", "load", "lua", "native" }, "what the module exports")
for _, name in ipairs { "check", "close", "config", "configure", "cost", "detach", "drop", "name", "set", "stats", "tenant", "tenants" } do
  tap.is(type(getmetatable(p).__index[name]), "function", "method " .. name)
end

tap.done()
