-- Writes the manual memlua-lua(7): its frame is memlua-lua.7.in, the functions come from the contracts that stand
-- beside them in the sources:   memlua host/man/contracts.lua ROOT VERSION > memlua-lua.7
--
-- In C a contract is a comment that begins with "module.function(...)" or "handle:method(...)"; in Lua it is the
-- block of "---" lines above "function module.name" or "module.NAME =". A file's first such comment, which names
-- the module, introduces its section.
local root, version = arg[1], arg[2]

-- What a user meets first; the rest follows in alphabetical order.
local FIRST = { "memlua.scenario", "memlua.option", "memlua", "memlua.cgroup", "memlua.worker", "memlua.policy",
                "memlua.oom", "memlua.host", "memlua.json", "memlua.units" }

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

local function files(pattern)
  local pipe <close> = io.popen("ls -1 " .. pattern)
  local list = {}
  for path in pipe:lines() do list[#list + 1] = path end
  return list
end

-- ---- reading ----------------------------------------------------------------------------------------------

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

local function from_c(path)
  local section = { entries = {} }
  for comment in read(path):gmatch "/%*(.-)%*/" do
    local text = comment:gsub("\n%s*%*? ?", "\n"):gsub("^%s+", ""):gsub("%s+$", "")
    local module, about = text:match "^(memlua%.%w+): (.*)"
    if module and not section.name then section.name, section.about = module, about end
    section.entries[#section.entries + 1] = parted(text)
  end
  return section
end

-- What a documented line of Lua declares: "name.f(a, b)", "class:method(a)", "name.FIELD".
local function declared(line)
  local owner, mark, rest = line:match "^function (%a%w*)([.:])([%w_]+%b())"
  if owner then return owner:lower() .. mark .. rest end
  return line:match "^(%l%w*%.[%w_]+) ="
end

local function from_lua(path)
  local section, doc = { entries = {} }, {}
  for line in read(path):gmatch "([^\n]*)\n?" do
    local said = line:match "^%-%-%- ?(.*)"
    if said then
      doc[#doc + 1] = said
    else
      local text = table.concat(doc, "\n")
      if #doc > 0 and not section.name then section.name, section.about = text:match "^(memlua[%w.]*): (.*)" end
      local call = #doc > 0 and declared(line)
      if call then section.entries[#section.entries + 1] = { call = call, said = text } end
      doc = {}
    end
  end
  return section
end

local function sections()
  local list = {}
  for _, path in ipairs(files(root .. "/host/lua/*.c")) do list[#list + 1] = from_c(path) end
  for _, path in ipairs(files(root .. "/scripts/lib/memlua/*.lua")) do list[#list + 1] = from_lua(path) end
  local rank = {}
  for i, name in ipairs(FIRST) do rank[name] = i end
  local kept = {}
  for _, section in ipairs(list) do
    if section.name and #section.entries > 0 then kept[#kept + 1] = section end
  end
  table.sort(kept, function(a, b)
    local x, y = rank[a.name] or 99, rank[b.name] or 99
    return x < y or x == y and a.name < b.name
  end)
  return kept
end

-- ---- writing ------------------------------------------------------------------------------------------------

local function roff(text)
  return (text:gsub("\\", "\\e"):gsub("%-", "\\-"):gsub("^([.'])", "\\&%1"):gsub("\n([.'])", "\n\\&%1"))
end

-- Lines that are indented are a table or an example: they keep their form.
local function paragraphs(text)
  local out, literal = {}, false
  for line in text:gmatch "[^\n]+" do
    local keeps = line:find "^  " ~= nil
    if keeps ~= literal then out[#out + 1] = keeps and ".nf" or ".fi" end
    literal = keeps
    out[#out + 1] = roff(line)
  end
  if literal then out[#out + 1] = ".fi" end
  return table.concat(out, "\n")
end

local function write_entries(section, mark)
  for _, entry in ipairs(section.entries) do
    if entry.call:match "[.:]" == mark then
      local call = entry.call:gsub("\n", " "):gsub("  +", " ")
      io.write(".TP\n\\fB", roff(call), "\\fR\n", paragraphs(entry.said), "\n")
    end
  end
end

-- A module's functions make the handles whose methods follow.
local function write(section)
  io.write(".SS ", section.name, "\n", paragraphs(section.about), "\n")
  write_entries(section, ".")
  write_entries(section, ":")
end

for line in read(root .. "/host/man/memlua-lua.7.in"):gmatch "([^\n]*)\n" do
  if line == "@CONTRACTS@" then
    for _, section in ipairs(sections()) do write(section) end
  else
    io.write((line:gsub("@VERSION@", version)), "\n")
  end
end
