-- What memlua itself takes on this machine, each figure beside its goal and, where it is a ratio, beside what it is a multiple of,
-- measured in the same run: the start of the interpreter, help, the table of a thousand runs. CPU time, since on a busy machine
-- no other repeats.
--   build/memlua tests/bench.lua
local tests = arg[0]:match "^(.*)/[^/]*$"
package.path = tests .. "/lib/?.lua;" .. package.path
local host = require "memlua.host"
local json = require "memlua.json"
local memlua = require "memlua"
local run = require "memlua.run"
local shell = require "shell"
local sys = require "memlua.base.sys"
local text = require "memlua.base.text"

local quote <const> = sys.quote
local MEMLUA <const> = quote(host.executable())
local STARTS <const> = 20 -- of one command
local BLOCKS <const> = 500 -- of the thousand runs: one of a tenant alone, one of a strategy
local scratch <const>, tidy <close> = shell.folder() -- luacheck: ignore tidy

-- CPU seconds of `command` and its children, the mean of n: "times" of a shell tells in its second line what its children took.
local function cpu_of(command, n)
  local said = shell.output(("i=0; while [ $i -lt %d ]; do %s >/dev/null 2>&1 || exit; i=$((i + 1)); done; times"):format(n, command))
  local um, us, sm, ss = said:match "\n(%d+)m([%d.]+)s (%d+)m([%d.]+)s"
  if not um then memlua.fail(memlua.status.misuse, "%s: fails; try it by itself", command) end
  return (um * 60 + us + sm * 60 + ss) / n
end

-- ---- a folder of a thousand runs: the fixture's two, again and again --------------------------------------------------------

local function decoded(path) return assert(json.decode(run.contents(path))) end

local function write_thousand(path)
  local from = tests .. "/fixtures/protected"
  local manifest = decoded(from .. "/manifest.json")
  local kinds = {}
  for i, id in ipairs(manifest.runs) do kinds[i] = decoded(("%s/runs/%s/run.json"):format(from, id)) end
  manifest.runs, manifest.cells = {}, nil
  for n = 1, BLOCKS * #kinds do
    local result = kinds[(n - 1) % #kinds + 1]
    result.id, result.block = ("%04d-%s"):format(n, result.strategy), (n - 1) // #kinds + 1
    manifest.runs[n] = result.id
    memlua.must(host.mkdir(("%s/runs/%s"):format(path, result.id)))
    memlua.must(json.write(("%s/runs/%s/run.json"):format(path, result.id), result))
  end
  memlua.must(json.write(path .. "/manifest.json", manifest))
  memlua.must(json.write(path .. "/host.json", decoded(from .. "/host.json")))
end

-- The most memory that showing the folder takes, in bytes.
local function memory_of(path)
  local script = scratch .. "/hwm.lua"
  memlua.must(host.save(script, ([[
    arg = { [0] = "show", %q }
    require "memlua.cli.command.show"
    for line in io.lines "/proc/self/status" do if line:find "^VmHWM" then io.stderr:write(line:match "%%d+") end end
  ]]):format(path)))
  local said = shell.output(("%s %s 2>&1 >/dev/null"):format(MEMLUA, quote(script)))
  return (tonumber(said) or memlua.fail(memlua.status.misuse, "%s: %s", script, said)) << 10
end

-- ---- the table ----------------------------------------------------------------------------------------------------------------

local rows = {}
local function add(what, value, goal, format, reference)
  rows[#rows + 1] = { what, format:format(value), "<= " .. format:format(goal), reference or "-", value <= goal and "" or "not met" }
end

-- The plain interpreter of the same version, or nil.
local function plain_lua()
  for _, name in ipairs { "lua5.4", "lua" } do
    if shell.said(name .. " -v"):find "^Lua 5%.4" then return name .. " -e ''" end
  end
end

local interpreter <const> = plain_lua()
local bare = interpreter and cpu_of(interpreter, STARTS)
local reference = bare and ("%s: %.2f ms"):format(interpreter, bare * 1e3)
for _, start in ipairs(bare and { { "-e ''", 1.4 }, { "baseline --help", 12 }, { "help", 20 } } or {}) do
  add("memlua " .. start[1], cpu_of(MEMLUA .. " " .. start[1], STARTS) / bare, start[2], "%.2f x", reference)
end
local thousand <const> = scratch .. "/thousand"
write_thousand(thousand)
add("show of 1,000 runs: CPU", cpu_of(("%s show %s"):format(MEMLUA, quote(thousand)), 3), 1.5, "%.2f s")
add("show of 1,000 runs: memory", memory_of(thousand) / (1 << 20), 64, "%.0f MiB")

local facts <const> = host.facts()
print(("what memlua itself takes (%s, %d CPUs, Linux %s)\n"):format(facts.cpu or facts.arch, facts.cpus, facts.release))
io.stdout:write(text.render({ { "WHAT" }, { "NOW", align = "right" }, { "GOAL", align = "right" }, { "REFERENCE" }, { "" } }, rows))
if not bare then print "no lua 5.4 here (apt install lua5.4): nothing to set the starts against" end
