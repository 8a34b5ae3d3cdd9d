-- Idle but important: a large tenant sleeps while a small one works, then wakes. What does its protection cost the other, and
-- what does the lack of it cost when it wakes?
--   memlua gallery/idle-but-important
-- high read a file of 30M and sleeps; job reads one of 20M over and over; both don't fit 40M. After 3 s high reads 400 pages a second.
-- Static memory.low keeps high's pages for nobody while it sleeps; `priority` with only_active protects it while it takes memory.
local option = require "memlua.option"
local scenario = require "memlua.scenario"

local options = option.parse {
  name = "idle-but-important", about = "A large tenant sleeps while a small one works, then wakes.",
  options = {
    { "sleep", "duration", default = "3s", help = "how long the large one sleeps" },
    { "awake", "duration", default = "2s", help = "how long it works then" },
    { "rate", "count", default = 400, help = "how many pages a second it reads then" },
  },
}

local PHASES <const> = { { name = "asleep", rate = 0, duration = options.sleep }, { name = "awake", rate = options.rate, duration = options.awake } }

local WHILE_ACTIVE <const> = { trigger = "growth", window_ms = 500, only_active = true }

scenario.run {
  name = "idle-but-important", about = "a large tenant sleeps while a small one works, then wakes", options = options, shares = "equal",
  runs = 6, limits = { ["memory.max"] = "40M", ["memory.swap.max"] = 0 },
  tenants = {
    { name = "high", role = "high", workload = { kind = "file", size = "30M", rate = PHASES } },
    { name = "job", start = "1s", workload = { kind = "file", size = "20M", duration = options.sleep } },
  },
  strategies = {
    { name = "none" },
    { name = "memory.low", tenants = { high = { limits = { ["memory.low"] = "38M" } } } },
    { name = "while-active", policy = { name = "priority", roles = { high = { "high" } }, config = WHILE_ACTIVE } },
  },
  answer = { tenant = "job", under = "memory.low", against = "while-active" },
}
