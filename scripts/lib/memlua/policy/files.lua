--- memlua.policy.files: what a policy in Lua knows of a cgroup, from its files.
local sys = require "memlua.base.sys"

local files = {}

local UNLIMITED <const> = 0x7ffffffffffff000 -- PAGE_COUNTER_MAX, in bytes

local FILES <const> = { usage = "memory.current", swap = "memory.swap.current", max = "memory.max", high = "memory.high", low = "memory.low", min = "memory.min" }
local LEAST <const> = { usage = 0, swap = 0 } -- where there is no such file

local function counts_of(text)
  local counts = {}
  for key, v in (text or ""):gmatch "(%S+) (%d+)" do counts[key] = math.tointeger(v) end
  return counts
end

-- What a kernel doesn't count.
local NOTHING <const> = { __index = function() return 0 end }

local Cgroup = {}

-- A field is read when it is asked for, once a look. What is above the root has no files: no limit, and nothing is charged.
function Cgroup:__index(name)
  local v
  if name == "parent" then
    v = setmetatable({ path = self.path:match "^(.*)/[^/]+$" or "" }, Cgroup)
  elseif name == "events" then
    v = counts_of(sys.read(self.path .. "/memory.events"))
  elseif name == "stat" then
    v = setmetatable(counts_of(sys.read(self.path .. "/memory.stat")), NOTHING)
  elseif name == "stalled" then
    local total = (sys.first_line(self.path .. "/memory.pressure") or ""):match "^some .*total=(%d+)"
    v = (math.tointeger(total) or 0) // 1000 -- 0: no PSI, or no such file
  elseif FILES[name] then
    local text = sys.first_line(self.path .. "/" .. FILES[name])
    v = text and math.tointeger(tonumber(text)) or LEAST[name] or UNLIMITED
  end
  self[name] = v
  return v
end

--- What a policy's function sees as memcg, from the files of the cgroup at `path`: usage, swap, max, high, low, min (bytes), stalled (ms), parent, events, stat.
function files.cgroup(path) return setmetatable({ path = path }, Cgroup) end

--- The page faults of a cgroup so far.
function files.page_faults(path) return counts_of(sys.read(path .. "/memory.stat")).pgfault or 0 end

return files
