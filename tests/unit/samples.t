-- memlua.results.samples: the series of tenants are checked where they lie in the file, and become tables when they are asked for.
local tests = arg[0]:match "^(.*)/[^/]*/[^/]*$"
package.path = tests .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local json = require "memlua.json"
local kinds = require "memlua.report.kinds"
local run = require "memlua.run"
local samples = require "memlua.results.samples"
local shell = require "shell"
local sys = require "memlua.base.sys"

-- ---- what is recognised -----------------------------------------------------------------------------------------------------

local function rows(text) return json.rows(text, 1, 1, 2) end
for _, text in ipairs { "[[1]]", "[[1,2],[-3.25,0]]", "[[1.5e-9,0.0],[999999999999999999,-0]]" } do
  tap.is(rows(text), #text + 1, text .. ": rows of numbers")
  tap.is(rows(text .. ',"x":1'), #text + 1, "and where they end")
  tap.ok(json.decode(text), "which JSON has, too")
end
for _, text in ipairs { "", "[", "[]", "[[]]", "[[1,2,3]]", "[[1,2],[3]", "[[1,]]", "[[1],]", "[1]", "[[01]]", "[[1.]]", "[[.5]]", "[[-]]", "[[1e]]", "[[1e-]]",
    "[[1e5]]", "[[1000000000000000000]]", '[["1"]]', "[[null]]", "[[1, 2]]", "[[1]\0]", "[[NaN]]", "[[+1]]", "[[0x1]]" } do
  tap.is(rows(text), nil, ("%q: left to the decoder"):format(text))
end
tap.fails(function() json.rows("[[1]]", 7, 1, 1) end, "outside of the text", "a place beyond the end")
tap.fails(function() json.rows("[[1]]", 0, 1, 1) end, "outside of the text", "or before the beginning")

-- ---- a folder ------------------------------------------------------------------------------------------------------------------

local FIXTURE <const> = tests .. "/fixtures/protected"
local lean, whole = run.load(FIXTURE), run.open(FIXTURE)
local function is_there(name)
  local n = 0
  for _, result in ipairs(lean.runs) do for _, tenant in ipairs(result.tenants) do n = n + (rawget(tenant, name) and 1 or 0) end end
  return n
end
tap.is({ is_there "memory", is_there "progress" }, { 0, 0 }, "a folder that is loaded holds no series")
lean.summary = kinds.of(lean).summarise(lean)
local text = kinds.of(lean).text { lean }
tap.is(is_there "progress", 0, "nor does it once its table is made")
tap.is(is_there "memory", 1, "but for the tenant alone, of whom the table says whether it shrank")
whole.summary = kinds.of(whole).summarise(whole)
tap.is(text, kinds.of(whole).text { whole }, "the table is that of a folder with all its series")
for i, result in ipairs(whole.runs) do
  for k, tenant in ipairs(result.tenants) do
    tap.ok(#tenant.memory > 100 and #tenant.progress > 100, "series are there")
    tap.is(lean.runs[i].tenants[k].memory, tenant.memory, "memory is the same when it's asked for")
    tap.is(lean.runs[i].tenants[k].progress, tenant.progress, "so is progress")
    tap.is(math.type(lean.runs[i].tenants[k].memory[1][2]), math.type(tenant.memory[1][2]), "to the kind of number")
  end
end
local first = lean.runs[2].tenants[1]
tap.ok(rawequal(first.memory, first.memory), "it is read once")
tap.is(first.nothing, nil, "what isn't there is not there")
tap.is(lean.runs, whole.runs, "once all is read, the runs are the same")

-- ---- what is elsewhere, or odd ----------------------------------------------------------------------------------------------------

local scratch <const>, tidy <close> = shell.folder() -- luacheck: ignore tidy
local path <const> = scratch .. "/run.json"
local function written(content)
  local file <close> = assert(io.open(path, "wb"))
  file:write(content)
  return content
end
local function decoded(content) return samples.decode(written(content), path) end
local function is_same(content, name)
  local result, why = decoded(content)
  local all, complaint = json.decode(content)
  tap.is({ result, why }, { all, complaint }, name)
  return result
end

local odd = is_same('{"tenants":[{"memory":[[1,2]],"workloads":[{"progress":[[3,4]]}]}]}', "a workload's own")
tap.is(rawget(odd.tenants[1].workloads[1], "progress"), odd.tenants[1].workloads[1].progress, "which is read by then")
is_same('{"tenants":[{"memory":[[1,2]],"memory":[[1,2]]}]}', "twice the same name")
is_same('{"tenants":[{"memory":[[1,2]]}],"policy":{"stats":{"memory":[[5,6]]}}}', "the same name elsewhere")
is_same('{"tenants":[{"memory":[1]},{"memory":[[1,2]]}]}', "what might be taken for a mark")
is_same('{"tenants":[{"memory":1},{"memory":[[1,2]]}]}', "or a number")
is_same('{"tenants":{"memory":[[1,2]]}}', "a tenant's in no list")
is_same('[{"memory":[[1,2]]}]', "a list in an object's place")
is_same('"{\\"memory\\":[[1,2]]"', "in a text")
is_same('{"tenants":[{"x":"{","memory":[[1,2]]}]}', "after a text of a bracket")
is_same('{"tenants":[{ "memory" : [ [1, 2] ] }]}', "with blanks")
is_same('{"tenants":[{"memory":[[1,2]],"progress":[[3]]}]}', "too short a row")
is_same('{"tenants":[{"memory":[[1,2,3,4]]}]}', "too long a one")
is_same('{"tenants":[{"memory":[[1,2]]}', "an end that is missing")
is_same('{"tenants":["a,"memory":[[1,2]]]}', "a quote too many")
is_same("", "nothing")

local gone = decoded '{"tenants":[{"memory":[[1,2],[3,4]]}]}'
written '{"tenants":[{"memory":[[1,2],"x",4]]}]}'
tap.fails(function() return gone.tenants[1].memory end, path .. ": changed while it was read", "a file that changed meanwhile", 1)
written "{"
tap.fails(function() return gone.tenants[1].memory end, path .. ": changed while it was read", "or became shorter", 1)
os.execute(("cd %s && rm run.json && mkfifo run.json"):format(sys.quote(scratch)))
tap.fails(function() return gone.tenants[1].memory end, path .. ": a pipe", "or a pipe, which is not waited for", 1)
tap.done()
