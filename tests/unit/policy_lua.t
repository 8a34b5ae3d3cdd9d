-- Policies in Lua: what is refused, with its text and line; what C comes of the rest; the object and its cache.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local memlua = require "memlua"
local policy = require "memlua.policy"
local sys = require "memlua.base.sys"

local scratch <close> = assert(host.scratch())
host.setenv("XDG_CACHE_HOME", scratch:path())

-- ---- making one ------------------------------------------------------------------------------------------------------

-- A policy whose function charged has this body, which begins in line 10; `before` stands above it, in line 9.
local FORM <const> = [[
return policy.lua {
  name = "tried",
  about = "for the test",
  config = { step = { 20, unit = "ms" }, flag = true, mood = { "calm", one_of = { "calm", "wild" } } },
  stats = { "calls" }, state = { last = 0, open = false },
  roles = { high = { below_low = function(memcg, me) return memcg.usage < me.floor end, settings = { floor = { 0, unit = "bytes" } } },
    tenant = { settings = { soft = { 0, unit = "bytes" } }, counters = { active = "times delayed" }, state = { since = 0 },
      charged = function(memcg, me, config, pages)
%s
      end,
      join = function(memcg, me)
%s
      end } } }]]

local function text_of(body, before, join)
  return "local policy = require 'memlua.policy'; " .. (before or "") .. "\n" .. FORM:format(body, join or "")
end

local function made(body, before, join)
  local text = text_of(body, before, join)
  return assert(load(text))()
end

local function refused(body, what, before, join, line)
  local text = text_of(body, before, join)
  tap.fails(function() return assert(load(text))() end, (":%d: %s"):format(line or 10, what), body:match "[^\n]*" .. (before and "; " .. before or ""),
    memlua.status.misuse)
end

-- ---- outside of the subset ---------------------------------------------------------------------------------------------

refused("return 1.5", "1.5 is a float; a policy computes with integers: scale it, as in n * 3 // 2")
refused("return 1e3", "1e3 is a float; a policy computes with integers: write 1000")
refused("return pages / 2", "/ makes a float; divide integers with //")
refused("return 2 ^ pages", "^ makes a float; multiply, or shift for powers of two: 1 << n")
refused("return 'x' .. pages", ".. makes a string; a policy has none")
refused("return #pages", "# is for tables and strings; a policy has none")
refused("local s = 'x'", "local s is a string; a policy computes with integers and booleans, and compares words of its configuration alone")
refused("return { 1 }", "a table; keep what a policy needs in state, settings or locals")
refused("return me[1]", "an index; a policy has no tables, only fields with names")
refused("local x = nil", "nil; a policy knows integers and booleans: write 0 or false")
refused("local x", "1 names and 0 values; give each local a value, 0 or false if there is none yet")
refused("local x = function() return 1 end\nreturn me:soft()", "a method; call a local function", nil, nil, 11)
refused("me:soft()", "a method; call a local function")
refused("print(pages)", "'print' is a global; a policy has its parameters, its locals and for_each, math, now, refuse, state, stats; what it did it tells by counters and stats")
refused("return nov()", "'nov' is a global; a policy has its parameters, its locals and for_each, math, now, refuse, state, stats; did you mean 'now'?")
refused("glob = 1", "'glob' is a global")
refused("return math.abs(pages)", "math.abs; a policy has math.min, math.max, math.maxinteger and math.mininteger")
refused("return math.pi", "math.pi is no number here; there are math.maxinteger and math.mininteger, and the functions math.min and math.max")
refused("repeat local x = 1 until true", "repeat; write `while`, or `for i = 1, n`")
refused("for k in pairs(me) do end", 'a loop over an iterator; write for_each("role", function(tenant, memcg) ... end)')
refused("goto out\n::out::", "goto; write a loop, or return early")
refused("::out::", "a label; write a loop, or return early")
refused("function f() end", "a function is no value here; write `local function`")
refused("return (function() return 1 end)()", "only functions with a name are called here; write `local function`")
refused("local f = 5; return f()", "'f' is no function")
refused("local function f() return 1 end return f", "'f' is a function here; call it")

