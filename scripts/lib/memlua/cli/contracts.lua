--- memlua.cli.contracts: what each function promises, read from where it is written: beside the function in memlua's own
--- sources, which are part of the binary. `memlua help` and the manual memlua-lua(7) show it.
---
--- In C a contract is a comment that begins with "module.function(...)" or "handle:method(...)"; in Lua it is the
--- block of "---" lines above "function module.name" or "module.NAME =". A file's first such comment, which names
--- the module, introduces its section.
local host = require "memlua.host"
local memlua = require "memlua"
local policy_help = require "memlua.cli.policy_help"
local worker = require "memlua.worker"

local contracts = {}

-- What scripts use; the inner modules follow in alphabetical order.
local FIRST = { "memlua.scenario", "memlua.option", "memlua", "memlua.cgroup", "memlua.worker", "memlua.policy",
                "memlua.oom", "memlua.gauge", "memlua.hostwait", "memlua.watch", "memlua.host", "memlua.json", "memlua.units", "memlua.stats", "memlua.run", "memlua.report",
                "memlua.plot", "memlua.trace", "memlua.guard", "memlua.controllers", "memlua.comparators" }

-- ---- reading ---------------------------------------------------------------------------------------------------

local parted
-- "name.f(a, b) -> c; more" as the call and what is said of it; one contract may be that of several names.
function parted(contract)
  local name, at = contract:match "^(%a[%w_]*[.:]%a[%w_]*)()"
  if not name or name:find "^memlua%." then return nil end
  local arguments = contract:match("^%b()", at) or contract:match("^%b{}", at) or ""
  local said = contract:sub(at + #arguments):gsub("^[:%s]+", "")
  local twin = said:match "^, (.*)" and parted(said:match "^, (.*)")
  if twin then return { call = name .. arguments .. ", " .. twin.call, said = twin.said } end
  return { call = name .. arguments, said = said }
end

local function from_c(source)
  local section = { entries = {} }
  for comment in source:gmatch "/%*(.-)%*/" do
    local text = comment:gsub("\n%s*%*? ?", "\n"):gsub("^%s+", ""):gsub("%s+$", "")
    local module, about = text:match "^(memlua%.%w+): (.*)"
    if module and not section.name then section.name, section.about = module, about end
    section.entries[#section.entries + 1] = parted(text)
  end
  return section
end

-- What a documented line of Lua declares: "name.f(a, b)", "class:method(a)", "name.FIELD".
local function declared(line)
  local owner, mark, rest = line:match "^function (%a[%w_]*)([.:])([%w_]+%b())"
  if owner then return owner:lower() .. mark .. rest end
  return line:match "^(%l[%w_]*%.[%w_]+) ="
end

local function from_lua(source)
  local section, doc = { entries = {} }, {}
  for line in source:gmatch "([^\n]*)\n?" do
    local said = line:match "^%-%-%- ?(.*)" or line:match "^%-%-%-$" and ""
    if said then
      doc[#doc + 1] = said
    else
      local text = table.concat(doc, "\n")
      if #doc > 0 and not section.name then section.name, section.about = text:match "^(memlua[%w_.]*): (.*)" end
      local call = #doc > 0 and declared(line)
      if call then section.entries[#section.entries + 1] = { call = call, said = text } end
      doc = {}
    end
  end
  return section
end

-- The figures of a worker are written down once, in the table that measures them.
local function figures()
  local lines = {}
  for i, f in ipairs(worker.figures) do
    local unit = f.unit == "seconds" and " (s)" or ""
    lines[i] = ("  %-13s %s%s"):format(f.name, f.about, unit)
  end
  return table.concat(lines, "\n")
end

local function filled_in(section)
  for _, entry in ipairs(section and section.entries or {}) do entry.said = entry.said:gsub("[^\n]*@FIGURES@", figures) end
  return section
end

local function section_of(name)
  if name:find "^host/lua/.*%.c$" then return filled_in(from_c(host.embedded(name))) end
  if name:find "^lua/memlua/.*%.lua$" and not name:find "/command/" then return from_lua(host.embedded(name)) end
end

-- A module's functions make the handles whose methods follow.
local function functions_first(entries)
  local ordered = {}
  for _, mark in ipairs { ".", ":" } do
    for _, entry in ipairs(entries) do
      if entry.call:match "[.:]" == mark then ordered[#ordered + 1] = entry end
    end
  end
  return ordered
end

--- All modules with what they promise, those that scripts use first: list of { name, about, inner = true for the others,
--- entries = list of { call = "worker.spawn(cg, spec)", said = text } }. Lines of a text that begin with two blanks keep their form.
function contracts.sections()
  local list, rank, by_name = {}, {}, {}
  for i, name in ipairs(FIRST) do rank[name] = i end
  for _, name in ipairs(host.embedded_names()) do
    local section = section_of(name)
    local first = section and by_name[section.name]
    if first then -- a module of several files
      first.entries = functions_first(table.move(section.entries, 1, #section.entries, #first.entries + 1, first.entries))
    elseif section and section.name and #section.entries > 0 then
      section.entries, section.inner = functions_first(section.entries), not rank[section.name]
      list[#list + 1], by_name[section.name] = section, section
    end
  end
  table.sort(list, function(a, b)
    local x, y = rank[a.name] or 99, rank[b.name] or 99
    return x < y or x == y and a.name < b.name
  end)
  return list
end

-- ---- finding ---------------------------------------------------------------------------------------------------

-- The names that a call goes by: "w:wait([timeout])" is w:wait, wait; two may share a contract.
local function names_of(call)
  local names = {}
  for owner, mark, name in call:gsub("%b()", ""):gsub("%b{}", ""):gmatch "(%a[%w_]*)([.:])([%w_]+)" do
    names[#names + 1], names[#names + 2] = owner .. mark .. name, name
  end
  return names
end

local function names_in(topics)
  local names = {}
  for i, topic in ipairs(topics) do names[i] = topic[1] end
  return names
end

local function is_in(list, word)
  for _, item in ipairs(list) do if item == word then return true end end
end

--- What is known by a name: a module ("memlua.machine.way", "machine.way" or "way"), a function ("worker.spawn", "w:wait") or the bare
--- name of one ("spawn"). Returns a list of sections with the entries that are meant. Fails with status 1, naming the
--- nearest name.
function contracts.find(word)
  local found, known = {}, names_in(policy_help.topics())
  for _, section in ipairs(contracts.sections()) do
    local short, last = section.name:gsub("^memlua%.", ""), section.name:match "[^.]+$"
    known[#known + 1] = short
    if word == section.name or word == short or word == last then return { section } end
    local entries = {}
    for _, entry in ipairs(section.entries) do
      local names = names_of(entry.call)
      table.move(names, 1, #names, #known + 1, known)
      if is_in(names, (word:gsub("^memlua%.", ""))) then entries[#entries + 1] = entry end
    end
    if #entries > 0 then found[#found + 1] = { name = section.name, entries = entries } end
  end
  if #found == 0 then
    local hint = memlua.hint(word, known)
    memlua.fail(memlua.status.misuse, "%s: no module, function or policy of that name; `memlua help` lists them%s", word,
      #hint < 80 and hint or "")
  end
  return found
end

--- All that `memlua help` knows, the policies included, for completion: list of { name, what it is }.
function contracts.topics()
  local list = policy_help.topics()
  list[#list + 1] = { "policies", "the built-in ones" }
  for _, section in ipairs(contracts.sections()) do
    list[#list + 1] = { section.name:gsub("^memlua%.", "") .. "", section.name }
    for _, entry in ipairs(section.entries) do
      list[#list + 1] = { names_of(entry.call)[1], (entry.call:gsub("%s+", " ")) }
    end
  end
  return list
end

return contracts
