--- memlua.policy.refusal: how a policy in Lua is refused: by file and line, with what to write instead.
local memlua = require "memlua"

local refusal = {}

--- Fails with status 1 and "FILE:LINE: ...". `place` has `file`; `node` is a node of the syntax tree, or nil for the place's own
--- `line`; `fmt, ...` as in string.format.
function refusal.at(place, node, fmt, ...)
  memlua.fail(memlua.status.misuse, "%s:%d: %s", place.file, node and node.line or place.line, fmt:format(...))
end

return refusal
