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
  stat = { type = "stat" },
}

--- memcg.events, as memory.events has it.
kinds.events = { low = "MEMCG_LOW", high = "MEMCG_HIGH", max = "MEMCG_MAX", oom = "MEMCG_OOM", oom_kill = "MEMCG_OOM_KILL" }

--- memcg.stat, by the names of memory.stat: the C that reads it, %s for the call and the cgroup. The kernel counts bytes, and events since
--- the cgroup was made.
kinds.stat = {}
for list, names in pairs {
  node_stat_item = { anon = "NR_ANON_MAPPED", file = "NR_FILE_PAGES", kernel_stack = "NR_KERNEL_STACK_KB", pagetables = "NR_PAGETABLE",
    shmem = "NR_SHMEM", file_mapped = "NR_FILE_MAPPED", file_dirty = "NR_FILE_DIRTY", file_writeback = "NR_WRITEBACK",
    inactive_anon = "NR_INACTIVE_ANON", active_anon = "NR_ACTIVE_ANON", inactive_file = "NR_INACTIVE_FILE", active_file = "NR_ACTIVE_FILE",
    unevictable = "NR_UNEVICTABLE", slab_reclaimable = "NR_SLAB_RECLAIMABLE_B", slab_unreclaimable = "NR_SLAB_UNRECLAIMABLE_B",
    workingset_refault_anon = "WORKINGSET_REFAULT_ANON", workingset_refault_file = "WORKINGSET_REFAULT_FILE",
    workingset_activate_anon = "WORKINGSET_ACTIVATE_ANON", workingset_activate_file = "WORKINGSET_ACTIVATE_FILE",
    workingset_restore_anon = "WORKINGSET_RESTORE_ANON", workingset_restore_file = "WORKINGSET_RESTORE_FILE",
    workingset_nodereclaim = "WORKINGSET_NODERECLAIM" },
  memcg_stat_item = { sock = "MEMCG_SOCK", percpu = "MEMCG_PERCPU_B", kernel = "MEMCG_KMEM" },
} do
  for name, item in pairs(names) do kinds.stat[name] = ("LUA_STATE(%%s, %%s, %s, %s)"):format(list, item) end
end
for name in ([[pgfault pgmajfault pgrefill pgactivate pgdeactivate pglazyfree pglazyfreed pgscan_kswapd pgscan_direct pgsteal_kswapd
  pgsteal_direct]]):gmatch "%S+" do kinds.stat[name] = ("LUA_EVENTS(%%s, %%s, %s)"):format(name:upper()) end

--- What a recording tells of a cgroup, by its number there: what is new is added at the end (bpf/policies/lua_record.h), and behind it what isn't of a cgroup, and a
--- tenant's settings.
kinds.readings = { "usage", "max", "high", "low", "min", "parent" }
kinds.recorded = { now = 120, config = 121, role = 122, turn = 123, last = 124, setting = 125 }
for name in ([[low high max oom oom_kill]]):gmatch "%S+" do kinds.readings[#kinds.readings + 1] = "events." .. name end
for name in ([[anon file kernel kernel_stack pagetables percpu sock shmem file_mapped file_dirty file_writeback inactive_anon active_anon
  inactive_file active_file unevictable slab_reclaimable slab_unreclaimable workingset_refault_anon workingset_refault_file
  workingset_activate_anon workingset_activate_file workingset_restore_anon workingset_restore_file workingset_nodereclaim pgfault
  pgmajfault pgrefill pgactivate pgdeactivate pglazyfree pglazyfreed pgscan_kswapd pgscan_direct pgsteal_kswapd
  pgsteal_direct]]):gmatch "%S+" do kinds.readings[#kinds.readings + 1] = "stat." .. name end

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
  number = "a number", boolean = "true or false", memcg = "a cgroup", events = "memcg.events", stat = "memcg.stat", config = "the configuration",
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
