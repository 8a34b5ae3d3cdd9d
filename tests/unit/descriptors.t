-- What memlua and its script have open is nothing to the programs that it starts, and what it saves reaches whom it is meant for.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local shell = require "shell"
local sys = require "memlua.base.sys"
local worker = require "memlua.worker"

local quote <const> = sys.quote
local owned <close> = assert(host.scratch())
local scratch <const> = owned:path()
local memlua <const> = quote(host.executable())

local plain <const> = scratch:gsub("%p", "%%%0")

-- What `ls -l` tells of descriptors, without those of its own and what tells two sockets apart.
local function targets(listing)
  local found = {}
  for fd, target in listing:gmatch " (%d+) %-> ([^\n]+)" do
    if not target:find "^/proc/" then found[#found + 1] = fd .. " " .. target:gsub(":%[%d+%]", ""):gsub(plain, "") end
  end
  table.sort(found)
  return found
end

-- ---- an exec workload, a shell -------------------------------------------------------------------------------------------

local held <close> = assert(io.open(scratch .. "/held", "w"))
local w <close> = assert(worker.spawn(nil, { kind = "exec", argv = { "ls", "-l", "/proc/self/fd" }, output = scratch .. "/listing" }))
w:wait(60)
tap.is(targets(sys.read(scratch .. "/listing")), { "0 /dev/null", "1 /listing", "2 /listing" }, "a program has its standard streams only")

held:close() -- Lua's own files are Lua's business with the shells that it starts
local before = targets(shell.output "exec ls -l /proc/self/fd")
local second <close> = assert(host.scratch())
assert(host.mkdir(scratch .. "/lock"))
local lock <close> = assert(host.lock(scratch .. "/lock"))
local idle <close> = assert(worker.spawn(nil, { size = 4096, hold = 60 }))
tap.is(targets(shell.output "exec ls -l /proc/self/fd"), before, "a shell gets nothing of locks, scratch folders and workers")
idle:kill()
idle:wait(60)

-- ---- QEMU and virtiofsd: the former is a script that looks at both -----------------------------------------------------------

assert(os.execute(("cd %s && mkdir bin tmp"):format(scratch)))
assert(host.save(scratch .. "/bin/qemu-system-x86_64", ([[#!/bin/sh
ls -l /proc/self/fd >%s/qemu
for p in /proc/[0-9]*; do
  case $(tr '\0' ' ' <$p/cmdline) in *virtiofsd*%s/tmp*) ls -l $p/fd >>%s/virtiofsd ;; esac
done 2>/dev/null
exit 1
]]):format(scratch, scratch, scratch)))
assert(host.save(scratch .. "/script.lua", ([[held = io.open("%s/held", "w") require "memlua.host".enter()]]):format(scratch)))
assert(os.execute(("cd %s && chmod +x bin/*"):format(scratch)))
local said = shell.said(("cd %s && TMPDIR=%s/tmp PATH=%s/bin:$PATH %s --vm --accel tcg script.lua"):format(scratch, scratch, scratch, memlua))
if said:find "user namespace" then
  tap.skip("QEMU and virtiofsd", "no user namespace here, and no root")
else
  local function foreign(name, expected)
    local rest, found = {}, targets(sys.read(scratch .. "/" .. name) or "")
    for _, one in ipairs(found) do
      local target = one:match " (.*)":gsub("memlua%-vm%.%x+", "VM")
      if not expected[target] then rest[#rest + 1] = one end
    end
    return rest, #found
  end
  local rest, n = foreign("qemu", { ["/dev/null"] = true, ["/tmp/VM/qemu.log"] = true, socket = true, ["/qemu"] = true })
  tap.ok(#rest == 0 and n >= 8, "QEMU has its streams and five ports, nothing of the script's or memlua's", rest, n, said)
  rest, n = foreign("virtiofsd", { ["/dev/null"] = true, ["/tmp/VM/virtiofsd.log"] = true, ["/tmp/VM/virtiofs.sock.pid"] = true, socket = true, ["anon_inode"] = true, ["/"] = true })
  local leaked = {}
  for _, one in ipairs(rest) do
    if one:find "/held" or one:find "script.lua" or one:find "tmp/memlua" then leaked[#leaked + 1] = one end
  end
  tap.ok(#leaked == 0 and n >= 3, "neither has virtiofsd", leaked, rest, n, said)
end

-- ---- standard streams that are closed ------------------------------------------------------------------------------------------

local code <const> = quote(([[local f = assert(io.open("%s/first", "w")) print "printed" io.stdout:flush() io.stderr:write "told" f:close()]]):format(scratch))
shell.output(("%s -e %s >&- 2>&- <&-"):format(memlua, code))
tap.is(sys.read(scratch .. "/first"), "", "what is printed where no stream is doesn't go to the first file that is opened")

-- ---- saving to what is no file ----------------------------------------------------------------------------------------------------

local function save(path) return ("%s -e %s"):format(memlua, quote(([[print "before" assert(require "memlua.host".save(%q, "saved\n")) print "after"]]):format(path))) end
local function one_link(name) return shell.output(("readlink %s"):format(name)) end

local link = one_link "/dev/stdout"
tap.is(shell.output(save "/dev/stdout" .. " | cat"), "before\nsaved\nafter\n", "/dev/stdout is standard output: a pipe")
tap.is(shell.output(("%s >%s/file; cat %s/file"):format(save "/dev/stdout", scratch, scratch)), "before\nsaved\nafter\n", "a file, in order with what is printed")
tap.is(shell.output(("%s 2>%s/file; cat %s/file"):format(save "/dev/stderr", scratch, scratch)), "before\nafter\nsaved\n", "/dev/stderr is the other one")
tap.is(shell.output(("%s 7>%s/file; cat %s/file"):format(save "/dev/fd/7", scratch, scratch)), "before\nafter\nsaved\n", "/dev/fd/7 what the shell has opened")
tap.is(one_link "/dev/stdout", link, "the link itself stays")
tap.is(shell.output("ls /dev /proc/self/fd | grep -c '[.]new$'"), "0\n", "and nothing is made beside it")
tap.is(shell.output(("cd %s && mkfifo fifo && { cat fifo & %s; wait; }"):format(scratch, save "fifo")):find "saved" ~= nil, true, "a named pipe is written to")
assert(os.execute(("cd %s && echo kept >victim && ln -s victim link && ln -s /dev/null null"):format(scratch)))
assert(host.save(scratch .. "/link", "new") and host.save(scratch .. "/null", "new"))
tap.is({ sys.read(scratch .. "/victim"), sys.read(scratch .. "/link"), sys.read(scratch .. "/null") }, { "kept\n", "new", "new" },
  "a link that lies in a folder, whoever has put it there, is replaced and leads nowhere")
tap.done()
