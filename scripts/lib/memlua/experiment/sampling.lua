--- memlua.experiment.sampling: usage over time of each tenant of a run, and for how long it was stalled by then (us: delays,
--- holds and reclaim alike); now and then, what it and memlua itself have used and waited for besides.
local gauge = require "memlua.gauge"
local host = require "memlua.host"
local memlua = require "memlua"

local sampling = {}

--- Seconds between two samples at first, of as many tenants as here; of more it takes longer, so that what sampling costs
--- doesn't grow with their number. `make bench` shows what it is.
sampling.INTERVAL, sampling.TENANTS = 0.1, 4

-- As many as a picture needs; when they get too many, every other one goes.
local SAMPLES <const> = 512

-- One sample in so many looks at the CPU and the block devices, too, which is dearer (memlua.gauge).
local LOADS_EVERY <const> = 10

local Sampling = {}
Sampling.__index = Sampling

--- Begins with the run of memlua.experiment.cell, `self` as its hooks get it; what it holds goes with self.scope. Keeps
--- list of { time from self.started, memory.current, stalled us } as `series` of each tenant, and list of { at = time from
--- self.started, ... as g:load gives it } as its `loads`; `loads` of memlua itself: of { at, cpu_us }.
--- late(due, at): told of each sample but the first, in seconds.
function sampling.begin(self, late)
  local s = setmetatable({ started = self.started, tenants = self.tenants, late = late, gauges = {}, loads = {}, next = 0, taken = 0,
                           clock = os.clock(),
                           interval = sampling.INTERVAL * math.max(1, #self.tenants / sampling.TENANTS) }, Sampling)
  for i, t in ipairs(s.tenants) do
    s.gauges[i], t.series, t.loads = self.scope:add(memlua.must(gauge.open(t.cg))), {}, {}
  end
  return s
end

local function thin(series)
  local n = #series
  for i = 1, n // 2 do series[i] = series[2 * i] end
  for i = n // 2 + 1, n do series[i] = nil end
end

-- Where the kernel tells nothing of it there is nothing to keep.
local function add_load(list, at, load)
  if next(load) == nil then return end
  load.at = at
  list[#list + 1] = load
end

local function take_loads(self, at)
  for i, t in ipairs(self.tenants) do add_load(t.loads, at, self.gauges[i]:load()) end
  add_load(self.loads, at, { cpu_us = (os.clock() - self.clock) * 1000000 // 1 | 0 })
end

--- Takes a sample if one is due. A tenant whose cgroup is gone has no more.
function Sampling:take()
  local at, full = host.monotonic() - self.started, false
  if at < self.next then return end
  if self.next > 0 then self.late(self.next, at) end
  self.next = at + self.interval
  for i, t in ipairs(self.tenants) do
    local usage, stalled_us = self.gauges[i]:read()
    if usage then t.series[#t.series + 1] = { at, usage, stalled_us } end
    full = full or #t.series == SAMPLES
  end
  if self.taken % LOADS_EVERY == 0 then take_loads(self, at) end
  self.taken = self.taken + 1
  if not full then return end
  self.interval = self.interval * 2
  for _, t in ipairs(self.tenants) do
    thin(t.series)
    thin(t.loads)
  end
  thin(self.loads)
end

return sampling
