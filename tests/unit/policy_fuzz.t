-- Random policies in Lua against the C that is made of them, natively. `memlua tests/unit/policy_fuzz.t PROGRAMS [SEED]` takes other ones:
-- `make fuzz` does. What differs is told by its seed.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local differential = require "differential"
local tap = require "tap"

local PROGRAMS <const>, SEED <const> = math.tointeger(tonumber(arg[1])) or 500, math.tointeger(tonumber(arg[2])) or 1
local STRICT_EVERY <const> = 16 -- batches

local programs, compared, errors, seed, differs = 0, 0, 0, SEED, nil
while programs < PROGRAMS and not differs do
  local batch = differential.batch(seed, differential.LARGE)
  local n, failed, difference = differential.native(batch, seed % STRICT_EVERY == 0 and "strict" or "quick")
  programs, compared, errors, seed, differs = programs + #batch.names, compared + n, errors + failed, seed + 1, difference
end
tap.ok(not differs, ("%d programs, %d runs: the same in C and in Lua"):format(programs, compared), differs)
tap.ok(compared >= PROGRAMS * differential.INPUTS, "each was run", compared)
tap.ok(errors > compared // 100 and errors < compared // 2, "a division by zero or a negative answer ends some of them, not most", errors, compared)
tap.done()
