--- memlua.experiment.kernel: what a kernel complains of: its taint, and its log.
local host = require "memlua.host"
local sys = require "memlua.base.sys"

local kernel = {}

-- Documentation/admin-guide/tainted-kernels.rst. That a module was built outside the tree and isn't signed is told of
-- memlua's own, too: for these two the modules are looked at.
local MEANINGS <const> = {
  [0] = "a proprietary module", "a module was forced", "a CPU out of specification", "a module was unloaded by force",
  "a machine check", "a bad page", "user space asked for it", "an oops or BUG", "an overridden ACPI table", "a warning",
  "a staging driver", "a firmware bug worked round", "a module from outside the tree", "an unsigned module", "a soft lockup",
  "a live patch", "an auxiliary taint", "a struct randomised", "an in-kernel test",
}
local FOREIGN <const> = 1 << 12 | 1 << 13
local OWN <const> = { memcg_bpf_ops = true, memlua_hostwait = true }

-- A line of these in the kernel's own voice, and what it is called.
local COMPLAINTS <const> = { "WARNING: CPU: .*", "BUG: .*", "Oops: .*", "watchdog: .*", "rcu: INFO: .* detected .*", "INFO: task .* blocked for .*",
                             "general protection fault.*", "UBSAN: .*", "KASAN: .*", "list_%a+ corruption.*" }

local function taint() return tonumber(sys.first_line "/proc/sys/kernel/tainted" or "") end

-- "name size uses users state address (OE)"
local function foreign_modules()
  local found = {}
  for name, flags in (sys.read "/proc/modules" or ""):gmatch "([%w_]+) [^\n]-%((%u+)%)\n" do
    if not OWN[name] then found[name] = flags end
  end
  return found
end

--- The complaints in a kernel log (host.kernel_log) that are younger than `since`, seconds since boot: a list of
--- lines. What user space wrote there isn't the kernel's, and doesn't count.
function kernel.complaints(log, since)
  local found = {}
  for level, time, line in log:gmatch "<(%d+)>%[ *([%d.]+)%][^\n%S]*([^\n]*)" do
    if tonumber(level) < 8 and tonumber(time) > since then
      for _, pattern in ipairs(COMPLAINTS) do
        local said = line:match("^" .. pattern)
        if said then found[#found + 1] = said break end
      end
    end
  end
  return found
end

local function last_time(log)
  local last = 0
  for time in (log or ""):gmatch "\n<%d+>%[ *([%d.]+)%]" do last = tonumber(time) end
  return last
end

--- How the kernel stands now, for kernel.worsened.
function kernel.state()
  return { taint = taint(), modules = foreign_modules(), time = last_time(host.kernel_log()) }
end

--- What has gone wrong since `before` (kernel.state): a list of lines, empty where nothing has.
function kernel.worsened(before)
  local log = host.kernel_log()
  local found = log and kernel.complaints(log, before.time) or {}
  local fresh = (taint() or 0) & ~(before.taint or 0) & ~FOREIGN
  for bit, meaning in pairs(MEANINGS) do
    if fresh & 1 << bit ~= 0 then found[#found + 1] = "tainted by " .. meaning end
  end
  for name in pairs(foreign_modules()) do
    if not before.modules[name] then found[#found + 1] = "tainted by the module " .. name end
  end
  return found
end

return kernel
