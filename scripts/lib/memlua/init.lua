--- memlua: errors that carry an exit status, and the nearest known word.
local host = require "memlua.host"

local memlua = {}

--- Exit statuses. Nothing measured is never 0.
memlua.status = {
  done = 0, misuse = 1, assertion = 2, resources = 3, unsupported = 4,
  signal = 5, untrustworthy = 7, timeout = 124, panic = 255,
}

local Failure = { __tostring = function(failure) return failure.message end }

--- Raises an error that ends memlua with `status` and the message on standard error, without a
--- traceback: for what the user can mend. `fmt, ...` as in string.format.
function memlua.fail(status, fmt, ...)
  error(setmetatable({ status = status, message = fmt:format(...) }, Failure), 0)
end

-- errno of what the outside world refused -> exit status (Linux numbers, asm-generic/errno*.h)
local EXIT_OF_ERRNO = {
  [12] = memlua.status.resources, [24] = memlua.status.resources, [28] = memlua.status.resources,
  [38] = memlua.status.unsupported, [95] = memlua.status.unsupported,
  [4] = memlua.status.signal,
}

--- Passes `value` on, or fails with `message`: for calls that return nil, "name: reason", errno.
function memlua.must(value, message, errno)
  if value == nil or value == false then
    memlua.fail(EXIT_OF_ERRNO[errno] or memlua.status.misuse, "%s", message or "unknown failure")
  end
  return value
end

--- "; did you mean 'x'?" or, when nothing is near, "; known: a, b, c".
function memlua.hint(word, known)
  local near = host.nearest(word, known)
  if near then return ("; did you mean '%s'?"):format(near) end
  return "; known: " .. table.concat(known, ", ")
end

--- The element of a list of { name = ... } that has this name, or nil.
function memlua.named(list, name)
  for _, one in ipairs(list) do if one.name == name then return one end end
end

--- A list of { name = ... } as a table by these names.
function memlua.by_name(list)
  local known = {}
  for _, one in ipairs(list) do known[one.name] = one end
  return known
end

--- A list of { rank = ... } anew, the best rank (1) first; of one rank in their order.
function memlua.ranked(list)
  local order, place = table.move(list, 1, #list, 1, {}), {}
  for i, one in ipairs(list) do place[one] = i end
  table.sort(order, function(a, b)
    if a.rank ~= b.rank then return a.rank < b.rank end
    return place[a] < place[b]
  end)
  return order
end

--- The keys of a table as a sorted list.
function memlua.keys(t)
  local list = {}
  for key in pairs(t) do list[#list + 1] = key end
  table.sort(list, function(a, b) return tostring(a) < tostring(b) end)
  return list
end

return memlua
