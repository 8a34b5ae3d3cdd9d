-- A cache beside a batch job: redis, or memcached, answers at a fixed rate through idle, steady, burst and recovery, while a batch job
-- uses as much memory again, over and over. Both don't fit, and swap is compressed memory: what the cache keeps there its clients wait for.
--   memlua gallery/cache-beside-batch
--   memlua gallery/cache-beside-batch --cache memcached
-- Needs Debian's redis-server or memcached, and lua-socket.
local option = require "memlua.option"
local scenario = require "memlua.scenario"
local socket = require "socket"

local options = option.parse {
  name = "cache-beside-batch", about = "A cache at a fixed rate beside a batch job that wants its memory.",
  options = { { "cache", { "redis", "memcached" }, default = "redis", help = "which cache: redis or memcached" },
              { "rate", "count", default = 100, help = "requests a second while it is steady; of a burst four times as many" },
              { "keys", "count", default = 40000, help = "how many values of 1000 bytes it holds" } },
}
local PORT <const>, VALUE <const> = 6390, ("x"):rep(1000)

local function connected() return assert(socket.connect("127.0.0.1", PORT)) end

-- What each is told, and how its answer says how long the value is: `rest` bytes more follow it.
local CACHES <const> = {
  redis = { argv = { "redis-server", "--port", tostring(PORT), "--save", "" }, set = "SET %s " .. VALUE .. "\r\n",
            get = "GET %s\r\n", length = "^%$(%d+)", rest = #"\r\n" },
  memcached = { argv = { "memcached", "--port", tostring(PORT), "--memory-limit", "128", "--user", "root" },
                set = "set %s 0 0 " .. #VALUE .. "\r\n" .. VALUE .. "\r\n", get = "get %s\r\n", length = "^VALUE %S+ %d+ (%d+)", rest = #"\r\nEND\r\n" },
}
local cache = CACHES[options.cache]
scenario.program(cache.argv[1], cache.argv[1]) -- both packages are called like their program

-- A value of each key, many at once.
local function fill()
  local connection, batch <const> = connected(), 500
  for first = 1, options.keys, batch do
    local last, lines = math.min(first + batch - 1, options.keys), {}
    for i = first, last do lines[#lines + 1] = cache.set:format("key:" .. i) end
    connection:send(table.concat(lines))
    for _ = first, last do assert(connection:receive()) end
  end
end

-- Any of the keys, by a step that has no divisor in common with their number: each is asked for once before any is again.
local connection
local function get(i)
  connection = connection or connected()
  connection:send(cache.get:format("key:" .. i * 7919 % options.keys + 1))
  local length = tonumber((connection:receive() or ""):match(cache.length))
  return length ~= nil and connection:receive(length + cache.rest) ~= nil
end

local function phase(name, share, duration) return { name = name, rate = share * options.rate, duration = duration } end

scenario.run {
  name = "cache-beside-batch", about = options.cache .. " at a fixed rate beside a batch job", options = options, shares = "equal", runs = 6,
  limits = { ["memory.max"] = "72M" }, swap = "128M",
  tenants = {
    { name = "cache", role = "high", prepare = { kind = "lua", run = fill }, workloads = {
      { kind = "exec", name = "server", argv = cache.argv, background = true, ready = { port = PORT }, stop = "TERM" },
      { kind = "lua", name = "client", request = get, concurrency = 2,
        rate = { phase("idle", 0.1, 1), phase("steady", 1, 2), phase("burst", 4, 1), phase("recovery", 1, 2) } } } },
    { name = "batch", start = "1500ms", workload = { kind = "anon", size = "40M", duration = "3s" } },
  },
  strategies = {
    { name = "none" },
    { name = "memory.low", tenants = { cache = { limits = { ["memory.low"] = "56M" } } } },
    { name = "below_low", policy = { name = "priority", roles = { high = { "cache" } }, config = { trigger = "always" } } },
  },
  answer = { tenant = "cache", under = "below_low", against = "memory.low" },
}
