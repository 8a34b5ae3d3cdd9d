--- memlua.experiment.load: what the tasks of a cgroup, and memlua itself, have used and waited for: CPU, block devices.
local cgroup = require "memlua.cgroup"
local sys = require "memlua.base.sys"

local load = {}

-- Documentation/admin-guide/cgroup-v2.rst; throttled: by cpu.max
local CPU <const> = { cpu_us = "usage_usec", user_us = "user_usec", system_us = "system_usec", throttled_us = "throttled_usec" }
local IO <const> = { read_bytes = "rbytes", written_bytes = "wbytes", reads = "rios", writes = "wios" }

local function add_cpu(found, text)
  for name, key in pairs(CPU) do found[name] = math.tointeger(tonumber(text:match("%f[%w_]" .. key .. " (%d+)"))) end
end

-- A line per device; none before its first request.
local function add_io(found, text)
  for name, key in pairs(IO) do
    found[name] = 0
    for n in text:gmatch("%f[%w_]" .. key .. "=(%d+)") do found[name] = found[name] + math.tointeger(n) end
  end
end

local function add_pressure(found, cg, resource)
  local pressure = cg:pressure(resource) or {}
  found[resource .. "_stalled_us"] = pressure.some and pressure.some.total
  found[resource .. "_stalled_full_us"] = pressure.full and pressure.full.total
end

--- Of all that ran in a cgroup since it was made: { cpu_us, user_us, system_us, throttled_us, cpu_stalled_us, io_stalled_us (pressure:
--- some of its tasks at least), cpu_stalled_full_us, io_stalled_full_us (all of them), read_bytes, written_bytes, reads, writes (of block
--- devices) }. What the kernel doesn't count, or a controller that is off (io), is absent.
function load.of(cg)
  local found = {}
  add_cpu(found, cg:get "cpu.stat" or "")
  local io = cg:get "io.stat"
  if io then add_io(found, io) end
  add_pressure(found, cg, "cpu")
  add_pressure(found, cg, "io")
  return found
end

-- Where it has a cgroup to itself, which an ordinary user's has: of the top one nothing is counted.
local function add_own_pressure(found)
  local path = (sys.read "/proc/self/cgroup" or ""):match "0::(/[^\n]*memlua%-supervisor[^\n/]*)"
  local cg = path and cgroup.open(path:sub(2))
  if not cg then return end
  local owned <close> = cg
  for _, resource in ipairs { "cpu", "io", "memory" } do add_pressure(found, owned, resource) end
end

--- The same of memlua itself, as far as it is known: { cpu_us, waited_us (runnable without a CPU: sched-stats.rst), read_bytes,
--- written_bytes (of block devices: proc(5), io) }, and the pressure where it has a cgroup of its own.
function load.own()
  local io = sys.read "/proc/self/io" or ""
  local ns = (sys.first_line "/proc/self/schedstat" or ""):match "^%d+ (%d+)"
  local found = { cpu_us = os.clock() * 1000000 // 1 | 0, waited_us = tonumber(ns or 0) // 1000,
                  read_bytes = math.tointeger(tonumber(io:match "\nread_bytes: (%d+)")),
                  written_bytes = math.tointeger(tonumber(io:match "\nwrite_bytes: (%d+)")) }
  add_own_pressure(found)
  return found
end

return load
