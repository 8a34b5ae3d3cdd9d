-- memlua.oom against records of a real kernel log (Linux 6.12), and against what such a log can throw at it.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local oom = require "memlua.oom"

local file <close> = assert(io.open(arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/fixtures/oom.kmsg"))
local recorded = file:read "a"

-- ---- the recorded log: one kill below a parent's limit, one group of two ------------------------------

local events = oom.parse(recorded)
tap.is(#events, 3, "one event per kill: the group's victim, reported twice by the kernel, counts once")
local first, victim, member = events[1], events[2], events[3]
tap.is(first.pid, 120, "pid")
tap.is(first.comm, "low) (1", "a name with parentheses is taken whole")
tap.is(first.time, 6.583232, "time in seconds")
tap.is(first.anon_rss, 41240 * 1024, "anon_rss in bytes")
tap.is(first.constraint, "CONSTRAINT_MEMCG", "constraint")
tap.is(first.oom_memcg, "/memlua-119/session", "whose limit it was")
tap.is(first.task_memcg, "/memlua-119/session/a (b, c)", "the victim's cgroup, with commas and blanks")
tap.like(first.text, "Memory cgroup out of memory: Killed process 120", "text")
tap.is({ victim.pid, victim.task_memcg }, { 122, "/memlua-119/group" }, "a group's victim")
tap.is({ member.pid, member.oom_memcg, member.task_memcg }, { 121, "/memlua-119/group", nil },
  "a group's member: the kernel does not say its cgroup")

-- ---- single records -----------------------------------------------------------------------------------

local KILL = "3,9,5000000,-;Memory cgroup out of memory: Killed process 7 (x) total-vm:1kB, anon-rss:4kB, file-rss:0kB\n"
local SUMMARY = "6,8,4000000,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),oom_memcg=/a,task_memcg=/a/b,task=x,pid=%d,uid=0\n"

local alone = oom.parse(KILL)
tap.is({ #alone, alone[1].constraint, alone[1].oom_memcg, alone[1].task_memcg }, { 1 },
  "without its summary (rate limit) a kill is an event, with what is unknown absent")
tap.is(oom.parse(SUMMARY:format(8) .. KILL)[1].oom_memcg, nil, "another kill's summary is not taken")
tap.is(oom.parse(SUMMARY:format(7) .. KILL)[1].task_memcg, "/a/b", "its own is")
tap.is(#oom.parse(SUMMARY:format(7)), 0, "a summary alone is no kill")
tap.is(oom.parse((KILL:gsub("Memory cgroup out", "Out")))[1].pid, 7, "a kill by the whole machine's shortage")
tap.is(oom.parse((KILL:gsub("%(x%)", [[(a\x5cb\x0a)]])))[1].comm, "a\\b\n", "the log's escapes are undone")
tap.is(oom.parse((KILL:gsub("5000000,%-", "5000000,-,caller=T7")))[1].time, 5, "further fields in the header are fine")

local pieces = "6,8,1,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null)\n" ..
  "6,9,2,c;,oom_memcg=/a,task_memcg=/a/b,task=x,pid=7,uid=0\n" .. KILL
tap.is(oom.parse(pieces)[1].oom_memcg, "/a", "a summary in pieces is joined")

-- ---- no log at all ---------------------------------------------------------------------------------------

for name, text in pairs {
  empty = "", blank = "\n\n", ["no header"] = "Killed process 7 (x) total-vm:1kB, anon-rss:4kB",
  ["cut short"] = "3,9,5,-;Memory cgroup out of memory: Killed process 7 (x",
  ["cut in the header"] = "3,9", ["a bad escape"] = [[3,9,5,-;\x]], ["no number"] = KILL:gsub("process 7", "process x"),
} do
  tap.is(oom.parse(text), {}, name .. ": no event")
end
tap.fails(oom.parse, "string expected", "parse wants text")

tap.done()
