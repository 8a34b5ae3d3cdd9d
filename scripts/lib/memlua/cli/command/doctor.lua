--- memlua doctor: one screen that says what this machine can do, why not, and what helps.
local document = require "memlua.base.document"
local host = require "memlua.host"
local kvm = require "memlua.machine.kvm"
local machine = require "memlua.machine.checks"
local memlua = require "memlua"
local option = require "memlua.option"
local text = require "memlua.base.text"
local units = require "memlua.units"

local options = option.parse {
  name = "doctor", about = "What this machine can do for memlua, why not, and what helps.", common = "print",
  options = { { "probe", "flag", help = "boot a microVM with KVM to find out whether that works (under a minute)" } },
}

local NAME, STATE = 20, 4

local function state_of(check)
  if check.ok then return "ok" end
  if check.ok == nil then return "?" end
  return check.optional and "-" or "no"
end

-- On a narrow terminal what is said stands below the name, else beside it.
local function show(name, state, said)
  local narrow = text.columns() < 60
  local indent = narrow and 2 or NAME + STATE
  local lines = text.wrap(said, math.max(12, text.columns() - indent - 1))
  local colour = state == "no" and "red" or state == "-" and "dim" or nil
  local head = ("%-" .. NAME .. "s"):format(name) .. text.paint(("%-" .. STATE .. "s"):format(state), colour)
  print(narrow and head or head .. table.remove(lines, 1))
  for _, line in ipairs(lines) do print((" "):rep(indent) .. line) end
end

local function show_check(check)
  local said = check.found
  if check.ok ~= true then
    if check.optional then said = said .. " (" .. check.optional .. ")" end
    if check.remedy then said = said .. "; " .. check.remedy end
  end
  show(check.name, state_of(check), said)
end

-- The ways in the order in which memlua tries them; the first that works is taken.
local function ways()
  local list = {}
  for i, name in ipairs { "native", "module", "vm" } do
    local can, why, missing = machine[name]()
    list[i] = { name = name, ok = can == true, why = why, missing = missing }
  end
  return list
end

local function taken(list)
  for _, way in ipairs(list) do if way.ok then return way.name end end
end

local SAYS = {
  native = "scripts run here: the kernel has memcg_bpf_ops",
  module = "scripts run here, with memlua's kernel module",
  vm = "scripts run in a microVM, which memlua boots by itself",
}

local function accelerator()
  local known = kvm.known()
  if known == "works" then return "KVM" end
  return known and "TCG, virtual clock" or "KVM if a boot proves that it works, else TCG with a virtual clock"
end

local function show_way(way)
  if way.ok then return show("way: " .. way.name, "ok", SAYS[way.name]) end
  show("way: " .. way.name, "-", "lacks " .. table.concat(way.missing, ", "))
end

local function conclusion(way)
  if not way then return "memlua can't run scenarios here: mend what one of the ways lacks" end
  return "memlua takes: " .. way .. (way == "vm" and " (" .. accelerator() .. ")" or "")
end

local function found(checks, list)
  local plain = {}
  for i, check in ipairs(checks) do
    plain[i] = { name = check.name, ok = check.ok, found = check.found, remedy = check.remedy, optional = check.optional }
  end
  return { checks = plain, ways = list, way = taken(list), facts = host.facts(), memlua = host.version }
end

local function show_all(checks, list)
  local facts = host.facts()
  print(text.flow(("Linux %s, %s, %d CPUs, %s memory, %s swap\n"):format(facts.release, facts.arch, facts.cpus,
    units.format_size(facts.memory), units.format_size(facts.swap)), 2))
  for _, check in ipairs(checks) do show_check(check) end
  print()
  for _, way in ipairs(list) do show_way(way) end
  print()
  for _, line in ipairs(text.wrap(conclusion(taken(list)), text.columns(math.huge))) do print(text.paint(line, "bold")) end
end

if options.probe then kvm.verdict(require "memlua.machine.kernels".chosen(host.settings), true) end
local checks, list = machine.checks(), ways()
if options.json ~= "-" then show_all(checks, list) end
document.write(options.json, found(checks, list))
if not taken(list) then memlua.fail(memlua.status.unsupported, "no way to run scenarios on this machine") end
