-- How does what memlua does for tenants grow with their number?
--   memlua scale --tenants 1000
-- Five numbers of tenants from 10 on; each step of a run is done for all of them, one after the other, and timed: cgroups made,
-- a policy attached, workers spawned, memory sampled, the policy's figures collected, workers waited for, detached, removed.
-- Under the virtual clock a time is a count of instructions, those of the tenants' own processes among them, and the kernel's waits.
local cgroup = require "memlua.cgroup"
local experiment = require "memlua.experiment"
local gauge = require "memlua.gauge"
local host = require "memlua.host"
local memlua = require "memlua"
local option = require "memlua.option"
local policy = require "memlua.policy"
local worker = require "memlua.worker"

local LEAST <const>, SIZES <const> = 10, 5
local SAMPLES <const> = 5 -- how often all tenants are looked at
local STEEPEST <const> = 1.5 -- exponent; two nested walks over the tenants would be at 2

local options = option.parse {
  name = "scale", about = "How what memlua does for tenants grows with their number.",
  options = { { "tenants", "count", default = 200, help = "the largest number of them, from 20 on; an emulated CPU takes long for 1000" },
              { "policy", "string", default = "priority", help = "of which they are low" } },
}
if options.tenants < 2 * LEAST then
  memlua.fail(memlua.status.misuse, "--tenants %d: less than %d; growth is seen between %d and more of them", options.tenants, 2 * LEAST, LEAST)
end

local function timed(f)
  local began = host.monotonic()
  local result = f()
  return host.monotonic() - began, result
end

-- f of each item; the list of what it returns.
local function each(items, f)
  local list = {}
  for i, item in ipairs(items) do list[i] = f(item, i) end
  return list
end

local function spawned(cg) return memlua.must(worker.spawn(cg, { size = "1M", delay = "1h" })) end

-- All are told to end at once, and each end is taken as a run takes it.
local function ended(workers)
  for _, w in ipairs(workers) do w:kill "stopped" end
  for _ = 1, #workers do memlua.must(workers[memlua.must(worker.wait(workers))]:wait()) end
end

local function sampled(gauges)
  for _ = 1, SAMPLES do
    for _, g in ipairs(gauges) do memlua.must(g:read()) end
  end
end

-- The steps of a run of case.tenants tenants: seconds of each, for all tenants.
local function measure(case)
  local session <close> = memlua.must(cgroup.create "session")
  local names, s = {}, {}
  for i = 1, case.tenants do names[i] = "session/tenant_" .. i end
  local cgroups, p, workers, gauges
  s.make, cgroups = timed(function() return each(names, function(name) return memlua.must(cgroup.create(name)) end) end)
  s.attach, p = timed(function() return memlua.must(policy.attach(options.policy, { low = cgroups })) end)
  s.spawn, workers = timed(function() return each(cgroups, spawned) end)
  gauges = each(cgroups, function(cg) return memlua.must(gauge.open(cg)) end)
  s.sample = timed(function() sampled(gauges) end) / SAMPLES
  s.figures = timed(function() each(cgroups, function(cg) return memlua.must(p:tenant(cg)) end) end)
  s.wait = timed(function() ended(workers) end)
  each(gauges, function(g) g:close() end)
  s.detach = timed(function() p:detach() end)
  s.remove = timed(function() each(cgroups, function(cg) return memlua.must(cg:remove()) end) end)
  return { tenants = case.tenants, steps = s }
end

local cases = {}
for i = 0, SIZES - 1 do
  local n = math.floor(LEAST * (options.tenants / LEAST) ^ (i / (SIZES - 1)) + 0.5)
  cases[i + 1] = { name = n .. "-tenants", tenants = n }
end

local function bounded(summary)
  for _, step in ipairs(summary.steps) do
    if step.exponent > STEEPEST then return false, ("%s grows with the %.2f-th power of the tenants"):format(step.name, step.exponent) end
  end
  return true
end

experiment.run {
  name = "scale", about = "how what memlua does grows with the tenants", options = options, cases = cases, runs = 1, warmup = 1,
  measure = measure, report = "growth",
  expect = { { ("no step grows faster than the tenants to the %.1f"):format(STEEPEST), bounded } },
}
