-- memlua.report.overhead, memlua.report.refaults and memlua.report.scaling: the figures of overhead.lua, cache.lua and scale.lua from
-- given runs.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local costs = require "memlua.report.overhead"
local pages = require "memlua.report.refaults"
local scaling = require "memlua.report.scaling"

-- ---- costs: each case against "none" of its own block ------------------------------------------------------------

local function run(case, block, alloc_s, chunk_s)
  return { case = case, block = block, alloc_s = alloc_s, size = 409600, chunks_s = { chunk_s, chunk_s, chunk_s } }
end
local folder = { manifest = { seed = 1 }, host = { page_size = 4096, clock = "virtual" }, runs = {
  run("quiet", 1, 1.25, 0.022), run("none", 1, 1, 0.02), run("none", 2, 2, 0.04), run("quiet", 2, 2.5, 0.044),
} }
local summary = costs.summarise(folder)
local none, quiet = summary.cases[1], summary.cases[2]
tap.is({ none.name, none.throughput }, { "none", nil }, "no policy comes first, and is compared with nothing")
tap.is({ quiet.throughput.median, quiet.throughput.n }, { 0.8, 2 }, "throughput block by block, though the blocks differ")
tap.near(quiet.p50.median, 1.1, 1e-9, "and P50")
tap.is(none.page_ns.median, 1.5e7, "time per page")
tap.is(summary.ns_per_instruction, 2, "instructions under the virtual clock")
folder.host.clock = "kvm"
tap.is(costs.summarise(folder).ns_per_instruction, nil, "and under no other")

-- ---- pages: what happens while HIGH competes -----------------------------------------------------------------------

-- HIGH is spawned at 0, waits 1 s, writes its file for 1 s, and reads from 2 s to 4 s
local high = { name = "high", spawned = 0, delay = 1, alloc_s = 1, finish = 4, workload = { kind = "file" },
  stat = { workingset_refault_file = 7, pgscan = 9 }, progress = { { 2, 100 }, { 4, 300 } },
  memory = { { 0, 0 }, { 1.9, 5 }, { 2.5, 40 }, { 3, 60 }, { 3.5, 50 }, { 4.5, 1 } } }
local low = { name = "low", finish = 5, workload = { kind = "file" }, stat = { pgscan = 1 }, memory = { { 3, 8 } },
  progress = { { 1, 0 }, { 3, 400 }, { 5, 1400 } } }
local both = { tenants = { high, low } }
tap.is(pages.of(both, high), { refaults = 7, scanned = 9, held = 50, rate = 100.0 }, "the high tenant")
tap.is(pages.of(both, low), { scanned = 1, held = 8, rate = 350.0 }, "a low one: interpolated at both ends; no refaults, no figure")
low.finish = 3
tap.is({ pages.of(both, high).rate, pages.of(both, high).held }, { 100.0, 50.0 }, "the first to end ends the comparison")
low.finish = 2
tap.is(pages.of(both, low), { scanned = 1 }, "one that ended before leaves nothing to compare")
low.finish, high.finish = 5, nil
tap.is(pages.of(both, low), { scanned = 1 }, "nor does a high tenant that never finished")

-- ---- growth: a power of the tenants for each step ---------------------------------------------------------------------

-- Each step takes a second for one tenant; its n-th grows with a power of (n + 2) / 4.
local function grown(tenants, factor)
  local steps = {}
  for i, step in ipairs(scaling.STEPS) do steps[step[1]] = (factor or 1) * tenants ^ ((i + 2) / 4) end
  return { case = tenants .. "-tenants", block = 1, tenants = tenants, steps = steps }
end
local growing = { path = "x", manifest = { about = "growth" }, host = {}, runs = { grown(1000), grown(10), grown(100), grown(100, 3), grown(100, 1 / 3) } }
growing.summary = scaling.summarise(growing)
local steps = growing.summary.steps
for i, step in ipairs(steps) do tap.near(step.exponent, (i + 2) / 4, 1e-9, step.name .. ": the exponent that it was made with") end
tap.is({ #steps, steps[2].name }, { 8, "attach" }, "in the order of the steps")
local sizes = steps[2].per_tenant
tap.is({ #sizes, sizes[1].tenants, sizes[3].tenants, sizes[2].seconds.n }, { 3, 10, 1000, 3 }, "sizes in order, several runs of one together")
tap.near(sizes[3].seconds.median, 1, 1e-9, "per tenant, a step that is linear takes as long at any size")
local text = scaling.text { growing }
for _, pattern in ipairs { "\nSTEP +AT 10 +AT 100 +AT 1000 +EXPONENT\n", "\nattach +1.00 s +1.00 s +1.00 s +1.00\n", "\nremove .* 2.50\n" } do
  tap.like(text, pattern, "the table: " .. pattern:gsub("\n", ""))
end
growing.runs = { grown(10), grown(10) }
tap.fails(function() scaling.summarise(growing) end, "one number of tenants: growth is seen between two", "of one size nothing is told", 1)

tap.done()
