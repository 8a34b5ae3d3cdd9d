--- memlua.machine.way: where the experiment runs. Three ways, tried in this order:
---   native   the kernel's own BTF has memcg_bpf_ops (a patched kernel); also in a microVM that boots such a kernel
---   module   a stock kernel, root, and memlua's module memcg_bpf_ops.ko
---   vm       a stock kernel in a microVM, where the module is loaded
--- The choice is made at the first use of the kernel, so that a script that only computes needs none.
local host = require "memlua.host"
local kernels = require "memlua.machine.kernels"
local kvm = require "memlua.machine.kvm"
local log = require "memlua.base.log"
local machine = require "memlua.machine.checks"
local ran = require "memlua.machine.ran"
local memlua = require "memlua"
local screen = require "memlua.base.screen"
local sys = require "memlua.base.sys"
local units = require "memlua.units"
local visible = require "memlua.machine.visible"

local way = {
  name = nil, -- the way taken, once enter() has returned
  watch = nil, -- memlua.machine.ran's, on the machine that watches over what runs here or in its microVM
  -- Whether results are published there: in the microVM, unless somebody sits in front of it.
  hands_back = host.in_guest and not os.getenv "MEMLUA_SESSION",
}

-- Of the microVM, unless --memory says.
local GUEST_MEMORY = 2 << 30

-- ---- accelerator and clock -----------------------------------------------------------------------------

-- Returns whether to use KVM, and why not.
local function choose_accelerator(settings, kernel)
  local wanted = settings.accel or "auto"
  if wanted == "tcg" then return false, "as asked" end
  if settings.clock == "virtual" then
    if wanted == "auto" then return false, "for --clock virtual" end
    memlua.fail(memlua.status.misuse, "--clock virtual needs --accel tcg: QEMU counts no instructions under KVM")
  end
  local verdict = kvm.verdict(kernel)
  if verdict == "works" then return true end
  if wanted == "kvm" then
    memlua.fail(memlua.status.unsupported, "--accel kvm: %s; --accel tcg emulates", verdict)
  end
  return false, "no KVM: " .. verdict
end

-- At a prompt the virtual clock would run ahead for as long as nobody types.
local function choose_clock(settings, use_kvm)
  local wanted, cpus = settings.clock or "auto", settings.cpus or 1
  local virtual = wanted == "virtual" or wanted == "auto" and not use_kvm and not settings.interactive
  if virtual and cpus > 1 then
    memlua.fail(memlua.status.misuse, "--cpus %d: the virtual clock has one CPU; add --clock real", cpus)
  end
  return virtual
end

-- ---- handing over to the microVM ----------------------------------------------------------------------

--- $PATH of the programs in the microVM.
way.GUEST_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

-- What of the environment the script may see in the guest too.
local PASSED = { "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SHELL", "LOGNAME", "TERM", "COLUMNS", "NO_COLOR", "USER",
                 "XDG_CACHE_HOME", "XDG_STATE_HOME" }

local function environment(settings, kernel, kmod, clock, accel, terminal, out)
  local env = {}
  for _, name in ipairs(PASSED) do env[name] = os.getenv(name) end
  for key in pairs(settings) do -- options that were given in the environment
    local name = "MEMLUA_" .. key:upper()
    env[name] = os.getenv(name)
  end
  env.PATH = way.GUEST_PATH
  env.MEMLUA_KMOD, env.MEMLUA_MODULES = kmod, kernel.root
  env.MEMLUA_GUEST_CLOCK, env.MEMLUA_GUEST_ACCEL = clock, accel
  env[settings.interactive and "MEMLUA_SESSION" or "MEMLUA_OUT"] = out
  if terminal then return env end -- the guest's terminal tells what it is like
  local terminals = ""
  for fd = 0, 2 do terminals = terminals .. (host.isatty(fd) and fd or "") end
  env.MEMLUA_TERMINALS = terminals
  -- the guest's own terminals tell no size
  local columns, rows = host.columns(1) or host.columns(2), host.rows(1) or host.rows(2)
  env.MEMLUA_COLUMNS, env.MEMLUA_ROWS = columns and tostring(columns), rows and tostring(rows)
  return env
end

