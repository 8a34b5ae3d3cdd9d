-- memlua help: the contracts in a terminal, found by the names that a user would type.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local contracts = require "memlua.cli.contracts"
local host = require "memlua.host"
local policy = require "memlua.policy"
local shell = require "shell"
local quote <const> = require "memlua.base.sys".quote

local function help(name, columns)
  return shell.said(("COLUMNS=%d %s help %s"):format(columns or 80, quote(host.executable()), name))
end

local said, status = help ""
tap.is(status, 0, "help lists")
tap.like(said, "^memlua.scenario +a table in, results out\nmemlua.option ", "what a user meets first stands first")
local outer, middle, inner = said:match "^(.-\n)\n(.-\n)\nInner modules,(.*)$"
for _, section in ipairs(contracts.sections()) do
  local short = section.name:gsub("^memlua%.", "")
  local found = section.inner and inner:find("%s" .. short:gsub("%.", "%%.") .. "[,\n]") or not section.inner and ("\n" .. outer):find("\n" .. section.name .. " ")
  tap.ok(found, section.name .. " is listed in its place")
end
tap.ok(outer:find "\nmemlua.stats " and outer:find "\nmemlua.guard " and inner:find "%smachine%.jiffies,", "what scripts use is not lost among the rest", outer)
tap.is(outer:find "\n ", nil, "in a line each")
tap.is(middle, help "policies", "the policies stand between them")
for _, p in ipairs(policy.list()) do tap.like("\n" .. middle, "\n" .. p.name .. " +" .. p.description:sub(1, 20), p.name .. " is listed") end

said = help "worker"
tap.is(help "memlua.worker", said, "a module goes by its short name, too")
tap.like(said, "^memlua%.worker\n  processes that load a cgroup.*\n  worker%.spawn%(cg, spec%)\n.*\n  w:wait%(%[timeout%]%)\n", "functions and methods of a module")
tap.like(help "worker.spawn", "^memlua%.worker\n\n  worker%.spawn%(cg, spec%)\n      %-> w, born in the cgroup", "one function")
tap.is(help "spawn", help "worker.spawn", "goes by its bare name, too")
tap.like(help "w:wait", "completion_s = finish %- start", "a method")
said = help "close"
tap.ok(said:find("memlua.policy\n", 1, true) and said:find("memlua.oom\n", 1, true), "a name of several modules shows all of them", said)
tap.is(help "detach", help "p:detach", "two names may share a contract")
tap.like(help "scenario.run", "\n        tenants      list, at least one; needed. Each:\n          name ", "a table keeps its form")

-- ---- policies ------------------------------------------------------------------------------------------------------

said, status = help("priority", 200)
tap.is(status, 0, "a policy has a help")
tap.like(said, "^priority\n  HIGH is protected[^\n]*%.\n\n  In a strategy: policy = { name = \"priority\"", "what it does and how it is named")
tap.like(said, "have by their own role: high, low%.\n", "its roles")
tap.like(said, "\n  delay_ms +2000 ms +delay of a LOW's", "its configuration with default, unit and meaning")
tap.like(said, "\n  growth +1M +growth: ", "bytes are a size")
tap.like(said, "\n  trigger +faults +when HIGH counts as active: always, faults, growth, refaults, pressure\n", "the words that it takes")
tap.like(said, "\n  OF EACH low +settings[^\n]*\n  calls +asked", "what it keeps of a tenant")
tap.is(said:find "window_usage", nil, "but not what it keeps for itself")
tap.like(said, "\n  delay_ms +sum of the delays answered, in ms\n", "statistics have a unit and no default")
tap.like(help("reserve", 200), "all%s+tenants have: tenant%.\n.*\n  claim +the most it will ever need", "reserve")
local object = host.executable():match "^(.*)/" .. "/policies/template.bpf.o"
local function words(text) return (text:gsub("%s+", " ")) end
tap.is(words(help(quote(object))), (words(help "template"):gsub('name = "template"', 'name = "' .. object .. '"')), "a policy's file has one, too, and is named by its path")
tap.is({ help "policy.lua" }, { help "memlua.policy.lua" }, "policy.lua is a function, not a file")
tap.like(help "policy.lua", "policy%.lua{name=", "  with a contract")
for _, topic in ipairs { "priority", "reserve", "template" } do
  local long
  for line in help(topic, 60):gmatch "[^\n]+" do long = #line > 60 and line or long end
  tap.is(long, nil, topic .. " fits a narrow terminal")
end
tap.is({ help("./no.bpf.o", 200) }, { "memlua: ./no.bpf.o: No such file or directory\n", 1 }, "a file that isn't there")
said, status = help("priorty", 200)
tap.ok(status == 1 and said:find "did you mean 'priority'", "a misspelt policy gets the nearest", said)

-- ---- the form ------------------------------------------------------------------------------------------------------

for _, columns in ipairs { 30, 50, 200 } do
  local widest = 0
  for line in help("memlua.must", columns):gmatch "[^\n]+" do widest = math.max(widest, #line) end
  tap.ok(widest < math.min(columns, 101), ("text flows in %d columns"):format(columns), widest)
end

said, status = help("spwan", 200)
tap.is({ status, said }, { 1, "memlua: spwan: no module, function or policy of that name; `memlua help` lists them; did you mean 'spawn'?\n" },
  "a misspelt name gets the nearest")
tap.like(help("workloads.outcom", 200), "did you mean 'workloads.outcome'", "also of the last of hundreds of names")
said, status = help("xxxxxxxxxxxxxx", 200)
tap.is({ status, said }, { 1, "memlua: xxxxxxxxxxxxxx: no module, function or policy of that name; `memlua help` lists them\n" },
  "one that is like nothing doesn't get all there are")

tap.done()
