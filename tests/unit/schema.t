-- A worker's figures: measured, told, put together, kept and checked by one table.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local contracts = require "memlua.cli.contracts"
local json = require "memlua.json"
local schema = require "memlua.results.schema"
local worker = require "memlua.worker"

-- ---- measured ----------------------------------------------------------------------------------------------------

local w <close> = assert(worker.spawn(nil, { size = "4M" }))
local result = assert(w:wait(60))
local known = {}
for _, figure in ipairs(worker.figures) do
  known[figure.name] = figure
  local value = result[figure.name]
  local due = figure.kinds == "*" or figure.kinds == "timed" or figure.kinds:find " anon "
  tap.is(math.type(value), due and (figure.unit == "seconds" and "float" or "integer") or nil,
    figure.name .. (due and " is measured" or " is not, of this kind"))
  tap.ok(figure.about ~= "" and (figure.together == nil or figure.together == "sum"), "and described", figure)
end
tap.is({ known.reached.unit, known.reached.together, known.lag_max_s.together }, { "bytes", "sum" }, "what several come to together")

tap.ok(result.minor_faults >= (4 << 20) // 4096 and result.minor_faults < 2 * (4 << 20) // 4096, "a fault per page that it touched", result.minor_faults)

-- ---- documented --------------------------------------------------------------------------------------------------

local said
for _, section in ipairs(contracts.sections()) do
  for _, entry in ipairs(section.entries) do said = entry.call:find "^w:wait" and entry.said or said end
end
for name, figure in pairs(known) do tap.ok(said:find("  " .. name, 1, true) and said:find(figure.about, 1, true), name .. " is in w:wait's contract") end

-- ---- checked -----------------------------------------------------------------------------------------------------

local function check(change, part)
  local tenant = { name = "t", ended = "done", reached = 1, cpu_s = 0.5, workloads = part and { part } }
  for key, value in pairs(change) do tenant[key] = value end
  return schema.check({ tenants = { tenant } }, "x/run.json")
end
tap.is(check({}).tenants[1].name, "t", "a run that is right passes")
tap.is(schema.check({ case = "x", ended = "?" }, "x").case, "x", "so does one of another kind")
for _, how in ipairs(schema.LOSSES) do tap.is(check({ ended = how }).tenants[1].ended, how, "a tenant may be " .. how) end
local wrong = {
  { { ended = "vanished" }, "x/run.json: tenant t: ended: unknown 'vanished'" },
  { { ended = json.null }, "x/run.json: tenant t: ended: unknown" },
  { { reached = "many" }, "x/run.json: tenant t: reached: must be a whole number, 0 or more, not many" },
  { { reached = 1.5 }, "reached: must be a whole number, 0 or more, not 1.5" },
  { { reached = -1 }, "reached: must be a whole number, 0 or more, not -1" },
  { { cpu_s = -0.1 }, "cpu_s: must be seconds, 0 or more, not -0.1" },
  { {}, "x/run.json: tenant t, workload w: major_faults: must be a whole number", { name = "w", ended = "done", major_faults = {} } },
}
for _, case in ipairs(wrong) do tap.fails(function() check(case[1], case[3]) end, case[2], case[2], 1) end

tap.done()
