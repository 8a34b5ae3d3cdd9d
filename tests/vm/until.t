-- --until in the microVM: a series whose figures repeat ends at the first look, one whose figures scatter makes all its runs; either folder is whole.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local run = require "memlua.run"
local shell = require "shell"
local sys = require "memlua.base.sys"

local quote <const> = sys.quote
local scratch <const>, tidy <close> = shell.folder()

-- With --scatter a tenant sleeps 10, 20, 40 and 80 ms in turn, a block each.
assert(host.save(scratch .. "/two.lua", [[
local option = require "memlua.option"
local o = option.parse { name = "two", options = { { "scatter", "flag" } } }
local n = 0
require "memlua.scenario".run { name = "two", warmup = 0, solo = false, limits = { ["memory.max"] = "64M" }, options = o,
  hooks = { setup = function() n = n + 1 end },
  tenants = { { name = "a", workload = { kind = "lua", size = "4M", run = function(step)
    require "memlua.host".sleep(o.scatter and 0.01 * 2 ^ (n % 4) or 0.05)
    step(0)
  end } } },
  strategies = { { name = "none" } } }
]]))
local function memlua(words) return shell.said(("cd %s && %s %s"):format(scratch, quote(host.executable()), words)) end

for _, case in ipairs { { "steady", "", 8, 8 }, { "wide", "--scatter", 16, nil } } do
  local name, option, runs, stopped = table.unpack(case, 1, 4)
  local text, status = memlua(("two.lua --vm --seed 1 --until 10%% --runs 16 --out %s %s"):format(name, option))
  local manifest = run.manifest(scratch .. "/" .. name)
  tap.is({ status, #manifest.runs, #manifest.cells, manifest.stopping.stopped, run.shortfall(manifest) }, { 0, runs, runs, stopped, nil }, name .. ": so many runs", text)
  tap.is(manifest.stopping.looks, { 8, 16 }, name .. ": it was looked at after 8 and 16")
  tap.ok((text:find("precise enough after 8 blocks", 1, true) ~= nil) == (stopped ~= nil), name .. ": which is said", text)
  tap.like(text, stopped and "precise to 10 %% after 8" or "not precise to 10 %%", name .. ": and stands below the table")
  tap.is(select(2, memlua("verify " .. name)), 0, name .. ": it can be verified")
end
tap.done()
