-- memlua doctor: what it says follows from the machine, here one that the test makes poorer.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local json = require "memlua.json"
local machine = require "memlua.machine.checks"

local output_of <const> = require "shell".said

local memlua = "'" .. host.executable() .. "'"

-- ---- the checks -----------------------------------------------------------------------------------------

local names = {}
for _, check in ipairs(machine.checks()) do
  names[check.name] = check
  tap.ok(check.ok ~= false or check.remedy or check.optional, check.name .. ": what is missing has a remedy", check)
  tap.ok(type(check.found) == "string" and check.found ~= "", check.name .. ": says what was found")
end
for _, name in ipairs { "cgroup v2", "delegation", "rights", "BTF", "memcg_bpf_ops", "modules", "headers", "libbpf",
                        "clang", "qemu-system-x86_64", "virtiofsd", "KVM", "kernels", "gnuplot" } do
  tap.ok(names[name], name .. " is looked at")
end
tap.is(names["cgroup v2"].ok, host.cgroup_mount() ~= nil, "cgroup v2 is what the host says")
tap.ok(names.libbpf.ok and names.libbpf.found == host.libbpf(), "libbpf is recent enough, or memlua would not have been built")

-- ---- the command ------------------------------------------------------------------------------------------

local text, status = output_of(memlua .. " doctor --json -")
local document = json.decode(text)
tap.ok(document and #document.ways == 3, "--json - is the document", text)
local first
for _, way in ipairs(document.ways) do first = first or way.ok and way.name or nil end
tap.is(document.way, first, "the first way that works is taken")
tap.is(status, first and 0 or 4, "the status is 0 if one works, else 4")

local bare = "env PATH=/nonexistent XDG_CACHE_HOME=/nonexistent COLUMNS=%d TERM=dumb LC_ALL=C " .. memlua .. " doctor"
text, status = output_of(bare:format(80))
tap.like(text, "qemu-system-x86_64  no  not found; apt install qemu-system-x86", "a missing QEMU is named with its remedy")
tap.like(text, "gnuplot             -   not found (only pictures need it); apt install", "what is optional is marked so")
tap.like(text, "none in the cache, and no apt to fetch one", "so is a machine that can't get a kernel")
local taken = json.decode((output_of(bare:format(80) .. " --json - 2>/dev/null"))).way
tap.is({ taken ~= "vm", status }, { true, taken and 0 or 4 }, "without QEMU there is no microVM; status 4, unless the machine itself can")
tap.ok(not text:find "\27", "no colours in a pipe")

-- A line may be too long only when it is one word that is: a path, an option of the kernel.
local function overlong(width)
  local margin = width < 60 and 2 or 24
  for line in output_of(bare:format(width)):gmatch "[^\n]+" do
    local said = not line:find "^memlua" and not line:find "^Linux" and line:sub(margin + 1) or ""
    if #line > width and said:find " " then return line end
  end
end
for _, width in ipairs { 40, 80, 200 } do tap.is(overlong(width), nil, width .. " columns are kept") end

-- ---- other distributions --------------------------------------------------------------------------------------

local sys = require "memlua.base.sys"
local read = sys.read
local path = os.getenv "PATH"
host.setenv("PATH", "/nonexistent")
host.setenv("XDG_CACHE_HOME", "/nonexistent")
local function remedies(release)
  sys.read = function(file) if file == "/etc/os-release" then return release end return read(file) end
  local found = {}
  for _, check in ipairs(machine.checks()) do found[check.name] = check end
  sys.read = read
  return found
end
local debian = remedies 'PRETTY_NAME="Debian"\nID=debian\n'
tap.is(debian.clang.remedy, "apt install clang", "Debian: a package is named")
local ubuntu = remedies 'ID=ubuntu\nID_LIKE="debian"\n'
tap.is(ubuntu["qemu-system-x86_64"].remedy, "apt install qemu-system-x86", "so it is on what is made from Debian")
tap.like(ubuntu.kernels.found, "only Debian's archive is known", "but no kernel is promised")
for _, release in ipairs { 'ID="fedora"\n', "ID=arch\nID_LIKE=\n", "", 'ID_LIKE="suse opensuse"\nID=not-debian\n' } do
  local other, apt = remedies(release), nil
  for _, check in pairs(other) do if (check.remedy or ""):find "apt" then apt = check.name end end
  tap.is(apt, nil, release:gsub("\n", " ") .. ": no remedy speaks of apt")
  tap.is(other.gnuplot.remedy, "install gnuplot", "the tool is named")
end
tap.is(remedies(nil).gnuplot.remedy, "install gnuplot", "nor where there is no os-release")
host.setenv("PATH", path)

text, status = output_of(memlua .. " doctor --prob")
tap.ok(status == 1, "an unknown option is misuse", status)
tap.done()
