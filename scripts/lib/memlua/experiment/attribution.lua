--- memlua.experiment.attribution: who pays in a run beside the tenants: the kernel's threads, and the policy's BPF programs.
local log = require "memlua.base.log"
local sys = require "memlua.base.sys"

local attribution = {}

local Attribution = {}
Attribution.__index = Attribution

-- ---- kernel threads ------------------------------------------------------------------------------------------------

-- All of them are kthreadd's children; without /proc/.../children (CONFIG_PROC_CHILDREN) nobody is looked for.
local CHILDREN <const> = "/proc/2/task/2/children"

-- Threads that reclaim by themselves, those that work for whoever asks them to (a policy of background reclaim, too), the rest.
local function kind_of(comm)
  return comm:find "^kswapd" and "kswapd_s" or comm:find "^kworker" and "kworkers_s" or "others_s"
end

-- { PID = { kind, seconds on a CPU } }: sched-stats.rst, the first figure of schedstat. Nil where it isn't told.
local function threads()
  local pids = sys.read(CHILDREN)
  if not pids then return nil end
  local found = {}
  for pid in pids:gmatch "%d+" do
    local ns = (sys.first_line(("/proc/%s/schedstat"):format(pid)) or ""):match "^%d+"
    local comm = sys.first_line(("/proc/%s/comm"):format(pid))
    if ns and comm then found[pid] = { kind_of(comm), tonumber(ns) / 1e9 } end
  end
  return next(found) and found or nil
end

-- What one that ended in between took since it was last looked at is lost.
local function grown(before, after)
  local took = { kswapd_s = 0, kworkers_s = 0, others_s = 0 }
  for pid, thread in pairs(after) do
    local kind, was = thread[1], before[pid] and before[pid][2] or 0
    took[kind] = took[kind] + math.max(0, thread[2] - was)
  end
  return took
end

-- ---- BPF programs ----------------------------------------------------------------------------------------------------

local function programs(policy)
  if not policy then return nil end
  local cost, why = policy:cost()
  if not cost then log.detail("what the policy's programs cost isn't measured: %s", why) end
  return cost
end

local function called(before, after)
  local list = {}
  for name, cost in pairs(after) do
    local was = before[name] or { calls = 0, time_s = 0 }
    list[name] = { calls = cost.calls - was.calls, time_s = cost.time_s - was.time_s }
  end
  return list
end

-- ---- the whole -------------------------------------------------------------------------------------------------------

--- Begins to count for a run of memlua.experiment.cell; `policy`: that of its strategy, or nil.
function attribution.begin(policy)
  return setmetatable({ policy = policy, threads = threads(), programs = programs(policy) }, Attribution)
end

--- What it came to since: { threads = { kswapd_s, kworkers_s, others_s } (CPU time of the kernel's threads on the whole machine),
--- programs = { NAME = { calls, time_s } } (the policy's) }. What the kernel doesn't tell is absent.
function Attribution:since()
  local now, cost = self.threads and threads(), self.programs and programs(self.policy)
  return { threads = now and grown(self.threads, now) or nil, programs = cost and called(self.programs, cost) or nil }
end

return attribution
