-- An agent host: two agents, each a runtime and its tool calls (git, a compile, a test run) in cgroups below its own. What they take
-- together doesn't fit and there is no swap: do the first agent's calls end, and its runtime answer, as if it were alone?
--   memlua gallery/agent-host
-- Needs Debian's git and gcc.
local host = require "memlua.host"
local memlua = require "memlua"
local option = require "memlua.option"
local scenario = require "memlua.scenario"

local options = option.parse {
  name = "agent-host", about = "Two agents, each with a runtime and tool calls below it, in too little memory.",
  options = { { "context", "size", default = "28M", help = "what a runtime holds" },
              { "rate", "count", default = 25, help = "steps a second that a runtime is to make" },
              { "functions", "count", default = 20, help = "how much the compile has to do" },
              { "cells", "count", default = 350000, help = "how much the second one's test run holds; the first one's a third of it" } },
}
for _, program in ipairs { "git", "gcc" } do scenario.program(program, program) end

local place <close> = memlua.must(host.scratch())
local source <close> = assert(io.open(place:path() .. "/main.c", "w"))
for i = 1, options.functions do
  source:write(("int f%d(int x, int *a) { for (int i = 0; i < x; i++) if (a[i] %% %d) a[i] += x / %d; return a[x]; }\n"):format(i, i + 1, i))
end
source:write "int main(void) { return 0; }\n"
source:close()

-- The tool calls of one agent, one after the other.
local CALLS <const> = [[set -e; cd "$0"; rm -rf %s; mkdir %s; cd %s; cp ../main.c .
git init -q; git add .; git -c user.name=agent -c user.email=agent@localhost commit -qm 'As it was'
gcc -O1 -o main main.c; ./main; awk 'BEGIN { for (i = 0; i < %d; i++) cell[i] = i "" }']]
local function calls(agent, cells)
  return { kind = "exec", name = "calls", cgroup = "calls", argv = { "sh", "-c", CALLS:format(agent, agent, agent, cells), place:path() } }
end

-- The runtime's context grows by some messages of 64K with each of the first 50 steps; a step looks at all messages.
local context = {}
local function step(i)
  for n = #context + 1, (options.context >> 16) * math.min(i, 50) // 50 do context[n] = ("%7d "):format(n):rep(8192) end
  local sum = 0
  for n = 1, #context do sum = sum + context[n]:byte(i * 7919 % 65536 + 1) end
  return sum > 0
end

local function agent(name, role, cells)
  return { name = name, role = role, workloads = { calls(name, cells),
    { kind = "lua", name = "runtime", cgroup = "runtime", request = step, rate = options.rate, duration = "3s" } } }
end

scenario.run {
  name = "agent-host", about = "two agents and their tool calls", options = options, shares = "equal", runs = 6,
  limits = { ["memory.max"] = "76M", ["memory.swap.max"] = 0 },
  tenants = { agent("first", "high", options.cells // 3), agent("second", "low", options.cells) },
  strategies = {
    { name = "none" },
    { name = "memory.high", tenants = { second = { cgroups = { calls = { ["memory.high"] = "28M" } } } } },
    { name = "priority", policy = { name = "priority", config = { trigger = "growth" } } },
  },
  answer = { tenant = "first", under = "priority", against = "memory.high" },
}
