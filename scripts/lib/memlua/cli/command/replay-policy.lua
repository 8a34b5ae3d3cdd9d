--- memlua replay-policy RUN POLICY: a policy in Lua on the recorded calls of a run, or on traces of memory.
local document = require "memlua.base.document"
local feed = require "memlua.policy.feed"
local json = require "memlua.json"
local memlua = require "memlua"
local option = require "memlua.option"
local policy = require "memlua.policy"
local recording = require "memlua.policy.recording"
local replay = require "memlua.policy.replay"
local report = require "memlua.report.shadow"
local run = require "memlua.run"
local runs = require "memlua.results.find"
local trace = require "memlua.trace"
local user = require "memlua.policy.user"

local options = option.parse {
  name = "replay-policy", about = "Ask a policy in Lua what a recorded one was asked, and compare the answers. Exit status 0: all are the "
    .. "same; 2: some differ; 7: some can't be told. Of a trace there is nothing to compare with.",
  common = "print",
  arguments = {
    { "run", help = "a run whose strategy has policy = { record = true }, by its folder or name, or last; a file *.calls of it; or a trace: "
      .. "resources.json or CSV" },
    { "policy", help = "a file that ends with `return policy.lua { ... }`" },
  },
  options = {
    { "config", "string", arg = "KEY=VALUE", many = true, help = "the policy's configuration, other than in the recording" },
    { "first", "count", default = 10, arg = "N", help = "differences that are shown" },
    { "strategy", "string", help = "of a run: the recordings of this strategy alone" },
    { "beside", "string", arg = "[ROLE=]TRACE", many = true, help = "of traces: another tenant" },
    { "role", "string", help = "of traces: the first tenant's role" },
    { "limit", "size", help = "of traces: the parent's memory.max (none)" },
    { "setting", "string", arg = "[TENANT.]KEY=VALUE", many = true, help = "of traces: a setting of the tenants, or of one" },
  },
}

local function fail(fmt, ...) memlua.fail(memlua.status.misuse, fmt, ...) end

-- ---- what the command line gives ----------------------------------------------------------------------------------------

local function value_of(text)
  if text == "true" or text == "false" then return text == "true" end
  return math.tointeger(tonumber(text)) or text
end

local function parted(text, name)
  local key, value = text:match "^([^=]+)=(.*)$"
  if not key then fail("--%s: %s: write KEY=VALUE", name, text) end
  return key, value_of(value)
end

-- The configuration that is given, in the policy's own units; nil where none is.
local function configuration(opened)
  local given, values = {}, {}
  for _, text in ipairs(options.config) do
    local key, value = parted(text, "config")
    given[key] = value
  end
  opened:configure(given)
  for key in pairs(given) do values[key] = opened:config()[key] end
  return values
end

-- ---- traces ---------------------------------------------------------------------------------------------------------------

local function is_trace(path) return path:find "%.json$" ~= nil or path:find "%.csv$" ~= nil end

local function role_of(definition, given, path)
  local names = {}
  for i, role in ipairs(definition.roles) do names[i] = role.name end
  if not given and #names == 1 then return names[1] end
  if not given then fail("%s: which role has it? %s knows %s: --role of the first, --beside ROLE=TRACE of the others", path, definition.name, table.concat(names, ", ")) end
  if not memlua.named(definition.roles, given) then fail("%s: %s knows no role '%s'%s", path, definition.name, given, memlua.hint(given, names)) end
  return given
end

local function settings_of(opened, member)
  local given = {}
  for _, text in ipairs(options.setting or {}) do
    local key, value = parted(text, "setting")
    local whose, name = key:match "^(.*)%.([^.]*)$"
    if not whose or whose == member.name then given[name or key] = value end
  end
  return opened:check(member.role, given)
end

local function members_of(definition, opened)
  local members, names = {}, {}
  local function add(path, role)
    local name = path:match "([^/]*)%.%w+$"
    names[name] = (names[name] or 0) + 1
    if names[name] > 1 then name = ("%s_%d"):format(name, names[name]) end
    local member = { name = name, role = role_of(definition, role, path), trace = trace.read(path) }
    member.settings = settings_of(opened, member)
    members[#members + 1] = member
  end
  add(options.run, options.role)
  for _, text in ipairs(options.beside or {}) do
    local role, path = text:match "^(%l[%w_]*)=(.*)$"
    add(path or text, role)
  end
  return members
end

-- ---- recordings -------------------------------------------------------------------------------------------------------------

-- The recordings of a run's folder: list of { name, path, lost, beyond }.
local function recordings_of(path)
  local list, folder, names = {}, run.open(path), {}
  for i, result in ipairs(folder.runs) do
    local kept = result.policy and result.policy.recorded
    if kept then names[result.strategy] = true end
    if kept and result.strategy == (options.strategy or result.strategy) then
      local id = folder.manifest.runs[i]
      list[#list + 1] = { name = id, path = ("%s/runs/%s/%s"):format(path, id, kept.file), lost = kept.lost or 0, beyond = kept.beyond or 0 }
    end
  end
  if #list == 0 and next(names) then
    fail("--strategy %s: %s has no recording of it%s", options.strategy, path, memlua.hint(options.strategy, memlua.keys(names)))
  end
  if #list == 0 then fail("%s: none of its runs is recorded; give the strategy policy = { name = ..., record = true } and run it again", path) end
  return list
end

local function sources(definition, opened)
  local path = options.run
  local one = is_trace(path) and "a trace" or path:find "%.calls$" and "one recording"
  if options.strategy and one then fail("--strategy: is of a run; %s is %s", path, one) end
  if is_trace(path) then
    return { { name = path, lost = 0, beyond = 0, is_trace = true, calls = feed.of(definition, members_of(definition, opened), options.limit) } }
  end
  for _, name in ipairs { "beside", "role", "limit", "setting" } do
    local given = options[name]
    if given and (type(given) ~= "table" or #given > 0) then fail("--%s: is for traces; %s is a recording, which has what it was", name, path) end
  end
  if path:find "%.calls$" then return { { name = path, path = path, lost = 0, beyond = 0 } } end
  return recordings_of(runs.find(path))
end

-- ---- all together -------------------------------------------------------------------------------------------------------------

local definition = policy.lua(options.policy)
local opened = user.open(definition)
local config = configuration(opened)
local differ, untold, all = 0, 0, {}
for i, source in ipairs(sources(definition, opened)) do
  local calls = source.calls or recording.parse(run.contents(source.path), source.path)
  local result = replay.run(definition, calls, config, options.first)
  if result.calls == 0 then fail("%s: holds no call: the policy was never asked", source.name) end
  differ, untold = differ + result.differ, untold + result.untold
  result.name, result.lost, result.beyond, all[i] = source.name, source.lost, source.beyond, result
  if options.json ~= "-" then io.stdout:write(i > 1 and "\n" or "", report.text(source.name, result, source, not source.is_trace)) end
end
document.write(options.json, json.array(all))
io.stdout:flush()
if differ > 0 then memlua.fail(memlua.status.assertion, "%d answer%s differ%s from the recorded", differ, differ == 1 and "" or "s", differ == 1 and "s" or "") end
if untold > 0 then memlua.fail(memlua.status.untrustworthy, "%d call%s can't be told", untold, untold == 1 and "" or "s") end
