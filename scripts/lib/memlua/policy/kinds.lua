--- memlua.policy.kinds: what a policy in Lua is about: the callbacks, what memcg has, the types of values, and how each is in C.
local kinds = {}

--- The callbacks of a role, by the name that they have in Lua:
---   member      of memcg_bpf_ops; join and faulted have none: see program.lua
---   answer      "number" (ms), "boolean" or nothing
---   parameters  list of { name, type, c = how the program reads it, seldom = told of a recorded call only if not 0 }, behind
---               (memcg, me, config)
kinds.callbacks = {
  charged = { member = "memcg_charged", c = "unsigned int", answer = "number",
    parameters = { { name = "pages", type = "number", c = "charged_pages(ctx)" },
                   { name = "nice", type = "number", c = "lua_nice()", seldom = true } } },
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

--- What memcg has: name -> { type, c = with %s for the cgroup }. Sizes are bytes, times ms.
kinds.memcg = {
  usage = { type = "number", c = "lua_usage(%s)" },
  swap = { type = "number", c = "lua_swap(%s)" },
  stalled = { type = "number", c = "lua_stalled(%s)" },
  max = { type = "number", c = "lua_limit(%s, max)" },
  high = { type = "number", c = "lua_limit(%s, high)" },
  low = { type = "number", c = "lua_limit(%s, low)" },
  min = { type = "number", c = "lua_limit(%s, min)" },
  parent = { type = "memcg", c = "lua_parent(%s)" },
  events = { type = "events" },
  stat = { type = "stat" },
}

--- What a recording tells of a cgroup, by its number there, which bpf/policies/lua_record.h knows of the first ones: what is new
--- is added at the end. And by their numbers what isn't of a cgroup, and a tenant's settings.
kinds.readings = { "usage", "max", "high", "low", "min", "parent" }
kinds.recorded = { now = 120, config = 121, role = 122, turn = 123, last = 124, setting = 125 }

--- memcg.events, as memory.events has it: the kernel's word for each.
kinds.events = {}
for name in ("low high max oom oom_kill"):gmatch "%S+" do
  kinds.events[name] = "MEMCG_" .. name:upper()
  kinds.readings[#kinds.readings + 1] = "events." .. name
end

-- The names of memory.stat, and the kernel's words for them.
local STAT <const> = [[
  anon node_stat_item.NR_ANON_MAPPED  file node_stat_item.NR_FILE_PAGES  kernel memcg_stat_item.MEMCG_KMEM
  kernel_stack node_stat_item.NR_KERNEL_STACK_KB  pagetables node_stat_item.NR_PAGETABLE  percpu memcg_stat_item.MEMCG_PERCPU_B
  sock memcg_stat_item.MEMCG_SOCK  shmem node_stat_item.NR_SHMEM  file_mapped node_stat_item.NR_FILE_MAPPED
  file_dirty node_stat_item.NR_FILE_DIRTY  file_writeback node_stat_item.NR_WRITEBACK
  inactive_anon node_stat_item.NR_INACTIVE_ANON  active_anon node_stat_item.NR_ACTIVE_ANON
  inactive_file node_stat_item.NR_INACTIVE_FILE  active_file node_stat_item.NR_ACTIVE_FILE  unevictable node_stat_item.NR_UNEVICTABLE
  slab_reclaimable node_stat_item.NR_SLAB_RECLAIMABLE_B  slab_unreclaimable node_stat_item.NR_SLAB_UNRECLAIMABLE_B
  workingset_refault_anon node_stat_item.WORKINGSET_REFAULT_ANON  workingset_refault_file node_stat_item.WORKINGSET_REFAULT_FILE
  workingset_activate_anon node_stat_item.WORKINGSET_ACTIVATE_ANON  workingset_activate_file node_stat_item.WORKINGSET_ACTIVATE_FILE
  workingset_restore_anon node_stat_item.WORKINGSET_RESTORE_ANON  workingset_restore_file node_stat_item.WORKINGSET_RESTORE_FILE
  workingset_nodereclaim node_stat_item.WORKINGSET_NODERECLAIM  pgfault vm_event_item.PGFAULT  pgmajfault vm_event_item.PGMAJFAULT
  pgrefill vm_event_item.PGREFILL  pgactivate vm_event_item.PGACTIVATE  pgdeactivate vm_event_item.PGDEACTIVATE
  pglazyfree vm_event_item.PGLAZYFREE  pglazyfreed vm_event_item.PGLAZYFREED  pgscan_kswapd vm_event_item.PGSCAN_KSWAPD
  pgscan_direct vm_event_item.PGSCAN_DIRECT  pgsteal_kswapd vm_event_item.PGSTEAL_KSWAPD  pgsteal_direct vm_event_item.PGSTEAL_DIRECT]]

--- memcg.stat, by the names of memory.stat: the C that reads it, %s for the call and the cgroup. Bytes, or events since the cgroup was
--- made.
kinds.stat = {}
for name, list, item in STAT:gmatch "(%S+) (%S+)%.(%S+)" do
  kinds.stat[name] = list == "vm_event_item" and ("LUA_EVENTS(%%s, %%s, %s)"):format(item) or ("LUA_STATE(%%s, %%s, %s, %s)"):format(list, item)
  kinds.readings[#kinds.readings + 1] = "stat." .. name
end

for _, name in ipairs { "swap", "stalled" } do kinds.readings[#kinds.readings + 1] = name end

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
for word in ("gone cgroup cgroup_id asked errors error_line strangers unrecorded"):gmatch "%S+" do kinds.taken[word] = "is memlua's own" end

--- Words that can't be names of what is kept of a tenant: the results have something else under them.
kinds.taken_of_tenants = { id = true, name = true, role = true }

return kinds
