-- A scenario on several kernels: the microVM's own, a copy of it, and one that doesn't boot.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local kernels = require "memlua.machine.kernels"
local run = require "memlua.run"
local shell = require "shell"
local sys = require "memlua.base.sys"

local quote <const> = sys.quote
local scratch <const>, tidy <close> = shell.folder()
local own <const> = kernels.chosen(host.settings)

-- A copy with its headers and modules beside it; and one of which nothing is left but what tells its release.
for _, name in ipairs { "copy", "dead" } do
  assert(os.execute(("cd %s && mkdir %s && cp %s %s/vmlinuz && ln -s %s %s/headers && ln -s %s/lib %s/lib"):format(scratch, name, quote(own.image), name,
    quote(own.headers), name, quote(own.root), name)))
end
local whole = assert(sys.read(scratch .. "/dead/vmlinuz"))
assert(host.save(scratch .. "/dead/vmlinuz", whole:sub(1, 0x8000) .. ("\0"):rep(#whole - 0x8000)))

assert(host.save(scratch .. "/two.lua", ([[
require "memlua.scenario".run { name = "two", warmup = 0, limits = { ["memory.max"] = "64M", ["memory.swap.max"] = 0 },
  kernels = { %q, %q, %q },
  tenants = { { name = "a", role = "high", workload = { size = "16M" } } },
  strategies = { { name = "none" }, { name = "tight", limits = { ["memory.max"] = "8M" } } } }
]]):format(own.release, scratch .. "/copy/vmlinuz", scratch .. "/dead/vmlinuz")))
local text, status = shell.said(("cd %s && %s two.lua --out out --seed 1"):format(scratch, quote(host.executable())))
local table_of = text:match "\nKERNEL.*" or text
tap.ok(status ~= 0 and table_of:find("dead/vmlinuz: not measured: ", 1, true), "one that doesn't boot is named", status, text)
local rows = {}
for line in table_of:gmatch "[^\n]+" do if line:find "lost in 1 of 1" then rows[#rows + 1] = line end end
tap.ok(#rows == 2 and rows[1]:find(own.release, 1, true) == 1 and rows[2]:find("copy/vmlinuz (" .. own.release .. ")", 1, true), "the others have their rows", text)
local releases = {}
for _, name in ipairs(sys.names(scratch .. "/out")) do
  if sys.exists(("%s/out/%s/manifest.json"):format(scratch, name)) then releases[#releases + 1] = run.machine(scratch .. "/out/" .. name).release end
end
tap.is(releases, { own.release, own.release }, "each folder tells its kernel")
tap.done()
