-- What a scenario does before it measures on a real kernel: strategies that can't be done are left out and said to be,
-- settings that can't work are refused.
local root = arg[0]:match "^(.*)tests/[^/]*/[^/]*$"
package.path = root .. "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local report = require "memlua.report"
local run = require "memlua.run"
local scenario = require "memlua.scenario"

host.enter()
local steps = host.executable():match "^(.*)/" .. "/tests/steps.bpf.o"
local scratch = (host.in_guest and "/run" or "/tmp") .. "/memlua-scenario-test"

-- A policy that no kernel can count for.
local impossible = { name = "impossible", policy = { name = steps, config = { nowhere = true }, roles = { plain = { "a" } } } }

-- Runs two tenants of 8M below 64M under these strategies; returns its exit status and complaint.
local function try(name, strategies, change, cell)
  local s = {
    name = "test", limits = { ["memory.max"] = "64M", ["memory.swap.max"] = 0 }, strategies = strategies,
    tenants = { { name = "a", rank = 1, workload = { size = "8M" } }, { name = "b", rank = 2, workload = { size = "8M" } } },
    warmup = 0,
  }
  if change then change(s) end
  for key in pairs(host.settings) do host.settings[key] = nil end
  host.settings.quiet, host.settings.out, host.settings.json = true, scratch .. "/" .. name, scratch .. "/" .. name .. ".json"
  if cell then host.settings.cell, host.settings.seed, host.settings.json = cell, 7, nil end
  local stdout = io.stdout
  assert(host.mkdir(scratch))
  io.stdout = assert(io.open(scratch .. "/document", "w"))
  local ok, why = pcall(scenario.run, s)
  io.stdout:close()
  io.stdout = stdout
  return ok and 0 or type(why) == "table" and why.status or why, ok or tostring(why)
end

-- ---- what this kernel can't do ---------------------------------------------------------------------------------

local status, said = try("some", { { name = "none" }, impossible })
tap.ok(status == 0, "the strategies that can be done are", said)
local folder = run.load(scratch .. "/some")
local names = {}
for i, result in ipairs(folder.runs) do names[i] = result.strategy end
table.sort(names)
tap.is(names, { "none", "solo-a" }, "and only they")
tap.is(#folder.manifest.cells, 3, "of the three that the script lists")
tap.is(#folder.manifest.skipped, 1, "the manifest names the other one")
tap.like(folder.manifest.skipped[1].reason, "none of the places where 'nothing' could be counted", "with the reason")
tap.like(report.text { folder }, "impossible +- .* skipped: .*none of the places", "the verdict says what is missing")

local ends, alone = {}, nil
for place = 1, 3 do -- the seed decides which is its place
  status, said = try("cell", { { name = "none" }, impossible }, nil, ("%03d-impossible"):format(place))
  ends[status] = said
end
tap.like(ends[1], "no run has this id", "its cell is at one place of the list")
tap.like(ends[4], "impossible: .*none of the places", "and alone: not supported here")
for place = 1, 3 do
  local id = ("%03d-solo-a"):format(place)
  if try("cell", { { name = "none" }, impossible }, nil, id) == 0 then alone = id end
end
tap.ok(alone, "other cells don't mind")
tap.is(run.open(scratch .. "/cell/" .. alone).manifest.runs, { alone }, "each in its folder")

status, said = try("none-left", { impossible })
tap.is(status, 4, "where none can be done: not supported here")
tap.like(said, "impossible: .*none of the places", "and why")

-- ---- how often a policy is opened --------------------------------------------------------------------------------

local policy = require "memlua.policy"
local opened, load, attach = 0, policy.load, policy.attach
function policy.load(name)
  opened = opened + 1
  return load(name)
end
function policy.attach(what, roles)
  opened = opened + (type(what) == "string" and 1 or 0)
  return attach(what, roles)
end
local priority = { name = "priority", policy = { name = "priority", config = { trigger = "always", delay_ms = 20 }, roles = { low = { "b" } } } }
status, said = try("opened", { priority }, function(s) s.runs, s.solo = 3, false end)
tap.is(opened, 1 + 3, "a policy is opened once to check and rehearse it, and once for each run: the kernel takes an object once", status, said)
tap.is(run.load(scratch .. "/opened").runs[3].policy.config.delay_ms, 20, "with what it was told")
policy.load, policy.attach = load, attach

-- ---- what can't work -------------------------------------------------------------------------------------------

local native <const> = host.interface() -- a kernel with the type itself has no hold, and the strategy would be left out
local reserve = { name = "reserve", policy = { name = "reserve" } }
status, said = try("claims", native and { reserve } or { { name = "none" }, reserve }, function(s) s.tenants[2].workload.size = "63M" end)
if native then
  tap.is(status, 4, "reserve is refused without hold")
  tap.like(said, "needs MEMCG_BPF_HOLD", "which is named")
else
  tap.is(status, 3, "a claim that doesn't fit is refused")
  tap.like(said, "session/b: claim: .* exceed the limit of 65536K", "and named")
end
tap.ok(not io.open(scratch .. "/claims/manifest.json"), "before anything is measured")

os.execute("rm -rf " .. scratch)
tap.done()
