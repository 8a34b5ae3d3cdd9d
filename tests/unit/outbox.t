-- What programs leave for the user: taken up to a bound, whatever it is; and whether a server answers.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local shell = require "shell"
local sys = require "memlua.base.sys"
local worker = require "memlua.worker"

local scratch <close> = assert(host.scratch())
local function fresh(script)
  local from, to = scratch:path() .. "/from", scratch:path() .. "/to"
  os.execute(("rm -rf %s %s; mkdir %s; cd %s; %s"):format(from, to, from, from, script))
  return from, to
end

local function collect(most, script)
  local from, to = fresh(script)
  local taken = assert(host.collect(from, to, most))
  return taken, (shell.output(("cd %s 2>/dev/null && find . -type f | sort | tr '\\n' ' '"):format(to))), to
end

local taken, files, to = collect(100, "echo hi >a.txt; mkdir -p b/c; echo there >b/c/d.json")
tap.is({ taken, files }, { { files = 2, bytes = 9, others = 0 }, "./a.txt ./b/c/d.json " }, "files and folders are taken")
tap.is(sys.read(to .. "/b/c/d.json"), "there\n", "with what is in them")
taken, files = collect(100, "")
tap.is({ taken, files }, { { files = 0, bytes = 0, others = 0 }, "" }, "of an empty folder nothing, not even a folder")

local LEFT <const> = {
  { "ln -s /etc/passwd a.txt", "a.txt: no plain file", "a link" },
  { "ln -s / a", "a: no plain file", "a link to a folder" },
  { "mkfifo a.txt", "a.txt: no plain file", "a pipe, which would never answer" },
  { "echo >.hidden.txt", ".hidden.txt: not a name", "a hidden file" },
  { "echo >a.sh", "a.sh: not a name", "a name that a run's folder doesn't take" },
  { "printf x >\"$(printf 'a\\033b.txt')\"", "?: not a name", "a name with a control character, which isn't shown" },
  { "mkdir -p 1/2/3/4; echo >1/2/3/4/a.txt", "1/2/3/4: too deep", "folders without end" },
  { "head -c 101 /dev/zero >a.txt", "a.txt: too large", "a file above the bound" },
}
for _, case in ipairs(LEFT) do
  taken, files = collect(100, case[1])
  tap.ok(taken.files == 0 and taken.others == 1 and files == "", case[3] .. " is left", taken, files)
  tap.like(taken.left_out, case[2], "and that is told")
end
taken = collect(100, "head -c 100 /dev/zero >a.txt")
tap.is(taken.files, 1, "a file of just the bound is taken")
taken = collect(1 << 20, "for i in $(seq 300); do echo >$i.txt; done")
tap.is({ taken.files, taken.others }, { 256, 44 }, "and 256 files at most")
local nothing, why = host.collect(scratch:path() .. "/none", scratch:path() .. "/to", 1)
tap.ok(nothing == nil and why:find "none: No such file", "a folder that isn't there", why)

-- ---- servers -----------------------------------------------------------------------------------------------------

local path = scratch:path() .. "/socket"
local SERVER <const> = [[use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 5) or die; sleep 100]]
tap.is(host.answers(path), false, "nobody answers at a socket that isn't there")
do
  local w <close> = assert(worker.spawn(nil, { kind = "exec", argv = { "perl", "-e", SERVER, path } }))
  for _ = 1, 500 do
    if host.answers(path) then break end
    host.sleep(0.01)
  end
  tap.is(host.answers(path), true, "a server at a UNIX socket does")
end
tap.is(host.answers(path), false, "one that has been killed doesn't, though its socket is still there")
tap.fails(function() host.answers(0) end, "must be a port, 1 to 65535", "0 is no port")
tap.fails(function() host.answers(65536) end, "must be a port, 1 to 65535", "nor is 65536")

-- ---- asked to end, and users ---------------------------------------------------------------------------------------

local function ended_by(script, signal)
  local out = scratch:path() .. "/ready"
  os.remove(out)
  local w <close> = assert(worker.spawn(nil, { kind = "exec", output = out, argv = { "sh", "-c", script } }))
  for _ = 1, 500 do
    if (sys.read(out) or "") ~= "" then break end
    host.sleep(0.01)
  end
  w:stop(signal)
  local r = w:wait(5)
  if r then return r.ended, r.exit_code, r.signal end
  w:kill "stopped"
  r = assert(w:wait(5))
  return r.ended, "killed", r.signal
end
tap.is({ ended_by("trap 'exit 3' TERM; echo up; while :; do sleep 0.01; done") }, { "stopped", 3 }, "a program that ends as asked was stopped, whatever its status")
tap.is({ ended_by("trap 'exit 0' INT; echo up; while :; do sleep 0.01; done", "INT") }, { "stopped", 0 }, "by the signal that it likes")
tap.is({ ended_by("echo up; exec sleep 100") }, { "stopped", nil, 15 }, "one that doesn't handle it, too")
tap.fails(function() ended_by("echo up; sleep 100", "KLL") end, "invalid option 'KLL'", "a signal that there isn't")

local w, reason, code = worker.spawn(nil, { kind = "exec", argv = { "true" }, user = "no such" })
tap.ok(w == nil and reason:find("user = no such: no such user on this machine", 1, true) and code == 22, "an unknown user", reason, code)
tap.fails(function() worker.spawn(nil, { kind = "exec", argv = { "true" }, env = { "a" } }) end, "env: must be a table of strings by name",
  "an environment without names")
tap.done()
