--- memlua.report.shadow: what replay-policy prints of a policy on a recording (memlua.policy.replay's result).
local text = require "memlua.base.text"
local units = require "memlua.units"

local shadow = {}

local function plural(n, what) return ("%d %s%s"):format(n, what, n == 1 and "" or "s") end

local function delay(ms) return units.format_duration(ms / 1000) end

-- ---- the tenants ------------------------------------------------------------------------------------------------------

local function totals(result, is_compared)
  local rows = {}
  for i, t in ipairs(result.tenants) do
    rows[i] = { t.name, t.role, t.calls, is_compared and t.differ or nil, is_compared and delay(t.before_ms) or nil, delay(t.now_ms),
      is_compared and t.before_protected or nil, t.now_protected, colour = t.differ > 0 and "red" or nil }
  end
  local columns = { { "tenant" }, { "role" }, { "asked", align = "right" }, { "differ", align = "right" }, { "delay before", align = "right" },
    { "now", align = "right" }, { "protected before", align = "right" }, { "now", align = "right" } }
  return text.render(text.without_empty(columns, rows, function(cell) return cell ~= nil and cell ~= 0 end))
end

-- ---- the differences ----------------------------------------------------------------------------------------------------

local function differences(result)
  local rows = {}
  for i, d in ipairs(result.differences) do
    rows[i] = { ("%.3f s"):format(d.at), d.tenant, d.callback, d.before, d.now, d.inputs }
  end
  local head = #rows < result.differ and ("The first %d of %d differences:\n"):format(#rows, result.differ) or plural(#rows, "difference") .. ":\n"
  return head .. text.render({ { "time", align = "right" }, { "tenant" }, { "asked" }, { "before" }, { "now" }, { "with", wrap = true } }, rows)
end

-- ---- in words -----------------------------------------------------------------------------------------------------------

-- What the recording lacks, and so what the comparison does.
local function shortcomings(result, lost)
  local lines = {}
  local function add(fmt, ...) lines[#lines + 1] = fmt:format(...) end
  if result.untold > 0 then add("%s can't be told: %s", plural(result.untold, "call"), result.untold_why) end
  if result.older > 0 then add("%s: a reading that the recorded policy didn't make is taken from an earlier call", plural(result.older, "call")) end
  if lost.lost > 0 then add("%s missing in the recording, whose buffer was full: what the policy keeps may differ from then on", plural(lost.lost, "call")) end
  if lost.beyond > 0 then add("%s missing at the recording's end: the file was full", plural(lost.beyond, "call")) end
  if result.errors > 0 then add("%s ended by an error, the last in line %d", plural(result.errors, "call"), result.error_line) end
  return lines
end

local function verdict(result, is_compared)
  if not is_compared then return ("%s, of which %d ask for an answer"):format(plural(result.calls, "call"), result.answers) end
  if result.answers == 0 then return "no answer can be compared" end
  if result.differ > 0 then return ("%d of %d answers differ"):format(result.differ, result.answers) end
  return ("%s, the same as recorded"):format(plural(result.answers, "answer"))
end

--- The text for a result. `name`: what was replayed; `lost`: { lost, beyond }, calls that the recording lacks; `is_compared`: there are
--- recorded answers.
function shadow.text(name, result, lost, is_compared)
  local parts = { ("%s: %s\n"):format(name, verdict(result, is_compared)) }
  for _, line in ipairs(shortcomings(result, lost)) do parts[#parts + 1] = text.paint(line, "red") .. "\n" end
  if #result.tenants > 0 then parts[#parts + 1] = "\n" .. totals(result, is_compared) end
  if #result.differences > 0 then parts[#parts + 1] = "\n" .. differences(result) end
  return table.concat(parts)
end

return shadow