-- ---- types ---------------------------------------------------------------------------------------------------------------

refused("if pages then return 1 end", "the condition is a number, which Lua always takes for true, 0 too; compare it, as in x ~= 0")
refused("local x = not pages", "the operand of not is a number, which Lua always takes for true, 0 too; compare it, as in x ~= 0")
refused("return pages and 1 or 2", "the left of `and` is a number, which Lua always takes for true, 0 too; compare it, as in x ~= 0")
refused("return true", "the answer is true or false; a number is needed")
refused("return pages > 1 and 5", "the answer is false or a number; write `condition and number or number`")
refused("local x = pages > 1 and 5", "what local x is given is false or a number; write `condition and number or number`")
refused("return pages + (pages > 1)", "an operand of + is true or false; a number is needed")
refused("return -config.flag", "the operand of - is true or false; a number is needed")
refused("local b = config.flag < 1", "an operand of < is true or false; a number is needed")
refused("local b = config.flag == 1", "== compares true or false with a number; it takes two numbers, two booleans, two tenants of a role, or a word")
refused("local b = config.flag or 1", "`or` of true or false and a number; it takes two booleans, or chooses a number: `condition and number or number`")
refused("local b = config.mood == 'mild'", '"mild" is none of the words of mood: calm, wild')
refused("return config.mood", "the answer is one of the configuration's words; a number is needed")
refused("local x = 1; x = true", "what 'x' is given is true or false; a number is needed")
refused("return memcg", "the answer is a cgroup; a number is needed")
refused("return 1, 2", "2 values; a function returns one")
refused("local a, b = 1", "2 names and 1 values; give each local a value, 0 or false if there is none yet")
refused("local a, b = 1, 2; a, b = 3", "2 places and 1 values; give each place its own")

-- ---- fields ---------------------------------------------------------------------------------------------------------------

refused("return memcg.usge", "a cgroup has no 'usge'; did you mean 'usage'?")
refused("return memcg.events.hihg", "memcg.events has no 'hihg'; did you mean 'high'?")
refused("return memcg.stat.anno", "memcg.stat has no 'anno'; did you mean 'anon'?")
refused("memcg.stat.anon = 1", "memcg.stat can't be changed by a policy")
refused("local function f(s) return 1 end return f(memcg.stat)", "an argument is memcg.stat; a function takes numbers, booleans, tenants, cgroups and config")
refused("return config.stp", "config has no 'stp'; did you mean 'step'?")
refused("return me.sfot", "a tenant of role tenant has no 'sfot'; did you mean 'soft'?")
refused("stats.cals = 1", "stats has no 'cals'; did you mean 'calls'?")
refused("return pages.x", "a number has no fields")
refused("config.step = 1", "the configuration can't be changed by a policy")
refused("memcg.max = 1", "a cgroup can't be changed by a policy")
refused("me.soft = 1", "'soft' is a setting, which a policy reads; keep what changes in counters or state")
refused("me = me", "'me' is a tenant and stays the same one; declare another local")
refused("config = 1", "'config' can't be changed by a policy; keep what changes in a local or in state")

-- ---- functions and what is outside of them ----------------------------------------------------------------------------------

refused("local function f(n) return f(n - 1) end return f(1)", "f calls itself; a policy has no recursion: write a loop")
refused("return f(1)", "f calls itself; a policy has no recursion: write a loop", "local function f(n) return f(n) end", nil, 1)
refused("local function f(n) return n end return f()", "f takes 1 argument, not 0")
refused("local n = 1 local function f() return n end n = 2 return f()",
  "'n' belongs to the function around this one, and may have changed when it is called; hand it over as an argument")
refused("local function f(n) if n > 1 then return 1 end end return f(1)",
  "the function that begins in line 10 can end here without returning a number; return one on every way")
refused("local function f(n) if n > 1 then return 1 end return true end return f(1)",
  "the function returns true or false here and a number before; it returns one or the other")
