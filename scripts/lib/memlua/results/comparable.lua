--- memlua.results.comparable: whether the figures of several folders can stand beside each other.
local comparable = {}

-- What must be equal for figures to be comparable.
local function identity(folder)
  return {
    kernel = folder.host.release, clock = folder.host.clock, way = folder.host.way,
  }
end

--- What differs between folders so that their figures can't be compared: a list of texts, empty if none.
function comparable.mismatches(folders)
  local list, first = {}, identity(folders[1])
  for i = 2, #folders do
    local other = identity(folders[i])
    for _, key in ipairs { "kernel", "clock", "way" } do
      if first[key] ~= other[key] then
        list[#list + 1] = ("%s: %s in %s, %s in %s"):format(key, tostring(first[key]), folders[1].path,
          tostring(other[key]), folders[i].path)
      end
    end
  end
  return list
end

return comparable
