-- memlua.report.overhead and memlua.report.refaults: the figures of overhead.lua and cache.lua from given runs.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local costs = require "memlua.report.overhead"
local pages = require "memlua.report.refaults"

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

tap.done()
