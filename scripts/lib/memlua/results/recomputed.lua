--- memlua.results.recomputed: whether what a folder says of its raw data is what follows from them.
local claims = require "memlua.results.claims"
local differences = require "memlua.base.differences"
local host = require "memlua.host"
local json = require "memlua.json"
local printable = require "memlua.base.printable"
local run = require "memlua.run"

local recomputed = {}

-- Sums may be made in another order.
local TOLERANCE <const> = 1e-9

local MOST <const> = 10 -- lines; another summary differs in everything

-- How the file `name` differs from `value`: a list of texts.
local function differing(folder, name, value)
  local path = folder.path .. "/" .. name
  if not host.kind(path) then return { name .. ": missing" } end
  local written, why = json.decode(run.contents(path))
  if written == nil then return { ("%s: not JSON: %s"):format(name, printable.text(why)) } end
  local list = differences.of(written, json.decode(json.encode(value)), TOLERANCE)
  local said = {}
  for i = 1, math.min(#list, MOST) do
    local place, there, here = table.unpack(list[i])
    said[i] = printable.text(("%s: %s: says %s, the raw data %s"):format(name, place, differences.shown(there), differences.shown(here)))
  end
  if #list > MOST then said[#said + 1] = ("%s: and %d more differences"):format(name, #list - MOST) end
  return said
end

--- Where the summary.json of a folder (memlua.run.load, with its `summary` made anew) says something else: a list of texts, at most eleven.
function recomputed.table(folder) return differing(folder, "summary.json", folder.summary) end

--- The same of its claims.json and `claims`.
function recomputed.claims(folder) return differing(folder, "claims.json", claims.document(folder.claims)) end

return recomputed
