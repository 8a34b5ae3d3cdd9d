-- An agent's session: tool calls come and go, each in a cgroup of its own, and one takes more than it said.
--   memlua scripts/calls.lua
-- Twice, without a policy and with `calls`: who ends how, and when? What a call says that it needs is its memory.low.
local cgroup = require "memlua.cgroup"
local host = require "memlua.host"
local memlua = require "memlua"
local option = require "memlua.option"
local policy = require "memlua.policy"
local text = require "memlua.base.text"
local units = require "memlua.units"
local worker = require "memlua.worker"

local options = option.parse {
  name = "calls", about = "A session whose tool calls come and go: who waits when one takes too much?",
  options = {
    { "limit", "limit", default = "96M", help = "memory.max of the session" },
    { "soft", "size", default = "48M", help = "usage of the session above which the policy delays" },
    { "hint", "size", default = "16M", help = "what the greedy call says that it needs" },
  },
}

-- Seconds since the session began; `hint` of the agent is all: its own process never waits.
local CALLS <const> = {
  { name = "agent", at = 0, size = "16M", hint = "max", hold = 6 },
  { name = "read", at = 0.5, size = "8M", hint = "8M", hold = 1 },
  { name = "greedy", at = 1, size = "64M", hint = options.hint, hold = 1 },
  { name = "tests", at = 1.5, size = "24M", hint = "24M", hold = 2 },
  { name = "search", at = 2.5, size = "16M", hint = "16M", hold = 1 },
}

local function start(session, call)
  local cg = memlua.must(cgroup.create(("%s/%s"):format(session:name(), call.name), { ["memory.low"] = call.hint }))
  local w = memlua.must(worker.spawn(cg, { name = call.name, size = call.size, hold = call.hold }))
  return { spec = call, cg = cg, id = cg:id(), worker = w }
end

-- A call that has ended takes its cgroup with it, as an agent's runtime does.
local function reap(call)
  if call.result or not call.worker:ended() then return end
  call.result = memlua.must(call.worker:wait())
  call.cg:remove()
end

local function watch(session, see)
  local calls, began = {}, host.monotonic()
  repeat
    local next_one = CALLS[#calls + 1]
    if next_one and host.monotonic() - began >= next_one.at then calls[#calls + 1] = start(session, next_one) end
    local left = not next_one and 0 or 1
    for _, call in ipairs(calls) do
      reap(call)
      left = left + (call.result and 0 or 1)
    end
    see(calls)
    host.sleep(0.02)
  until left == 0
  return calls
end

-- What the parent hears from the policy: which of its calls is the one that waits.
local function listener(p, session)
  local heard = {}
  return heard, function(calls)
    local victim = p and p:tenant(session).victim
    for _, call in ipairs(calls) do if call.id == victim then heard[call.spec.name] = true end end
  end
end

local function run(name, with_policy)
  local session <close> = memlua.must(cgroup.create(name, { ["memory.max"] = options.limit, ["memory.swap.max"] = 0 }))
  local p <close> = with_policy and memlua.must(policy.attach("calls", { session = { session, soft = options.soft } })) or nil
  local heard, see = listener(p, session)
  return watch(session, see), heard, p and p:tenant(session)
end

local function cell(call)
  return ("%s, %s"):format(call.result.ended, units.format_duration(call.result.finish and call.result.finish - call.result.spawned))
end

local none, _ = run "none"
local some, heard, session = run("calls", true)
local rows = {}
for i, call in ipairs(none) do
  rows[i] = { call.spec.name, call.spec.hint == "max" and "max" or units.format_size(units.size(call.spec.hint)), call.spec.size,
              cell(call), cell(some[i]), heard[call.spec.name] and "yes" or "-" }
end
io.write(text.render({ { "CALL" }, { "SAID", align = "right" }, { "TAKES", align = "right" }, { "NO POLICY" }, { "CALLS" }, { "WAITED" } }, rows))
print(("calls that came %d, that went %d; charges delayed %d, spared %d"):format(session.online, session.offline, session.delayed, session.spared))
