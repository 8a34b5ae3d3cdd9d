-- Two cgroups that policies are attached to, in a session of 256M without swap.
local cgroup = require "memlua.cgroup"
local worker = require "memlua.worker"

local pair = {}

-- Charges `size` to a cgroup and gives it back.
local function touch(cg, size)
  local w <close> = assert(worker.spawn(cg, { size = size }))
  return w:wait(60)
end

--- Makes session, session/a and session/b, each of which goes when its handle is forgotten. Returns the three, and touch(cg, size),
--- which charges so much to one and gives it back.
function pair.new()
  local session = assert(cgroup.create("session", { ["memory.max"] = "256M", ["memory.swap.max"] = 0 }))
  return session, assert(cgroup.create "session/a"), assert(cgroup.create "session/b"), touch
end

return pair
