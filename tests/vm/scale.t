-- scale.lua with few tenants: each step is done for all of them, and how each grows is told.
local tests = arg[0]:match "^(.*)/[^/]*/[^/]*$"
package.path = tests .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local run = require "memlua.run"
local scaling = require "memlua.report.scaling"
local shell = require "shell"
local sys = require "memlua.base.sys"

local quote <const> = sys.quote
local owned <close> = assert(host.scratch())
local out <const> = owned:path() .. "/out"

-- Of so few tenants nothing is claimed: 2 is a step that grows too fast.
local said, status = shell.said(("%s --vm --out %s %s/../scripts/scale.lua --tenants 20"):format(quote(host.executable()), quote(out), quote(tests)))
tap.ok(status == 0 or status == 2, "it runs", status, said)
local ok, folder = pcall(run.load, out)
tap.ok(ok and #folder.runs == 5, "all sizes are measured", ok, folder)
for _, one in ipairs(ok and folder.runs or {}) do
  tap.is(one.case, one.tenants .. "-tenants", "a case is named by its number of tenants")
end
local summary = ok and scaling.summarise(folder) or { steps = {} }
tap.is(#summary.steps, 8, "each step is told of")
for _, step in ipairs(summary.steps) do
  tap.ok(step.exponent > -1 and step.exponent < 2, step.name .. ": grows", step.exponent)
  tap.like(said, "\n" .. step.name .. " ", "and stands in the table")
end
tap.ok(sys.exists(out .. "/plots/scale.png"), "the picture is drawn")
tap.done()