-- A folder that exists already and belongs to the user keeps what it has; the guest works in memory.
local function prepare_out(out)
  local made, why = host.mkdir(out)
  if not made then memlua.fail(memlua.status.misuse, "%s; choose another folder with --out", why) end
end

local function refuse_unportable(job)
  if arg[0] == "-" then
    memlua.fail(memlua.status.misuse, "a script from standard input can't go into the microVM; give it as a file")
  end
  if job.bound then memlua.fail(memlua.status.unsupported, "%s", job.bound) end
  for _, word in ipairs(host.argv) do
    if not utf8.len(word) then
      memlua.fail(memlua.status.misuse, "%q can't go into the microVM: not UTF-8; rename the file, or use a link", word)
    end
  end
end

local function no_way(reasons, why)
  memlua.fail(memlua.status.unsupported, "no way to run here (`memlua doctor` shows more):\n%s\n  vm: %s",
    table.concat(reasons, "\n"), why)
end

-- That of bpf/`folder` for the kernel of the microVM; nil for a kernel that is native and has no headers.
local function module_of(kernel, reasons, folder)
  if kernel.native and not kernel.headers then return nil end
  local path, why = kernels.module(kernel.headers, kernel.release, folder)
  if not path then no_way(reasons, ("the module for %s can't be built: %s"):format(kernel.release, why)) end
  return path
end

-- Said of a kernel that takes no module; `interface` is nil for one that does.
local function native_words(interface)
  return interface and (", native memcg_bpf_ops (%s)"):format(interface) or ""
end

-- Says what killed memlua in the microVM. Returns the exit status: that it had, unless memory was short.
local function told_of_kill(settings, status, signal, out_of_memory)
  if not out_of_memory then
    log.warn("killed in the microVM by signal %d", signal)
    return status
  end
  log.warn("killed in the microVM, whose %s were out of memory: give it more with --memory",
    units.format_size(settings.memory or GUEST_MEMORY))
  return memlua.status.resources
end

-- Of the plan what `job.ran` says; of memlua and its kernel what it is made of. Who keeps no run's folder need not know.
local function watch(job, kernel, config, kmod, hostwait)
  local what, files = job.ran, { memlua = host.executable(), kernel = kernel, module = kmod, hostwait = hostwait }
  if not what then return end
  for name, path in pairs(what.files or {}) do files[name] = path end
  way.watch = ran.begin { files = files, embedded = what.embedded, programs = what.programs, config = config }
end

