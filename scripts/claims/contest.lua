-- The README's table of BPF against user space: the contest at its defaults.
-- takes 8m, quick 1m
local scenario = require "memlua.scenario"

local function row(strategy, figure) return { "README.md", ("| `%s`"):format(strategy), figure } end

scenario.vary("../contest.lua", {}, {
  claims = {
    { name = "twin keeps", "in user space reserve's twin keeps all", metric = "kept", under = "user-reserve", above = 0.5, stated = row("user-reserve", "12 of 12") },
    { name = "twin", "for that HIGH works longer, but little", tenant = "high", metric = "work", under = "user-reserve", against = "solo", below = 1.15,
      stated = row("user-reserve", "1.08") },
    { name = "reserve keeps", "so does reserve in the kernel", metric = "kept", under = "bpf-reserve", above = 0.5, stated = row("bpf-reserve", "12 of 12") },
    { name = "reserve", "with as little for HIGH", tenant = "high", metric = "work", under = "bpf-reserve", against = "solo", below = 1.15,
      stated = row("bpf-reserve", "1.05") },
    { name = "others", "the slowest other takes twice its time", tenant = "low_2", under = "bpf-reserve", against = "solo", between = { 1.9, 2.1 },
      stated = row("bpf-reserve", "2.00") },
    { name = "user others", "in user space, too", tenant = "low_2", under = "user-reserve", against = "solo", between = { 1.9, 2.1 },
      stated = row("user-reserve", "2.00") },
  },
})
