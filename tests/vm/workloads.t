-- Tenants that are programs, functions, and several of them, in real cgroups: what is charged, what is kept, how they
-- end, and that a function can't end what the script began.
local root = arg[0]:match "^(.*)tests/[^/]*/[^/]*$"
package.path = root .. "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"
local host = require "memlua.host"
local report = require "memlua.report"
local run = require "memlua.run"
local scenario = require "memlua.scenario"
local sys = require "memlua.base.sys"
local worker = require "memlua.worker"

host.enter()
local MB <const> = 1 << 20
local SECONDS <const> = 120 -- only a hang reaches it
local scratch = (host.in_guest and "/run" or "/tmp") .. "/memlua-workloads-test"

-- ---- a function in a cgroup --------------------------------------------------------------------------------------

local function fill(bytes)
  return function(step)
    local held = {}
    for i = 1, bytes // MB do
      held[i] = ("x"):rep(MB)
      step(i * MB)
    end
  end
end

do
  local session <close> = assert(cgroup.create("session", { ["memory.swap.max"] = 0 }))
  local holder = { assert(cgroup.create "spare") }
  local cg <close> = assert(cgroup.create("session/f", { ["memory.max"] = "48M" }))
  local function try(f)
    local w <close> = assert(worker.spawn(cg, { kind = "lua", run = f, name = "f", output = "/dev/null" }))
    return assert(w:wait(SECONDS))
  end
  tap.is(try(function() end).ended, "done", "an empty function")
  tap.ok(cg:peak() < 8 * MB, "is charged little of what the script has", cg:peak())
  local r = try(fill(16 * MB))
  tap.is({ r.ended, r.reached }, { "done", 16 * MB }, "what a function allocates")
  tap.ok(cg:peak() > 16 * MB and cg:peak() < 32 * MB, "is charged to its cgroup", cg:peak())
  r = try(fill(64 * MB))
  tap.is({ r.ended, r.signal, r.error }, { "oom-killed", 9 }, "beyond the limit it is OOM-killed")
  tap.ok(r.reached > 16 * MB and r.reached < 48 * MB, "and how far it came is known", r.reached)
  local spare = holder[1]:path()
  local function roots() -- memlua's own, one per process that makes cgroups
    local pipe <close> = io.popen("ls -d " .. sys.quote(spare:match "^(.*)/[^/]*/[^/]*$") .. "/memlua-*")
    return pipe:read "a"
  end
  local before = roots()
  r = try(function()
    holder[1] = nil
    collectgarbage()
    local closed <close> = cg
  end)
  tap.is({ r.ended, sys.exists(spare .. "/."), sys.exists(cg:path() .. "/.") }, { "done", true, true },
    "forgetting and closing a cgroup in a function leaves it")
  tap.is(roots(), before, "and makes none")
  holder[1]:remove()
end

-- ---- in a scenario ------------------------------------------------------------------------------------------------

-- Runs a scenario of these tenants below 64M; returns its exit status, complaint and folder.
local function try(name, tenants, change)
  local s = {
    name = "test", limits = { ["memory.max"] = "64M", ["memory.swap.max"] = 0 }, tenants = tenants, warmup = 1, solo = false,
  }
  for key, value in pairs(change or {}) do s[key] = value end
  for key in pairs(host.settings) do host.settings[key] = nil end
  host.settings.quiet, host.settings.out, host.settings.json = true, scratch .. "/" .. name, scratch .. "/" .. name .. ".json"
  assert(host.mkdir(scratch))
  local stdout = io.stdout
  io.stdout = assert(io.open(scratch .. "/document", "w"))
  local ok, why = pcall(scenario.run, s)
  io.stdout:close()
  io.stdout = stdout
  return ok and 0 or type(why) == "table" and why.status or why, ok or tostring(type(why) == "table" and why.message or why),
    run.load(scratch .. "/" .. name)
end

