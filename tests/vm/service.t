-- A service's life: ready before the load, data loaded and charged but not timed, asked to end; what goes wrong is told.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local memlua = require "memlua"
local runs_of = require "memlua.run"
local scenario = require "memlua.scenario"
local sys = require "memlua.base.sys"

host.enter()
host.settings.quiet = true

-- Listens after a second, answers each connection with a line, keeps what it is told to; on TERM writes a file and ends.
local SERVER <const> = [[use IO::Socket; $| = 1; my $kept = ""; my $s;
  $SIG{TERM} = sub { open my $f, ">", "$ENV{MEMLUA_OUT}/ended.txt"; print $f length $kept; exit 3 };
  print "starting\n"; select undef, undef, undef, 1;
  $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 4711, Listen => 5, ReuseAddr => 1) or die "listen: $@";
  print "ready\n";
  while (1) { my $c = $s->accept or next; my $n = <$c>; $kept .= "x" x $n if $n > 0; print $c "ok\n"; close $c }]]
local CLIENT <const> = [[use IO::Socket; my $c = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => 4711) or die "connect: $@";
  print $c "$ARGV[0]\n"; print <$c>]]

local runs = 0
local function run(service, more)
  service.kind, service.background = "exec", true
  runs = runs + 1
  host.settings.out = ("%s/service-%d"):format(os.getenv "TMPDIR", runs)
  local tenant = { name = "web", role = "high", workloads = {
    service, { kind = "exec", name = "client", argv = { "perl", "-e", CLIENT, "0" } } } }
  for key, value in pairs(more or {}) do tenant[key] = value end
  local ok, result = pcall(scenario.run, { name = "service", limits = { ["memory.max"] = "100M", ["memory.swap.max"] = 0 }, solo = false,
    warmup = 0, tenants = { tenant } })
  -- of so short a run the host's files may take more than a share to be trusted; its life is what is looked at here
  if not ok and result.status == memlua.status.untrustworthy then return runs_of.load(host.settings.out) end
  return ok and result or error(result, 0)
end
local function argv(code) return { "perl", "-e", code } end

local LOAD <const> = { kind = "exec", argv = { "perl", "-e", CLIENT, tostring(20 << 20) } }
local folder = run({ argv = argv(SERVER), ready = { port = 4711 }, stop = "TERM" }, { prepare = LOAD })
local result = folder.runs[1]
local web = result.tenants[1]
tap.is({ web.ended, web.workloads[2].ended }, { "done", "done" }, "the client finds the service, which was ready")
tap.ok(web.workloads[1].ready_s >= 1 and web.prepare_s > 0, "how long that took is told", web.workloads[1].ready_s, web.prepare_s)
tap.ok(web.completion_s < 1 and result.duration_s < 2, "and doesn't count", web.completion_s, result.duration_s)
tap.ok(web.memory[1][2] > 20 << 20, "what was loaded is charged from the start", web.memory[1][2])
tap.is(web.workloads[1].ended, "stopped", "the service was stopped")
tap.is(sys.read(folder.path .. "/runs/" .. result.id .. "/web/ended.txt"), tostring(20 << 20), "as it likes it, with the data that was loaded")

for _, ready in ipairs { { line = "ready" }, { file = "/run/tmp/is-ready" }, function() return host.answers(4711) end } do
  local code = SERVER:gsub('print "ready\\n";', '%0 open F, ">/run/tmp/is-ready"; close F;')
  os.remove "/run/tmp/is-ready"
  local w = run { argv = argv(code), ready = ready }.runs[1].tenants[1]
  tap.is(w.workloads[2].ended, "done", "ready by " .. (type(ready) == "function" and "a function" or next(ready)))
end

local stubborn = run({ argv = argv(SERVER:gsub("exit 3", "1")), ready = { port = 4711 }, stop = { signal = "TERM", grace = "3s" } })
local ended = stubborn.runs[1].tenants[1].workloads[1]
tap.is({ ended.ended, ended.signal }, { "stopped", 9 }, "one that doesn't end when asked is killed")
tap.ok(stubborn.runs[1].duration_s >= 3, "but not before its time", stubborn.runs[1].duration_s)

-- ---- what goes wrong ---------------------------------------------------------------------------------------------

local WRONG <const> = {
  { "a service that never becomes ready", { argv = argv(SERVER), ready = { line = "never", within = "3s" } }, nil,
    'web: the workload exec was not ready within 3 s: that it prints "never" didn\'t come true', "  ready" },
  { "one that ends before", { argv = { "sh", "-c", "echo no config; exit 4" }, ready = { port = 4711 } }, nil,
    "web: the workload exec ended before it was ready: exit status 4; its last output:", "  no config" },
  { "one that prints nothing", { argv = { "sleep", "100" }, ready = { port = 4711, within = 1 } }, nil,
    "that port 4711 answers didn't come true", "it has printed nothing" },
  { "one that dies of what is loaded", { argv = argv(SERVER), ready = { port = 4711 } },
    { prepare = { kind = "exec", argv = { "perl", "-e", CLIENT, tostring(200 << 20) } } }, "web: the workload exec was OOM-killed while the run was prepared", "  ready" },
  { "a loader that fails", { argv = argv(SERVER), ready = { port = 4711 } },
    { prepare = { { kind = "exec", name = "load", argv = { "sh", "-c", "echo bad data; exit 9" } } } },
    "web: the workload load ended while it prepared the run: exit status 9", "  bad data" },
}
for _, case in ipairs(WRONG) do
  local ok, why = pcall(run, case[2], case[3])
  tap.ok(not ok and tostring(why.message):find(case[4], 1, true) and why.message:find(case[5], 1, true), case[1], ok, why)
end

local worker = require "memlua.worker"
local busy <close> = assert(worker.spawn(nil, { kind = "exec", argv = argv(SERVER), env = { MEMLUA_OUT = "/run/tmp" } }))
while not host.answers(4711) do host.sleep(0.1) end
tap.fails(function() run { argv = argv(SERVER), ready = { port = 4711 } } end, "port 4711 is in use: something answers there before it was started",
  "a port in use", 1)
tap.done()
