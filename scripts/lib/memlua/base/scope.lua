--- memlua.base.scope: owns things that must be closed, and closes them in reverse order, whatever happens.
local scope = {}

local Scope = {}
Scope.__index = Scope

--- Takes ownership of a to-be-closed value and returns it.
function Scope:add(value)
  table.insert(self, value)
  return value
end

-- A closer that fails must not keep the others from running; the first failure is passed on.
function Scope:__close(cause)
  local failure
  for i = #self, 1, -1 do
    local closer = (getmetatable(self[i]) or {}).__close
    local ok, why = true, nil
    if closer then ok, why = pcall(closer, self[i], cause) end
    failure = failure or not ok and why or nil
    self[i] = nil
  end
  if failure and not cause then error(failure, 0) end
end

--- A new scope: `local owned <close> = scope.new()`.
function scope.new() return setmetatable({}, Scope) end

return scope
