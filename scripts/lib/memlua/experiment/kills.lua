--- memlua.experiment.kills: the kernel log's OOM kills of one run, and whose processes they took.
local json = require "memlua.json"

local kills = {}

local Kills = {}
Kills.__index = Kills

-- The tenant in whose cgroup, or one below, the kernel says the victim was; where it left that out (its rate limit),
-- the one whose worker it was.
local function owner(entry, session, tenants)
  for _, t in ipairs(tenants) do
    local inside = ("%s/"):format(entry.task_memcg or ""):find(("/%s/%s/"):format(session, t.spec.cgroup), 1, true)
    for _, part in ipairs(t.parts) do
      if inside or not entry.task_memcg and part.worker:pid() == entry.pid then return t.spec.name end
    end
  end
end

--- The kills among `entries` (of log:read()) that took processes of the session, which is the name of its cgroup, or of
--- its tenants (list of { spec, parts }). `origin` is the run's start by the monotonic clock.
function kills.of(entries, session, tenants, origin)
  local self = setmetatable({}, Kills)
  for _, entry in ipairs(entries or {}) do
    entry.tenant = owner(entry, session, tenants)
    if entry.tenant or (entry.task_memcg or ""):find("/" .. session, 1, true) then
      entry.time = entry.time - origin
      self[#self + 1] = entry
    end
  end
  return self
end

--- When the process was killed, in seconds from the run's start; nil: it wasn't.
function Kills:time_of(pid)
  for _, entry in ipairs(self) do if entry.pid == pid then return entry.time end end
end

--- As run.json keeps them: as log:read gives them, time counted from the run's start, and `tenant`.
function Kills:list() return json.array(table.move(self, 1, #self, 1, {})) end

return kills
