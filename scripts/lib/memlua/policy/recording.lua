--- memlua.policy.recording: the recorded calls of a policy in Lua: a file NAME.calls in a run's folder. Its first line is JSON, what
--- the numbers in the rest mean; then follows one record for each call, in the order in which they began, little-endian:
---   time, tenant       8 bytes each: ns of CLOCK_MONOTONIC, the id of the tenant's cgroup
---   arguments, answer  8 each, two arguments: pages, nice; protection and usage in bytes. Answer: ms; 1: protected; join: not 0: refused
---   function, reads    2 each: the number in the header's `functions` (65535: the tenant has ended), how many readings follow
---   base, cut, ends, failed   1 each: how many of the readings were made for the recording itself; readings are missing; unused here;
---                      an error ended the call
---   a reading          16: of (the id of the cgroup, and in the highest byte what was read of it), value; kinds.readings and
---                      kinds.recorded tell the numbers
--- At most recording.MOST bytes are kept, and 61 readings of a call.
local json = require "memlua.json"
local kinds = require "memlua.policy.kinds"
local memlua = require "memlua"
local printable = require "memlua.base.printable"

local recording = {}

--- Bytes of a file; the calls after that are left out, and counted.
recording.MOST = 32 << 20

local VERSION <const> = 1
local HEAD <const>, READING <const> = "<i8i8i8i8i8I2I2BBBB", "<i8i8"
local HEAD_SIZE <const>, READING_SIZE <const> = HEAD:packsize(), READING:packsize()
local DROPPED <const> = 0xffff
local MOST_READINGS <const> = 61

-- ---- the header -------------------------------------------------------------------------------------------------------

