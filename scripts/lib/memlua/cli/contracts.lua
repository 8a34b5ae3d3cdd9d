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

-- Calls f(text, where it ends) with what stands between each two marks, until it returns true. Plain searches: patterns
-- that try every byte of the sources were nine tenths of what `memlua help` took.
local function each_between(source, open, close, f)
  local from = source:find(open, 1, true)
  while from do
    local to = source:find(close, from + #open, true)
    if not to or f(source:sub(from + #open, to - 1), to) then return end
    from = source:find(open, to, true)
  end
end

-- Calls f(text) with each comment of C that may be a contract.
local function each_comment(source, f)
  each_between(source, "/*", "*/", function(comment)
    return comment:find "^[%s*]*%a[%w_]*[.:]%a" and f(comment:gsub("\n%s*%*? ?", "\n"):match "^%s*(.*%S)")
  end)
end

-- Calls f(text, the line below) with each block of "---" lines.
local function each_block(source, f)
  local doc = {}
  source = "\n" .. source .. "\n"
  each_between(source, "\n---", "\n", function(said, ended)
    doc[#doc + 1] = said:gsub("^ ", "")
    if source:find("^\n%-%-%-", ended) then return end -- the block goes on
    local text = table.concat(doc, "\n")
    doc = {}
    return f(text, source:match("[^\n]*", ended + 1))
  end)
end

-- What a documented line of Lua declares: "name.f(a, b)", "class:method(a)", "name.FIELD".
local function declared(line)
  local owner, mark, rest = line:match "^function (%a[%w_]*)([.:])([%w_]+%b())"
  if owner then return owner:lower() .. mark .. rest end
  return line:match "^(%l[%w_]*%.[%w_]+) ="
end

local function is_c(file) return file:find "^host/lua/.*%.c$" end

local function add_entries(entries, file)
  local source = host.embedded(file)
  if is_c(file) then return each_comment(source, function(text) entries[#entries + 1] = parted(text) end) end
  each_block(source, function(text, line)
    local call = declared(line)
    if call then entries[#entries + 1] = { call = call, said = text } end
  end)
end

local HEAD <const> = 2048 -- bytes of a file in which its first comment ends

-- The name and the words by which a file's first such comment introduces a module, if it does.
local function introduced(file)
  if not is_c(file) and (not file:find "^lua/memlua/.*%.lua$" or file:find "/command/") then return nil end
  local name, about
  local each = is_c(file) and each_comment or each_block
  each(host.embedded(file, HEAD), function(text)
    name, about = text:match "^(memlua[%w_.]*): (.*)"
    return true
  end)
  return name, about
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

local function fill_in(entries)
  for _, entry in ipairs(entries) do
    if entry.said:find("@FIGURES@", 1, true) then entry.said = entry.said:gsub("[^\n]*@FIGURES@", figures) end
  end
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

local function entries_of(module)
  local entries = {}
  for _, file in ipairs(module.files) do add_entries(entries, file) end
  fill_in(entries)
  return functions_first(entries)
end

--- All modules, those that scripts use first: list of { name, about, inner = true for the others, files = { NAME as
--- host.embedded takes it, ... } }.
function contracts.modules()
  local by_name, names, list, outer = {}, {}, {}, {}
  for _, file in ipairs(host.embedded_names()) do
    local name, about = introduced(file)
    local module = by_name[name]
    if module then
      module.files[#module.files + 1] = file
    elseif name then
      by_name[name], names[#names + 1] = { name = name, about = about, inner = true, files = { file } }, name
    end
  end
  for i, name in ipairs(FIRST) do
    list[i], outer[name] = by_name[name], true
    list[i].inner = false
  end
  table.sort(names)
  for _, name in ipairs(names) do if not outer[name] then list[#list + 1] = by_name[name] end end
  return list
end

--- The same with what they promise: each has entries, too, a list of { call = "worker.spawn(cg, spec)", said = text }.
--- Lines of a text that begin with two blanks keep their form.
function contracts.sections()
  local list = contracts.modules()
  for _, module in ipairs(list) do module.entries = entries_of(module) end
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

local function is_in(list, word)
  for _, item in ipairs(list) do if item == word then return true end end
end

-- The sections with the functions of that name.
local function with_function(sections, word)
  local found = {}
  for _, section in ipairs(sections) do
    local entries = {}
    for _, entry in ipairs(section.entries) do
      if entry.call:find(word, 1, true) and is_in(names_of(entry.call), word) then entries[#entries + 1] = entry end
    end
    if #entries > 0 then found[#found + 1] = { name = section.name, entries = entries } end
  end
  return found
end

-- Everything that could have been meant.
local function known(sections)
  local names = {}
  for i, topic in ipairs(policy_help.topics()) do names[i] = topic[1] end
  for _, section in ipairs(sections) do
    names[#names + 1] = section.name:gsub("^memlua%.", "") .. ""
    for _, entry in ipairs(section.entries) do
      for _, name in ipairs(names_of(entry.call)) do names[#names + 1] = name end
    end
  end
  return names
end

--- What is known by a name: a module ("memlua.machine.way", "machine.way" or "way"), a function ("worker.spawn", "w:wait") or the bare
--- name of one ("spawn"). Returns a list of sections with the entries that are meant. Fails with status 1, naming the
--- nearest name.
function contracts.find(word)
  for _, module in ipairs(contracts.modules()) do
    if word == module.name or "memlua." .. word == module.name or word == module.name:match "[^.]+$" then
      module.entries = entries_of(module)
      return { module }
    end
  end
  local sections = contracts.sections()
  local found = with_function(sections, (word:gsub("^memlua%.", "")))
  if #found == 0 then
    local hint = memlua.hint(word, known(sections))
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
