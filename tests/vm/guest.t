-- What programs find in the microVM: what they expect of a machine, without a line of set-up.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local cgroup = require "memlua.cgroup"
local host = require "memlua.host"
local memlua = require "memlua"
local processes = require "processes"
local shell = require "shell"
local sys = require "memlua.base.sys"
local worker = require "memlua.worker"

host.enter()
local readonly <const> = os.getenv "MEMLUA_READONLY"

-- ---- files --------------------------------------------------------------------------------------------------

local function writes(path)
  local file <close> = io.open(path, "w")
  return file and file:write "x" and true or false
end

-- What is written is page cache that can be reclaimed: three times the limit, and nobody is killed.
local MB <const> = 1 << 20
local session <close> = memlua.must(cgroup.create("session", { ["memory.max"] = 128 * MB, ["memory.swap.max"] = 0 }))
local function run(spec)
  local w <close> = memlua.must(worker.spawn(session, spec))
  return memlua.must(w:wait(600))
end
local function check_cache(big)
  local result = run { kind = "exec", argv = { "dd", "if=/dev/zero", "of=" .. big, "bs=1M", "count=384" } }
  tap.is({ result.ended, session:events().oom_kill }, { "done", 0 }, "a program writes three times its limit and lives")
  local cached = tonumber(session:get("memory.stat"):match "\nfile (%d+)")
  tap.ok(cached > 32 * MB and cached <= 128 * MB, "and its page cache is charged to it, within its limit", cached)
end

-- Where an ordinary user runs memlua, root's files are nobody's, which an overlay can't open; as root it is a fault.
if readonly then
  tap.like(readonly, "ordinary user", "only an ordinary user's root stays read-only")
  tap.ok(not writes "/etc/memlua-test", "as it says")
  for _, folder in ipairs { "/dev/shm", os.getenv "TMPDIR" } do tap.ok(writes(folder .. "/memlua-test"), folder .. " can be written") end
  check_cache(os.getenv "TMPDIR" .. "/big")
  tap.is({ shell.output "mount -t tmpfs none /mnt" }, { "", 0 }, "set-uid programs don't take away what root may")
  return tap.done()
end
for _, folder in ipairs { ".", os.getenv "HOME", "/tmp", "/var/tmp", "/var/lib", "/etc", "/usr/bin", "/run", "/run/lock", "/dev/shm",
  os.getenv "TMPDIR" } do
  tap.ok(writes(folder .. "/memlua-test-" .. host.monotonic()), folder .. " can be written")
end
tap.is((shell.output "hostname"), sys.read "/proc/sys/kernel/hostname", "the machine has its name")
tap.is((shell.output "stat -c %A /dev/shm /tmp /run/tmp"), ("drwxrwxrwt\n"):rep(3), "anybody may write where all do")
tap.is((shell.output "echo fd | cat /dev/stdin; ls /dev/fd >/dev/null && echo ok"), "fd\nok\n", "/dev/stdin and /dev/fd")
tap.is(shell.output "script -qec 'tty' /dev/null </dev/null | tr -d '\\r'", "/dev/pts/0\n", "a program gets a terminal")
tap.ok(tonumber((shell.output "ulimit -n")) >= 1024, "descriptors enough")

check_cache "/var/tmp/big"
local function disk_used()
  local blocks, free = shell.output("stat -f -c '%b %f' /"):match "(%d+) (%d+)"
  return blocks - free
end
local before = disk_used()
os.remove "/var/tmp/big"
tap.ok(before - disk_used() > 80000, "what is deleted gives its place back", before, disk_used())

-- ---- network ------------------------------------------------------------------------------------------------

local SERVER <const> = [[use IO::Socket; my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 4711, Listen => 5) or die "no: $@";
  my $c = $s->accept; print $c "hello\n"; ]]
local w <close> = memlua.must(worker.spawn(nil, { kind = "exec", argv = { "perl", "-e", SERVER } }))
for _ = 1, 1000 do
  if host.answers(4711) then break end
  host.sleep(0.01)
end
tap.is(w:wait(60).ended, "done", "a server answers at the loopback interface")
tap.is(host.answers(4711), false, "and no more once it has ended")

-- ---- users --------------------------------------------------------------------------------------------------

local function said(spec)
  spec.kind, spec.output = "exec", os.getenv "TMPDIR" .. "/said"
  local r = run(spec)
  return r.ended == "done" and sys.read(spec.output) or r
end
tap.is(said { argv = { "sh", "-c", "id -un; id -Gn; echo $HOME $USER" }, user = "nobody" }, "nobody\nnogroup\n/nonexistent nobody\n",
  "a program runs as another user, and with that user's names")
tap.is(said { argv = { "sh", "-c", "id -u; echo $GIVEN" }, env = { GIVEN = "a=b" } }, "0\na=b\n", "and with what it is given")
tap.is(said { argv = { "su", "nobody", "-s", "/bin/sh", "-c", "id -un" } }, "nobody\n", "su changes the user")
tap.is(said { argv = { "perl", "-e", "print +(stat '/usr/bin/passwd')[2] & 04000 ? 'set-uid' : 'no'" }, user = "nobody" }, "set-uid",
  "set-uid programs are")
os.execute "cp /usr/bin/id /run/tmp/rootid && chmod 4755 /run/tmp/rootid"
tap.is(said { argv = { "/run/tmp/rootid", "-u" }, user = "nobody" }, "0\n", "and are somebody else when they run")
local lua = run { kind = "lua", user = "nobody", run = function()
  local pipe <close> = assert(io.popen "id -un")
  assert(pipe:read "l" == "nobody")
  assert(not io.open("/etc/memlua-test", "w"))
end }
tap.is({ lua.ended, lua.error }, { "done" }, "a function runs as another user")

-- Its tie to memlua is not lost with its old user: a memlua that is killed takes it along.
os.execute(([[%s -e 'local worker = require "memlua.worker"
  local w = assert(worker.spawn(nil, { kind = "exec", argv = { "sleep", "4711" }, user = "nobody" }))
  require "memlua.host".sleep(0.5)
  print((require "memlua.base.sys".read("/proc/" .. w:pid() .. "/cmdline"):gsub("%%z", " ")))
  os.execute("kill -9 $PPID")' >%s/alive]]):format(host.executable(), os.getenv "TMPDIR"))
host.sleep(0.5)
tap.like(sys.read(os.getenv "TMPDIR" .. "/alive"), "sleep 4711", "it runs")
tap.ok(not processes():find("sleep 4711", 1, true), "it dies with memlua", processes())
tap.done()
