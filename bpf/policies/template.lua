-- template in Lua: tenants over their soft limit are delayed. template.bpf.c is the same in C.
local policy = require "memlua.policy"

return policy.lua {
  name = "template",
  about = "template for your own: tenants over their soft limit are delayed",
  config = { ms_per_mb = { 20, unit = "ms", about = "delay per MB over the soft limit" } },
  stats = { delay_calls = "tenants asked", delay_active = "of these, delayed" },
  roles = { tenant = {
    settings = { soft = { 0, unit = "bytes", about = "soft limit" } },
    counters = { active = "times delayed" },

    charged = function(memcg, me, config)
      stats.delay_calls = stats.delay_calls + 1
      local over = memcg.usage - me.soft
      if over <= 0 then return 0 end
      stats.delay_active = stats.delay_active + 1
      me.active = me.active + 1
      return config.ms_per_mb * (over >> 20)
    end,

    join = function(memcg, me)
      if me.soft == 0 then return refuse "soft: missing; the usage from which on it is delayed" end
    end,
  } },
}
