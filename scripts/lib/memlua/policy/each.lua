--- memlua.policy.each: for_each(role, function(tenant, memcg) ... end): a program of its own in BPF, to which the locals that it
--- uses go in a struct, and come back.
local kinds = require "memlua.policy.kinds"
local memlua = require "memlua"
local refusal = require "memlua.policy.refusal"
local scope = require "memlua.policy.scope"

local each = {}

local FORM <const> = "for_each takes the name of a role and a function written here: for_each(\"%s\", function(tenant, memcg) ... end)"

local function check(fn, node)
  local roles = memlua.keys(fn.program.roles)
  local role, f = node[2], node[3]
  if #node ~= 3 or role.tag ~= "String" or f.tag ~= "Function" or #f[1] > 2 then refusal.at(fn.origin, node, FORM, roles[1]) end
  if not fn.program.roles[role[1]] then refusal.at(fn.origin, role, "no role '%s'%s", role[1], memlua.hint(role[1], roles)) end
  if fn.around then refusal.at(fn.origin, node, "a for_each in another; keep in state what the inner one would find") end
  return role[1], f
end

-- The struct that the body gets.
local function emit_struct(fn, body, name)
  body.header = { ("struct %s {"):format(name), "struct lua_call *call;" }
  for _, entry in ipairs(body.captures) do
    body.header[#body.header + 1] = ("%s%s;"):format(kinds.c(entry.value.type), entry.value.c)
  end
  body.header[#body.header + 1] = "};"
  fn.program.add(body.header, fn.origin)
end

local function compile(fn, role, f, name, block)
  local body = fn:inside(name)
  scope.open(body)
  if f[1][1] then scope.declare(body, f[1][1][1], { value = { type = "tenant " .. role, c = "tenant" } }) end
  if f[1][2] then scope.declare(body, f[1][2][1], { value = { type = "memcg", c = "memcg" } }) end
  block(body, f[2])
  scope.close(body)
  return body
end

local function emit_body(fn, body, role, name)
  local lines = { { text = ("static long %s(void *map, __u64 *id, struct %s_tenant *tenant, struct %s *env)"):format(name, role, name), line = fn.line },
    { text = "{", line = fn.line }, { text = "struct mem_cgroup *memcg;", line = fn.line },
    { text = "if (tenant->gone)", line = fn.line }, { text = "return 0;", line = fn.line },
    { text = "memcg = lua_memcg(tenant->cgroup);", line = fn.line } }
  if fn.program.reads_stat then lines[#lines + 1] = { text = ("LUA_OTHER(%s, tenant);"):format(body.call), line = fn.line } end
  lines[#lines + 1] = { text = ("LUA_EACH_TENANT(%s, tenant);"):format(body.call), line = fn.line }
  table.move(body.lines, 1, #body.lines, #lines + 1, lines)
  lines[#lines + 1] = { text = "return 0;", line = fn.line }
  lines[#lines + 1] = { text = "}", line = fn.line }
  fn.program.add(lines, fn.origin)
end

--- Compiles the statement. `block` compiles a block.
function each.tenant(fn, node, block)
  local role, f = check(fn, node)
  local name = fn:fresh "each"
  local body = compile(fn, role, f, name, block)
  emit_struct(fn, body, name)
  emit_body(fn, body, role, name)
  fn:emit("{")
  fn:emit("struct %s env = {.call = %s};", name, fn.call)
  for _, entry in ipairs(body.captures) do fn:emit("env.%s = %s;", entry.value.c, entry.value.c) end
  fn:emit("LUA_EACH_OF(%s, %d);", fn.call, fn.program.roles[role].number)
  fn:emit("LUA_FOR_EACH(%s, %s, &env);", role, name)
  fn:emit("LUA_EACH_END(%s);", fn.call)
  for _, entry in ipairs(body.captures) do
    if fn.changed[entry.name] then fn:emit("%s = env.%s;", entry.value.c, entry.value.c) end
  end
  fn:emit("}")
  if body.may_fail then
    fn.may_fail = true
    fn:emit("if (%s->line)", fn.call)
    fn:emit("%s", fn.failing)
  end
end

return each
