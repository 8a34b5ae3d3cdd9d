-- memlua help: the contracts in a terminal, found by the names that a user would type.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local contracts = require "memlua.contracts"
local host = require "memlua.host"
local shell = require "shell"
local quote <const> = require "memlua.sys".quote

local function help(name, columns)
  return shell.said(("COLUMNS=%d %s help %s"):format(columns or 80, quote(host.executable()), name))
end

local said, status = help ""
tap.is(status, 0, "help lists")
tap.like(said, "^memlua.scenario +a table in, results out\nmemlua.option ", "what a user meets first stands first")
for _, section in ipairs(contracts.sections()) do
  tap.ok(said:find("\n" .. section.name .. " ", 1, true) or said:find("^" .. section.name), section.name .. " is listed")
end

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

for _, columns in ipairs { 30, 50, 200 } do
  local widest = 0
  for line in help("memlua.must", columns):gmatch "[^\n]+" do widest = math.max(widest, #line) end
  tap.ok(widest < math.min(columns, 101), ("text flows in %d columns"):format(columns), widest)
end

said, status = help("spwan", 200)
tap.is({ status, said }, { 1, "memlua: spwan: no module or function of that name; `memlua help` lists the modules; did you mean 'spawn'?\n" },
  "a misspelt name gets the nearest")
tap.like(help("workloads.outcom", 200), "did you mean 'workloads.outcome'", "also of the last of hundreds of names")
said, status = help("xxxxxxxxxxxxxx", 200)
tap.is({ status, said }, { 1, "memlua: xxxxxxxxxxxxxx: no module or function of that name; `memlua help` lists the modules\n" },
  "one that is like nothing doesn't get all there are")

tap.done()
