--- memlua.machine.counters: the counters that memcg_bpf_ops.ko keeps in /sys/module/memcg_bpf_ops/parameters.
local module = {}

local FOLDER = "/sys/module/memcg_bpf_ops/parameters/"
local NAMES = { "asked", "slept", "slept_ms", "lost", "weighed", "protected", "uncharged" }

--- The counters by name since the module was loaded, nil where it isn't (a kernel with the ops of its own):
---   asked (calls of memcg_charged or get_high_delay_ms), slept, slept_ms, lost (charges not asked about, for want of
---   memory to note them), weighed (asked for below_low or below_min), protected, uncharged (calls of memcg_uncharged)
function module.counters()
  local counters = {}
  for _, name in ipairs(NAMES) do
    local file <close> = io.open(FOLDER .. name)
    if not file then return nil end
    counters[name] = file:read "n"
  end
  return counters
end

--- What they have grown by since `before`, an earlier answer of module.counters(); nil where there are none.
function module.growth(before)
  local now, growth = module.counters(), {}
  if not (now and before) then return nil end
  for name, count in pairs(now) do growth[name] = count - before[name] end
  return growth
end

return module