refused("local function f() return memcg end f()", "'memcg' belongs to the function around this one")
refused("local function f(m) return m end f(memcg)", "a function returns a number or a boolean, not a cgroup")
refused("local function f() stats.calls = 1 end return f()", "this call gives no value; let the function return one on every way")
refused("local function f(n) return n end return f(config.mood)", "an argument is one of the configuration's words; a function takes numbers, booleans, tenants, cgroups and config")
refused("local function f(...) return 1 end return f(1)", "...; name the parameters")
refused("return limit", "'limit' is assigned in line 1, and a policy can't follow; keep what changes in state, or declare it `local limit <const>` and assign it nowhere", "local limit = 5 limit = 6")
refused("return calls()", "'calls' is assigned in line 1, and a policy can't follow: write `local function calls` above what calls it, and no two functions "
  .. "that call each other", "local calls calls = function() return 1 end")
refused("return limit", "'limit' is 2.5, a float; a policy computes with integers: scale it, as in n * 3 // 2", "local limit <const> = 2.5")
refused("return limit", "'limit' is 2.0, a float; a policy computes with integers: write 2", "local limit <const> = 2.0")
refused("return limit", "'limit' is a table from outside; a policy takes integers, booleans and functions", "local limit <const> = {}")
refused("return limit", "'limit' is a nil from outside; a policy takes integers, booleans and functions", "local limit")
refused("return word", "the answer is a string; a number is needed", "local word <const> = 'x'")
refused("return now(1)", "now takes 0 arguments, not 1")
refused("return math.min(1)", "math.min takes at least 2 arguments, not 1")

-- ---- loops ------------------------------------------------------------------------------------------------------------------

refused("for i = 1, pages do stats.calls = i end", "the compiler can't see how far this loop goes; write a constant, or math.min(n, 64)")
refused("for i = pages, 10 do stats.calls = i end", "the compiler can't see how far this loop goes; begin at a constant, or at math.max(n, 0)")
refused("for i = 1, 10, pages do end", "the step of a loop must be a constant, for the compiler to see how often it turns")
refused("for i = 1, 10, 0 do end", "the step of a loop is 0: it would never end")
refused("for i = 1, 5000 do end", "up to 5000 turns; a policy's loops may take 4096: let it end earlier")
refused("for i = 1, 100 do for k = 1, 100 do stats.calls = k end end", "up to 10000 turns with the loops around it; a policy's loops may take 4096")
refused("for i = math.mininteger, math.maxinteger do end", "up to 9223372036854775807 turns; a policy's loops may take 4096")
local UNSEEN <const> = "the compiler can't see that this loop ends; let its condition begin with i < N (or i <= N)"
refused("while true do end", UNSEEN)
refused("local i = 0 while i < pages do i = i + 1 end", UNSEEN)
refused("local i = 0 while i < 9 do if pages > 1 then i = i + 1 end end", UNSEEN)
refused("local i = 0 while i < 9 do i = i - 1 end", UNSEEN)
refused("local i = 0 while i < 9 do i = i + 1 i = 0 end", UNSEEN)
refused("local i = 0 while i < 9 do local i = 1 i = i + 1 end", UNSEEN)
refused("local i = 0 while i <= math.maxinteger do i = i + 1 end", UNSEEN)

-- ---- for_each, join -----------------------------------------------------------------------------------------------------------

