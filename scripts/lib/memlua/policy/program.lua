--- memlua.policy.program: a whole policy in C: its structs and maps, its functions, the programs that the kernel calls.
local kinds = require "memlua.policy.kinds"
local memlua = require "memlua"
local routine = require "memlua.policy.routine"

local program = {}

-- ---- text -------------------------------------------------------------------------------------------------------------

local function quoted(text) return '"' .. text:gsub('[\\"]', "\\%0"):gsub("%c", " ") .. '"' end

-- What leads clang's and the verifier's complaints to the Lua; nil where the line before leads there, too.
local function directive(self, line, out, at)
  if line.line then
    if line.line == at.line and line.file == at.file then return nil end
    at.line, at.file = line.line, line.file
  else
    if not at.file or at.file == self.c_file then return nil end
    at.line, at.file = #out + 2, self.c_file
  end
  return ("#line %d %s"):format(at.line, quoted(at.file))
end

-- The lines of C, with directives if `mapped`.
local function render(self, mapped)
  local out, depth, at, hanging = {}, 0, {}, false
  for _, line in ipairs(self.lines) do
    out[#out + 1] = mapped and directive(self, line, out, at) or nil
    if line.text:find "^}" then depth = depth - 1 end
    out[#out + 1] = line.text == "" and "" or ("\t"):rep(math.max(depth + (hanging and 1 or 0), 0)) .. line.text
    if line.text:find "{$" then depth = depth + 1 end
    hanging = line.text:find "^if .*[^{]$" ~= nil
    at.line = at.line and at.line + 1
  end
  return table.concat(out, "\n") .. "\n"
end

-- ---- structs -----------------------------------------------------------------------------------------------------------

local function notes(field)
  return (field.about and " __doc(" .. quoted(field.about) .. ")" or "") .. (field.unit and " __unit(" .. quoted(field.unit) .. ")" or "")
end

local function declare(field)
  if field.words then return ("enum %s_word %s%s;"):format(field.name, field.name, notes(field)) end
  return ("%s%s%s;"):format(kinds.c(field.type), field.name, notes(field))
end

local function add_struct(self, name, fields, more)
  self:put("struct %s {", name)
  for _, field in ipairs(fields) do self:put("%s", declare(field)) end
  if more then self:put("%s", more) end
  self:put("};")
  self:put("")
end

local function initial(field)
  if field.words then return field.name .. "_" .. field.initial end
  return tostring(field.initial)
end

-- The words of an enum as the host knows them are its enumerators' names: those of two enums may be alike, so the policy's
-- own code has constants of another name.
local function add_enum(self, field)
  self:put("enum %s_word { %s };", field.name, table.concat(field.words, ", "))
  for i, word in ipairs(field.words) do self:put("#define %s_%s %d", field.name, word, i - 1) end
  self:put("")
end

local function add_globals(self, definition)
  for _, field in ipairs(definition.config) do if field.words then add_enum(self, field) end end
  if #definition.config > 0 then
    add_struct(self, "policy_config", definition.config)
    self:put("volatile struct policy_config config = {")
    for _, field in ipairs(definition.config) do self:put(".%s = %s,", field.name, initial(field)) end
    self:put("};")
    self:put("")
  end
  add_struct(self, "policy_stats", definition.stats, "LUA_STATS;")
  self:put("struct policy_stats stats;")
  self:put("")
  if #definition.state == 0 then return end
  add_struct(self, "policy_state", definition.state)
  self:put("static struct policy_state state = {")
  for _, field in ipairs(definition.state) do self:put(".%s = %s,", field.name, initial(field)) end
  self:put("};")
  self:put("")
end

-- ---- roles -------------------------------------------------------------------------------------------------------------

local ANSWER <const> = { number = "lua_delay(&call, %s, %d)", boolean = "lua_verdict(&call, %s)" }

-- The call of a function with as many of its arguments as it takes; config is a global in C.
local function call_of(fn, name)
  local words, taken = { "&call" }, #fn.node[1]
  if taken > 0 then words[2] = "memcg" end
  if taken > 1 then words[3] = "me" end
  for i, parameter in ipairs(kinds.callbacks[name].parameters) do
    if taken > i + 2 then words[#words + 1] = parameter.c end
  end
  return ("%s(%s)"):format(fn.c, table.concat(words, ", "))
end

-- What memcg.stat is read by. `cgroup`: the C of the asking tenant's.
local function add_mine(self, cgroup)
  if self.reads_stat then self:put("LUA_MINE(&call, %s);", cgroup) end
end

-- What LUA_BEGIN is told of a function: its number, its tenant, its first arguments.
local function begin_of(role, name)
  local words = {}
  for i, parameter in ipairs(kinds.callbacks[name].parameters) do words[i] = parameter.c end
  return ("LUA_BEGIN(&call, %d, me, %s, %s);"):format(role.numbers[name], words[1] or "0", words[2] or "0")
end

-- The call of a function that gives no answer.
local function add_silent(self, text)
  self:put("%s;", text)
  self:put("lua_done(&call);")
  self:put("LUA_END(&call, 0);")
end

-- The program that the kernel calls: it finds the tenant, and hands on what the function wants.
local function add_callback(self, role, name, fn)
  local callback, text = kinds.callbacks[name], call_of(fn, name)
  local answer = ANSWER[callback.answer]
  self:put("SEC(\"struct_ops/%s\")", callback.member)
  self:put("%s BPF_PROG(%s_%s, struct mem_cgroup *charged)", callback.c, role.name, name)
  self:put("{")
  self:put("struct mem_cgroup *memcg = charged;")
  self:put("struct %s_tenant *me = memcg_attached(&%s_memcg, &memcg);", role.name, role.name)
  self:put("struct lua_call call = {};")
  if answer then self:put("%s answer;", callback.c) end
  self:put("")
  if callback.answer then self:put("count(&stats.asked);") end
  self:put("if (!me) {")
  self:put("count(&stats.strangers);")
  self:put("return%s;", callback.answer and " 0" or "")
  self:put("}")
  add_mine(self, "me->cgroup")
  self:put("%s", begin_of(role, name))
  if answer then
    self:put("LUA_BASE(&call, memcg);")
    self:put("answer = %s;", answer:format(text, fn.node.line))
    self:put("LUA_END(&call, answer);")
    self:put("return answer;")
  else
    add_silent(self, text)
  end
  self:put("}")
  self:put("")
end

local function add_join(self, role, fn)
  self:put("SEC(\"syscall\")")
  self:put("int %s_join(struct memlua_join *ctx)", role.name)
  self:put("{")
  self:put("__u64 id = ctx->cgroup_id;")
  self:put("struct %s_tenant *me = bpf_map_lookup_elem(&%s_memcg, &id);", role.name, role.name)
  self:put("struct lua_call call = {.join = ctx};")
  self:put("int answer = 0;")
  self:put("")
  self:put("if (!me)")
  self:put("return -ENOENT;")
  self:put("LUA_TOLD(me, id);")
  if fn then
    self:put("struct cgroup *cgroup = bpf_cgroup_from_id(id);")
    self:put("struct mem_cgroup *memcg;")
    self:put("")
    self:put("if (!cgroup)")
    self:put("return -ENOENT;")
    self:put("memcg = cgroup_memcg(cgroup);")
    self:put("%s", begin_of(role, "join"))
    self:put("LUA_BASE(&call, memcg);")
    -- a join may sleep, but for references that it reads
    if self.reads_stat then self:put("bpf_rcu_read_lock();") end
    add_mine(self, "cgroup")
    self:put("answer = %s;", call_of(fn, "join"))
    if self.reads_stat then self:put("bpf_rcu_read_unlock();") end
    self:put("LUA_END(&call, answer);")
    self:put("bpf_cgroup_release(cgroup);")
  end
  self:put("return lua_joined(ctx, &call, answer, &me->cgroup);")
  self:put("}")
  self:put("")
end

-- Page faults have no callback: a tracepoint of newer kernels tells of them, or a function of older ones. Either runs for each
-- memcg event of the machine, so that it is loaded only when the configuration says so.
local function add_faulted(self, role, fn)
  self:put("static __always_inline void %s_faulted(struct mem_cgroup *memcg, int item, unsigned long events)", role.name)
  self:put("{")
  self:put("struct %s_tenant *me;", role.name)
  self:put("struct lua_call call = {};")
  self:put("")
  self:put("if (!lua_is_fault(item))")
  self:put("return;")
  self:put("me = memcg_attached(&%s_memcg, &memcg);", role.name)
  self:put("if (!me)")
  self:put("return;")
  add_mine(self, "me->cgroup")
  self:put("%s", begin_of(role, "faulted"))
  add_silent(self, call_of(fn, "faulted"))
  self:put("}")
  self:put("")
  local conditions = {}
  for i, condition in ipairs(role.faulted_when) do conditions[i] = ("__when(%s) "):format(quoted(condition)) end
  self:put("LUA_FAULTED(%s, %s)", role.name, table.concat(conditions))
  self:put("")
end

local function types_of(role, name)
  local types = { "memcg", "tenant " .. role, "config" }
  for _, parameter in ipairs(kinds.callbacks[name].parameters) do types[#types + 1] = parameter.type end
  return types
end

local function add_role(self, role)
  local compiled = {}
  for _, name in ipairs(memlua.keys(role.functions)) do
    compiled[name] = routine.callback(self, role.functions[name], role.name .. "_" .. name, kinds.callbacks[name].answer, types_of(role.name, name))
  end
  for _, name in ipairs(memlua.keys(compiled)) do
    if kinds.callbacks[name].member then add_callback(self, role, name, compiled[name]) end
  end
  if compiled.faulted then add_faulted(self, role, compiled.faulted) end
  add_join(self, role, compiled.join)
  self:put("LUA_OFFLINE(%s)", role.name)
  self:put("")
  self:put("SEC(\".struct_ops.link\")")
  self:put("struct memcg_bpf_ops %s = {", role.name)
  for _, name in ipairs(memlua.keys(compiled)) do
    local member = kinds.callbacks[name].member
    if member then self:put(".%s = (void *)%s_%s,", member, role.name, name) end
  end
  self:put(".handle_cgroup_offline = (void *)%s_offline,", role.name)
  if role.hold then self:put(".flags = MEMCG_BPF_HOLD,") end
  self:put("};")
  self:put("")
end

local function new(definition)
  local self = { lines = {}, count = 0, compiled = {}, roles = memlua.by_name(definition.roles), routine = routine.called }
  self.fields = { config = memlua.by_name(definition.config), stats = memlua.by_name(definition.stats), state = memlua.by_name(definition.state) }
  for _, role in ipairs(definition.roles) do self.fields[role.name] = memlua.by_name(role.fields) end
  function self:put(fmt, ...) self.lines[#self.lines + 1] = { text = fmt:format(...) } end
  function self.add(lines, origin)
    for _, line in ipairs(lines) do
      local text = type(line) == "table" and line.text or line
      self.lines[#self.lines + 1] = { text = text, line = type(line) == "table" and line.line or nil, file = origin.path or origin.file }
    end
    self:put("")
  end
  return self
end

--- A policy in C. `definition` is what memlua.policy.declaration makes of policy.lua's table. Returns the text with line directives, which
--- lead to the Lua, and the text without. `is_recorded`: what it reads and answers is recorded. Refuses what is outside of the subset.
function program.of(definition, is_recorded)
  local self = new(definition)
  self.c_file = definition.name .. ".bpf.c"
  self:put("// %s: %s", definition.name, definition.about)
  self:put("// Made by memlua from a policy in Lua, %s.", definition.file)
  self:put("#include \"lua.bpf.h\"")
  if is_recorded then self:put("#include \"lua_record.h\"") end
  self:put("")
  add_globals(self, definition)
  for _, role in ipairs(definition.roles) do
    add_struct(self, role.name .. "_tenant", role.fields, "LUA_TENANT;")
    self:put("LUA_TENANTS(%s);", role.name)
    self:put("")
  end
  for _, role in ipairs(definition.roles) do add_role(self, role) end
  self:put("POLICY(%s);", quoted(definition.about))
  return render(self, true), render(self, false)
end

return program
