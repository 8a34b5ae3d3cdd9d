--- memlua.comparators: what others use against memory contention, as strategies. A scenario has one as in strategies = { { name =
--- "none" }, comparators.earlyoom() }. One that can't run here is left out, and the report says why; one that can shows counters of
--- its own. Names are earlyoom, nohang, ... or the option `name`.
local check = require "memlua.base.check"
local common = require "memlua.controllers.common"
local host = require "memlua.host"
local json = require "memlua.json"
local memlua = require "memlua"
local sys = require "memlua.base.sys"
local target = require "memlua.experiment.controller.target"

local comparators = {}

local function options_of(name, given, known)
  known.name = { name, check.name }
  return common.options(name, given, known, "comparators")
end

local function save(path, content)
  memlua.must(host.save(path, content))
  return path
end

local function low_ones(seen)
  local names, paths, others = {}, {}, {}
  for _, t in ipairs(seen.tenants) do
    local list = t.role == "low" and names or others
    list[#list + 1] = t.name
    if t.role == "low" then paths[#paths + 1] = t.path end
  end
  return names, paths, others
end

-- ---- programs that look at the machine -----------------------------------------------------------------------------------

-- How much the machine must still have available for the session to have `share` of its memory.max left: so that what watches the
-- machine watches the session.
local function machine_left(seen, share, name)
  if not host.in_guest then target.unsupported("%s kills whatever process of the machine it likes: only in the microVM (--vm)", name) end
  local total, available = seen.limits["memory.max"], (sys.read "/proc/meminfo" or ""):match "MemAvailable:%s*(%d+)"
  if math.type(total) ~= "integer" then memlua.fail(memlua.status.misuse, "comparators.%s: a share of what? the session has no memory.max", name) end
  return math.max(1, (tonumber(available) or 0) - math.floor((1 - share) * total / 1024)) -- KiB
end

--- comparators.earlyoom{ share (0.1) } -> strategy: earlyoom, which kills the process with the highest oom_score once the machine has
--- too little memory available; here once it has so little that the session has `share` of its memory.max left, and rather one of a low
--- tenant. Counter: kills. Source: Debian's earlyoom 1.7, whose default is 10 % of the machine.
function comparators.earlyoom(given)
  local o = options_of("earlyoom", given, { share = { 0.1, common.share } })
  return { name = o.name, controller = { prints = { kills = "sending SIG%u+ to process" }, argv = function(seen)
    local least = machine_left(seen, o.share, "earlyoom")
    local low, _, others = low_ones(seen)
    return { "earlyoom", "-r", "0", "-M", ("%d,%d"):format(least, least // 2), "--prefer", "^(" .. table.concat(low, "|") .. ")",
             "--avoid", "^(memlua|init|" .. table.concat(others, "|") .. ")" }
  end } }
end

-- Where the package keeps the configuration from which one's own is made.
local NOHANG <const> = { "/etc/nohang/nohang.conf", "/usr/share/nohang/nohang.conf" }

local function nohang_template() return sys.read(NOHANG[1]) or sys.read(NOHANG[2]) or "" end

local function nohang_config(seen, share)
  local left, text, _, _, others = machine_left(seen, share, "nohang"), nohang_template(), low_ones(seen)
  local all = tonumber((sys.read "/proc/meminfo" or ""):match "MemTotal:%s*(%d+)") or 0
  if left > all // 2 then
    target.unsupported("nohang takes no threshold above half of the machine, and with the session's limit reached more than that is left; boot it with "
      .. "less (--memory %dM)", math.max(256, 2 * seen.limits["memory.max"] >> 20))
  end
  local least = ("%d M"):format(left // 1024)
  for _, key in ipairs { "warning_threshold_min_mem", "soft_threshold_min_mem", "hard_threshold_min_mem" } do
    text = text:gsub("\n" .. key .. "%s*=[^\n]*", function() return ("\n%s = %s"):format(key, least) end)
  end
  return ("%s\n@BADNESS_ADJ_RE_NAME -900 /// ^(memlua|init|%s)\n"):format(text, table.concat(others, "|"))
end

--- comparators.nohang{ share (0.1) } -> strategy: nohang, as comparators.earlyoom; the rest of its configuration is the package's. It takes no
--- threshold above half of the machine, so the session must be able to fill the other half. Counter: kills. Source: Debian's nohang 0.2.0.
function comparators.nohang(given)
  local o = options_of("nohang", given, { share = { 0.1, common.share } })
  return { name = o.name, controller = { prints = { kills = "Sending SIG%u+ to the victim" }, argv = function(seen)
    return { "nohang", "--monitor", "--config", save(seen.folder .. "/nohang.conf", nohang_config(seen, o.share)) }
  end } }
end

-- ---- oomd ------------------------------------------------------------------------------------------------------------------

local function relative(path) return path:sub(#memlua.must(host.cgroup_mount()) + 2) end

-- The session and its low ones, as oomd names them.
local function oomd_cgroups(seen)
  local _, paths = low_ones(seen)
  for i, path in ipairs(paths) do paths[i] = relative(path) end
  return relative(seen.session.path), table.concat(paths, ",")
end

local function whole(x) return ("%.0f"):format(x) end

-- Where all `detectors`, a list of { name, args }, fire, the action is taken; looks every `interval`, seconds.
local function oomd(seen, interval, detectors, action)
  local ruleset = { name = "session", detectors = json.array { json.array { "all", table.unpack(detectors) } }, actions = json.array { action } }
  return { "oomd", "--interval", whole(math.max(1, interval)), "--cgroup-fs", memlua.must(host.cgroup_mount()), "--runtime-dir", seen.folder,
           "--kmsg-override", seen.folder .. "/oomd.kmsg", "--config", save(seen.folder .. "/oomd.json", json.encode { rulesets = json.array { ruleset } }) }
end

--- comparators.oomd{ pressure (60), duration ("30s"), interval ("5s") } -> strategy: oomd with the rule of its desktop.json for the session: where
--- its memory pressure (full, avg10, in percent) has been above `pressure` for `duration` and it was reclaimed from within 10 s, the largest
--- of the low tenants is killed. Whole seconds. Counter: kills. Source: Debian's oomd 0.5.0.
function comparators.oomd(given)
  local o = options_of("oomd", given, { pressure = { 60, check.number { min = 0, max = 100 } }, duration = { "30s", check.duration },
                                        interval = { "5s", check.duration } })
  return { name = o.name, controller = { prints = { kills = "trusted%.oomd_kill_uuid" }, argv = function(seen)
    local session, low = oomd_cgroups(seen)
    return oomd(seen, o.interval, {
      { name = "pressure_above", args = { cgroup = session, resource = "memory", threshold = whole(o.pressure), duration = whole(o.duration) } },
      { name = "memory_reclaim", args = { cgroup = session, duration = "10" } },
    }, { name = "kill_by_memory_size_or_growth", args = { cgroup = low, post_action_delay = "15" } })
  end } }
end

--- comparators.oomd_senpai{ period ("6s"), probe (0.01), stall (0.01), floor ("100M") } -> strategy: Senpai as oomd has it. Every second it looks
--- at each low tenant: where that has stalled for memory for `stall` seconds since its limit was last changed, memory.high is raised, and
--- where it hasn't for `period`, lowered by up to `probe` of itself, to no less than `floor` above what can't be reclaimed. Whole seconds. Counter:
--- times that it has lowered one. Source: the plugin senpai of Debian's oomd 0.5.0, whose constants these are but `floor`, 1G there.
function comparators.oomd_senpai(given)
  local o = options_of("oomd_senpai", given, { period = { "6s", check.duration }, probe = { 0.01, common.share }, stall = { 0.01, check.number { min = 0.001 } },
                                               floor = { "100M", check.bytes } })
  return { name = o.name, controller = { prints = { probes = "[1-9]%d* probe attempts" }, argv = function(seen)
    local session, low = oomd_cgroups(seen)
    return oomd(seen, 1, { { name = "exists", args = { cgroup = session } } }, { name = "senpai", args = {
      cgroup = low, limit_min_bytes = whole(o.floor), interval = whole(o.period), pressure_ms = whole(o.stall * 1000), max_probe = tostring(o.probe),
      log_interval = "1",
    } })
  end } }
end

-- ---- systemd-oomd ----------------------------------------------------------------------------------------------------------

local SYSTEMD_OOMD <const>, SYSTEMD <const> = "/usr/lib/systemd/systemd-oomd", "/run/systemd"
local SOCKETS <const> = SYSTEMD .. "/io.systemd.ManagedOOM:" .. SYSTEMD .. "/io.system.ManagedOOM" -- the latter's is 252's

-- systemd-oomd asks systemd for the cgroups that it is to look after; who isn't run by systemd answers in its place: once, what `systemd` would
-- of units with ManagedOOMMemoryPressure=kill (varlink: JSON that a NUL ends), and an open connection from then on. ManagedOOMPreference=avoid
-- is an attribute of the cgroup; 188 is setxattr(2) on x86-64.
local IN_ITS_PLACE <const> = [[
use strict;
use IO::Socket::UNIX;
my ($sockets, $answer, $avoided, @program) = @ARGV;
my ($socket, $alias) = split /:/, $sockets;
for my $path (split /:/, $avoided) {
  my $name = "user.oomd_avoid";
  syscall(188, $path, $name, my $value = "1", 1, 0) == 0 or die "$path: $name: $!\n";
}
unlink $socket, $alias;
symlink $socket, $alias or die "$alias: $!\n";
my $server = IO::Socket::UNIX->new(Local => $socket, Listen => 1) or die "$socket: $!\n";
if (fork) { exec @program or die "$program[0]: $!\n" }
$/ = "\0";
my @open;
while (my $client = $server->accept) {
  my $question = <$client>;
  $client->autoflush(1);
  print $client $answer, $/;
  push @open, $client;
}
]]

local function systemd_oomd_config(o)
  local folder = SYSTEMD .. "/oomd.conf.d"
  for _, path in ipairs { SYSTEMD, folder, SYSTEMD .. "/oom" } do
    if not sys.exists(path .. "/.") then memlua.must(host.mkdir(path)) end
  end
  save(folder .. "/memlua.conf", ("[OOM]\nDefaultMemoryPressureLimit=%s%%\nDefaultMemoryPressureDurationSec=%s\n"):format(whole(o.pressure), whole(o.duration)))
end

--- comparators.systemd_oomd{ pressure (60), duration ("30s") } -> strategy: systemd-oomd as if the session were a unit with ManagedOOMMemoryPressure=kill
--- and all its tenants but the low ones had ManagedOOMPreference=avoid: where the session's memory pressure (full, avg10, in percent) has been
--- above `pressure` for `duration` with pages scanned, the tenant with most of them is killed. Whole percents and seconds. Only in the microVM:
--- it asks systemd for its units, and memlua answers in systemd's place. Counter: kills. Source: Debian's systemd-oomd 252, oomd.conf(5).
function comparators.systemd_oomd(given)
  local o = options_of("systemd_oomd", given, { pressure = { 60, check.number { min = 0, max = 100 } }, duration = { "30s", check.duration } })
  return { name = o.name, controller = { prints = { kills = "due to memory pressure for" }, argv = function(seen)
    if not sys.exists(SYSTEMD_OOMD) then target.unsupported("%s: not there; apt-get install systemd-oomd", SYSTEMD_OOMD) end
    if not host.in_guest then target.unsupported "systemd-oomd takes its cgroups from systemd, whose part memlua plays in the microVM alone (--vm)" end
    systemd_oomd_config(o)
    local others = {}
    for _, t in ipairs(seen.tenants) do if t.role ~= "low" then others[#others + 1] = t.path end end
    local answer = { parameters = { cgroups = json.array { { mode = "kill", path = "/" .. relative(seen.session.path), property = "ManagedOOMMemoryPressure" } } },
                     continues = true }
    return { "env", "SYSTEMD_LOG_TARGET=console", "SYSTEMD_LOG_LEVEL=info", "perl", "-e", IN_ITS_PLACE, SOCKETS,
             json.encode(answer), table.concat(others, ":"), SYSTEMD_OOMD }
  end } }
end

-- ---- the kernel's own ------------------------------------------------------------------------------------------------------

--- comparators.min_ttl{ ttl ("1s") } -> strategy: MGLRU's min_ttl_ms: what was used within `ttl` isn't evicted, the OOM killer is called
--- instead. It works in the reclaim of the whole machine, not in that of a cgroup's limit. Counter: OOM kills of the machine, which are
--- what it does. Source: Documentation/admin-guide/mm/multigen_lru.rst.
function comparators.min_ttl(given)
  local o = options_of("min_ttl", given, { ttl = { "1s", check.duration } })
  return { name = o.name, tunables = { { "/sys/kernel/mm/lru_gen/min_ttl_ms", ("%.0f"):format(o.ttl * 1000) } }, counters = { oom_kills = "/proc/vmstat:oom_kill" } }
end

local DAMON <const> = "/sys/module/damon_reclaim/parameters/"

--- comparators.damon_reclaim{ age ("1s"), quota ("128M") } -> strategy: DAMON_RECLAIM, a kernel thread that reclaims what wasn't used for
--- `age` (the kernel's default is 120 s), at most `quota` a second, whatever is free on the machine. Counters: bytes and regions
--- reclaimed. DAMON_STAT, which newer kernels run from their start and beside which no other runs, is off meanwhile. On 6.12 (6.12.117
--- read) it watches, but reclaims nothing, and the report says "it did nothing": damon_reclaim_apply_parameters() of mm/damon/reclaim.c
--- gives the scheme to the running context, of which damon_commit_ctx() then removes what the new parameters' context lacks. On 7.3.4 it
--- reclaims. Source: Documentation/admin-guide/mm/damon/reclaim.rst and stat.rst.
function comparators.damon_reclaim(given)
  local o = options_of("damon_reclaim", given, { age = { "1s", check.duration }, quota = { "128M", check.size } })
  return { name = o.name, tunables = {
    { "/sys/module/damon_stat/parameters/enabled", "N", "optional" },
    { DAMON .. "min_age", ("%.0f"):format(o.age * 1e6) }, { DAMON .. "quota_sz", o.quota },
    -- in thousandths of free memory: it is to be active up to all of it
    { DAMON .. "wmarks_high", 1000 }, { DAMON .. "wmarks_mid", 999 }, { DAMON .. "wmarks_low", 0 }, { DAMON .. "enabled", "Y" },
  }, counters = { bytes = DAMON .. "bytes_reclaimed_regions", regions = DAMON .. "nr_reclaimed_regions" } }
end

--- comparators.zswap{ pool (20) } -> strategy: zswap, a compressed cache in front of swap, of at most `pool` percent of the machine's
--- memory. Counter: pages that it took (memory.stat's zswpout, of all). Source: Documentation/admin-guide/mm/zswap.rst.
function comparators.zswap(given)
  local o = options_of("zswap", given, { pool = { 20, check.number { min = 1, max = 100, integer = true } } })
  local folder = "/sys/module/zswap/parameters/"
  return { name = o.name, tunables = { { folder .. "max_pool_percent", o.pool }, { folder .. "enabled", "Y" } }, counters = { pages = "/proc/vmstat:zswpout" } }
end

--- comparators.zram{ size ("256M") } -> strategy: swap on compressed memory, of `size` before it is compressed, which all may use.
--- What is in it is charged to nobody. Counter: pages swapped out. Source: Documentation/admin-guide/blockdev/zram.rst.
function comparators.zram(given)
  local o = options_of("zram", given, { size = { 256 << 20, check.size } })
  return { name = o.name, swap = o.size, limits = { ["memory.swap.max"] = "max" }, counters = { pages = "/proc/vmstat:pswpout" } }
end

-- ---- Kubernetes ------------------------------------------------------------------------------------------------------------

local function qos_limits(request, limit, factor)
  local high = (request + factor * (limit - request)) // host.page_size * host.page_size
  return { ["memory.min"] = request, ["memory.high"] = math.floor(high), ["memory.max"] = limit }
end

--- comparators.memory_qos{ requests = { TENANT = size }, limits = { TENANT = size }, factor (0.9) } -> strategy: what the kubelet's
--- MemoryQoS sets for a container: memory.min = its request, memory.max = its limit, memory.high = request + factor x (limit -
--- request) in whole pages, none where they are equal. Both are needed for each tenant that it is about. Source: KEP 2570, as of
--- Kubernetes 1.27, whose default `factor` is.
function comparators.memory_qos(given)
  local sizes = check.map(check.size)
  local o = options_of("memory_qos", given, { requests = { {}, sizes }, limits = { {}, sizes }, factor = { 0.9, common.share } })
  local tenants = {}
  for name, request in pairs(o.requests) do
    local limit = o.limits[name]
    if not limit or limit < request then
      memlua.fail(memlua.status.misuse, "comparators.memory_qos: limits.%s: %s", name, limit and "below its request" or "missing")
    end
    local limits = qos_limits(request, limit, o.factor)
    if limit == request then limits["memory.high"] = nil end
    tenants[name] = { limits = limits }
  end
  if next(tenants) == nil then memlua.fail(memlua.status.misuse, "comparators.memory_qos: requests: none; write { web = \"100M\" }") end
  return { name = o.name, tenants = tenants }
end

return comparators
