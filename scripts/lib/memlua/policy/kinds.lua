--- memlua.policy.kinds: what a policy in Lua is about: the callbacks, what memcg has, the types of values, and how each is in C.
local kinds = {}

--- The callbacks of a role, by the name that they have in Lua:
---   member      of memcg_bpf_ops; join and faulted have none: see program.lua
---   answer      "number" (ms), "boolean" or nothing
---   parameters  list of { name, type, c = how the program reads it }, behind (memcg, me, config)
kinds.callbacks = {
  charged = { member = "memcg_charged", c = "unsigned int", answer = "number",
    parameters = { { name = "pages", type = "number", c = "charged_pages(ctx)" } } },
  uncharged = { member = "memcg_uncharged", c = "void",
    parameters = { { name = "pages", type = "number", c = "(unsigned int)ctx[1]" } } },
  below_low = { member = "below_low", c = "bool", answer = "boolean", parameters = {
    { name = "protection", type = "number", c = "(__s64)bytes(weighed_protection(ctx, charged, elow))" },
    { name = "usage", type = "number", c = "(__s64)bytes(weighed_usage(ctx, charged))" } } },
  below_min = { member = "below_min", c = "bool", answer = "boolean", parameters = {
    { name = "protection", type = "number", c = "(__s64)bytes(weighed_protection(ctx, charged, emin))" },
    { name = "usage", type = "number", c = "(__s64)bytes(weighed_usage(ctx, charged))" } } },
  faulted = { parameters = { { name = "faults", type = "number", c = "(__s64)events" } } },
  join = { answer = "join", parameters = {} },
}

--- What memcg has: name -> { type, c = with %s for the cgroup }. Sizes are bytes.
kinds.memcg = {
  usage = { type = "number", c = "lua_usage(%s)" },
  max = { type = "number", c = "lua_limit(%s, max)" },
  high = { type = "number", c = "lua_limit(%s, high)" },
  low = { type = "number", c = "lua_limit(%s, low)" },
  min = { type = "number", c = "lua_limit(%s, min)" },
  parent = { type = "memcg", c = "lua_parent(%s)" },
  events = { type = "events" },
}

--- memcg.events, as memory.events has it.
kinds.events = { low = "MEMCG_LOW", high = "MEMCG_HIGH", max = "MEMCG_MAX", oom = "MEMCG_OOM", oom_kill = "MEMCG_OOM_KILL" }

--- What a recording tells of a cgroup, by its number there (bpf/policies/lua_record.h), and behind it what isn't of a cgroup, and a
--- tenant's settings.
kinds.readings = { "usage", "max", "high", "low", "min", "parent" }
kinds.recorded = { now = 120, config = 121, role = 122, turn = 123, last = 124, setting = 125 }
for _, name in ipairs { "low", "high", "max", "oom", "oom_kill" } do kinds.readings[#kinds.readings + 1] = "events." .. name end

local number_of = {}
for i, name in ipairs(kinds.readings) do number_of[name] = i end

--- The number of a reading, "usage", "events.high".
function kinds.reading(name) return number_of[name] end

--- A type of C for one of Lua; nil for what is no value of C.
function kinds.c(type)
  if type == "number" then return "__s64 " end
  if type == "boolean" then return "bool " end
  if type == "memcg" then return "struct mem_cgroup *" end
  local role = type:match "^tenant (.*)"
  return role and ("struct %s_tenant *"):format(role)
end

local WORDS <const> = {
  number = "a number", boolean = "true or false", memcg = "a cgroup", events = "memcg.events", config = "the configuration",
  stats = "the statistics", state = "the state", maybe = "false or a number", text = "a string", nothing = "nothing",
}

--- A type in words: "a number".
function kinds.words(type) return WORDS[type] or type:find "^tenant" and "a tenant" or type:find "^enum" and "one of the configuration's words" or type end

--- Words that can't be names of fields and roles, as C has another meaning for them.
kinds.taken = {}
for word in ([[auto break case char const continue default do double else enum extern float for goto if inline int long register
  restrict return short signed sizeof static struct switch typedef typeof union unsigned void volatile while asm bool true false
  bpf_wq]]):gmatch "%S+" do kinds.taken[word] = "is a word of C's" end
for word in ("gone cgroup asked errors error_line strangers"):gmatch "%S+" do kinds.taken[word] = "is memlua's own" end

return kinds
