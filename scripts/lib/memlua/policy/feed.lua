--- memlua.policy.feed: traces of memory as the calls that a policy in Lua would be asked. A trace tells when, and how much a tenant
--- has; all else is assumed:
---   from the trace   now() (ms since its beginning); memcg.usage; charged: once for each 64 pages of a rise, at the time of the sample that
---                    shows it, with the usage as it is by then; uncharged: once for a fall
---   from the others  the parent's usage: the sum of all tenants' at that time
---   given            the parent's max; the tenants' settings
---   assumed          no other limit; no events; statistics are unknown. join is asked first. below_low, below_min and faulted are never
---                    asked, as a trace shows neither reclaim nor faults; an answer changes nothing of what follows
local host = require "memlua.host"
local kinds = require "memlua.policy.kinds"
local recording = require "memlua.policy.recording"

local feed = {}

local BATCH <const> = 64 -- pages that the kernel charges at once (MEMCG_CHARGE_BATCH)
local PARENT <const> = 1 -- its id; the tenants' follow
local UNLIMITED <const> = 0x7ffffffffffff000

-- ---- the header -------------------------------------------------------------------------------------------------------

local function header_of(definition, members)
  local header = { policy = definition.name, config = {}, config_fields = {}, tenants = {}, by_id = {}, roles = {}, began = 0 }
  for i, role in ipairs(definition.roles) do header.roles[i] = { name = role.name, settings = {} } end
  for i, m in ipairs(members) do
    header.tenants[i] = { name = m.name, role = m.role, id = PARENT + i, settings = m.settings or {} }
    header.by_id[PARENT + i] = header.tenants[i]
  end
  return header
end

-- ---- calls ------------------------------------------------------------------------------------------------------------

-- All samples of all tenants by time; of one time in the tenants' order.
local function steps_of(members)
  local steps = {}
  for i, m in ipairs(members) do
    for n, sample in ipairs(m.trace.samples) do steps[#steps + 1] = { at = sample[1], bytes = sample[2], member = i, n = n } end
  end
  table.sort(steps, function(a, b)
    if a.at ~= b.at then return a.at < b.at end
    if a.member ~= b.member then return a.member < b.member end
    return a.n < b.n
  end)
  return steps
end

local function readings(self, i)
  local list = {}
  local function add(id, name, value) list[#list + 1] = { of = recording.key(id, kinds.reading(name)), value = value } end
  local function add_limits(id, max)
    add(id, "max", max)
    for _, name in ipairs { "high" } do add(id, name, UNLIMITED) end
    for _, name in ipairs { "low", "min" } do add(id, name, 0) end
    for _, name in ipairs(kinds.readings) do
      if name:find "^events%." then add(id, name, 0) end
    end
  end
  add(PARENT, "usage", self.sum)
  add(PARENT, "parent", 0)
  add_limits(PARENT, self.limit)
  add(PARENT + i, "usage", self.usage[i])
  add(PARENT + i, "parent", PARENT)
  add_limits(PARENT + i, UNLIMITED)
  return list
end

local function call_of(self, i, at, callback, argument)
  local list = readings(self, i)
  coroutine.yield { at = at, time = math.floor(at * 1e9), tenant = self.header.tenants[i], role = self.members[i].role, callback = callback,
    arguments = { argument, 0 }, base = #list, readings = list }
end

local function grow(self, i, by)
  self.usage[i], self.sum = self.usage[i] + by, self.sum + by
end

local function take(self, step)
  local i, batch = step.member, BATCH * host.page_size
  local asked = self.functions[self.members[i].role]
  while step.bytes - self.usage[i] >= batch do
    grow(self, i, batch)
    if asked.charged then call_of(self, i, step.at, "charged", BATCH) end
  end
  local fallen = self.usage[i] - step.bytes
  if fallen <= 0 then return end
  grow(self, i, -fallen)
  if asked.uncharged and fallen >= host.page_size then call_of(self, i, step.at, "uncharged", fallen // host.page_size) end
end

local function all(self)
  for i, m in ipairs(self.members) do
    if self.functions[m.role].join then call_of(self, i, 0, "join", 0) end
  end
  for _, step in ipairs(steps_of(self.members)) do take(self, step) end
end

local Feed = {}
Feed.__index = Feed

--- Iterates over the calls, as recording's does; they have no answer.
function Feed:calls()
  self.usage, self.sum = {}, 0
  for i in ipairs(self.members) do self.usage[i] = 0 end
  return coroutine.wrap(function() all(self) end)
end

--- The calls of a policy for traces beside each other. `members`: list of { name, role, trace (memlua.trace), settings = { NAME = value } };
--- `limit`: the parent's memory.max, bytes (none). Returns what replay.run takes for a recording.
function feed.of(definition, members, limit)
  local self = setmetatable({ members = members, limit = limit or UNLIMITED, header = header_of(definition, members), functions = {} }, Feed)
  for _, role in ipairs(definition.roles) do self.functions[role.name] = role.functions end
  return self
end

return feed
