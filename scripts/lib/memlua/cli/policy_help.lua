--- memlua.cli.policy_help: what a policy does, its roles, configuration and statistics, as `memlua help` shows them: all of
--- it stands in the policy's own object (policy.describe).
local memlua = require "memlua"
local policy = require "memlua.policy"
local text = require "memlua.base.text"
local units = require "memlua.units"

local policy_help = {}

--- The built-in policies as contracts.topics lists things: { name, what it does }.
function policy_help.topics()
  local list = {}
  for i, p in ipairs(policy.list()) do list[i] = { p.name, p.description } end
  return list
end

--- Whether a name is that of a built-in policy, or looks like the path of a policy's file.
function policy_help.knows(name)
  for _, topic in ipairs(policy_help.topics()) do if topic[1] == name then return true end end
  return name:find "%.o$" ~= nil or name:find "%.lua$" ~= nil
end

-- "4M", "2000 ms", "faults"
local function default_of(member)
  local value = member.default
  if type(value) == "table" then return "{...}" end
  if value == nil or value == "" then return nil end
  if member.unit == "bytes" then return units.format_size(value) end
  return tostring(value) .. (member.unit and " " .. member.unit or "")
end

local function said_of(member)
  local said = member.doc or member.type
  if member.values then return said .. ": " .. table.concat(member.values, ", ") end
  return member.unit and member.default == nil and said .. ", in " .. member.unit or said
end

-- What a policy keeps for itself it leaves without words.
local function documented(members)
  local list = {}
  for _, member in ipairs(members or {}) do if member.doc then list[#list + 1] = member end end
  return #list > 0 and list or members
end

local function add_members(lines, title, what, members, width)
  members = documented(members)
  if not members or #members == 0 then return end
  local columns, rows = { { "  " .. title }, { "DEFAULT", drop = 1 }, { what, wrap = true } }, {}
  local has_default = members[1].default ~= nil
  if not has_default then table.remove(columns, 2) end
  for i, member in ipairs(members) do
    rows[i] = { "  " .. member.name, said_of(member) }
    if has_default then table.insert(rows[i], 2, default_of(member) or "") end
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = text.render(columns, rows, width):gsub("\n$", "")
end

-- How a scenario asks for it: see scenario.run for the whole table.
local function usage(described, name)
  local first = (described.config or {})[1]
  local config = first and (", config = { %s = ... }"):format(first.name) or ""
  return ("In a strategy: policy = { name = %q%s }. "):format(name, config)
end

local function roles(described)
  if #described.roles == 1 then return "Its only role, which all tenants have: " .. described.roles[1] .. "." end
  return "Its roles, which tenants have by their own role: " .. table.concat(described.roles, ", ") .. "."
end

--- A policy by its name or path as lines for a terminal of `width` columns: what it does, how a scenario names it,
--- its configuration with defaults and units, what it keeps of each tenant, its statistics. Fails where there is none.
function policy_help.lines(name, width)
  local described = memlua.must(policy.describe(name))
  local lines = { text.paint(described.name, "bold") }
  text.add(lines, (described.description or "A policy that doesn't say what it does") .. ".", width, "  ")
  lines[#lines + 1] = ""
  text.add(lines, usage(described, name) .. roles(described), width, "  ")
  add_members(lines, "CONFIG", "", described.config, width)
  for _, role in ipairs(described.roles) do
    add_members(lines, "OF EACH " .. role, "settings (policy = {...} of a tenant) and statistics", described.tenants[role], width)
  end
  add_members(lines, "STATISTICS", "of all together", described.stats, width)
  return lines
end

return policy_help
