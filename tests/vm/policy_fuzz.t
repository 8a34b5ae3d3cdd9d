-- Random policies in Lua against the BPF that is made of them, run by the kernel: what tests/unit/policy_fuzz.t does natively. clang has
-- made the objects on the machine: in an emulated microVM it takes long. `memlua tests/vm/policy_fuzz.t BATCHES [SEED]` takes others.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local differential = require "differential"
local host = require "memlua.host"
local tap = require "tap"

local BATCHES <const>, SEED <const> = math.tointeger(tonumber(arg[1])) or 4, math.tointeger(tonumber(arg[2])) or 1000

local function path_of(seed) return ("%s/tests/fuzz-%d.bpf.o"):format(host.executable():match "^(.*)/", seed) end

local batches = {}
for i = 1, BATCHES do
  batches[i] = differential.batch(SEED + i, differential.SMALL)
  if not host.in_guest then differential.object(batches[i], path_of(SEED + i)) end
end
host.enter()

local programs, refused, compared, errors = 0, 0, 0, 0
for _, batch in ipairs(batches) do
  local n, failed, difference, left = differential.kernel(batch, path_of(batch.seed))
  tap.ok(not difference, ("seed %d: the same in BPF and in Lua"):format(batch.seed), difference)
  programs, refused, compared, errors = programs + #batch.names, refused + left, compared + n, errors + failed
end
print(("# %d programs, %d of them refused by the verifier, %d runs, %d ended by an error"):format(programs, refused, compared, errors))
tap.ok(refused <= programs // 32, "the verifier refuses hardly any", refused, programs)
tap.is(compared, (programs - refused) * differential.INPUTS, "each of the others was run")
tap.done()
