-- One tenant in a cgroup of its own.
local cgroup = require "memlua.cgroup"
local units = require "memlua.units"
local worker = require "memlua.worker"

local cg <close> = assert(cgroup.create("tenant", { ["memory.max"] = "64M" }))
local w <close> = assert(worker.spawn(cg, { kind = "anon", size = "32M", hold = "1s" }))
local result = assert(w:wait())
print(result.ended, units.format_size(result.reached) .. " touched", units.format_size(cg:peak()) .. " charged at most")
