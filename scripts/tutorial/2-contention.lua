-- Three tenants of 32 MB in a session that has room for two.
local cgroup = require "memlua.cgroup"
local worker = require "memlua.worker"

local session <close> = assert(cgroup.create("session", { ["memory.max"] = "68M", ["memory.swap.max"] = 0 }))
local workers = {}
for i, name in ipairs { "high", "low_1", "low_2" } do
  local cg = assert(cgroup.create("session/" .. name))
  workers[i] = assert(worker.spawn(cg, { kind = "anon", size = "32M", hold = "1s", name = name }))
end

local count = {}
for _, w in ipairs(workers) do
  local result = assert(w:wait())
  count[result.ended] = (count[result.ended] or 0) + 1
end
for _, ended in ipairs { "done", "oom-killed" } do print(count[ended] or 0, ended) end
print(session:events().oom_kill, "OOM kills of the kernel")
