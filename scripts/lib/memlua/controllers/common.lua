--- memlua.controllers.common: what the ready-made controllers share: their options, and whom they are about.
local check = require "memlua.base.check"
local memlua = require "memlua"

local common = {}

-- ---- options -----------------------------------------------------------------------------------------------------

--- The checker of a share, 0 to 1.
common.share = check.number { min = 0, max = 1 }
--- The checker of a whole number of 1 or more.
common.at_least_one = check.number { min = 1, integer = true }

--- The options `given` to controllers.NAME (or, with `module`, to MODULE.NAME) over their defaults, `known` = { KEY = { default, checker } }, checked. Fails with
--- status 1 on an unknown key or a bad value.
function common.options(name, given, known, module)
  local options, place = {}, (module or "controllers") .. "." .. name
  for _, key in ipairs(memlua.keys(given or {})) do
    check.one_of(memlua.keys(known))(tostring(key), place)
  end
  for key, form in pairs(known) do
    local value = (given or {})[key]
    options[key] = form[2](value == nil and form[1] or value, ("%s: %s"):format(place, key))
  end
  return options
end

-- ---- whom it is about ----------------------------------------------------------------------------------------------

local function of_role(c, name, role)
  local list = {}
  for _, t in ipairs(c.tenants) do if t.role == role then list[#list + 1] = t end end
  if #list == 0 then memlua.fail(memlua.status.misuse, "controllers.%s: no tenant has the role %s; it needs high ones and low ones", name, role) end
  return list
end

--- The tenants of role high, and those of role low. Fails where there are none of either.
function common.sides(c, name) return of_role(c, name, "high"), of_role(c, name, "low") end

--- The session's memory.max in bytes. Fails where it has none.
function common.total(c, name)
  local total = math.tointeger(c.session:get "memory.max")
  if not total then memlua.fail(memlua.status.misuse, "controllers.%s: a share of what? the session has no memory.max", name) end
  return total
end

-- ---- what they do with them ------------------------------------------------------------------------------------------

--- f(tenant, ...) for each of the list.
function common.each(list, f, ...) for _, t in ipairs(list) do f(t, ...) end end

--- Sets a knob of each of the list.
function common.set_all(list, knob, value) common.each(list, function(t) t:set(knob, value) end) end

--- The sum of f(tenant) over the list.
function common.sum(list, f)
  local n = 0
  for _, t in ipairs(list) do n = n + f(t) end
  return n
end

--- f() gives a number; the function returned says by how much it has grown since it was last asked.
function common.growth(f)
  local last = f()
  return function()
    local now = f()
    local grown = now - last
    last = now
    return grown
  end
end

--- For how long (us) the tenant has been stalled for memory (PSI, some).
function common.stall_of(t) return t:pressure().some.total end

--- Freezes what shall be and thaws what shall not, a write only where that changes; `frozen`: { TENANT = true } of those that are.
function common.hold(frozen, t, shall)
  if shall == (frozen[t] or false) then return end
  frozen[t] = shall or nil
  if shall then t:freeze() else t:thaw() end
end

return common