local status, said, folder = try("mixed", {
  { name = "web", role = "high", workloads = {
    { kind = "exec", name = "server", argv = { "sh", "-c", "echo serving; exec sleep 600" }, background = true },
    { kind = "lua", name = "client", run = fill(8 * MB), size = "8M", start = "100ms" },
    { kind = "anon", size = "4M", hold = "1s" },
  } },
  { name = "job", workload = { kind = "exec", argv = { "echo", "hello from", "job" } } },
  { name = "quiet", workload = { kind = "lua", run = function() end } },
})
tap.is(status, 0, "programs, functions and several of them", said)
local result = folder.runs[1]
local web, job, quiet = table.unpack(result.tenants)
tap.is({ web.ended, job.ended, quiet.ended }, { "done", "done", "done" }, "all are done")
tap.is({ #web.workloads, web.workloads[1].ended, web.workloads[1].signal }, { 3, "stopped", 9 }, "the one in the background was stopped")
tap.is({ web.workloads[2].reached, web.workloads[3].reached, web.reached }, { 8 * MB, 4 * MB, 12 * MB }, "the others are measured, each and together")
tap.ok(web.completion_s >= web.workloads[3].completion_s and web.completion_s >= 1, "the tenant takes as long as its last", web.completion_s)
tap.ok(web.peak >= 12 * MB, "one cgroup has them all", web.peak)
tap.ok(web.workloads[2].workload.run:find "workloads.t:%d+$", "of a function its place is written down", web.workloads[2].workload)
local place = folder.path .. "/runs/" .. result.id .. "/"
tap.is({ job.output, sys.read(place .. job.output) }, { "job.out", "hello from job\n" }, "what a program writes is kept")
tap.is(sys.read(place .. web.workloads[1].output), "serving\n", "of each of several")
tap.is({ quiet.output, sys.exists(place .. "quiet.out") }, { nil, false }, "who writes nothing leaves no file")
tap.is({ job.reached, job.latency }, {}, "a program measures nothing")
local document = report.text { folder }
tap.like(document, "web +none .* done\n", "the table has them")
tap.like(document, "none: web: server stopped, client [%d.]+ ms, anon 1.%d+ s\n", "and says what became of each workload")

status, said, folder = try("lost", {
  { name = "web", workloads = { { kind = "exec", name = "server", argv = { "sleep", "600" }, background = true },
                                { size = "96M" } } },
})
web = folder.runs[1].tenants[1]
tap.is({ status, web.ended, web.workloads[1].ended, web.completion_s }, { 0, "oom-killed", "stopped" }, "one that is lost loses the tenant", said)
tap.is(#folder.runs[1].oom, 1, "the kernel's log says so, too")
tap.ok(web.ended_at and web.ended_at == web.workloads[2].ended_at, "with its time", web.ended_at)

status, said, folder = try("child", { { name = "job", workload = { kind = "exec", argv = { "sh", "-c", "tail /dev/zero; exit $?" } } },
                                      { name = "calm", workload = { size = "4M" } } }, { warmup = 0 })
job, result = folder.runs[1].tenants[1], folder.runs[1]
tap.is({ status, job.ended, job.lost_children, job.exit_code, job.completion_s }, { 0, "lost a child", 1, 137 },
  "a program whose child is OOM-killed is a loss, and no failure of its own", said)
tap.is({ job.events.oom_kill, #result.oom, result.oom[1].tenant, result.oom[1].comm }, { 1, 1, "job", "tail" }, "the kernel says whose child")
tap.ok(result.oom[1].pid ~= job.pid and result.oom[1].oom_memcg:find "/session$" and result.oom[1].time <= job.ended_at,
  "which process, by whose limit, and when", result.oom[1])
tap.is(folder.runs[1].tenants[2].ended, "done", "nobody else lost anything")
document = report.text { folder }
tap.like(document, "job +none .* lost a child at", "the table says so")
tap.ok(job.minor_faults > 1000 and job.cpu_s > 0, "what the child did is in the figures", job.minor_faults, job.cpu_s)

status, said, folder = try("moved", { { name = "job", workload = { kind = "exec", argv = { "sh", "-c",
  "cg=/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup); mkdir $cg/pod && echo $$ >$cg/pod/cgroup.procs && exec tail /dev/zero" } } } }, { warmup = 0 })
job = folder.runs[1].tenants[1]
tap.is({ status, job.ended, job.lost_children }, { 0, "oom-killed" }, "so is a program that is killed in a cgroup below the tenant's", said)

status, said, folder = try("service", {
  { name = "service", role = "high", background = true, workload = { kind = "lua", size = "1M", run = function(step)
    while true do
      host.sleep(0.01)
      step(MB)
    end
  end } },
  { name = "batch", workload = { size = "8M", hold = "300ms" } },
  { name = "late", workload = { size = "8M", hold = "100ms" }, start = "600ms" },
}, { solo = true, warmup = 0 })
for _, one in ipairs(folder.runs) do if not one.solo then result = one end end -- blocks are shuffled
local service, batch, late = table.unpack(result.tenants)
tap.is({ status, service.ended, batch.ended, late.ended }, { 0, "done", "done", "done" }, "a service is there for the others", said)
tap.ok(service.ended_at >= late.finish and service.latency.count > 20, "until the last of them is done", service.ended_at, service.latency.count)
tap.is({ service.completion_s, folder.manifest.solo_of.service }, {}, "it has no completion, and isn't run alone")
tap.is(#folder.runs, 3, "the others are")
document = report.text { folder }
tap.like(document, "\nservice +none +%- .* done\n", "the table has it")
tap.ok(not document:find "\nservice +none +█", "the bars have not", document)

status, said, folder = try("failing", { { name = "job", workload = { kind = "exec", argv = { "sh", "-c", "echo why; exit 9" } } } })
tap.is(status, 1, "a program that fails fails the scenario")
tap.like(said, "001%-none: job failed: exit status 9; see runs/001%-none/job%.out in the run's folder", "and the message names its output")
tap.is(folder.runs[1].tenants[1].exit_code, 9, "its exit status is kept")

status, said, folder = try("hanging", { { name = "job", workloads = { { kind = "exec", argv = { "sleep", "600" } },
  { kind = "lua", run = function() end } } } }, { deadline = "300ms", warmup = 0 })
tap.is({ status, folder.runs[1].tenants[1].ended }, { 124, "timed out" }, "what doesn't end is ended", said)

os.execute("rm -rf " .. sys.quote(scratch))
tap.done()
