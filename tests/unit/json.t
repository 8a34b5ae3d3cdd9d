-- memlua.json: what goes out comes back, and what JSON can't say is refused by name.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local json = require "memlua.json"

-- ---- numbers --------------------------------------------------------------------------------------------

for _, n in ipairs { 0, -1, math.maxinteger, math.mininteger, 1 << 53, (1 << 53) + 1 } do
  local back = json.decode(json.encode(n))
  tap.ok(back == n and math.type(back) == "integer", "integer " .. n .. " keeps its 64 bits", back)
end
for _, x in ipairs { 0.1, 1e300, -2.5e-300, 5.0, 0.1 + 0.2 } do
  local back = json.decode(json.encode(x))
  tap.ok(back == x and math.type(back) == "float", ("float %.17g comes back the same"):format(x), back)
end
tap.is({ json.decode "18446744073709551616" }, { nil, "line 1 column 20: too big integer near '18446744073709551616'", 22 }, "beyond 64 bits is an error")
tap.fails(function() json.encode { runs = { { x = 0 / 0 } } } end, "json: value.runs[1].x: JSON has no NaN", "NaN is refused by its place")
tap.fails(function() json.encode(math.huge) end, "json: value: JSON has no NaN and no infinity", "infinity is refused")

-- ---- tables ---------------------------------------------------------------------------------------------

tap.is(json.encode { 1, "a", true, json.null }, '[1,"a",true,null]', "a list")
tap.is(json.encode { b = 1, a = { c = 2 } }, '{"a":{"c":2},"b":1}', "an object, keys sorted")
tap.is(json.encode {}, "{}", "an empty table is an object")
tap.is(json.encode(json.array {}), "[]", "unless marked as a list")
tap.is(json.encode(json.array()), "[]", "json.array() alone is an empty list")
tap.is(json.encode(json.decode "[[],{}]"), "[[],{}]", "decoded empty lists stay lists")
tap.is(json.encode({ a = { 1 } }, { indent = 2 }), '{\n  "a": [\n    1\n  ]\n}', "indent")
tap.is(json.decode '{"a":[1,{"b":null}],"c":""}', { a = { 1, { b = json.null } }, c = "" }, "decode")
tap.ok(json.decode "null" == json.null, "null is json.null")
tap.is(json.decode(json.encode "a\0\n\u{1F600}"), "a\0\n\u{1F600}", "text with NUL and beyond the BMP")

local loop = {}
loop[1] = loop
for name, case in pairs {
  ["a table in itself"] = { loop, "nested deeper than 200" },
  ["mixed keys"] = { { 1, a = 2 }, "value: keys must be all names, or 1 to n" },
  ["a hole"] = { { [1] = 1, [3] = 3 }, "keys must be" },
  ["a marked list with names"] = { json.array { a = 1 }, "value: a list with a hole, or with names" },
  ["a function"] = { { f = print }, "json: value.f: neither boolean, number, string nor table" },
  ["bytes that are not UTF-8"] = { { s = "\xff" }, "json: value.s: a string that is not UTF-8" },
  ["a key that is not UTF-8"] = { { ["\xff"] = 1 }, "a key that is not UTF-8" },
  ["a key with a NUL"] = { { ["a\0b"] = 1 }, "a key with a NUL" },
  ["nil"] = { nil, "nil; JSON's null is json.null" },
} do
  tap.fails(function() json.encode(case[1]) end, case[2], name .. " is refused")
end
tap.fails(function() json.encode({}, { indnt = 2 }) end, "did you mean 'indent'", "options are checked")
tap.fails(function() json.encode({}, { indent = 99 }) end, "0 to 31", "indent is checked")

local deep = ("["):rep(190) .. ("]"):rep(190)
tap.is(json.encode(json.decode(deep)), deep, "190 levels pass")

-- ---- bad text -------------------------------------------------------------------------------------------

for name, text in pairs { empty = "", cut = '{"a":', ["trailing"] = "1 2", ["twice a key"] = '{"a":1,"a":2}', ["bad UTF-8"] = '"\xff"' } do
  local value, why, code = json.decode(text)
  tap.ok(value == nil and why:find "^line %d+ column %d+: " and code == 22, name .. ": an error with its place", why)
end

-- ---- write ----------------------------------------------------------------------------------------------

local path = os.tmpname()
local function content()
  local file <close> = io.open(path)
  return file and file:read "a"
end
local function siblings()
  local list <close> = io.popen("ls " .. path .. "*")
  return list:read "a"
end

tap.ok(json.write(path, { 1 }), "a file is written")
tap.is(content(), "[1]\n", "it ends with a newline")
tap.ok(json.write(path, { 2 }, { indent = 2 }), "and replaced")
tap.is(content(), "[\n  2\n]\n", "with the new value")
tap.fails(function() json.write(path, { 0 / 0 }) end, "value[1]: JSON has no NaN", "a bad value raises")
tap.is(content(), "[\n  2\n]\n", "and leaves the old file")
tap.is(siblings(), path .. "\n", "and nothing beside it")
os.remove(path)
tap.is({ json.write("/dev/full", { 1 }) }, { nil, "/dev/full: No space left on device", 28 }, "disk full")

-- A real file system that is full, in a mount namespace of its own.
local exe <close> = io.popen "readlink /proc/$PPID/exe"
local script = os.tmpname()
do
  local file <close> = assert(io.open(script, "w"))
  file:write [[
    local json, path = require "memlua.json", arg[1] .. "/x.json"
    assert(json.write(path, "old"))
    print(json.write(path, ("x"):rep(1 << 20)))
    print(io.open(path):read "l", io.popen("ls " .. arg[1]):read "a") ]]
end
os.remove(path)
os.execute("mkdir " .. path)
local full <close> = io.popen(("unshare -rm sh -c 'mount -t tmpfs -o size=64k none %s && %s %s %s' 2>/dev/null"):format(
  path, exe:read "l", script, path))
local said = full:read "a"
os.execute("rmdir " .. path)
os.remove(script)
if not os.execute "unshare -rm true 2>/dev/null" then
  tap.skip("a full file system", "this user may not make mount namespaces (unshare -rm)")
else
  tap.is(said, ("nil\t%s/x.json: No space left on device\t28\n\"old\"\tx.json\n\n"):format(path),
    "a full file system: the reason, the old file, and nothing beside it")
end

tap.is({ json.write("/nowhere/x.json", {}) }, { nil, "/nowhere/x.json: No such file or directory", 2 }, "no such folder")

tap.done()
