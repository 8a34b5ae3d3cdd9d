-- "No throttling of lock holders": LOW is delayed while it makes files in the folder in which HIGH makes some, too.
--   memlua wishes/lock-holders --runs 6
-- Who makes a file holds the folder's lock and is charged for the inode. A policy that has the task sleep there and then keeps HIGH
-- waiting for the lock; memlua's module has it sleep on the way back to user mode, where it holds none. HIGH makes its files at a
-- fixed rate, each latency counted from when it was due.
local host = require "memlua.host"
local memlua = require "memlua"
local option = require "memlua.option"
local scenario = require "memlua.scenario"

local options = option.parse {
  name = "lock-holders", about = "HIGH and a delayed LOW make files in one folder: does HIGH wait for LOW's sleeps?",
  options = { { "rate", "count", default = 100, help = "files that HIGH makes in a second" },
              { "duration", "duration", default = "4s", help = "for how long" },
              { "files", "count", default = 4000, help = "that LOW makes, as fast as it can" },
              { "delay", "duration", default = "1s", help = "of each 64 pages that LOW takes" } },
}

local folder <const> = "/dev/shm/shared" -- in memory, where making files takes nothing but the lock

local function make(name, i) assert(io.open(("%s/%s-%d"):format(folder, name, i), "w")):close() end

local function make_all(step)
  for i = 1, options.files do
    make("low", i)
    if i % 100 == 0 then step() end
  end
end

local function prepare(run)
  memlua.must(host.mkdir(folder))
  run.scope:add(setmetatable({}, { __close = function() os.execute("rm -rf " .. folder) end }))
end

-- Or there is nothing to see.
local function delayed(run)
  if run.strategy ~= "priority" then return true end
  local active = run.tenants[2].callbacks.active
  return active >= 3, ("%d delays"):format(active)
end

local priority <const> = { name = "priority", config = { trigger = "always", delay_ms = options.delay * 1000 // 1 | 0 } }

scenario.run {
  name = "lock-holders", options = options, about = "files in one folder", hooks = { setup = prepare }, shares = "equal", warmup = 0,
  limits = { ["memory.swap.max"] = 0 },
  tenants = { { name = "high", role = "high", workload = { kind = "lua", request = function(i) make("high", i) end, rate = options.rate,
                                                           duration = options.duration } },
              { name = "low", role = "low", start = "1s", workload = { kind = "lua", run = make_all } } },
  strategies = { { name = "none" }, { name = "priority", policy = priority } },
  expect = { { "LOW is delayed", delayed } },
}
