--- memlua.experiment.recording: the calls of a run's policy in Lua, kept in the run's folder for `memlua replay-policy` where its strategy
--- says policy = { record = true }. The kernel's programs write into a buffer; the supervisor, who alone reads it, puts that into a
--- file while it waits for the tenants.
local host = require "memlua.host"
local memlua = require "memlua"
local format = require "memlua.policy.recording"

local recording = {}

--- Seconds between two looks at the buffer, which holds 8128 calls: 400,000 a second are kept.
recording.INTERVAL = 0.02

local function settings_of(role, entry)
  local settings = {}
  for _, field in ipairs(role.fields) do
    if field.is_setting then settings[field.name] = entry[field.name] end
  end
  return settings
end

-- The tenants as the header names them: as the scenario does.
local function tenants_of(self, definition)
  local list = {}
  for _, t in ipairs(self.tenants) do
    local entry = self.policy:tenant(t.cg) -- not every tenant needs to have a role in the policy
    if entry then
      local role = memlua.named(definition.roles, entry.role)
      list[#list + 1] = { name = t.spec.name, role = entry.role, id = entry.id, settings = settings_of(role, entry) }
    end
  end
  return list
end

--- Begins for a run of memlua.experiment.cell whose policy is attached, if its strategy asks for it and the run has a folder.
function recording.begin(self)
  local p = self.strategy.policy
  if not (p.record and self.folder) then return end
  local definition = p.definition()
  local told = { config = self.policy:config(), tenants = tenants_of(self, definition), began = host.monotonic() }
  self.recorded = definition.name .. ".calls"
  memlua.must(host.mkdir(self.folder))
  memlua.must(self.policy:record(self.folder .. "/" .. self.recorded, format.header(definition, told), format.MOST))
end

--- The longest that the supervisor of a run may wait, in seconds, where it would wait so long.
function recording.wait(self, seconds) return self.recorded and math.min(seconds, recording.INTERVAL) or seconds end

--- Takes what has been called since the last time.
function recording.take(self)
  if self.recorded then memlua.must(self.policy:drain()) end
end

--- What a run's result has of its recording, nil without one: { file, calls, cut (some of their readings are missing), beyond (left out: the
--- file was full), lost (the buffer was full), bytes }.
function recording.outcome(self)
  if not self.recorded then return nil end
  recording.take(self)
  local told = memlua.must(self.policy:recorded())
  told.file, told.lost = self.recorded, self.policy:stats().unrecorded
  return told
end

return recording
