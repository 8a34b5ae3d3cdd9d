--- memlua.experiment.tunables: files of the kernel's that a strategy sets for a run, its swap, and counters by which it shows
--- that something came of them.
local check = require "memlua.base.check"
local host = require "memlua.host"
local memlua = require "memlua"
local sys = require "memlua.base.sys"
local zram = require "memlua.machine.zram"

local tunables = {}

-- ---- as the scenario gives them ---------------------------------------------------------------------------------------

local function check_setting(value, path)
  check.is "table"(value, path)
  if not tostring(value[1]):find "^/" then check.refuse(path, "%s: no absolute path; write { \"/sys/...\", value }", tostring(value[1])) end
  if type(value[2]) ~= "string" and not math.type(value[2]) then check.refuse(path, "a value is needed for %s", value[1]) end
  if value[3] ~= nil and value[3] ~= "optional" then check.refuse(path, "%s: \"optional\" or nothing comes after its value", value[1]) end
  return { value[1], tostring(value[2]), value[3] }
end

--- The checker of a strategy's `tunables`, a list of { path, value }, or { path, value, "optional" } where a kernel may lack the
--- file.
tunables.check = check.list(check_setting)

--- The checker of its `counters`, { NAME = path of a file with a number, "path:key" of one with a line for each key, or f() ->
--- number }.
tunables.check_counters = check.map(function(value, path)
  if type(value) ~= "function" and not tostring(value):find "^/" then check.refuse(path, "an absolute path or a function is needed") end
  return value
end)

-- ---- setting ------------------------------------------------------------------------------------------------------------

local function unsupported(fmt, ...) memlua.fail(memlua.status.unsupported, fmt, ...) end

local function write(path, value)
  local file <close>, why = io.open(path, "w")
  if not file then return nil, why end
  file:setvbuf "no"
  return file:write(value)
end

-- "[always] madvise never" says which one is set.
local function value_of(text) return text:match "%[([^%]]+)%]" or (text:gsub("%s+$", "")) end

local function set(owned, name, setting)
  local path, value = setting[1], setting[2]
  local was = sys.read(path)
  if not was and setting[3] then return end
  if not was then unsupported("%s: this kernel has no %s", name, path) end
  local done, why = write(path, value)
  if not done then memlua.fail(memlua.status.misuse, "%s: the kernel refuses %s = %s: %s", name, path, value, why) end
  owned:add(setmetatable({}, { __close = function() write(path, value_of(was)) end }))
end

--- Sets what a strategy asks for, `swap` (bytes, nil: none) where it has none of its own; the scope `owned` puts it back, the last
--- first. Fails with status 4 outside of the microVM, where it would change the machine, and where this kernel has no such file; with 1
--- where it refuses a value.
function tunables.set(strategy, owned, swap)
  if strategy.swap or swap then zram.swap(owned, strategy.swap or swap) end
  if not strategy.tunables then return end
  if not host.in_guest then unsupported("%s: only in the microVM (--vm): elsewhere it would change the machine", strategy.name) end
  for _, setting in ipairs(strategy.tunables) do set(owned, strategy.name, setting) end
end

-- ---- counting -----------------------------------------------------------------------------------------------------------

local function count(counter)
  if type(counter) == "function" then return counter() end
  local path, key = counter:match "^(.-):(.+)$"
  local text = sys.read(path or counter) or ""
  if not key then return tonumber(text:match "^%s*(%d+)") end
  return tonumber(("\n" .. text):match("\n" .. key:gsub("%p", "%%%0") .. "[:%s]+(%d+)"))
end

--- The counters of a strategy as they stand, { NAME = number }; nil where it has none. What can't be read is absent.
function tunables.counters(strategy)
  if not strategy.counters then return nil end
  local counts = {}
  for name, counter in pairs(strategy.counters) do counts[name] = count(counter) end
  return counts
end

--- By how much they have grown since `before`.
function tunables.counted(strategy, before)
  local now = before and tunables.counters(strategy)
  if not now then return nil end
  for name, n in pairs(now) do now[name] = n - (before[name] or 0) end
  return now
end

return tunables
