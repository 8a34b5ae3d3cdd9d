-- Each allocation and each system call that memlua's own code makes fails once (tests/helpers/faults.c): what was asked for is
-- done all the same, or there is an error; memlua never crashes or hangs, and leaves no process and no file.
--   memlua tests/unit/faults.t [all]; without it some points of each case. make check-faults tries all.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local faults = require "faults"
local host = require "memlua.host"
local processes = require "processes"
local shell = require "shell"
local sys = require "memlua.base.sys"

local POINTS <const> = 12 -- of each case, unless all are tried
local TIMEOUT <const> = 60 -- of a run that takes a part of a second

local quote <const> = sys.quote
local build <const> = host.executable():match "^(.*)/"
if build:find "asan" then return tap.done "the sanitizer's allocator is in place of the one that fails" end
local shim <const> = build .. "/tests/faults.so"
if not sys.exists(shim) then return tap.done(shim .. " isn't built: make check-unit does") end
local owned <close> = assert(host.scratch())
local scratch <const> = owned:path()
local fixtures <const> = assert(shell.output("cd " .. quote(arg[0]:match "^(.*)/[^/]*/[^/]*$" or "..") .. "/fixtures && pwd"):gsub("\n", ""))
assert(os.execute(("cd %s && mkdir tmp bin state"):format(scratch)))

-- Stands for QEMU: a guest that comes up, prints, sends results and ends. Of its words only the ports' numbers matter.
assert(host.save(scratch .. "/bin/qemu-system-x86_64", [[#!/bin/bash
for word; do case $word in socket,id=*,fd=*) name=${word#socket,id=}; eval "${name%%,*}=${word##*fd=}" ;; esac; done
eval "echo up >&$control; echo printed >&$out"
mkdir -p $TMPDIR/../guest/runs/001-none && cd $TMPDIR/../guest
cp ]] .. fixtures .. [[/baseline/*.json . && eval "tar --format=gnu -cf - . >&$results; echo exit 0 >&$control"
]]))
assert(os.execute(("chmod +x %s/bin/*"):format(scratch)))
assert(host.save(scratch .. "/vm.lua", [[require "memlua.host".enter()]]))

local function code(text) return "-e " .. quote(text) end
local CASES <const> = {
  { "a worker", code [[local w = assert(require "memlua.worker".spawn(nil, { size = 8192, name = "x" })) assert(w:wait(10).ended == "done")]] },
  { "a program", code [[local w = assert(require "memlua.worker".spawn(nil, { kind = "exec", argv = { "true" }, output = os.getenv "TMPDIR" .. "/said" }))
    assert(w:wait(10)) os.remove(os.getenv "TMPDIR" .. "/said")]] },
  { "a file's worker", code [[local path = os.getenv "TMPDIR" .. "/file"
    local w = assert(require "memlua.worker".spawn(nil, { kind = "file", size = 65536, file = path })) w:wait(10) os.remove(path)]] },
  { "JSON saved and read", code [[local json, host = require "memlua.json", require "memlua.host"
    local owned <close> = assert(host.scratch()) local path = owned:path() .. "/x.json"
    assert(json.write(path, { a = { 1, 2.5, "x" }, b = true })) assert(json.decode(assert(io.open(path)):read "a"))]] },
  { "a run's folder", "show " .. quote(fixtures .. "/baseline") .. " --json -" },
  { "a run's list", "runs " .. quote(fixtures) },
  { "a policy described", "help priority" },
  { "sizes and options", "-q " .. quote(fixtures .. "/../../scripts/baseline.lua") .. " --vm --dry-run --limit 600M --size 200M" },
  { "a microVM", ("--vm --accel tcg --out %s/out %s/vm.lua"):format(scratch, scratch), vm = true },
}

local function run(case, fault)
  return faults.run(("env -C %s TMPDIR=%s/tmp XDG_STATE_HOME=%s/state PATH=%s/bin:/usr/bin:/bin %s %s")
    :format(scratch, scratch, scratch, scratch, quote(host.executable()), case[2]), fault, shim, scratch .. "/count", TIMEOUT)
end

-- Processes of ours that still run.
local function running() return processes(scratch .. "/tmp") end

-- What is wrong with a run with a fault, or nil and how it ended.
local function wrong(case, fault)
  os.execute("rm -rf " .. scratch .. "/out")
  local said, status = run(case, fault)
  local what, how = faults.wrong(said, status, fault)
  if what then return what end
  local names = table.concat(sys.names(scratch .. "/tmp"), " ")
  if names ~= "" then -- what couldn't be removed, the next one removes
    os.execute("rm -rf " .. scratch .. "/out")
    run(case, 0)
    names = table.concat(sys.names(scratch .. "/tmp"), " ")
    os.execute("rm -rf " .. scratch .. "/tmp/*")
  end
  if names ~= "" then return "left " .. names .. ": " .. said end
  return nil, how
end

local tried, total = { done = 0, error = 0, none = 0 }, 0
for _, case in ipairs(CASES) do
  os.execute("rm -rf " .. scratch .. "/out")
  local said, status, n = run(case, 0)
  if case.vm and status ~= 0 and said:find "user namespace" then
    tap.skip(case[1], "no user namespace here, and no root")
  elseif tap.ok(status == 0 and n, case[1] .. ": done without a fault", status, said, n) then
    local failures, points = {}, faults.spread(n, arg[1] == "all" and n or POINTS)
    for _, fault in ipairs(points) do
      local what, how = wrong(case, fault)
      if what then failures[#failures + 1] = ("fault %d of %d: %s"):format(fault, n, what) else tried[how] = tried[how] + 1 end
    end
    total = total + #points
    tap.is(failures, {}, ("%s: done, or an error, at %d of %d faults"):format(case[1], #points, n))
    tap.is(running(), "", "and no process is left")
  end
end
print(("# %d faults: %d times done all the same, %d times an error, %d times not met"):format(total, tried.done, tried.error, tried.none))
tap.done()