local EACH <const> = 'for_each takes the name of a role and a function written here: for_each("high", function(tenant, memcg) ... end)'
refused("for_each('tenant')", EACH)
refused("for_each(1, function(t) end)", EACH)
refused("for_each('tenant', now)", EACH)
refused("for_each('tenant', function(t, m, x) end)", EACH)
refused("for_each('tenent', function(t) end)", "no role 'tenent'; did you mean 'tenant'?")
refused("return for_each('tenant', function(t) end)", "for_each gives no value; call it by itself, and let its function change locals")
refused("for_each('tenant', function(t) for_each('high', function(h) end) end)", "a for_each in another; keep in state what the inner one would find")
refused("for_each('tenant', function(t) return 1 end)", "what the function of a for_each returns (true ends it) is a number")
refused("for_each('high', function(t) if t == me then return true end end)", "== compares a tenant with a tenant")
refused("return refuse('no')", 'refuse stands in a join alone: return refuse("why: %d", number)')
refused("return 1", 'a join returns nothing, or refuse("why: %d", number)', nil, "return 5", 13)
refused("return 1", "refuse knows %d and %%, not %s", nil, "return refuse('%s', 1)", 13)
refused("return 1", "refuse has 1 %d and 0 numbers; give each its own, 12 at most", nil, "return refuse('%d')", 13)
refused("return 1", "the text of refuse is one line", nil, "return refuse('a\\nb')", 13)

-- ---- the table ------------------------------------------------------------------------------------------------------------

local function charged() return 0 end

local function declared(table_given, what)
  tap.fails(function() policy.lua(table_given) end, what, what, memlua.status.misuse)
end

local function with(key, value) return { roles = { tenant = { charged = charged } }, [key] = value } end

declared({}, "roles: a table is needed, not a nil")
declared({ roles = {} }, "roles: a policy has at least one: roles = { tenant = { charged = function(memcg, me, config) ... end } }")
declared(with("rolls", 1), "policy.lua: rolls: unknown key; did you mean 'roles'?")
declared({ roles = { tenant = { chargd = charged } } }, "roles.tenant: chargd: unknown key; did you mean 'charged'?")
declared({ roles = { tenant = {} } }, "roles.tenant: has no function; there are below_low, below_min, charged, faulted, join, uncharged")
declared({ roles = { tenant = { charged = 5 } } }, "roles.tenant.charged: a function is needed, not a number")
declared({ roles = { config = { charged = charged } } }, "roles.config: is memlua's own; take another name")
declared(with("config", { step = "8M" }), "config.step: \"8M\" is a string; here it is a number of bytes: 8388608 (strategies may write \"8M\")")
declared(with("config", { int = 5 }), "policy_lua.t:" .. debug.getinfo(declared, "S").linedefined + 1 .. ": config: 'int' is a word of C's; take another name")
declared(with("config", { register = 5 }), "config: 'register' is a word of C's; take another name")
declared(with("config", { Step = 5 }), "config: Step: a name begins with a small letter, and has letters, digits and _")
declared(with("config", { ["a-b"] = 5 }), "config: a-b: a name begins with a small letter, and has letters, digits and _")
declared(with("config", { [("x"):rep(33)] = 5 }), "a name has 32 letters at most")
declared(with("config", { step = 1.5 }), "config.step: 1.5 is a float; a policy keeps integers, booleans, and words: { \"often\", one_of = { \"often\", \"rarely\" } }")
declared(with("config", { step = "x" }), "config.step: \"x\" is a string; with one_of = {...} it is one of some words")
declared(with("config", { step = { "x", one_of = { "y" } } }), "config.step: x is not in one_of")
declared(with("config", { step = { 5, unit = "s" } }), "config.step: unit s; there are \"bytes\" and \"ms\"")
declared(with("config", { step = {} }), "config.step: has no value; write { 0 }")
declared(with("config", { step = { 1, abuot = "x" } }), "config.step: abuot: unknown key; did you mean 'about'?")
declared(with("config", { a = { "often", one_of = { "often" } }, b = { "often", one_of = { "often" } } }),
  "config.b.one_of: 'often' is a word of a, too; C knows it once: take another word")
declared(with("stats", { "errors" }), "stats: 'errors' is memlua's own; take another name")
declared({ roles = { tenant = { charged = charged, settings = { x = 0 }, counters = { "x" } } } }, "roles.tenant: 'x' is there twice")
declared({ roles = { tenant = { charged = charged, settings = { x = 5 } } } },
  "roles.tenant.settings.x: 5; what is kept of a tenant is 0 or false until it is given: let the policy take that for 5")
