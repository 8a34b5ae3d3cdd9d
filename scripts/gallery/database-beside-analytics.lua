-- A database beside analytics: PostgreSQL answers pgbench at a fixed rate from its buffers and the page cache, while a job sorts a
-- file over and over. Both don't fit, and swap is compressed memory.
--   memlua gallery/database-beside-analytics
-- Needs Debian's postgresql.
local host = require "memlua.host"
local memlua = require "memlua"
local option = require "memlua.option"
local scenario = require "memlua.scenario"
local stats = require "memlua.stats"
local worker = require "memlua.worker"

local options = option.parse {
  name = "database-beside-analytics", about = "PostgreSQL at a fixed rate beside a job that sorts.",
  options = { { "rate", "count", default = 200, help = "transactions a second that are due" },
              { "scale", "count", default = 1, help = "pgbench's scale: 16M of table and index each" },
              { "rows", "count", default = 40000, help = "how many rows of 400 bytes the job sorts" },
              { "duration", "duration", default = "2s", help = "for how long both work" } },
}

local BIN <const> = scenario.program("/usr/lib/postgresql/*/bin/postgres", "postgresql"):match "^(.*)/"
local place <close> = memlua.must(host.scratch()) -- what is made once lies here
host.chmod(place:path(), 511) -- for the user postgres, too

-- `text` is run by a shell that finds PostgreSQL's programs, in that folder.
local function shell(text, more)
  local w = { kind = "exec", argv = { "sh", "-c", ('cd "$0" && PATH=$1:$PATH && ' .. text), place:path(), BIN } }
  for key, value in pairs(more or {}) do w[key] = value end
  return w
end

local MAKE <const> = [[(initdb -N -A trust --no-locale --wal-segsize=1 -D template && pg_ctl -w -D template -o "-k $0" -l log start &&
  pgbench -h "$0" -i -q -s %d postgres && pg_ctl -w -D template stop && head -c %d /dev/urandom | base64 -w 399 >rows) >made 2>&1 || { tail made >&2; exit 1; }]]
local SERVE <const> = [[rm -rf data && cp -a template data && exec postgres -D data -k "$0" -c listen_addresses= -c shared_buffers=8MB]]
local ASK <const> = [[rm -f log.*; pgbench -h "$0" -n -S -c 2 -R %d -T %g -l --log-prefix=log postgres && cat log.*]]
local SORT <const> = [[begun=$(date +%%s%%N); n=0; while now=$(date +%%s%%N); [ $(((now - begun) / 1000000)) -lt %d ]; do
  LC_ALL=C sort -S 80M rows -o sorted || exit; n=$((n + 1)); done; echo "$n $((now - begun))"]]

local made
local function make()
  if made then return end
  local w <close> = memlua.must(worker.spawn(nil, shell(MAKE:format(options.scale, options.rows * 300), { user = "postgres" })))
  made = w:wait(600)
  if made.ended ~= "done" then memlua.fail(memlua.status.misuse, "making the database: %s", made.error or made.ended) end
end

-- A line of pgbench's log is: client, number, microseconds since it was due, script, when it ended, how long it waited for its client.
local function latencies(text)
  local ms = {}
  for us in text:gmatch "\n%d+ %d+ (%d+) %d+ %d+ %d+ %d+" do ms[#ms + 1] = us / 1000 end
  return { p50_ms = stats.quantile(ms, 0.5), p99_ms = stats.quantile(ms, 0.99), tps = #ms / options.duration }
end
local function speed(text)
  local n, ns = text:match "(%d+) (%d+)"
  return { sorts_per_s = n / ns * 1e9 }
end

scenario.run {
  name = "database-beside-analytics", about = "PostgreSQL at a fixed rate beside a job that sorts", options = options, shares = "equal",
  runs = 6, limits = { ["memory.max"] = "56M" }, swap = "128M",
  tenants = {
    { name = "database", role = "high", workloads = {
      shell(SERVE, { name = "server", user = "postgres", background = true, ready = { line = "ready to accept connections" }, stop = "INT" }),
      shell(ASK:format(options.rate, options.duration), { name = "client", user = "postgres", metrics = latencies }) } },
    { name = "sort", prepare = shell "dd of=rows oflag=nocache conv=notrunc,fdatasync count=0 status=none", workload = shell(SORT:format(options.duration * 1000), { metrics = speed }) },
  },
  strategies = {
    { name = "none" },
    { name = "memory.low", tenants = { database = { limits = { ["memory.low"] = "40M" } } } },
    { name = "below_low", policy = { name = "priority", roles = { high = { "database" } }, config = { trigger = "always" } } },
  },
  hooks = { setup = make },
  answer = { tenant = "database", under = "below_low", against = "none" },
}
