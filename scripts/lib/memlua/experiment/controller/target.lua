--- memlua.experiment.controller.target: a tenant, or the session, as a controller in user space sees and changes it: the files of
--- its cgroup. What such a method can't do fails, and with it the controller, unless said otherwise.
local limits_spec = require "memlua.experiment.spec.limits"
local memlua = require "memlua"
local sys = require "memlua.base.sys"
local units = require "memlua.units"

local target = {}

local Target = {}
Target.__index = Target

local ENOENT <const>, EINTR <const>, EAGAIN <const>, EINVAL <const>, EOPNOTSUPP <const> = 2, 4, 11, 22, 95 -- asm-generic/errno*.h

--- Fails as a controller does that asks for what this kernel can't: the strategy is skipped, status 4.
function target.unsupported(fmt, ...)
  memlua.fail(memlua.status.unsupported, target.UNSUPPORTED .. fmt, ...)
end
--- What the message of such a failure begins with.
target.UNSUPPORTED = "not supported here: "

-- ---- files -------------------------------------------------------------------------------------------------------

local function check_there(self, file)
  local opened, _, code = io.open(self.path .. "/" .. file)
  if opened then opened:close() end
  if code == ENOENT then target.unsupported("%s: this kernel has no %s (or has it switched off)", self.name, file) end
end

local function read(self, file)
  local text, why = sys.read(self.path .. "/" .. file)
  if text then return text end
  check_there(self, file)
  if file:find "pressure$" then target.unsupported("%s: %s: %s; is PSI switched off (psi=1 on the kernel's command line)?", self.name, file, why) end
  memlua.fail(memlua.status.misuse, "%s: %s", self.name, why)
end

-- The kernel sees what is written whole, and at once.
local function write(self, file, value)
  check_there(self, file)
  local opened <close>, why, code = io.open(self.path .. "/" .. file, "w")
  if not opened then return nil, why, code end
  opened:setvbuf "no"
  local done
  done, why, code = opened:write(value)
  return done and true, why, code
end

local function must_write(self, file, value)
  local done, why = write(self, file, value)
  if not done then memlua.fail(memlua.status.misuse, "%s: the kernel refuses %s = %s: %s", self.name, file, value, why) end
end

local function counts(text)
  local result = {}
  for key, value in text:gmatch "(%S+) (%d+)\n" do result[key] = math.tointeger(value) end
  return result
end

-- ---- what it tells -----------------------------------------------------------------------------------------------

--- The text of a file of its cgroup, without the last newline.
function Target:get(file) return (read(self, file):gsub("\n$", "")) end

--- Bytes charged now (memory.current).
function Target:usage() return math.tointeger(self:get "memory.current") end

--- Memory.stat, { anon =, workingset_refault_anon =, ... }: bytes and counts.
function Target:stat() return counts(read(self, "memory.stat")) end

--- Memory.events, { low =, high =, max =, oom =, oom_kill =, ... }: counts since the run began.
function Target:events() return counts(read(self, "memory.events")) end

--- Whether a process is in it, or below (cgroup.events).
function Target:populated() return counts(read(self, "cgroup.events")).populated == 1 end

--- The pressure of a `resource` ("memory"; "io", "cpu"), { some = { avg10, avg60, avg300 (percent), total (us) }, full = ... }.
function Target:pressure(resource)
  local result = {}
  for kind, line in read(self, (resource or "memory") .. ".pressure"):gmatch "(%l+) ([^\n]+)" do
    result[kind] = {}
    for key, value in line:gmatch "(%w+)=(%S+)" do result[kind][key] = tonumber(value) end
  end
  return result
end

-- ---- what changes it -----------------------------------------------------------------------------------------------

--- A file that a scenario's `limits` may have, with the values that it takes there ("80M", bytes, "max", "50%"
--- of the session's memory.max). Put back at the controller's end.
function Target:set(knob, value)
  local place = self.name .. ":set"
  if math.type(value) == "float" then value = math.floor(value) end
  local checked = limits_spec.check({ [knob] = value }, place)
  limits_spec.resolve(checked, self.session_limits, place)
  must_write(self, knob, ("%s"):format(checked[knob]))
end

--- Has the kernel reclaim so much of it now (memory.reclaim, Linux 5.19), in the
--- controller's own time. Returns true, or false where less than that could be had (EAGAIN): that is an answer.
function Target:reclaim(bytes, options)
  local wanted = memlua.must(units.size(math.type(bytes) == "float" and math.floor(bytes) or bytes))
  local swappiness = options and options.swappiness
  local done, why, code = write(self, "memory.reclaim", ("%d"):format(wanted) .. (swappiness and " swappiness=" .. swappiness or ""))
  if done then return true end
  if code == EAGAIN or code == EINTR then return false end
  if code == EINVAL and swappiness then
    target.unsupported("%s: memory.reclaim takes no swappiness=%s: it must be 0 to 200, and the kernel 6.11 or later", self.name, swappiness)
  end
  memlua.fail(memlua.status.misuse, "%s: memory.reclaim: %s", self.name, why)
end

--- Stops all its processes (cgroup.freeze) until t:thaw(), or the controller's end.
function Target:freeze() must_write(self, "cgroup.freeze", "1") end

--- Lets them go on.
function Target:thaw() must_write(self, "cgroup.freeze", "0") end

-- Said before it is done, for somebody who isn't ended with this process.
local function note_kill(self)
  local file <close> = assert(io.open(self.kills, "a"))
  file:write(self.name, "\n")
end

--- SIGKILL to all its processes (cgroup.kill). The run counts it as lost.
function Target:kill()
  check_there(self, "cgroup.kill")
  note_kill(self)
  must_write(self, "cgroup.kill", "1")
end

--- Why a trigger on `file` could not be had, as a failure: `why` and `code` of watch.open.
function target.refuse_watch(self, file, why, code)
  check_there(self, file)
  if code == EOPNOTSUPP then target.unsupported("%s: %s: PSI is switched off; psi=1 on the kernel's command line has it on", self.name, file) end
  memlua.fail(memlua.status.misuse, "%s: the kernel refuses to watch %s: %s", self.name, file, why)
end

--- The one of the cgroup at `path`, called `name` in messages; `session_limits`: of what "50%" is a share; `kills`: the file in
--- which t:kill() notes whom it killed, a name a line; `known`: what else is known of a tenant, { role, rank, claim (bytes, or nil:
--- the most that it will take) }. t.name, t.path, t.role, t.rank, t.claim are there to be read.
function target.new(name, path, session_limits, kills, known)
  known = known or {}
  return setmetatable({ name = name, path = path, session_limits = session_limits, kills = kills, role = known.role, rank = known.rank,
                        claim = known.claim }, Target)
end

return target
