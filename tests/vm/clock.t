-- The virtual clock stands still while the host works for the guest: what a program needs is the CPU's time, whether
-- its files are cold or warm, and however busy the machine is.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"
local host = require "memlua.host"
local hostwait = require "memlua.hostwait"
local memlua = require "memlua"
local sys = require "memlua.base.sys"
local worker = require "memlua.worker"

host.enter()
if os.getenv "MEMLUA_GUEST_CLOCK" ~= "virtual" then
  tap.skip("all", "this clock is not virtual")
  return tap.done "the clock is not virtual"
end

tap.ok(sys.exists "/sys/module/memlua_hostwait/.", "the module that stops the clock is there")

local waits <close> = memlua.must(hostwait.open())
local session <close> = memlua.must(cgroup.create "session")

-- How many times as long as its CPU time a program took, and which share of that the CPU idled while the host served it.
local function stretch(argv)
  local cg <close> = memlua.must(cgroup.create "session/program")
  memlua.must(waits:watch(cg))
  local begun = host.monotonic()
  local w <close> = memlua.must(worker.spawn(cg, { kind = "exec", argv = argv, name = argv[1] }))
  local result = memlua.must(w:wait())
  local took, used = host.monotonic() - begun, tonumber(cg:get "cpu.stat":match "usage_usec (%d+)") / 1e6
  if result.ended ~= "done" then return nil, nil, result.ended end
  local wait = memlua.must(waits:read(cg))
  return took / used, wait.idle_s / took, ("%.4f s, CPU %.4f s, %d requests in flight for %.4f s, idle %.4f s"):format(
    took, used, wait.requests, wait.in_flight_s, wait.idle_s)
end

local source = os.getenv "TMPDIR" .. "/clock.c"
local file <close> = assert(io.open(source, "w"))
file:write "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\nint main(void) { return puts(\"\") < 0; }\n"
file:close()

local programs = {
  { "a compiler", { "gcc", "-c", "-o", source .. ".o", source } },
  { "a shell with its pipeline", { "sh", "-c", "ls -l /usr/bin | sort -r | uniq | wc -l" } },
  { "memlua itself", { host.executable(), "help" } },
}
for _, program in ipairs(programs) do
  for _, how in ipairs { "cold", "warm", "warm again" } do
    local times, idle, detail = stretch(program[2])
    print(("# %s, %s: %s"):format(program[1], how, detail))
    tap.ok(times and times < 1.4, ("%s, %s, takes its CPU time, and what serving files costs the guest"):format(program[1], how), detail)
    tap.ok(idle and idle < 0.05, ("%s, %s: hardly any of it was waiting for the host"):format(program[1], how), detail)
  end
end

-- Were it not skipped, it would take as long by the wall.
local begun = host.monotonic()
host.sleep(3600)
local slept = host.monotonic() - begun
tap.ok(slept >= 3600 and slept < 3601, "idle time without requests is skipped, and exact", slept)

tap.done()
