--- memlua.base.document: what --json asks for.
local json = require "memlua.json"
local memlua = require "memlua"

local document = {}

--- Writes a value where --json says: `place` is a file, or "-" for standard output, where people may read it; nil: nowhere. Fails with
--- status 1 or 3 and the reason where the file can't be written.
function document.write(place, value)
  if place == "-" then
    io.stdout:write(json.encode(value, { indent = 2 }), "\n")
  elseif place then
    memlua.must(json.write(place, value))
  end
end

return document
