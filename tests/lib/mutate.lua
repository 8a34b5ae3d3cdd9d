-- Damages run folders and traces as bad disks, other programs and people who mean harm would, the same way for a seed.
local json = require "memlua.json"
local stats = require "memlua.stats"

local mutate = {}

-- What JSON can hold that a reader may not expect in some place.
local VALUES = { 0, -1, 1, 2, 0.5, 1e308, -1e308, 1 << 62, math.mininteger, "", "x", "..", "../../x", "/etc/passwd", "a/b", "max", "50%",
                 "\27[2J\27]0;x\7", "\194\15531m", "`touch x`", "' ; system('touch x') ; '", ("n"):rep(300), "%d%s%n", "001-none", "done",
                 true, false, json.null, json.array {}, {}, json.array { 1, 2, 3 }, json.array { "a", json.array {} }, { name = "x" } }

local function deep(n)
  local value = json.array { 1 }
  for _ = 1, n do value = json.array { value } end
  return value
end

-- In an order that doesn't depend on the run.
local function sorted_places(document)
  local function walk(value, list)
    local keys = {}
    for key in pairs(value) do keys[#keys + 1] = key end
    table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
    for _, key in ipairs(keys) do
      list[#list + 1] = { value, key }
      if type(value[key]) == "table" then walk(value[key], list) end
    end
    return list
  end
  return walk(document, {})
end

local CHANGES = {
  function(t, key, random) t[key] = VALUES[random(#VALUES)] end,
  function(t, key) if math.type(key) == "integer" then table.remove(t, key) else t[key] = nil end end,
  function(t, key, random) -- what stands elsewhere
    local other = sorted_places(t)
    local from = other[random(#other)]
    t[key] = from[1][from[2]]
  end,
  function(t, key) if math.type(key) == "integer" then table.insert(t, key, t[key]) else t[key .. "_"] = t[key] end end,
  function(t, key) if type(t[key]) == "number" then t[key] = -t[key] elseif type(t[key]) == "string" then t[key] = t[key] .. "\27[0m" end end,
  function(t, key) t[key] = deep(90) end,
}

-- A document with one to three values changed; a change that makes it refer to itself can't be written.
local function changed(text, random)
  local document = json.decode(text)
  for _ = 1, random(3) do
    local places = sorted_places(document)
    local place = #places > 0 and places[random(#places)]
    if place then CHANGES[random(#CHANGES)](place[1], place[2], random) end
  end
  local ok, written = pcall(json.encode, document)
  return ok and written or text
end

local BYTES = {
  function(text, random) return text:sub(1, random(#text) - 1) end, -- cut
  function(text, random)
    local at = random(#text)
    return text:sub(1, at - 1) .. string.char(random(256) - 1) .. text:sub(at + 1)
  end,
  function(text, random)
    local from = random(#text)
    return text:sub(1, from) .. text:sub(random(#text))
  end,
  function(text, random) return text:rep(1 + random(2)) end,
  function() return "" end,
  function(_, random) return (("["):rep(random(5000))) end,
}

--- The text damaged, byte by byte or, where it is JSON, one time in four, value by value else. `random` as stats.random gives.
function mutate.text(text, random)
  if #text == 0 then return "x" end
  local is_json = text:find "^%s*[{%[]"
  if is_json and random(4) > 1 then return changed(text, random) end
  return BYTES[random(#BYTES)](text, random)
end

--- A generator for a round: equal seeds and rounds damage alike.
function mutate.random(seed, round) return stats.random(seed * 1000003 + round) end

return mutate
