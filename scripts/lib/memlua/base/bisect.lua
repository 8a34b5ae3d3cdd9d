--- memlua.base.bisect: where in an ordered list an answer changes, asked as seldom as can be, since each question may take an hour.
local bisect = {}

-- The first answer that tells, from place `from` to `to`.
local function first_told(answer, from, to, step)
  for i = from, to, step do if answer(i) ~= nil then return i end end
end

-- The place nearest to the middle between `low` and `high`, both excluded, whose answer tells; nil: none does.
local function middle(answer, low, high)
  local centre = (low + high) // 2
  for off = 0, high - low do
    for _, i in ipairs { centre - off, centre + off } do
      if i > low and i < high and answer(i) ~= nil then return i end
    end
  end
end

--- Asks `ask(item)` -> true, false, or nil where it can't be told, of items of `list`, each once at most. The answer is taken to change
--- once: of several changes one is found. Returns the places of two items with nothing between them that tells, whose answers differ; or the
--- first and the last place that tell, and true, where these two answer the same; nothing where none tells.
function bisect.search(list, ask)
  local asked, answers = {}, {}
  local function answer(i)
    if not asked[i] then asked[i], answers[i] = true, ask(list[i]) end
    return answers[i]
  end
  local low = first_told(answer, 1, #list, 1)
  if not low then return nil end
  local high = first_told(answer, #list, low, -1)
  if answer(low) == answer(high) then return low, high, true end
  local at = middle(answer, low, high)
  while at do
    if answer(at) == answer(low) then low = at else high = at end
    at = middle(answer, low, high)
  end
  return low, high
end

return bisect
