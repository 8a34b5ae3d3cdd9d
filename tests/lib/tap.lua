-- What the tests are written in: TAP on standard output, for prove. Each check names what it checks and, when
-- it fails, shows on standard error, which prove lets through, what was found. The plan comes last, so a test that
-- dies early fails.
local tap = {}

local count, failures = 0, 0

local function show(value)
  if type(value) ~= "table" then return type(value) == "string" and ("%q"):format(value) or tostring(value) end
  local parts = {}
  for key, item in pairs(value) do parts[#parts + 1] = tostring(key) .. "=" .. show(item) end
  table.sort(parts)
  return "{" .. table.concat(parts, ", ") .. "}"
end

--- Passes when `condition` holds; `...` is shown when it doesn't.
function tap.ok(condition, name, ...)
  count = count + 1
  print(("%s %d - %s"):format(condition and "ok" or "not ok", count, name))
  if condition then return true end
  failures = failures + 1
  io.stdout:flush()
  io.stderr:write(("# not ok %d - %s\n"):format(count, name))
  for _, detail in ipairs { ... } do io.stderr:write("#   ", (show(detail):gsub("\n", "\n#   ")), "\n") end
  return false
end

local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for key in pairs(a) do if not same(a[key], b[key]) then return false end end
  for key in pairs(b) do if a[key] == nil then return false end end
  return true
end

--- Passes when `got` equals `want`, tables by their contents.
function tap.is(got, want, name)
  return tap.ok(same(got, want), name, "got  " .. show(got), "want " .. show(want))
end

--- Passes when `got` is within `tolerance` of `want`.
function tap.near(got, want, tolerance, name)
  local near = type(got) == "number" and math.abs(got - want) <= tolerance
  return tap.ok(near, name, ("got %s, want %s +- %s"):format(got, want, tolerance))
end

--- Passes when `text` matches the pattern (or holds the plain text).
function tap.like(text, pattern, name)
  local found = type(text) == "string" and (text:find(pattern, 1, true) or text:find(pattern))
  return tap.ok(found, name, "got     " .. show(text), "pattern " .. pattern)
end

--- Passes when `f` fails with a message like `pattern`, and with the exit status if one is given.
function tap.fails(f, pattern, name, status)
  local ok, why = pcall(f)
  local message = type(why) == "table" and why.message or tostring(why)
  local given = type(why) == "table" and why.status or nil
  local right = not ok and (message:find(pattern, 1, true) or message:find(pattern))
  return tap.ok(right and (not status or given == status), name, "got     " .. (ok and "no failure" or message),
    "pattern " .. pattern, "status  " .. tostring(given))
end

--- Reports a check that can't be made here, with the reason.
function tap.skip(name, reason)
  count = count + 1
  print(("ok %d - %s # SKIP %s"):format(count, name, reason))
end

--- Ends the test. With `reason` and no check made, the whole file was skipped.
function tap.done(reason)
  if count == 0 and reason then return print("1..0 # SKIP " .. reason) end
  print("1.." .. count)
  if failures > 0 then error({ status = 1, message = failures .. " of " .. count .. " checks failed" }, 0) end
end

return tap