local function shape_of(fields, is_taken)
  local list = {}
  for _, field in ipairs(fields) do
    if is_taken(field) then list[#list + 1] = { name = field.name, type = field.type, number = field.number, unit = field.unit, words = field.words } end
  end
  return json.array(list)
end

local function all() return true end
local function is_setting(field) return field.is_setting end

--- The first line of a recording. `told`: { config = { NAME = value } as in force, tenants = list of { name, role, id (its cgroup's),
--- settings = { NAME = value } }, began = seconds of host.monotonic() }.
function recording.header(definition, told)
  local header = { memlua_calls = VERSION, readings = kinds.readings, policy = definition.name, version = definition:version(), config = told.config, began = told.began,
    tenants = json.array(told.tenants), config_fields = shape_of(definition.config, all), functions = {}, roles = {} }
  for i, f in ipairs(definition.functions) do header.functions[i] = { f.role, f.callback } end
  for i, role in ipairs(definition.roles) do header.roles[i] = { name = role.name, settings = shape_of(role.fields, is_setting) } end
  return json.encode(header)
end

-- ---- reading it -------------------------------------------------------------------------------------------------------

local function refuse(path, fmt, ...) memlua.fail(memlua.status.misuse, "%s: %s", path, fmt:format(...)) end

local function expect(path, is_fine, what) if not is_fine then refuse(path, "no recording of memlua's: its header's %s", what) end end

local function is_value(v) return math.type(v) == "integer" or type(v) == "boolean" end

local function check_tenants(header, path)
  header.by_id = {}
  for _, tenant in ipairs(header.tenants) do
    expect(path, type(tenant) == "table" and type(tenant.name) == "string" and math.type(tenant.id) == "integer" and type(tenant.settings) == "table"
      and memlua.named(header.roles, tenant.role), "tenants")
    for _, v in pairs(tenant.settings) do expect(path, is_value(v), "tenants") end
    header.by_id[tenant.id] = tenant
  end
end

local function check_fields(fields, path, what)
  expect(path, type(fields) == "table", what)
  for _, field in ipairs(fields) do
    expect(path, type(field) == "table" and type(field.name) == "string" and math.type(field.number) == "integer", what)
    expect(path, field.words == nil or type(field.words) == "table", what)
  end
end

local function check_functions(header, path)
  for _, f in ipairs(header.functions) do
    expect(path, type(f) == "table" and type(f[1]) == "string" and kinds.callbacks[f[2]] ~= nil, "functions")
  end
end

-- Their numbers are places in the list, to which a later memlua adds at its end.
local function check_readings(header, path)
  for i, name in ipairs(header.readings) do
    if name ~= kinds.readings[i] then refuse(path, "written by another memlua: reading %d is %s, here %s", i, tostring(name), kinds.readings[i] or "unknown") end
  end
end

local function check(header, path)
  expect(path, type(header) == "table" and header.memlua_calls ~= nil, "memlua_calls")
  if header.memlua_calls ~= VERSION then refuse(path, "written by another memlua: version %s, this one reads %d", header.memlua_calls, VERSION) end
  for _, key in ipairs { "config", "tenants", "functions", "roles", "readings" } do expect(path, type(header[key]) == "table", key) end
  expect(path, type(header.policy) == "string", "policy")
  expect(path, type(header.began) == "number", "began")
  check_readings(header, path)
  check_fields(header.config_fields, path, "config_fields")
  for _, v in pairs(header.config) do expect(path, is_value(v) or type(v) == "string", "config") end
  for _, role in ipairs(header.roles) do
    expect(path, type(role) == "table" and type(role.name) == "string", "roles")
    check_fields(role.settings, path, "roles")
  end
  check_tenants(header, path)
  check_functions(header, path)
  return header
end

local function readings_of(text, at, n)
  local list = {}
  for i = 1, n do
    local of, value = READING:unpack(text, at + (i - 1) * READING_SIZE)
    list[i] = { of = of, value = value }
  end
  return list
end

-- The call at a place of the text, and where the next one is.
local function call_at(self, at)
  local text, header = self.text, self.header
  if #text < at + HEAD_SIZE - 1 then refuse(self.path, "ends in the middle of a call; was memlua killed?") end
  local time, tenant, first, second, answer, number, reads, base, cut, _, failed = HEAD:unpack(text, at)
  local next_at = at + HEAD_SIZE + reads * READING_SIZE
  if reads > MOST_READINGS or base > reads or #text < next_at - 1 then refuse(self.path, "ends in the middle of a call; was memlua killed?") end
  local call = { time = time, at = time / 1e9 - header.began, tenant = header.by_id[tenant], arguments = { first, second }, answer = answer,
    is_cut = cut ~= 0, failed = failed ~= 0, base = base, readings = readings_of(text, at + HEAD_SIZE, reads) }
  if not call.tenant then refuse(self.path, "a call of a tenant that its header doesn't know: %d", tenant) end
  call.is_end = number == DROPPED
  local f = header.functions[number + 1]
  if not f and not call.is_end then refuse(self.path, "a call of a function that its header doesn't know: %d", number) end
  if f and f[1] ~= call.tenant.role then refuse(self.path, "a call of role %s of %s, whose role is %s", f[1], call.tenant.name, call.tenant.role) end
  if f then call.role, call.callback = f[1], f[2] end
  return call, next_at
end

local Recording = {}
Recording.__index = Recording

--- Iterates over the calls, in the order in which they began: { at = seconds since the recording began, time = ns, tenant, role,
--- callback, arguments, answer, failed, is_cut, base, readings = list of { of, value } }; or { at, tenant, is_end = true }: the tenant has
--- ended. Fails with status 1 where the file is damaged.
function Recording:calls()
  local at = self.first
  return function()
    if at > #self.text then return nil end
    local call
    call, at = call_at(self, at)
    return call
  end
end

--- A recording: { path, header }, with the method calls. Fails with status 1, naming `path`, where the text is none.
function recording.parse(text, path)
  local line = text:match "^([^\n]*)\n"
  local header = line and json.decode(line)
  return setmetatable({ path = path, text = text, first = line and #line + 2, header = printable.value(check(header, path), path) }, Recording)
end

--- The key of a reading: of the cgroup (0: none), what (a number of kinds.readings or kinds.recorded).
function recording.key(of, what) return of | what << 56 end

--- The cgroup's id and the number of what was read of it.
function recording.parts(key) return key & (1 << 56) - 1, key >> 56 end

return recording
