--- memlua.experiment.contention: how busy the machine is with others, and how long the supervisor had to wait for its turn.
local growth = require "memlua.experiment.growth"
local host = require "memlua.host"
local load = require "memlua.experiment.load"
local sys = require "memlua.base.sys"

local contention = {}

-- proc(5): ticks of user, nice, system, idle, iowait, irq, softirq, steal
local function machine()
  local ticks = {}
  for word in (sys.first_line "/proc/stat" or ""):gmatch " (%d+)" do ticks[#ticks + 1] = tonumber(word) end
  local busy = 0
  for i = 1, 7 do if i ~= 4 and i ~= 5 then busy = busy + (ticks[i] or 0) end end
  local hz = host.facts().hz
  return busy / hz, (ticks[8] or 0) / hz
end

local function of(cg) return tonumber((cg:get "cpu.stat" or ""):match "usage_usec (%d+)" or 0) / 1e6 end

-- proc(5), stat: fields counted behind the name, which may have blanks
local function major_faults()
  local fields = {}
  for word in (sys.first_line "/proc/self/stat" or ""):match ".*%) (.*)":gmatch "%S+" do fields[#fields + 1] = word end
  return tonumber(fields[10]) or 0
end

--- How it stands now, for contention.since; `cgs` is a list of the cgroups above all that is ours but for the supervisor.
function contention.now(cgs)
  local busy, steal = machine()
  local own = load.own()
  local ours = own.cpu_us / 1e6
  for _, cg in ipairs(cgs) do ours = ours + of(cg) end
  return { at = host.monotonic(), busy = busy, steal = steal, own = own, ours = ours, faults = major_faults() }
end

--- What has come since `before`: { others, steal: shares of the machine's CPU time; of the supervisor: own: how load.own() grew, faults: its
--- major page faults }.
function contention.since(before, cgs)
  local now, cpus = contention.now(cgs), host.facts().cpus
  local all = math.max(1e-9, (now.at - before.at) * cpus)
  return { others = math.max(0, now.busy - before.busy - (now.ours - before.ours)) / all, steal = (now.steal - before.steal) / all,
           own = growth.difference(now.own, before.own), faults = now.faults - before.faults }
end

return contention
