-- memlua.worker without cgroups: the spec's checks, each kind's work, each way to end.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local worker = require "memlua.worker"
local host = require "memlua.host"

local PAGE <const> = 4096
local SECONDS <const> = 60 -- far more than anything here takes: only a hang reaches it

local function run(spec)
  local w <close> = assert(worker.spawn(nil, spec))
  return assert(w:wait(SECONDS))
end

local function is_alive(pid)
  local file <close> = io.open("/proc/" .. pid .. "/stat")
  return file ~= nil
end

-- ---- bad specs ------------------------------------------------------------------------------------------

local refused = {
  { "no size", {}, "worker: size: must be more than 0", 22 },
  { "size 0", { size = 0, name = "high" }, "high: size: must be more than 0", 22 },
  { "size beyond the machine", { size = "4000T" }, "more than this machine's memory", 12 },
  { "chunk 0", { size = "1M", chunk = 0 }, "chunk = 0: must be a multiple of the page size", 22 },
  { "half a page", { size = "1M", chunk = 2048 }, "chunk = 2048: must be a multiple of the page size (4096)", 22 },
  { "no file", { kind = "file", size = "1M" }, "file: missing", 22 },
  { "a file that exists", { kind = "file", size = "1M", file = arg[0] }, arg[0] .. ": exists already", 17 },
  { "passes and duration", { kind = "file", size = "1M", file = "/x/y", passes = 1, duration = 1 }, "give one of them", 22 },
  { "no argv", { kind = "exec" }, "argv: missing", 22 },
  { "empty argv", { kind = "exec", argv = {} }, "argv: missing", 22 },
}
for _, case in ipairs(refused) do
  local w, why, code = worker.spawn(nil, case[2])
  tap.ok(w == nil and why:find(case[3], 1, true) and code == case[4], case[1] .. " is refused", why, code)
end

local misused = {
  { "an unknown key", { sise = 1 }, "unknown key 'sise'; did you mean 'size'" },
  { "an unknown kind", { kind = "anno" }, "kind: unknown 'anno'; did you mean 'anon'? known: anon, file, exec, trace, lua" },
  { "12X", { size = "12X" }, "12X: not a size" },
  { "a negative size", { size = -1 }, "size" },
  { "a negative hold", { hold = -1 }, "hold" },
  { "a NaN delay", { delay = 0 / 0 }, "delay" },
  { "a negative count", { kind = "file", passes = -1 }, "passes: must be a whole number" },
  { "half a pass", { kind = "file", passes = 1.5 }, "passes: must be a whole number" },
  { "a number as name", { name = 1 }, "name: must be a string" },
  { "a NUL in a path", { file = "a\0b" }, "file: has a NUL" },
  { "a word for huge", { huge = "yes" }, "huge: must be true or false" },
  { "argv as a string", { argv = "ls" }, "argv: must be a list" },
  { "a number in argv", { argv = { "ls", 1 } }, "argv[2]: must be a string" },
}
for _, case in ipairs(misused) do
  tap.fails(function() worker.spawn(nil, case[2]) end, case[3], case[1] .. " raises")
end
tap.fails(function() worker.spawn({}, {}) end, "memlua.cgroup expected", "a table is no cgroup")

-- ---- anon -----------------------------------------------------------------------------------------------

