-- Temporary folders: private, gone when they are closed or their owner was killed, and nobody else's are touched.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local shell = require "shell"
local sys = require "memlua.base.sys"

local outer <close> = assert(host.scratch())
local tmp <const> = outer:path()
host.setenv("TMPDIR", tmp)
local function memlua(code, before)
  return shell.said(("%s %s -e %s"):format(before or "", sys.quote(host.executable()), sys.quote("host = require 'memlua.host' " .. code)))
end
local function folders() return shell.output("ls -A " .. sys.quote(tmp)) end

do
  local scratch <close> = assert(host.scratch())
  assert(host.save(scratch:path() .. "/file", "x"))
  tap.is(shell.output("stat -c %a " .. scratch:path()), "700\n", "only this user may enter")
  assert(host.scratch()):close()
  tap.is(folders(), scratch:path():match "[^/]+$" .. "\n", "another one leaves that of a living memlua alone")
end
tap.is(folders(), "", "what leaves its scope is removed with what is in it")

memlua "s = host.scratch() host.save(s:path() .. '/file', 'x') os.execute 'kill -KILL $PPID'"
local left = folders()
tap.like(left, "^memlua%-tmp%.%x+\n$", "a killed one leaves its folder")
assert(os.execute(("mkdir %s/memlua-tmp.mine"):format(tmp)))
tap.like(memlua "host.scratch()", "removed .*memlua%-tmp%.%x+, which a killed memlua left", "the next one says that it removes it")
tap.is(folders(), "memlua-tmp.mine\n", "that alone")
tap.like(memlua("print(host.scratch())", "TMPDIR=/proc"), "nil\t/proc: [^\n]+; TMPDIR may name a folder that can be written", "nowhere to be")

tap.done()