declared({ roles = { tenant = { charged = charged, state = { x = true } } } },
  "roles.tenant.state.x: true; what is kept of a tenant is 0 or false until it is given: let the policy take that for true")
declared({ roles = { tenant = { charged = charged, settings = { x = { "a", one_of = { "a" } } } } } },
  "roles.tenant.settings.x: words are for config; of a tenant a number or a boolean is kept")
declared({ roles = { tenant = { charged = charged, faulted_when = { "a b" } } } },
  "roles.tenant.faulted_when: a b; a condition is the name of what must be other than 0 in config, or \"name=word\"")
declared({ roles = { tenant = { charged = charged, counters = { "name" } } } }, "roles.tenant: 'name' is memlua's own in what is kept of a tenant; take another name")
declared({ roles = { tenant = { charged = charged, counters = { "gone" } } } }, "roles.tenant.counters: 'gone' is memlua's own; take another name")

-- ---- functions without source --------------------------------------------------------------------------------------------------

local function of(f) return function() return policy.lua { roles = { tenant = { charged = f } } } end end
tap.fails(of(print), "[C]: a policy is made from its source, and of that function there is none; put it into a file", "a function of C", 1)
tap.fails(of(load("return function() return 0 end", "=stdin")()), "stdin: a policy is made from its source", "a chunk without text", 1)
tap.fails(of(load "return function() return 0 end, function() return 1 end"()),
  "two functions begin in this line, and which one is meant can't be told; give each its own line", "two in a line", 1)

local file = scratch:path() .. "/moved.lua"
assert(host.save(file, "return function()\n  return 0\nend\n"))
local moved = dofile(file)
assert(host.save(file, "\n\nreturn function()\n  return 0\nend\n"))
tap.fails(of(moved), "moved.lua:1: no function begins here any more: the file has changed since it was loaded; start again", "a file that changed", 1)
assert(os.remove(file))
tap.fails(of(moved), "moved.lua: a policy is made from its source, and that can't be read", "a file that went", 1)
tap.fails(of(load("return function(a, b, c, d, e, f)\n return 0 end")()), "charged takes 5 parameters at most, not 6", "too many parameters", 1)
tap.fails(function()
  return policy.lua { roles = { tenant = { uncharged = load("return function()\n return 1 end")() } } }
end, ":2: nobody asks for an answer of this callback; write `return` alone", "an answer that nobody asks for", 1)

-- ---- what comes of the rest --------------------------------------------------------------------------------------------------------

