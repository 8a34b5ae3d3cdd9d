-- A policy on cgroups that exist already, watched until Ctrl-C:
--   memlua scripts/guard.lua --high system.slice/db.service --low user.slice --delay 200
-- It writes no limit and makes no cgroup. When it ends, the policy is gone.
local guard = require "memlua.guard"
local host = require "memlua.host"
local json = require "memlua.json"
local live = require "memlua.live"
local log = require "memlua.log"
local machine = require "memlua.machine"
local memlua = require "memlua"
local option = require "memlua.option"
local text = require "memlua.table"
local units = require "memlua.units"

local options = option.parse {
  name = "guard", about = "Attach a policy to existing cgroups and watch it until Ctrl-C.", common = "report",
  options = {
    { "high", "string", arg = "CGROUP", many = true, help = "protected; absolute, or relative to the cgroup mount" },
    { "low", "string", arg = "CGROUP", many = true, help = "delayed while a high one is active" },
    { "role", "string", arg = "ROLE=CGROUP", many = true, help = "a cgroup in another policy's role" },
    { "policy", "string", arg = "NAME", default = "priority", help = "a built-in policy, or a .bpf.o" },
    { "delay", "count", arg = "MS", help = "config.delay_ms: sleep of a low one per slow-path charge" },
    { "set", "string", arg = "KEY=VALUE", many = true, help = "any other value of the policy's config" },
    { "interval", "duration", default = "1s", help = "between two looks" },
    { "timeout", "duration", help = "end after that long" },
  },
}

local function pair(word, name)
  local key, value = word:match "^([%w_]+)=(.+)$"
  if not key then memlua.fail(memlua.status.misuse, "--%s %s: write KEY=VALUE", name, word) end
  return key, value
end

local function value_of(word)
  if word == "true" or word == "false" then return word == "true" end
  return math.tointeger(tonumber(word)) or units.size(word) or word
end

local roles, config = { high = options.high, low = options.low }, { delay_ms = options.delay }
for _, word in ipairs(options.role or {}) do
  local role, path = pair(word, "role")
  roles[role] = roles[role] or {}
  table.insert(roles[role], path)
end
for _, word in ipairs(options.set or {}) do
  local key, value = pair(word, "set")
  config[key] = value_of(value)
end
for role, paths in pairs(roles) do if #paths == 0 then roles[role] = nil end end
if not next(roles) then memlua.fail(memlua.status.misuse, "no cgroup to guard; give --high CGROUP, --low CGROUP") end

-- The microVM has none of this machine's cgroups, so there is nothing to guard in it.
local native, module = machine.native(), machine.module()
if not host.in_guest and not native and not module then
  memlua.fail(memlua.status.unsupported, "guard needs this machine's own kernel (`memlua doctor` shows more):\n  %s\n  %s",
    select(2, machine.native()), select(2, machine.module()))
end
host.settings.host = true

local COLUMNS = { { "cgroup" }, { "role" }, { "usage", align = "right" }, { "max", align = "right" },
                  { "high", align = "right" }, { "oom", align = "right" }, { "stalled", align = "right" }, { "policy" } }

-- The counters that the policy keeps of a tenant, in a line.
local function kept(member)
  local parts = {}
  for _, key in ipairs(memlua.keys(member.policy or {})) do
    if math.type(member.policy[key]) == "integer" and key ~= "id" and not key:find "^window" then
      parts[#parts + 1] = key .. " " .. member.policy[key]
    end
  end
  return table.concat(parts, ", ")
end

local function row(member)
  if member.gone then return { member.path, member.role, "gone", colour = "dim" } end
  local stalled = member.pressure and member.pressure.some
  return { member.path, member.role, units.format_size(member.usage), units.format_size(tonumber(member.limit) or "max"),
           member.events.high, member.events.oom_kill, stalled and ("%.0f%%"):format(stalled.avg10), kept(member) }
end

local block <close> = live.block(1)
local function say(line)
  print(line)
  io.stdout:flush() -- whoever reads the pipe shall see it now
end

local function show(sample)
  if options.json == "-" then return say(json.encode(sample)) end
  local rows = {}
  for i, member in ipairs(sample.members) do rows[i] = row(member) end
  local table_text = ("%.0f s\n%s"):format(sample.time, text.render(COLUMNS, rows))
  if not live.possible(1) then return say(table_text) end
  local lines = {}
  for line in table_text:gmatch "[^\n]+" do lines[#lines + 1] = line end
  block:draw(lines)
end

local guarded <close> = guard.attach { policy = options.policy, roles = roles, config = config }
log.say("policy %s attached to %d cgroups; Ctrl-C detaches it", options.policy, #guarded.members)
local ended = guarded:watch(options.interval, options.timeout, show)
block:keep()
log.say("detached: %s", ended)
