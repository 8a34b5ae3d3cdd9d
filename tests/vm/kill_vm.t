-- SIGKILL at random points of a microVM's life, from the outside: no QEMU, virtiofsd or mount stays, and the folder of the
-- VM goes with the very next memlua, which says so.  memlua tests/vm/kill_vm.t [POINTS [SEED]]; make check-kill tries many.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local shell = require "shell"
local kill = require "kill"
local processes = require "processes"

local scratch <const>, tidy <close> = shell.folder()
assert(os.execute(("cd %s && mkdir tmp bin && printf '#!/bin/sh\nexit 1\n' >bin/qemu-system-x86_64 && chmod +x bin/*"):format(scratch)))
assert(host.save(scratch .. "/script.lua", [[
  require "memlua.scenario".run {
    name = "killed", warmup = 0, solo = false, limits = { ["memory.max"] = "32M" },
    tenants = { { name = "a", role = "high", workload = { kind = "anon", size = "16M", hold = "1s" } } },
    strategies = { { name = "priority", policy = { name = "priority" } } },
  } ]]))

local memlua <const> = ("env TMPDIR=%s/tmp %%s%s --vm --accel tcg"):format(scratch, host.executable())
local run <const> = ("exec %s --out %s/out %s/script.lua"):format(memlua:format "", scratch, scratch)
-- its QEMU ends at once: what came before is all there was
local next_one <const> = memlua:format(("PATH=%s/bin:$PATH "):format(scratch)) .. " -e 'require \"memlua.host\".enter()'"

-- The processes and mounts that name our folder.
local function state()
  local mounts = shell.output(("cat /proc/[0-9]*/mounts 2>/dev/null | grep -F '%s/tmp'"):format(scratch))
  return processes(scratch .. "/tmp") .. mounts
end
local function folders() return shell.output("ls -A " .. scratch .. "/tmp") end

local lifetime = kill.lifetime(run)
tap.is({ state(), (folders()) }, { "", "" }, "a microVM that ends by itself leaves nothing")
local left = 0
kill.each(lifetime, function(_, seconds)
  os.execute("rm -rf " .. scratch .. "/out")
  kill.after(seconds, run, scratch)
  local running, folder = kill.settle(state, "", 10), folders()
  local said = shell.said(next_one)
  if folder ~= "" then left = left + 1 end
  tap.ok(running == "" and folders() == "" and (folder == "" or said:find("which a killed memlua left", 1, true)),
    ("killed after %.3f s: the machine is clean, at the latest by the next one"):format(seconds), running, folder, said, folders())
end)
tap.ok(true, ("%d points over %.1f s, seed %d: %d left a folder to be swept"):format(kill.points, lifetime, kill.seed, left))
tap.done()
