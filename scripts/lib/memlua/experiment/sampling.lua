--- memlua.experiment.sampling: usage over time of each tenant of a run, and for how long it was stalled by then (us: delays,
--- holds and reclaim alike).
local gauge = require "memlua.gauge"
local host = require "memlua.host"
local memlua = require "memlua"

local sampling = {}

--- Seconds between two samples at first, of as many tenants as here; of more it takes longer, so that what sampling costs
--- doesn't grow with their number. `make bench` shows what it is.
sampling.INTERVAL, sampling.TENANTS = 0.1, 4

-- As many as a picture needs; when they get too many, every other one goes.
local SAMPLES <const> = 512

local Sampling = {}
Sampling.__index = Sampling

--- Begins with the run of memlua.experiment.cell, `self` as its hooks get it; what it holds goes with self.scope. Keeps
--- list of { time from self.started, memory.current, stalled us } as `series` of each tenant.
--- late(due, at): told of each sample but the first, in seconds.
function sampling.begin(self, late)
  local s = setmetatable({ started = self.started, tenants = self.tenants, late = late, gauges = {}, next = 0,
                           interval = sampling.INTERVAL * math.max(1, #self.tenants / sampling.TENANTS) }, Sampling)
  for i, t in ipairs(s.tenants) do
    s.gauges[i], t.series = self.scope:add(memlua.must(gauge.open(t.cg))), {}
  end
  return s
end

local function thin(series)
  for i = 1, SAMPLES // 2 do series[i] = series[2 * i] end
  for i = SAMPLES // 2 + 1, SAMPLES do series[i] = nil end
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
  if not full then return end
  self.interval = self.interval * 2
  for _, t in ipairs(self.tenants) do thin(t.series) end
end

return sampling