local r = run { name = "high", size = "8M", chunk = "1M" }
tap.is({ r.name, r.kind, r.ended, r.exit_code, r.signal, r.error }, { "high", "anon", "done", 0 }, "anon ends well")
tap.is({ r.size, r.reached }, { 8 << 20, 8 << 20 }, "and reaches its size")
tap.is(r.latency.count, 8, "one latency per chunk")
tap.is({ #r.progress, r.progress[8][2], r.progress[1][2] }, { 8, 8 << 20, 1 << 20 }, "one progress sample per chunk")
tap.ok(r.spawned <= r.start and r.start <= r.progress[1][1] and r.progress[8][1] <= r.finish, "times are in order", r)
tap.ok(r.alloc_s <= r.completion_s and r.alloc_s > 0, "alloc_s is a part of completion_s", r.alloc_s, r.completion_s)
tap.ok(r.latency.sum <= r.alloc_s * 1e9 + 1000, "the chunks' latencies make up alloc_s at most", r.latency.sum, r.alloc_s)

for _, case in ipairs { { 1, 1 }, { PAGE, 1 }, { PAGE + 1, 2 }, { 3 * PAGE - 1, 3 } } do
  local small = run { size = case[1], chunk = PAGE }
  tap.is({ small.reached, small.latency.count, small.ended }, { case[1], case[2], "done" },
    ("%d bytes are %d chunks of a page"):format(table.unpack(case)))
end
tap.is(run({ size = "3M", chunk = "2M" }).latency.count, 2, "the last chunk may be short")
tap.is(run({ size = "1M", chunk = "8M" }).latency.count, 1, "a chunk larger than the size is one chunk")

local many = run { size = "4M", chunk = PAGE }
tap.is(many.latency.count, 1024, "1024 chunks of a page")
tap.ok(#many.progress > 128 and #many.progress <= 257, "are thinned to at most 257 samples", #many.progress)
tap.is(many.progress[#many.progress][2], 4 << 20, "the last of which is the end")
local rising = true
for i = 2, #many.progress do
  rising = rising and many.progress[i][1] > many.progress[i - 1][1] and many.progress[i][2] > many.progress[i - 1][2]
end
tap.ok(rising, "samples rise in time and bytes")

local held = run { size = PAGE, delay = "50ms", hold = "100ms" }
tap.ok(held.start - held.spawned >= 0.05, "delay is before the start", held.start - held.spawned)
tap.ok(held.completion_s >= 0.1, "hold counts", held.completion_s)
tap.near(held.completion_s, held.finish - held.start, 1e-6, "and delay does not")
tap.ok(held.alloc_s + 0.1 <= held.completion_s + 1e-6, "hold is no allocation", held.alloc_s, held.completion_s)
tap.is(run({ size = "4M", huge = true }).reached, 4 << 20, "huge pages are touched too")

-- ---- file -----------------------------------------------------------------------------------------------

local path = os.tmpname()
os.remove(path)
r = run { kind = "file", file = path, size = "2M", chunk = "512K", passes = 3, name = "reader" }
tap.is({ r.ended, r.reached, r.read_bytes, r.passes_done, r.latency.count }, { "done", 2 << 20, 6 << 20, 3, 12 },
  "file: written once, read three times")
tap.is({ #r.progress, r.progress[#r.progress][2] }, { 16, 8 << 20 }, "progress counts writes and reads")
tap.is(run({ kind = "file", file = path, size = "1M" }).passes_done, 1, "one pass unless told")
local odd = run { kind = "file", file = path, size = PAGE + 1, chunk = PAGE, passes = 2 }
tap.is({ odd.reached, odd.read_bytes, odd.latency.count }, { PAGE + 1, 2 * PAGE + 2, 4 }, "a last chunk of one byte")
local timed = run { kind = "file", file = path, size = "1M", duration = "100ms" }
tap.ok(timed.finish - timed.start >= timed.alloc_s + 0.1 and timed.passes_done >= 1, "duration instead of passes", timed.passes_done)
tap.is(io.open(path), nil, "no file is left")
r = run { kind = "file", file = "/nowhere/x", size = "1M" }
tap.is({ r.ended, r.error, r.exit_code, r.reached }, { "failed", "/nowhere/x: No such file or directory", 1, 0 }, "no such folder")
r = run { kind = "file", file = "/proc/memlua-test", size = "1M" }
tap.like(r.error, "^/proc/memlua%-test: ", "a folder that takes no files")

-- ---- exec -----------------------------------------------------------------------------------------------

local function output_of(argv)
  local result = run { kind = "exec", argv = argv, output = path }
  local file <close> = assert(io.open(path))
  return file:read "a", result
end

local text
text, r = output_of { "sh", "-c", "echo out; echo err >&2; exit 0" }
tap.is({ text, r.ended, r.exit_code }, { "out\nerr\n", "done", 0 }, "exec: both outputs are kept")
tap.is({ r.latency, r.progress, r.reached, r.size, r.alloc_s }, {}, "what exec does not measure is absent")
tap.ok(r.spawned < r.start and r.start < r.finish, "its times are known", r)
text, r = output_of { "sh", "-c", "exit 3" }
tap.is({ r.ended, r.exit_code, r.error }, { "failed", 3, "exit status 3" }, "an exit status is reported")
text, r = output_of { "sh", "-c", "kill -TERM $$" }
tap.is({ r.ended, r.signal, r.exit_code }, { "killed", 15 }, "a signal is reported")
text, r = output_of { "memlua-no-such-program" }
tap.is({ r.ended, r.error }, { "failed", "memlua-no-such-program: No such file or directory" }, "no such program")
text = output_of { "sh", "-c", "ls /proc/self/fd | wc -l; cat; grep -E 'Sig(Ign|Blk)' /proc/self/status" }
tap.is(text, "4\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n", -- descriptors 0 1 2 and ls's own
  "it inherits no descriptor, no input, no ignored or blocked signal")
r = run { kind = "exec", argv = { "true" }, output = "/nowhere/out" }
tap.is({ r.ended, r.error }, { "failed", "/nowhere/out: No such file or directory" }, "an output that can't be made")
os.remove(path)

-- ---- waiting and killing ----------------------------------------------------------------------------------

local w = assert(worker.spawn(nil, { size = "1M", hold = 999e9, name = "low" })) -- 30,000 years: no overflow
tap.is({ w:wait(0) }, { nil, "timeout", 110 }, "a wait with a limit ends with a timeout")
tap.is({ w:ended(), w:name(), math.type(w:pid()) }, { false, "low", "integer" }, "it runs")
while w:progress() < 1 << 20 do host.sleep(0.01) end
tap.is(w:progress(), 1 << 20, "progress is seen while it runs")
w:kill()
r = w:wait(SECONDS)
tap.is({ r.ended, r.signal, r.exit_code, r.reached, r.finish, r.completion_s }, { "killed", 9, nil, 1 << 20 },
  "killed: what it reached is known, its finish is not")
tap.is(w:wait(0).ended, "killed", "a result can be asked for again")
w:kill "timed out"
tap.is(w:wait(0).ended, "killed", "killing the dead changes nothing")

w = assert(worker.spawn(nil, { size = PAGE, hold = 600 }))
w:kill "timed out"
r = w:wait(SECONDS)
tap.is(r.ended, "timed out", "the reason of a kill is told")
tap.fails(function() w:kill "bored" end, "invalid option 'bored'", "but only known reasons")
w = assert(worker.spawn(nil, { size = PAGE, delay = 600 }))
w:kill()
r = w:wait(SECONDS)
tap.is({ r.ended, r.start, r.alloc_s, r.reached, r.latency.count, r.latency.min, #r.progress }, { "killed", nil, nil, 0, 0, nil, 0 },
  "killed before its start: nothing was measured")

local slow, quick = assert(worker.spawn(nil, { size = PAGE, hold = 600 })), assert(worker.spawn(nil, { size = PAGE }))
local both = { slow, quick }
tap.is(worker.wait(both, SECONDS), 2, "worker.wait tells who has ended")
tap.is({ worker.wait(both, 0) }, { nil, "timeout", 110 }, "each once")
slow:kill()
tap.is(worker.wait(both), 1, "then the other")
tap.is({ worker.wait(both) }, { nil, "worker.wait: no worker is left to wait for", 10 }, "and nobody else")
tap.is({ worker.wait {} }, { nil, "worker.wait: no worker is left to wait for", 10 }, "of an empty list nobody")
tap.fails(function() worker.wait { slow, 1 } end, "item 2 is not an open worker", "a number is no worker")
tap.fails(function() worker.wait(both, -1) end, "0 or more", "nor is -1 a time")

-- ---- the handle -----------------------------------------------------------------------------------------

local pid
do
  local closing <close> = assert(worker.spawn(nil, { size = PAGE, hold = 600 }))
  pid = closing:pid()
  tap.ok(is_alive(pid), "a worker lives")
  w = closing
end
tap.ok(not is_alive(pid), "and is gone with its scope, reaped")
tap.fails(function() w:wait() end, "this worker is closed", "use after close is an error")
tap.is(tostring(w), "worker (closed)", "which shows")
getmetatable(w).__close(w)
getmetatable(w).__gc(w)
tap.ok(true, "closing twice is fine")
pid = assert(worker.spawn(nil, { size = PAGE, hold = 600 })):pid()
collectgarbage()
collectgarbage()
tap.ok(not is_alive(pid), "a forgotten worker is collected")

-- ---- whoever starts memlua ------------------------------------------------------------------------------

-- what a memlua prints that is started with signals ignored
local function with_ignored(signals, code)
  local command = ("env --ignore-signal=%s '%s' -e '%s'"):format(signals, host.executable(), code)
  local pipe <close> = assert(io.popen(command))
  return pipe:read "a"
end

tap.is(with_ignored("CHLD", [[print(require "memlua.worker".spawn(nil, { size = 4096 }):wait(60).ended)]]), "done\n",
  "the end of a worker is seen even where SIGCHLD is ignored")
local ignored = with_ignored("QUIT,HUP", [[local grep = { "grep", "SigIgn", "/proc/self/status" }
  require "memlua.worker".spawn(nil, { kind = "exec", argv = grep, output = "/dev/stdout" }):wait(60)]])
tap.is(ignored, "SigIgn:\t0000000000000000\n", "what memlua was told to ignore, a worker does not")
tap.is(with_ignored("HUP", [[os.execute "kill -HUP $PPID"
  print(require "memlua.host".interrupted())]]), "false\n", "under nohup it goes on")

tap.done()
