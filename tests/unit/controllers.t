-- The ready-made controllers against tenants that are made up: whom each of them picks in which state.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local controllers = require "memlua.controllers"

local M <const> = 1 << 20

-- A tenant of which the test says what it uses; what is done to it stands in `did`.
local function tenant(name, role, rank, more)
  local t = { name = name, role = role, rank = rank, used = 0, there = true, knobs = { ["memory.low"] = "0", ["memory.swap.max"] = "0" }, did = {},
              avg10 = 0, some = 0, counts = {} }
  for key, value in pairs(more or {}) do t[key] = value end
  local function act(what) return function() table.insert(t.did, what) end end
  t.freeze, t.thaw, t.kill = act "freeze", act "thaw", act "kill"
  function t.usage() return t.used end
  function t.populated() return t.there end
  function t.get(_, knob) return t.knobs[knob] end
  function t.set(_, knob, value) t.knobs[knob] = value end
  function t.stat() return setmetatable(t.counts, { __index = function() return 0 end }) end
  function t.events() return { high = 0 } end
  function t.pressure() return { some = { avg10 = t.avg10, avg60 = t.avg10, total = t.some }, full = { avg10 = t.avg10 } } end
  function t.reclaim(_, bytes) table.insert(t.did, math.floor(bytes)) return false end
  return t
end

-- Runs a law on tenants: the session's total, and tick(), which calls it once more.
local function under(law, total, ...)
  local c = { tenants = { ... }, session = tenant("(session)", nil, nil, { knobs = { ["memory.max"] = tostring(total), ["memory.swap.max"] = "0" } }), calls = {} }
  function c.session.usage()
    local sum = 0
    for _, t in ipairs(c.tenants) do sum = sum + t.used end
    return sum
  end
  function c.tenant(_, name) for _, t in ipairs(c.tenants) do if t.name == name then return t end end error("no tenant " .. name) end
  function c.every(_, _, f) table.insert(c.calls, f) end
  function c.on_pressure(_, t, _, _, _, f) t.pressed = f end
  law(c)
  function c.tick() for _, f in ipairs(c.calls) do f(c) end end
  return c
end

local function done(t)
  local did = t.did
  t.did = {}
  return did
end

-- ---- the twin of reserve ------------------------------------------------------------------------------------------------

local high, low = tenant("high", "high", 1, { claim = 60 * M }), tenant("low", "low", 2, { claim = 60 * M })
local c = under(controllers.reserve { slack = "10M" }, 100 * M, high, low)
high.used, low.used = 10 * M, 20 * M
c.tick()
tap.is({ done(high), done(low) }, { {}, {} }, "reserve: there is room: 100 - 30 used - 50 that high may still claim = 20")
low.used = 30 * M
c.tick()
tap.is({ done(high), done(low) }, { {}, { "freeze" } }, "no more than the slack is left: low is frozen, never the best-ranked")
c.tick()
tap.is(done(low), {}, "once")
high.used = 60 * M
c.tick()
tap.is(done(low), {}, "what high has taken of its claim changes nothing")
high.used, high.there = 0, false
c.tick()
tap.is(done(low), { "thaw" }, "what has ended claims nothing")

high, low = tenant("high", "high", 1, { claim = 30 * M }), tenant("low", "low", 2, { claim = 33 * M })
local last = tenant("last", "low", 3, { claim = 60 * M })
c = under(controllers.reserve { slack = "10M" }, 100 * M, high, low, last)
high.used, low.used, last.used = 30 * M, 30 * M, 31 * M
c.tick()
tap.is({ done(low), done(last) }, { {}, { "freeze" } }, "who may still claim less than there is isn't kept from its end by a worse-ranked one's memory")

-- ---- killing ---------------------------------------------------------------------------------------------------------------

local function thrashing(more)
  local law = { period = "5s", duration = 0, pressure = 60, delay = "60s" }
  for key, value in pairs(more or {}) do law[key] = value end
  local small, large, best = tenant("small", "low", 2, { used = 20 * M }), tenant("large", "low", 3, { used = 30 * M }), tenant("high", "high", 1, { used = 50 * M })
  return under(controllers.kill(law), 100 * M, best, small, large), small, large, best
end
local s, small, large, best
s, small, large, best = thrashing()
s.session.avg10 = 90
s.tick()
tap.is(done(large), {}, "kill: pressure without reclaim kills nobody")
s.session.counts.pgscan = 100
s.tick()
tap.is({ done(best), done(small), done(large) }, { {}, {}, { "kill" } }, "with both the largest of the low ones goes")
large.there = false
s.session.counts.pgscan = 200
s.tick()
tap.is(done(small), {}, "and then none for the delay")
s, small, large = thrashing()
s.session.avg10, s.session.counts.pgscan, large.knobs["memory.low"] = 90, 1, tostring(25 * M)
s.tick()
tap.is({ done(small), done(large) }, { { "kill" }, {} }, "what is protected by memory.low doesn't count")
s, small, large = thrashing()
s.session.avg10, s.session.counts.pgscan = 59, 1
s.tick()
tap.is({ done(small), done(large) }, { {}, {} }, "below the pressure nobody goes")

-- ---- Senpai ----------------------------------------------------------------------------------------------------------------

best, small = tenant("high", "high", 1), tenant("low", "low", 2, { counts = { active_file = 60 * M, inactive_file = 44 * M, active_anon = 500 * M } })
s = under(controllers.senpai { floor = "4M", probe = 0.1 }, 100 * M, best, small)
s.tick()
tap.is({ done(best), done(small) }, { {}, { 10 * M } }, "senpai: a tenth of what low has cached above the floor, and not of what can't be swapped")
small.avg10 = 0.2
s.tick()
tap.is(done(small), {}, "nothing of one that is stalled")
small.avg10, small.counts.active_file, small.counts.inactive_file = 0, 3 * M, 0
s.tick()
tap.is(done(small), {}, "nor below the floor")

-- ---- memory.low --------------------------------------------------------------------------------------------------------------

best, small = tenant("high", "high", 1), tenant("low", "low", 2)
s = under(controllers.low { decay = 0.5 }, 100 * M, best, small)
best.used = 40 * M
s.tick()
tap.is(best.knobs["memory.low"] // 1, 40 * M // 1.0, "low: what high has grown to is protected")
s.tick()
tap.is(best.knobs["memory.low"] // 1, 20 * M // 1.0, "less once it neither grows nor refaults")
best.counts.workingset_refault_file = 256
s.tick()
tap.is(best.knobs["memory.low"] // 1, (40 * M + 256 * require "memlua.host".page_size) // 1.0, "all of it and what came back, once something did")
best.used = 400 * M
s.tick()
tap.is(best.knobs["memory.low"], 100 * M, "at most all there is")

-- ---- freezing by pressure ------------------------------------------------------------------------------------------------------

best, small, large = tenant("high", "high", 1), tenant("second", "low", 2), tenant("third", "low", 3)
s = under(controllers.stall { hold = 0 }, 100 * M, best, small, large)
best.pressed()
tap.is({ done(small), done(large) }, { {}, { "freeze" } }, "stall: the worst rank first")
best.pressed()
best.pressed()
tap.is({ done(small), done(large) }, { { "freeze" }, {} }, "then the next, and nobody else")
s.tick()
tap.is({ done(small), done(large) }, { { "thaw" }, {} }, "the best-ranked goes on first")
s.tick()
s.tick()
tap.is({ done(small), done(large) }, { {}, { "thaw" } }, "then the other, once")

tap.done()
