--- memlua.policy.definition: what policy.lua gives: a policy in Lua, which memlua.policy takes where it takes a name.
local declaration = require "memlua.policy.declaration"
local kinds = require "memlua.policy.kinds"
local loading = require "memlua.policy.loading"
local memlua = require "memlua"
local object = require "memlua.policy.object"
local program = require "memlua.policy.program"
local sys = require "memlua.base.sys"

local definition = {}

local Definition = {}
Definition.__index = Definition

function Definition:__tostring() return ("policy in Lua (%s)"):format(self.name) end

--- definition:c() -> what it is in C, as the compiler makes it; without the line directives that lead back to the Lua.
function Definition:c() return self.plain_c end

-- Of a recording's 255 kinds of readings so many are left.
local MOST_SETTINGS <const> = 255 - kinds.recorded.setting

local function check_settings(self)
  for _, role in ipairs(self.roles) do
    local n = 0
    for _, field in ipairs(role.fields) do n = n + (field.is_setting and 1 or 0) end
    if n > MOST_SETTINGS then
      memlua.fail(memlua.status.misuse, "roles.%s.settings: %d of them; a policy that is recorded has %d at most", role.name, n, MOST_SETTINGS)
    end
  end
end

--- definition:object() -> the path of the BPF object, compiled by clang now if it hasn't been before; beside it lies the C.
--- definition:object(true): that of one whose calls can be recorded. Fails with status 4 where clang is missing.
function Definition:object(is_recorded)
  if is_recorded then
    check_settings(self)
    self.recorded_path = self.recorded_path or object.of(self.name, (program.of(self, true)))
    return self.recorded_path
  end
  self.path = self.path or object.of(self.name, self.mapped_c)
  return self.path
end

--- definition:version() -> a word that is the same for the same C.
function Definition:version() return object.hash(self.plain_c) end

-- What the file returns; meanwhile no experiment may begin.
local function returned_by(path)
  if not sys.exists(path) then
    local whole = sys.absolute(path)
    memlua.fail(memlua.status.misuse, "%s: No such file or directory%s", path, whole ~= path and (" (it is %s)"):format(whole) or "")
  end
  local f, why = loadfile(path)
  if not f then memlua.fail(memlua.status.misuse, "%s", why) end
  loading.path = path
  local _ <close> = setmetatable({}, { __close = function() loading.path = nil end })
  return f()
end

local function from_file(path)
  local self = returned_by(path)
  if getmetatable(self) ~= Definition then
    memlua.fail(memlua.status.misuse, "%s: it returns no policy; end it with `return policy.lua { ... }`", path)
  end
  return self
end

-- "FILE:LINE: " of the script that calls policy.lua.
local function caller()
  for level = 3, math.huge do
    local info = debug.getinfo(level, "Sl")
    if not info then return "" end
    if info.currentline > 0 and not info.short_src:find "^memlua%." then return ("%s:%d: "):format(info.short_src, info.currentline) end
  end
end

-- What is wrong in the table is told at the call.
local function declared(given)
  local place = caller()
  local ok, v = pcall(declaration.of, given)
  if ok then return v end
  if type(v) ~= "table" then error(v, 0) end
  memlua.fail(v.status, "%s%s", v.message:find "^[^:]+:%d+: " and "" or place, v.message)
end

--- Checks policy.lua's table and makes C of it; or loads the file, of which `given` is the path. Fails with status 1, at the key, or at
--- FILE:LINE of a function.
function definition.new(given)
  if type(given) == "string" then return from_file(given) end
  local self = declared(given)
  self.mapped_c, self.plain_c = program.of(self)
  return setmetatable(self, Definition)
end

return definition
