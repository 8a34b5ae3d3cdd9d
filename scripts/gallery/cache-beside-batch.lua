-- A cache beside a batch job: redis answers at a fixed rate through idle, steady, burst and recovery, while a batch job uses as much
-- memory again, over and over. Both don't fit, and swap is compressed memory: what redis keeps there its clients wait for.
--   memlua gallery/cache-beside-batch --runs 6
-- Needs Debian's redis-server and lua-socket.
local option = require "memlua.option"
local scenario = require "memlua.scenario"
local socket = require "socket"
local zram = require "memlua.machine.zram"

local options = option.parse {
  name = "cache-beside-batch", about = "redis at a fixed rate beside a batch job that wants its memory.",
  options = { { "rate", "count", default = 100, help = "requests a second while it is steady; of a burst four times as many" },
              { "keys", "count", default = 40000, help = "how many values of 1000 bytes redis holds" } },
}

local PORT <const>, CLIENT <const> = 6390, { "redis-cli", "-p", "6390" }
local SERVER <const> = { "redis-server", "--port", tostring(PORT), "--save", "", "--enable-debug-command", "yes" }

local function cli(...)
  local argv = table.move(CLIENT, 1, #CLIENT, 1, {})
  for _, word in ipairs { ... } do argv[#argv + 1] = tostring(word) end
  return { kind = "exec", argv = argv }
end

-- Any of the keys, by a step that has no divisor in common with their number: each is asked for once before any is again.
local connection
local function get(i)
  connection = connection or assert(socket.connect("127.0.0.1", PORT))
  connection:send(("GET key:%d\r\n"):format(i * 7919 % options.keys))
  local length = tonumber((connection:receive() or ""):match "^%$(%d+)")
  return length ~= nil and connection:receive(length + 2) ~= nil
end

local function phase(name, share, duration) return { name = name, rate = share * options.rate, duration = duration } end

scenario.run {
  name = "cache-beside-batch", about = "redis at a fixed rate beside a batch job", options = options, shares = "equal",
  limits = { ["memory.max"] = "72M" },
  tenants = {
    { name = "cache", role = "high", prepare = cli("debug", "populate", options.keys, "key", 1000), workloads = {
      { kind = "exec", name = "server", argv = SERVER, background = true, ready = { port = PORT }, stop = "TERM" },
      { kind = "lua", name = "client", request = get, concurrency = 2,
        rate = { phase("idle", 0.1, 1), phase("steady", 1, 2), phase("burst", 4, 1), phase("recovery", 1, 2) } } } },
    { name = "batch", start = "1500ms", workload = { kind = "anon", size = "40M", duration = "3s" } },
  },
  strategies = {
    { name = "none" },
    { name = "memory.low", tenants = { cache = { limits = { ["memory.low"] = "56M" } } } },
    { name = "below_low", policy = { name = "priority", roles = { high = { "cache" } }, config = { trigger = "always" } } },
  },
  hooks = { setup = function(run) zram.swap(run.scope, 128 << 20) end },
  answer = { tenant = "cache", under = "below_low", against = "memory.low" },
}
