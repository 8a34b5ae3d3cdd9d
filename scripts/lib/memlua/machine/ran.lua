--- memlua.machine.ran: what ran: digests and versions of all that figures depend on, and how busy the machine was. It is found out in
--- the background while the first run begins, so that nobody waits for it.
local host = require "memlua.host"
local sys = require "memlua.base.sys"

local ran = {}

local quote <const> = sys.quote

-- ---- asking --------------------------------------------------------------------------------------------------------------

-- Programs of memlua's own, and where each stands whose name isn't enough.
local VERSIONS <const> = { clang = "clang", gnuplot = "gnuplot", qemu = "qemu-system-x86_64", virtiofsd = false }

-- Of a kernel's configuration what decides how it treats memory, and when tasks run.
local OPTIONS <const> = "MEMCG.*|SWAP|ZSWAP.*|ZRAM|LRU_GEN.*|TRANSPARENT_HUGEPAGE.*|PSI.*|PREEMPT.*|HZ|NUMA.*|BPF_SYSCALL|BPF_JIT.*|DEBUG_INFO_BTF|"
  .. "FUNCTION_TRACER|COMPACTION|KSM|SLUB.*|PARAVIRT.*"

-- A line of the answer: kind, name, value, with tabs between.
local DIGEST <const> = "printf 'digests\\t%%s\\t' %s; %s | sha256sum | cut -c1-64"
local VERSION <const> = "printf 'versions\\t%%s\\t%%s\\n' %s \"$(%s --version | head -n1)\""
local CONFIG <const> = "printf 'config\\tsha256\\t'; sha256sum <%s | cut -c1-64; sed -nE 's/^(CONFIG_(%s))=(.*)$/config\\t\\1\\t\\3/p' %s"

-- dpkg(1) knows a file by the path that its package gave it, with /usr or without.
local PACKAGE <const> = [[
path=$(command -v -- %s) && path=$(readlink -f -- "$path") && command -v dpkg >/dev/null && {
  name=$(dpkg -S -- "$path" || dpkg -S -- "${path#/usr}") && name=${name%%%%:*}
  printf 'packages\t%%s\t%%s\n' "$path" "$(dpkg-query -W -f '${Package} ${Version}' -- "${name:-none}")"; }]]

local function commands_of(what)
  local list = {}
  for name, path in pairs(what.files or {}) do
    if host.kind(path) == "file" then list[#list + 1] = DIGEST:format(quote(name), "cat -- " .. quote(path)) end
  end
  for _, name in ipairs(what.embedded or {}) do
    local code = ("io.stdout:write(require 'memlua.host'.embedded %q)"):format(name)
    list[#list + 1] = DIGEST:format(quote(name), ("%s -q -e %s"):format(quote(host.executable()), quote(code)))
  end
  for name, program in pairs(VERSIONS) do
    local path = program or require "memlua.vm".virtiofsd()
    if path then list[#list + 1] = VERSION:format(name, quote(path)) end
  end
  if what.config and host.kind(what.config) == "file" then
    list[#list + 1] = CONFIG:format(quote(what.config), OPTIONS, quote(what.config))
  end
  for _, program in ipairs(what.programs or {}) do list[#list + 1] = PACKAGE:format(quote(program)) end
  return list
end

-- ---- how busy it was -------------------------------------------------------------------------------------------------------

-- proc(5): the load of the last minute; ticks of all kinds, of which the eighth was stolen by the hypervisor.
local function load_now() return tonumber((sys.first_line "/proc/loadavg" or ""):match "^%S+") end
local function ticks_now()
  local all, stolen, i = 0, 0, 0
  for word in (sys.first_line "/proc/stat" or ""):gmatch " (%d+)" do
    i = i + 1
    if i <= 8 then all = all + tonumber(word) end -- a guest's time is in the user's already
    if i == 8 then stolen = tonumber(word) end
  end
  return all, stolen
end

-- ---- the whole -------------------------------------------------------------------------------------------------------------

local Watch = {}
Watch.__index = Watch

--- Begins to find out, and returns what :finish() ends. `what`: files = { name = path } and embedded = { a name of memlua's own files },
--- whose digests are wanted; config, the path of the kernel's configuration; programs, a list of those whose packages are.
--- What isn't there is left out.
function ran.begin(what)
  local self = setmetatable({ load = load_now() }, Watch)
  self.all, self.stolen = ticks_now()
  local script = table.concat(commands_of(what), "\n")
  self.pipe = io.popen(("exec </dev/null 2>/dev/null; nice sh -c %s"):format(quote(script)))
  return self
end

local function answers(pipe)
  local found = { digests = {}, versions = { libbpf = host.libbpf() }, packages = {}, config = {} }
  for line in pipe:lines() do
    local kind, name, value = line:match "^(%l+)\t([^\t]+)\t(.+)$"
    if found[kind] then found[kind][name] = value end
  end
  pipe:close()
  return found
end

--- { digests = { name = SHA-256 }, versions = { program = line }, packages = { path = "name version" }, config = { sha256, CONFIG_X = value },
--- machine = { release, cpu, cpus, memory }, load = { before, after }, steal (share of all CPUs' time since it began) }: of this machine,
--- whatever ran in a microVM on it.
function Watch:finish()
  self.found = self.found or answers(self.pipe)
  local all, stolen = ticks_now()
  local facts, result = host.facts(), { load = { before = self.load, after = load_now() } }
  for kind, values in pairs(self.found) do result[kind] = next(values) and values end
  result.machine = { release = facts.release, cpu = facts.cpu, cpus = facts.cpus, memory = facts.memory }
  result.steal = all > self.all and (stolen - self.stolen) / (all - self.all) or nil
  return result
end

return ran
