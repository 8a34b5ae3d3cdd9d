--- memlua.guard: a policy on existing cgroups (containers, services). They are watched for as long as it is on.
--- It writes no limit and makes no cgroup; whatever ends it, the policy is detached.
local cgroup = require "memlua.cgroup"
local entry = require "memlua.experiment.entry"
local host = require "memlua.host"
local live = require "memlua.base.live"
local log = require "memlua.base.log"
local machine = require "memlua.machine.checks"
local memlua = require "memlua"
local policy = require "memlua.policy"
local scope = require "memlua.base.scope"
local units = require "memlua.units"

local guard = {}

local Guard = {}
Guard.__index = Guard

-- ---- what a command line gives ------------------------------------------------------------------------------------

local function pair(word, option)
  local key, value = word:match "^([%w_]+)=(.+)$"
  if not key then memlua.fail(memlua.status.misuse, "--%s %s: write KEY=VALUE", option, word) end
  return key, value
end

local function value_of(word)
  if word == "true" or word == "false" then return word == "true" end
  return math.tointeger(tonumber(word)) or units.size(word) or word
end

--- The roles that have cgroups: `roles` is { ROLE = { path, ... }, ... }, `words` (or nil) more of them, "ROLE=PATH".
--- Fails with status 1 where there are none.
function guard.roles(roles, words)
  for _, word in ipairs(words or {}) do
    local role, path = pair(word, "role")
    roles[role] = roles[role] or {}
    table.insert(roles[role], path)
  end
  for role, paths in pairs(roles) do if #paths == 0 then roles[role] = nil end end
  if not next(roles) then memlua.fail(memlua.status.misuse, "no cgroup to guard; give --high CGROUP, --low CGROUP") end
  return roles
end

--- A policy's config: the table `config` with what the words "KEY=VALUE" (or nil) add.
function guard.config(config, words)
  for _, word in ipairs(words or {}) do
    local key, value = pair(word, "set")
    config[key] = value_of(value)
  end
  return config
end

--- Fails with status 4 where this machine's own kernel can't: the microVM has none of its cgroups, so there is nothing
--- to guard in it.
function guard.need_kernel()
  local native, why_native = machine.native()
  local module, why_module = machine.module()
  if not host.in_guest and not native and not module then
    memlua.fail(memlua.status.unsupported,
      "guard needs this machine's own kernel (`memlua doctor` shows more):\n  %s\n  %s", why_native, why_module)
  end
  entry.enter { only_here = "the microVM has none of the cgroups that are to be guarded" }
end

-- ---- attaching and looking ------------------------------------------------------------------------------------------

local function difference(after, before)
  local delta = {}
  for key, value in pairs(after or {}) do
    if math.type(value) == "integer" then delta[key] = value - (before and before[key] or 0) end
  end
  return delta
end

local function open_member(self, role, path)
  local cg = self.scope:add(memlua.must(cgroup.open(path)))
  local member = { cg = cg, role = role, path = path, before = cg:events() }
  table.insert(self.members, member)
  return cg
end

local function open_roles(self, roles)
  local attached = {}
  for _, role in ipairs(memlua.keys(roles)) do
    attached[role] = {}
    for i, path in ipairs(roles[role]) do attached[role][i] = open_member(self, role, path) end
  end
  return attached
end

--- Attaches a policy to existing cgroups:
---   policy   a built-in policy's name, the path of a .bpf.o or of a .lua that returns one, or what policy.lua gave
---   roles    { ROLE = { path, ... }, ... }; a path is absolute, or relative to the cgroup v2 mount
---   config   { key = value } of the policy, as in policy.attach
--- Returns a to-be-closed handle; closing detaches. Fails with status 1 where a cgroup isn't there or has a policy.
function guard.attach(spec)
  local self = setmetatable({ scope = scope.new(), members = {} }, Guard)
  local tidy <close> = setmetatable({}, { __close = function(_, failure) if failure then self:close() end end })
  local attached = open_roles(self, spec.roles)
  attached.config = spec.config
  self.policy = self.scope:add(memlua.must(policy.attach(spec.policy, attached)))
  self.started = host.monotonic()
  return self
end

-- A cgroup that was removed meanwhile: its tenant goes, the others stay guarded.
local function lost(self, member)
  if not member.gone then self.policy:drop(member.cg) end
  member.gone = true
  return { path = member.path, role = member.role, gone = true }
end

