-- What a series in the microVM leaves can be verified: its claims are judged, its folder tells what ran and is sealed.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local run = require "memlua.run"
local shell = require "shell"
local sys = require "memlua.base.sys"

local quote <const> = sys.quote
local scratch <const>, tidy <close> = shell.folder()

assert(host.save(scratch .. "/claimed.lua", [[
require "memlua.scenario".run { name = "claimed", runs = 6, warmup = 0, solo = false, limits = { ["memory.max"] = "64M" },
  tenants = { { name = "a", workload = { size = "8M", hold = "100ms" } } }, strategies = { { name = "none" } },
  claims = { { name = "kept", "a is kept", tenant = "a", metric = "kept", above = 0.3 },
             { name = "instant", "a takes no time", tenant = "a", below = "1us" } } }
]]))
local function memlua(words) return shell.said(("cd %s && %s %s"):format(quote(scratch), quote(host.executable()), words)) end

local text, status = memlua "--vm --out claimed claimed.lua --seed 1"
tap.ok(status == 2 and text:find("claim refuted: instant: a takes no time", 1, true), "a refuted claim is exit status 2", status, text)
tap.like(text, "kept .*confirmed: a is kept", "the other one is confirmed")
text, status = memlua "verify claimed"
tap.ok(status == 2 and text:find("files: all", 1, true) and text:find("table: follows", 1, true) and text:find("claims: follow", 1, true),
  "verify finds all as it was, and says the same", status, text)

local facts = run.machine(scratch .. "/claimed")
local ran = facts.ran
local _, _, own = shell.output("sha256sum <" .. quote(host.executable())):find "^(%x+)"
tap.is(ran.digests.memlua, own, "the digest of memlua")
for _, name in ipairs { "kernel", "module", "hostwait" } do tap.like(ran.digests[name] or "", "^%x+$", "that of its " .. name) end
tap.like(ran.versions.qemu or "", "QEMU.*%d", "the version of QEMU")
tap.like(ran.config and ran.config.CONFIG_MEMCG or "", "^y$", "the kernel's configuration")
tap.like(facts.cmdline or "", "%S", "the command line of the guest's kernel")
tap.ok(ran.machine.cpu ~= facts.cpu and ran.load.after and ran.steal, "of the machine beside that of the guest: CPU, load, steal", ran)
tap.is(facts.asked.words, { "--seed", "1" }, "and what was asked for")
tap.done()
