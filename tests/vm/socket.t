-- Sockets of Lua: a service and its clients at a rate, of which several are in flight, without a program of their own.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local has_sockets, socket = pcall(require, "socket")
local host = require "memlua.host"
local report = require "memlua.report"
local runs_of = require "memlua.run"
local scenario = require "memlua.scenario"
local sys = require "memlua.base.sys"

if not has_sockets then return tap.done "no sockets: apt-get install lua-socket" end

host.enter()
host.settings.quiet, host.settings.out = true, os.getenv "TMPDIR" .. "/socket"
local PORT <const> = 4713

-- Answers each line with its length, one connection after the other; once it dawdles for 300 ms.
local function serve()
  local server, n = assert(socket.bind("127.0.0.1", PORT)), 0
  while true do
    local client = server:accept()
    local line = client:receive()
    if line then n = n + 1 end
    if n == 30 and line then socket.sleep(0.3) end
    client:send(#(line or "") .. "\n")
    client:close()
  end
end
local function ask(i)
  local client = assert(socket.connect("127.0.0.1", PORT))
  client:send(("x"):rep(i % 7) .. "\n")
  local said = client:receive()
  client:close()
  return tonumber(said) == i % 7
end
pcall(scenario.run, { -- whether it is to be trusted is not what is looked at here
  name = "socket", limits = { ["memory.max"] = "100M", ["memory.swap.max"] = 0 }, solo = false, warmup = 0,
  tenants = { { name = "web", role = "high", workloads = {
    { kind = "lua", name = "server", run = serve, background = true, ready = { port = PORT } },
    { kind = "lua", name = "client", request = ask, concurrency = 2, rate = { { name = "steady", rate = 50, duration = "2s" } } } } } },
})
local folder = runs_of.load(host.settings.out)
local web = folder.runs[1].tenants[1]
tap.is({ web.ended, web.workloads[1].ended, web.requests_due, web.requests_done, web.requests_failed }, { "done", "stopped", 100, 100 },
  "each request was answered, and rightly", web.error)
tap.ok(web.latency.count == 100 and web.latency.max >= 0.25e9, "the time that the service dawdled is in the latencies", web.latency.max)
tap.ok(web.requests_late >= 2, "and made others late", web.requests_late)
report.pictures({ folder }, folder.path)
tap.like(sys.read(folder.path .. "/plots/service.gp") or "", "heading = 'web over time'", "there is a picture of it over time")
tap.done()