local function look(self, member)
  local usage = not member.gone and member.cg:usage()
  if not usage then return lost(self, member) end
  local cg = member.cg
  return {
    path = member.path, role = member.role, usage = usage, limit = cg:get "memory.max", high = cg:get "memory.high",
    events = difference(cg:events(), member.before), pressure = cg:pressure "memory", held = live.held(cg),
    policy = self.policy:tenant(cg),
  }
end

--- How things stand: { time = seconds since the attach, stats = the policy's counters, members = { { path, role, usage
--- and limit and high (bytes, or "max"), events = as they grew, pressure, held = what keeps it waiting (live.held),
--- policy = what it keeps of this one } or, for a cgroup that was removed, { path, role, gone = true } } }.
function Guard:sample()
  local sample = { time = host.monotonic() - self.started, members = {} }
  for i, member in ipairs(self.members) do sample.members[i] = look(self, member) end
  sample.stats = self.policy:stats()
  return sample
end

-- A kernel of RFC v6 uses what is freed when a cgroup goes before its policy does. Whoever removes one empties it first:
-- so a cgroup that is empty is let go. There may be only a moment between the two, hence LOOK.
local LOOK <const> = 0.01

local function leave_empty(self)
  for _, member in ipairs(self.members) do
    local events = not member.left and not member.gone and member.cg:get "cgroup.events"
    if events and events:find "populated 0" then
      member.left = true
      self.policy:drop(member.cg)
      log.warn("%s: empty, detached: this kernel doesn't bear that an attached cgroup is removed", member.path)
    end
  end
end

-- `bears`: whether cgroups may go while attached.
local function wait(self, seconds, bears)
  if bears then return host.sleep(seconds) end
  local till = host.monotonic() + seconds
  repeat
    leave_empty(self)
    host.sleep(math.max(0, math.min(LOOK, till - host.monotonic())))
  until host.monotonic() >= till
end

local function all_gone(sample)
  for _, member in ipairs(sample.members) do if not member.gone then return false end end
  return true
end

--- Calls show(sample) now and every `interval` seconds, until `timeout` seconds are over (nil: never), SIGINT comes, or
--- all cgroups are gone. Returns "timeout", "interrupted" or "gone".
function Guard:watch(interval, timeout, show)
  local ended
  local interface, _, bears = host.interface()
  local function loop()
    while not ended do
      local sample = self:sample()
      show(sample)
      local left = timeout and timeout - sample.time or math.huge
      if all_gone(sample) then ended = "gone"
      elseif left <= 0 then ended = "timeout"
      else wait(self, math.min(interval, left), bears or not interface) end
    end
  end
  if host.until_signal(loop) then return "interrupted" end -- how a guard usually ends: no failure
  return ended
end

-- ---- recording ------------------------------------------------------------------------------------------------------

local Recorder = {}
Recorder.__index = Recorder

-- The trace of a member: what a path ends with tells cgroups apart, else their place does.
local function file_of(self, i, member)
  local name = member.path:match "([^/]+)/*$"
  if self.names[name] then name = ("%s-%d"):format(name, i) end
  self.names[name] = true
  local path = ("%s/%s.csv"):format(self.folder, name)
  local file = memlua.must(io.open(path, "w"))
  file:write "seconds,bytes\n"
  return file
end

--- Records what a guard sees into a new folder: a trace for each cgroup, FOLDER/NAME.csv, as memlua.trace reads and `replay.lua` replays it, whole
--- after every line. Returns a to-be-closed handle; handle:write(sample) adds what Guard:sample gave. Fails with status 1 where the
--- folder is there already.
function guard.record(folder)
  local made, why = host.mkdir(folder)
  if made ~= "made" then memlua.fail(memlua.status.misuse, "--record: %s", why or folder .. ": is there already; name a new folder") end
  return setmetatable({ folder = folder, files = {}, names = {} }, Recorder)
end

--- Adds what Guard:sample gave; a cgroup that is gone has no more samples. Fails where the disk is full.
function Recorder:write(sample)
  for i, member in ipairs(sample.members) do
    self.files[i] = self.files[i] or file_of(self, i, member)
    if not member.gone then
      memlua.must(self.files[i]:write(("%.6f,%d\n"):format(sample.time, member.usage)))
      memlua.must(self.files[i]:flush())
    end
  end
end

--- Closes the traces. Idempotent.
function Recorder:close()
  for _, file in pairs(self.files) do file:close() end
  self.files = {}
end

function Recorder:__close() self:close() end

--- Detaches. Idempotent.
function Guard:close() self.scope:__close() end

function Guard:__close() self:close() end

return guard
