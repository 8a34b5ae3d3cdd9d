-- memlua.results.timed: what the column of latencies is called, by what was timed.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local timed = require "memlua.results.timed"

local function tenant(kind, latency) return { workload = { kind = kind }, latency = latency ~= false and {} or nil } end

for kind, of in pairs { anon = "chunk", file = "chunk", trace = "rise", lua = "interval" } do tap.is(timed.of(tenant(kind)), of, kind) end
tap.is(timed.of(tenant("lua", false)), nil, "a function without steps")
tap.is(timed.of(tenant("exec", false)), nil, "a program")
tap.is(timed.of { latency = {}, workloads = { tenant("exec", false), tenant "lua" } }, "interval", "the one of several that is timed")

local function heading(...)
  local columns = { { "TENANT" }, { "P99/CHUNK", align = "right", drop = 6 } }
  local shown = timed.columns(columns, { { folder = { runs = { { tenants = { ... } } } } } })
  tap.is({ shown[1][1], shown[2].drop, columns[2][1] }, { "TENANT", 6, "P99/CHUNK" }, "nothing else changes")
  return shown[2][1]
end
tap.is(heading(tenant "anon", tenant "file"), "P99/CHUNK", "chunks")
tap.is(heading(tenant "lua", tenant("exec", false)), "P99/INTERVAL", "the intervals between steps")
tap.is(heading(tenant "trace"), "P99/RISE", "rises")
tap.is(heading(tenant "lua", tenant "anon"), "P99/PIECE", "what isn't the same")
tap.is(heading(tenant("exec", false)), "P99/CHUNK", "nothing")

tap.done()
