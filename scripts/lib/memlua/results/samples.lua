--- memlua.results.samples: what a run keeps of its tenants over time: nine tenths of its file, of which a table needs next to nothing. These series
--- are checked where they stand, number by number, but become tables of Lua only when they are asked for.
local file = require "memlua.results.file"
local json = require "memlua.json"
local memlua = require "memlua"

local samples = {}

--- The series of a tenant or of a workload of its own: its name -> the least and the greatest number of numbers in each row.
samples.ROWS = { memory = { 2, 3 }, progress = { 2, 2 } }

-- What stands for the first series that was cut out, plus 1 for the second: no file from elsewhere can know it.
local MARK <const> = math.random(1 << 40, 1 << 50)

-- The text with each series replaced by its mark, and the places of these: list of { key, from, to }. Only what memlua.json
-- would take, and memlua.results.format, is cut out; '{"' and ',"' before a name stand inside no string of JSON.
local function cut(text)
  local parts, cuts, kept, at = {}, {}, 1, 1
  while true do
    local _, _, key, from = text:find('[{,]"(%l+)":()%[%[', at)
    if not key then break end
    local rows = samples.ROWS[key]
    local after = rows and json.rows(text, from, rows[1], rows[2])
    if after then
      parts[#parts + 1] = text:sub(kept, from - 1) .. MARK + #cuts
      cuts[#cuts + 1] = { key = key, from = from, to = after - 1 }
      kept = after
    end
    at = after or from
  end
  return table.concat(parts) .. text:sub(kept), cuts
end

-- A cut series, from the file that it was in.
local function fetched(path, place)
  local opened <close> = file.open(path)
  opened:seek("set", place.from - 1)
  local text, rows = opened:read(place.to - place.from + 1) or "", samples.ROWS[place.key]
  if text == "" or json.rows(text, 1, rows[1], rows[2]) ~= #text + 1 then
    memlua.fail(memlua.status.misuse, "%s: changed while it was read; show it again", path)
  end
  return json.decode(text)
end

-- The series of `one` that were cut out are fetched once, when they are asked for. Returns how many there are.
local function lend(one, cuts, path)
  local places, n = {}, 0
  for key in pairs(samples.ROWS) do
    local value = one[key]
    local place = math.type(value) == "integer" and cuts[value - MARK + 1]
    if place then places[key], one[key], n = place, nil, n + 1 end
  end
  if n == 0 then return 0 end
  setmetatable(one, { __index = function(_, key)
    if not places[key] then return nil end
    one[key], places[key] = fetched(path, places[key]), nil
    return one[key]
  end })
  return n
end

local function items(value) return ipairs(type(value) == "table" and value or {}) end

-- Lends all tenants and workloads of a decoded run their series; returns whether each that was cut found its owner.
local function lend_all(result, cuts, path)
  local n = 0
  for _, tenant in items(type(result) == "table" and result.tenants) do
    if type(tenant) == "table" then
      n = n + lend(tenant, cuts, path)
      for _, part in items(tenant.workloads) do n = n + (type(part) == "table" and lend(part, cuts, path) or 0) end
    end
  end
  return n == #cuts
end

--- As json.decode of a run.json's text, but the series of its tenants are read from the file `path`, which holds the text, when
--- they are first asked for, and are checked already: where they are not as memlua.results.format wants them, or not where
--- memlua writes them, all is decoded at once, for it to complain.
function samples.decode(text, path)
  local rest, cuts = cut(text)
  local result = json.decode(rest)
  if result ~= nil and lend_all(result, cuts, path) then return result end
  return json.decode(text)
end

return samples