local body <const> = [[
        local over = memcg.usage - me.soft
        if over <= 0 then return 0 end
        me.active = me.active + 1
        for i = 1, math.min(pages, 8) do stats.calls = stats.calls + i end
        if config.mood == "wild" and not state.open then state.open, state.last = true, now() end
        return (over >> 20) * config.step // (pages - me.since)]]

local tried = made(body, nil, [[if me.soft == 0 then return refuse("soft: %d", me.soft) end]])
local c = tried:c()
tap.like(c, "__s64 over_%d+ = lua_sub%(t_%d+, t_%d+%);", "a local is one of C")
tap.like(c, "__sync_fetch_and_add(&me_", "a counter is added to in one step")
tap.like(c, "LUA_LOOP(8) {", "a loop has its bound")
tap.like(c, "== mood_wild", "a word is a constant")
tap.like(c, "L->line = 15;", "a division by zero knows its line")
tap.like(c, "refuse(L->join, -EINVAL, \"soft: %lld\"", "a refusal is the host's")
tap.ok(not c:find "#line", "the C for people has no directives")
tap.is(made(body):version() == tried:version(), false, "another function has another version")
tap.is(made(body, nil, [[if me.soft == 0 then return refuse("soft: %d", me.soft) end]]):version(), tried:version(), "the same has the same")

local object = tried:object()
tap.is((object:gsub("/%x+/tried", "/HASH/tried")), scratch:path() .. "/memlua/policies/HASH/tried.bpf.o", "the object lies in the cache")
tap.like(sys.read((object:gsub("o$", "c"))), "#line 10 ", "beside its C, which leads to the Lua")
local described = policy.describe(tried)
tap.is({ described.name, described.description, described.roles }, { "tried", "for the test", { "high", "tenant" } }, "described as any policy")
local step = memlua.named(described.config, "step")
tap.is({ step.default, step.unit, memlua.named(described.config, "flag").default, memlua.named(described.config, "mood").values }, { 20, "ms", true, { "calm", "wild" } },
  "configuration with defaults, units and words")
tap.is(memlua.named(described.tenants.tenant, "active").doc, "times delayed", "counters are documented")
tap.is(memlua.named(described.stats, "errors").doc, "calls that an error ended: answered with 0", "errors are counted")
local loaded <close> = assert(policy.load(tried))
tap.is(loaded:name(), "tried", "loaded by its object")
tap.fails(function() loaded:configure { step = "5 apples" } end, "step: ", "and configured by name, with units")

-- ---- a file of its own -----------------------------------------------------------------------------------------------------------------

local mine = scratch:path() .. "/mine.lua"
assert(host.save(mine, "local policy = require 'memlua.policy'\nreturn policy.lua { roles = { tenant = { charged = function(memcg)\n  return 5 end } } }\n"))
tap.is(policy.describe(mine).name, "mine", "a file is a policy, called as it is")
tap.is({ policy.lua(mine).name, policy.lua(mine):version() == policy.lua(mine):version() }, { "mine", true }, "policy.lua takes its path")
local help <close> = io.popen(sys.quote(host.executable()) .. " help " .. sys.quote(mine))
tap.like(help:read "a", "mine\n  a policy in Lua.\n", "and help, too")
assert(host.save(mine, "return 5\n"))
tap.fails(function() policy.load(mine) end, mine .. ": it returns no policy; end it with `return policy.lua { ... }`", "a file of something else", 1)
tap.fails(function() policy.load "./nowhere.lua" end, "./nowhere.lua: No such file or directory (it is " .. host.cwd() .. "/./nowhere.lua)", "a file that is not there: where it was looked for", 1)
tap.fails(function() policy.load(scratch:path() .. "/none.lua") end, "none.lua: No such file or directory", "no file")

-- ---- clang ---------------------------------------------------------------------------------------------------------------------------

local path = os.getenv "PATH"
host.setenv("PATH", scratch:path())
tap.is(made(body, nil, [[if me.soft == 0 then return refuse("soft: %d", me.soft) end]]):object(), object, "what was compiled is found again, without clang")
tap.fails(function() made("return 5"):object() end, "tried: a policy in Lua becomes a BPF program by clang, and there is none in $PATH; install clang",
  "no clang", memlua.status.unsupported)
local function clang_says(text)
  assert(host.save(scratch:path() .. "/clang", ("#!/bin/sh\nfor last; do :; done\necho \"%s\"\nexit 1\n"):format(text)))
  assert(host.chmod(scratch:path() .. "/clang", tonumber("755", 8)))
end
clang_says "$last:1:1: error: first"
tap.fails(function() made("return 5"):object() end, "tried: clang: first; what it was given is ", "what clang says of the C", 1)
clang_says "two.lua:12:3: error: too much"
tap.fails(function() made("return 6"):object() end, "two.lua:12: clang: too much; what it was given is ", "what it says of the Lua", 1)
clang_says "x.lua:9:1: error: Looks like the BPF stack limit of 512 bytes is exceeded"
tap.fails(function() made("return 7"):object() end, "x.lua:9: clang: Looks like the BPF stack limit of 512 bytes is exceeded; it has too many locals for a BPF "
  .. "program: let it have fewer at a time", "too many locals", 1)

host.setenv("PATH", path)
host.setenv("XDG_CACHE_HOME", "/dev/null")
local passing = made("return 8"):object()
tap.ok(sys.exists(passing), "no cache: it is compiled all the same")
tap.is(made("return 8"):object(), passing, "and found again while memlua lives")

-- ---- in user space: what it reads ------------------------------------------------------------------------------------------------------

local cgroup <const> = scratch:path() .. "/cgroup"
assert(host.mkdir(cgroup))
assert(host.save(cgroup .. "/memory.stat", "anon 4096\npgfault 7\n"))
local memcg = require "memlua.policy.files".cgroup(cgroup)
tap.is({ memcg.stat.anon, memcg.stat.pgfault, memcg.stat.percpu }, { 4096, 7, 0 }, "memcg.stat, where a kernel counts it")

-- ---- in user space: one look at a tenant that has long charged all it has ---------------------------------------------------------------

local asked = policy.lua { name = "asked", stats = { "calls", "first" }, roles = { tenant = {
  charged = function(memcg)
    stats.calls = stats.calls + 1
    if stats.calls == 1 then stats.first = memcg.usage end
    if memcg.usage <= 16 << 20 then return 0 end
    return 3600000
  end,
} } }

local target, looks, told = { name = "t", path = cgroup, frozen = 0, freeze = function(t) t.frozen = t.frozen + 1 end }, {}, {}
local user = require "memlua.policy.user"
assert(host.save(cgroup .. "/memory.current", "0\n"))
user.controller(user.open(asked), { tenant = { "t" } }, {}, 1) { tenants = { { name = "t" } }, tenant = function() return target end,
  every = function(_, _, look) looks[1] = look end, at_end = function(_, tell) told[1] = tell end }
assert(host.save(cgroup .. "/memory.current", "25165824\n"))
looks[1]()
local stdout, said = io.stdout, {}
io.stdout = { write = function(_, ...) said[#said + 1] = table.concat { ... } end, flush = function() end }
told[1]()
io.stdout = stdout
local stats_told = require "memlua.json".decode(table.concat(said)).stats
tap.is({ stats_told.first, stats_told.calls, target.frozen }, { 262144, 65, 1 }, "each 64 pages are asked about with the usage as it was by then")

-- ---- in user space: checked without an object ------------------------------------------------------------------------------------------

local scenario = require "memlua.scenario"

local function checked(strategy, what, tenant)
  tap.fails(function()
    scenario.run { name = "s", limits = { ["memory.max"] = "64M" }, strategies = { strategy },
      tenants = { { name = "t", role = "tenant", workload = { size = "1M" }, policy = tenant } } }
  end, what, what, memlua.status.misuse)
end

local function there(config, more)
  local p = { name = tried, where = "user", config = config, roles = { tenant = { "t" } } }
  for key, v in pairs(more or {}) do p[key] = v end
  return { name = "there", policy = p }
end

checked(there { stp = 5 }, "strategies.there.policy.config.stp: stp; did you mean 'step'?")
checked(there { step = "5 apples" }, "strategies.there.policy.config.step: ")
checked(there { step = "1.5ms" }, "strategies.there.policy.config.step: 1.5ms is no whole number of ms")
checked(there { step = true }, "strategies.there.policy.config.step: takes a whole number, not true")
checked(there { flag = 1 }, "strategies.there.policy.config.flag: takes true or false, not 1")
checked(there { mood = "mild" }, "strategies.there.policy.config.mood: mild; did you mean 'wild'?")
checked(there(nil, { where = "here" }), "strategies.there.policy.where: here; known: kernel, user")
checked(there(nil, { name = "priority" }), "strategies.there.policy.where: user: priority is no policy in Lua, and only the kernel runs it")
checked(there(nil, { name = "nobody" }), "strategies.there.policy.name: nobody: no such policy; known: ")
checked({ name = "both", policy = { name = tried, where = "user" }, controller = function() end },
  "strategies.both.policy.where: user: the strategy has a controller already; give it one or the other")
checked({ name = "kernel", policy = { name = "priority", period = "1s" } }, "strategies.kernel.policy.period: is of a policy in user space; the kernel asks at each charge")
checked(there(), "tenants.t.policy: active: unknown; known: soft", { active = 5 })
checked(there(), "tenants.t.policy: soft: takes a whole number, not true", { soft = true })

tap.done()