local function run_in_vm(settings, reasons, job)
  local cwd, out = memlua.must(host.cwd()), job.out and sys.absolute(job.out)
  refuse_unportable(job)
  visible.check("working folder", cwd)
  if out then visible.check("--out", out) end
  visible.check_words()
  local possible, missing = machine.vm(settings.kernel)
  if not possible then no_way(reasons, missing) end
  local kernel = kernels.chosen(settings)
  local kmod = not kernel.native and module_of(kernel, reasons) or nil
  if kmod then visible.check("the module", kmod) end
  local timeout = settings.timeout and host.give_up_after(0) or 0 -- the rest of it is the microVM's
  local use_kvm, no_kvm = choose_accelerator(settings, kernel)
  local virtual = choose_clock(settings, use_kvm)
  local hostwait = virtual and module_of(kernel, reasons, "guest") or nil
  if virtual and not hostwait then
    log.warn("without the kernel's headers (--headers DIR) the virtual clock also runs while the guest waits for files of the host")
  end
  local clock, accel = virtual and "virtual" or use_kvm and "kvm" or "tcg", use_kvm and "kvm" or "tcg"
  local terminal = settings.interactive and host.isatty(0)
  if out then prepare_out(out) end
  watch(job, kernel.image, kernel.headers and kernel.headers .. "/.config", kmod, hostwait)
  log.say("running in a microVM: Linux %s%s, %s, %s clock%s", kernel.release, native_words(kernel.native),
    use_kvm and "KVM" or "TCG", virtual and "virtual" or "real", no_kvm and " (" .. no_kvm .. ")" or "")
  local status, said, out_of_memory, vm_status = require "memlua.vm".run {
    image = not use_kvm and kernel.unpacked or kernel.image, kvm = use_kvm, qemu = tonumber((sys.version_of "qemu-system-x86_64":match "^%d+")),
    virtual_clock = virtual, cpus = settings.cpus or 1,
    watched = screen.possible(2), memory = settings.memory or GUEST_MEMORY, timeout = timeout,
    boot_timeout = use_kvm and 60 or 240, out = out, interactive = settings.interactive,
    spec = require "memlua.json".encode {
      argv = host.argv, cwd = cwd, out = out, env = environment(settings, kernel, kmod, clock, accel, terminal, out),
      modules = kernel.root, disk_mib = (settings.disk or (settings.memory or GUEST_MEMORY) // 2) >> 20,
      hostname = (sys.read "/proc/sys/kernel/hostname" or ""):match "%S+",
      hostwait = hostwait, reads = settings.interactive, terminal = terminal, columns = host.columns(1), rows = host.rows(1),
    },
  }
  if not status then memlua.fail(vm_status, "%s", said) end
  if status == memlua.status.timeout and settings.timeout then log.warn("timed out after %g s (--timeout)", settings.timeout) end
  if said then status = told_of_kill(settings, status, said, out_of_memory) end
  if job.after then job.after(out) end
  os.exit(status, true)
end

-- ---- choosing -----------------------------------------------------------------------------------------

-- Root, cgroup v2 and BTF are there: what is left is the module itself. Returns nil and the reason without it.
local function provide_module()
  if sys.exists "/sys/module/memcg_bpf_ops/." or os.getenv "MEMLUA_KMOD" then return true end
  local release = host.facts().release
  local kmod, why = host.installed_module()
  if not kmod then kmod, why = kernels.module(machine.headers_folder(), release) end
  if not kmod then return nil, why end
  host.setenv("MEMLUA_KMOD", kmod)
  return true
end

-- Returns the way that this machine itself has, or nil and a line for each that it hasn't.
local function own_way()
  local native, why_native = machine.native()
  if native then
    log.say("running here%s", native_words(host.interface()))
    return "native"
  end
  local module, why_module = machine.module()
  if module then module, why_module = provide_module() end
  if module then return "module" end
  return nil, { "  native: " .. why_native, "  module: " .. why_module }
end

local able -- whether this machine has a way of its own: found out once, it takes a while

local function is_able()
  if able == nil then able = (machine.native() or machine.module()) == true end
  return able
end

--- The memory of the machine that way.enter() would choose, in bytes, and its name for people. Decides nothing.
--- `settings`: memlua.host.settings.
function way.memory(settings)
  if host.in_guest then return host.facts().memory, "the microVM" end
  if settings.host or not settings.vm and is_able() then return host.facts().memory, "this machine" end
  return settings.memory or GUEST_MEMORY, "the microVM"
end

--- Decides the way, before the first use of the kernel; memlua.experiment.entry calls it. Where only the microVM can, it
--- runs the whole script there and ends the process with its exit status. Fails with status 4 where nothing can.
--- `settings`: memlua.host.settings. `job` tells what comes back from there:
---   out     the folder, or nil
---   after   f(out): called before the process ends; or nil
---   ran     what memlua.machine.ran.begin is to look at beside memlua and its kernel; nil: at nothing
---   bound   why what is running can't be moved into a microVM; or nil
---   only_here   why a microVM would be of no use, as if --host were given; or nil
function way.enter(settings, job)
  if way.name then return end
  kernels.pass_quiet()
  if host.in_guest then
    way.name = host.has_ops() and "native" or "module"
    local why = os.getenv "MEMLUA_READONLY"
    if why then log.warn("the microVM's root is read-only, but for $TMPDIR and /dev/shm: %s", why) end
    return
  end
  local reasons = { "  native, module: --vm forbids them" }
  if not settings.vm then
    way.name, reasons = own_way()
    local release = host.facts().release
    if way.name then return watch(job, "/boot/vmlinuz-" .. release, "/boot/config-" .. release, os.getenv "MEMLUA_KMOD") end
  end
  local forbidden = settings.host and "--host forbids the microVM" or job.only_here
  if forbidden then
    memlua.fail(memlua.status.unsupported, "this machine can't run it and %s:\n%s", forbidden, table.concat(reasons, "\n"))
  end
  for _, reason in ipairs(reasons) do log.detail("not here:%s", reason) end
  run_in_vm(settings, reasons, job)
end

return way
