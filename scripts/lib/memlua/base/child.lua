--- memlua.base.child: where a function runs that is a tenant itself (kind "lua" of memlua.worker): a copy of the
--- script's state in a process of its own. What the script opened is the script's: the copy of a handle must not remove the
--- cgroup, kill the worker or detach the policy that it stands for.
local memlua = require "memlua"

local child = {}

local HANDLES = { "memlua.cgroup", "memlua.worker", "memlua.policy", "memlua.oom" }

--- Fails with status 1: what the bindings call in the child where only the script may open something.
function child.refuse()
  memlua.fail(memlua.status.misuse, "cgroups, policies and workers belong to the script, not to a function that runs as "
    .. "a tenant (kind lua); open and close them outside of it")
end

local function ignore() end

-- A metatable is asked for __gc when a handle is collected, not when it is made.
local function disarm()
  local registry = debug.getregistry()
  for _, name in ipairs(HANDLES) do
    local meta = registry[name]
    if meta then meta.__gc, meta.__close, meta.__index = ignore, ignore, child.refuse end
  end
end

--- Runs f(step, mark) in the child, with `exit` as its os.exit. Called by memlua.worker, once, in the new process.
--- mark(n) has w:progress() tell n without a step. Errors are f's.
function child.run(f, step, exit, mark)
  disarm()
  os.exit = exit
  f(step, mark)
end

return child
