-- memlua verify: a byte that changed anywhere is found and named, the table and the claims follow from the raw data, an archive that means
-- harm is refused; and the same experiment made again is compared. Nothing is measured: the folder is synthetic.
local tests = arg[0]:match "^(.*)/[^/]*/[^/]*$"
package.path = tests .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local again = require "memlua.experiment.again"
local archive = require "memlua.results.archive"
local differences = require "memlua.base.differences"
local host = require "memlua.host"
local json = require "memlua.json"
local run = require "memlua.run"
local seal = require "memlua.results.seal"
local shell = require "shell"
local sys = require "memlua.base.sys"

local quote <const> = sys.quote
local scratch <const>, tidy <close> = shell.folder()

local function memlua(words)
  return shell.output(("cd %s && env -u COLUMNS XDG_STATE_HOME=%s/state %s %s 2>&1"):format(quote(scratch), quote(scratch), quote(host.executable()), words))
end

-- ---- a finished run ----------------------------------------------------------------------------------------------------

assert(host.save(scratch .. "/two.lua", [[
require "memlua.scenario".run {
  name = "two", limits = { ["memory.max"] = "60M" }, tenants = { { name = "a", workload = { size = "8M" } } }, solo = false, seed = 3, runs = 5, warmup = 0,
  strategies = { { name = "none" }, { name = "other" } },
  claims = { { name = "slower", "a is slower under other", tenant = "a", under = "other", against = "none", above = 1.5 } },
}]]))
local ids = {}
for id in (memlua "two.lua --dry-run -q"):gmatch "[^\n]+" do ids[#ids + 1] = id end
tap.is(#ids, 10, "ten runs are planned")

-- What measure would have returned; `ratio` of other to none.
local function write(name, ratio, change)
  local folder = run.at(scratch .. "/" .. name)
  for i, id in ipairs(ids) do
    local strategy = id:match "%-(.*)"
    local time = (strategy == "other" and ratio or 1) * (1 + i / 1000)
    folder:json("runs/" .. id .. "/run.json", { id = id, block = (i + 1) // 2, strategy = strategy, duration_s = 1.5, oom = json.array {},
      tenants = { { name = "a", role = "low", rank = 2, ended = "done", completion_s = time, finish = time, peak = 1 << 23, memory = json.array {},
                    workload = { kind = "anon", size = 8 << 20 } } } })
  end
  local manifest = { schema_version = run.SCHEMA, name = "two", seed = 3, cells = json.array(ids), runs = json.array(ids), written = "x", notes = json.array {},
    claims = { { name = "slower", text = "a is slower under other", tenant = "a", metric = "time", under = "other", against = "none", above = 1.5 } },
    scenario = { name = "two", limits = { ["memory.max"] = 60 << 20 }, deadline = 7200, runs = 5, seed = 3, session = "session", shares = "ranked", solo = false, warmup = 0,
      strategies = { { name = "none", limits = {}, tenants = {} }, { name = "other", limits = {}, tenants = {} } },
      tenants = { { name = "a", cgroup = "a", role = "low", rank = 2, limits = {}, start = 0, keep = 16 << 20, size = 8 << 20,
                    workloads = { { kind = "anon", name = "anon", size = 8 << 20, start = 0 } } } } } }
  local facts = { release = "6.12.95", clock = "virtual", way = "module", accel = "tcg", cpus = 1, memlua = host.version, page_size = 4096,
                  asked = { words = { "--runs", "5", "-o", "x", "--json=y", "--resume", "z" }, memory = 3 << 30 } }
  if change then change(manifest, facts) end
  folder:json("host.json", facts)
  folder:text("script.lua", sys.read(scratch .. "/two.lua"))
  folder:json("manifest.json", manifest)
  return folder.path
end

local path <const> = write("done", 2)
local text, status = memlua "two.lua --resume -o done"
tap.is(status, 0, "a series with nothing left is finished", text)
tap.like(text, "slower .*>= 1%.5 +confirmed: a is slower", "its claim is the last section")
tap.ok(seal.is_there(path) and sys.exists(path .. "/claims.json"), "it is sealed, and has its claims")
text, status = memlua "verify done"
tap.is(status, 0, "which is verified", text)
for _, said in ipairs { "files: all %d+ are as MANIFEST.sha256 says, whose own digest is %x+\n", "table: follows from the raw data of 10 runs\n",
                        "claims: follow from the raw data\n", "confirmed: a is slower" } do tap.like(text, said, said) end
text, status = memlua "verify -q done --json -"
local document = json.decode(text)
tap.ok(status == 0 and #document.wrong == 0 and document.claims[1].verdict == "confirmed" and #document.digest == 64, "the same for programs", text)
tap.is(os.execute(("cd %s && sha256sum -c --status MANIFEST.sha256"):format(quote(path))), true, "sha256sum says so, too")

-- ---- a byte changed anywhere ---------------------------------------------------------------------------------------------

local function flip(file, at)
  local content = sys.read(file)
  at = math.min(at or #content // 2 + 1, #content)
  local changed = content:sub(1, at - 1) .. string.char(content:byte(at) ~ 1) .. content:sub(at + 1)
  local f <close> = assert(io.open(file, "wb"))
  f:write(changed)
  return content
end
local function put(file, content)
  local f <close> = assert(io.open(file, "wb"))
  f:write(content)
end

local pipe <close> = io.popen(("cd %s && find . -type f -printf '%%P\\n'"):format(quote(path)))
local before, want, blind = {}, {}, {}
for name in pipe:lines() do
  if name ~= seal.NAME then before[name], want[#want + 1] = flip(path .. "/" .. name), ("%s: not as %s says"):format(name, seal.NAME) end
end
table.sort(want)
tap.ok(#want > 14, "there are such files", #want)
tap.is(seal.differences(path), want, "a byte in each of them: each is found and named, and nothing else")
for name, content in pairs(before) do put(path .. "/" .. name, content) end
local content = sys.read(path .. "/" .. seal.NAME)
for _, at in ipairs { 1, 30, 64, 65, 66, 67, #content } do
  flip(path .. "/" .. seal.NAME, at)
  if #seal.differences(path) == 0 then blind[#blind + 1] = at end
  put(path .. "/" .. seal.NAME, content)
end
tap.is(blind, {}, "in the list itself, too, wherever it is")
tap.is(seal.differences(path), {}, "put back, all is well")

put(path .. "/runs/more.json", "{}")
os.rename(path .. "/script.lua", path .. "/script.old")
assert(os.execute(("ln -s /etc/passwd %s/link"):format(quote(path))))
text, status = memlua "verify done"
tap.is(status, 7, "what came, went and leads out", text)
for _, said in ipairs { "files: runs/more.json: not in MANIFEST", "files: script.lua: missing", "files: link: a link", "done: is not as it was finished" } do tap.like(text, said, said) end
text, status = memlua "verify -q done --json wrong.json"
tap.is({ status, #json.decode(sys.read(scratch .. "/wrong.json")).wrong }, { 7, 4 }, "and for programs", text)
for _, words in ipairs { "pack done", "merge m done", "two.lua --resume -o done" } do
  text, status = memlua(words)
  tap.ok(status == 7 and text:find "changed since it was finished: ", words .. " refuses it", status, text)
end
os.remove(path .. "/link")
os.remove(path .. "/runs/more.json")
os.rename(path .. "/script.old", path .. "/script.lua")
text, status = memlua "merge m done"
tap.ok(status == 0 and seal.is_there(scratch .. "/m"), "merge seals what it makes", text)

-- ---- what follows from the raw data ----------------------------------------------------------------------------------------

local function altered(name, file, from, to)
  assert(os.execute(("cp -r %s %s/%s"):format(quote(path), quote(scratch), name)))
  local at = ("%s/%s/%s"):format(scratch, name, file)
  local changed, n = sys.read(at):gsub(from, to, 1)
  assert(n == 1, from)
  put(at, changed)
  seal.write(scratch .. "/" .. name)
  return memlua("verify " .. name)
end
text, status = altered("better", "summary.json", '"intact":5', '"intact":4')
tap.ok(status == 7 and text:find("table: summary.json: strategies.1.intact: says 4, the raw data 5", 1, true), "a summary that says something else is found, whoever sealed it", status, text)
text, status = altered("claimed", "claims.json", "confirmed", "refuted")
tap.ok(status == 7 and text:find("claims: claims.json: claims.1.verdict: says refuted, the raw data confirmed", 1, true), "so are claims", status, text)
text, status = altered("refuted", "manifest.json", '"above":1.5', '"above":2.5')
tap.ok(status == 7 and text:find "refuted: a is slower", "and another claim is judged by the same data", status, text)
text, status = altered("schema", "manifest.json", '"schema_version":2', '"schema_version":1')
tap.ok(status == 1 and text:find "schema: written by another memlua: schema_version 1, this one reads 2", "another schema is refused by name", status, text)
text, status = memlua("verify " .. quote(sys.absolute(tests) .. "/fixtures/baseline"))
tap.ok(status == 1 and text:find "has no MANIFEST.sha256: an earlier memlua made it", "so is a folder without a list", status, text)
tap.is(differences.of({ 1, { a = 1.0 } }, { 1, { a = 1 + 1e-12 } }, 1e-9), {}, "sums in another order are no difference")
tap.is(differences.of({ x = { 1 } }, { x = { 1, 2 } }), { { "x.2", nil, 2 } }, "what is missing is one")

-- ---- archives ----------------------------------------------------------------------------------------------------------------

text, status = memlua "pack -q done"
tap.is({ text, status }, { "done.tar.xz\n", 0 }, "it is packed")
text, status = memlua "verify done.tar.xz"
tap.is(status, 0, "and verified from its archive, anywhere", text)

local function refused(commands, pattern, name)
  local dir <close> = assert(host.scratch())
  assert(os.execute(("mkdir %s/run && cd %s/run && %s"):format(dir:path(), dir:path(), commands)), name)
  local into <close> = assert(host.scratch())
  tap.fails(function() archive.unpack(dir:path() .. "/run/x.tar.gz", into:path()) end, pattern, name, 1)
  tap.is(#sys.names(into:path() .. "/run"), 0, name .. ": nothing is unpacked")
end
refused("mkdir d && ln -s /etc d/l && tar -czf x.tar.gz d", "holds a link or device: d/l", "a link")
refused("mkdir d && echo 1 >d/a && ln d/a d/b && tar -czf x.tar.gz d", "holds a link or device: d/[ab] link to d/[ab]", "a hard link")
refused("mkdir d && mkfifo d/p && tar -czf x.tar.gz d", "holds a link or device: d/p", "a pipe")
refused("echo 1 >a && tar -P -czf x.tar.gz \"$PWD/a\"", "holds an absolute path: /", "an absolute path")
refused("mkdir d && echo 1 >a && cd d && tar -P -czf ../x.tar.gz ../a", "leads elsewhere", "a path upwards")
refused("mkdir d e && tar -czf x.tar.gz d e", "more than one folder: d and e", "two folders")
refused("mkdir d && echo 1 >d/a && tar -cf x.tar d && tar -rf x.tar d && gzip x.tar", "holds d.* twice", "a file twice")
refused("mkdir d && printf 1 >\"d/a\\nb\" && tar -czf x.tar.gz d", "can't be read: d/a", "a name with a line break")
refused("mkdir d && truncate -s 1G d/a && tar -S -czf x.tar.gz d", "would unpack to more than 100000 files or 64 MiB", "a sparse bomb")
refused("mkdir d && truncate -s 70M d/a && tar -cf - d | gzip -1 >x.tar.gz", "would unpack to more than", "a bomb")
refused("echo hello | gzip >x.tar.gz", "x.tar.gz: ", "no archive")
refused("tar -czf x.tar.gz -T /dev/null", "holds nothing", "an empty one")
local packed, undetected = sys.read(scratch .. "/done.tar.xz"), {}
for i = 1, 6 do
  local at = #packed * i // 6
  flip(scratch .. "/done.tar.xz", at)
  local into <close> = assert(host.scratch())
  if pcall(archive.unpack, scratch .. "/done.tar.xz", into:path()) then undetected[#undetected + 1] = at end
  put(scratch .. "/done.tar.xz", packed)
end
tap.is(undetected, {}, "a byte changed in the archive is found")

-- ---- again ---------------------------------------------------------------------------------------------------------------------

local there = run.load(path)
tap.is(again.words(there, "new"), { "--out", "new", "--seed", "3", "--runs", "5", "--warmup", "0", "--vm", "--accel", "tcg", "--clock", "virtual", "--cpus", "1",
  "--memory", tostring(3 << 30), path .. "/script.lua", "--runs", "5", "z" }, "the same command, without where its results went")
tap.fails(function() again.words(run.load(tests .. "/fixtures/baseline"), "new") end, "an earlier memlua made it, which kept no command line", "which an earlier folder doesn't tell", 1)
local function compared(ratio, change)
  local here = run.load(write("again", ratio, change))
  return again.obstacle(there, here), again.compare(there, here)
end
local why, said, differ = compared(2)
tap.is({ why, differ }, { nil, 0 }, "the same figures", said)
tap.like(said, "none: nobody lost in 100 %% there, 100 %% here: as often\nnone: a: 1 .*x the time there: no difference beyond 5 %%\n", "are told as such")
tap.like(said, "\nclaim slower: confirmed there, confirmed here\n$", "with the claims")
why, said, differ = compared(2.2)
tap.is({ why, differ }, { nil, 1 }, "other figures under one strategy", said)
tap.like(said, "other: a: 1.1 .*x the time there: DIFFERENT %(Mann%-Whitney p 0.0079, corrected 0.0%d+%)", "are named")
why, said, differ = compared(1.2)
tap.ok(differ == 2 and said:find("claim slower: confirmed there, refuted here", 1, true), "so is a claim that they refute", said, differ)
why = compared(2, function(manifest, facts) facts.release, manifest.scenario.limits["memory.max"] = "7.0", 1 end)
tap.ok(why:find("scenario.limits.memory.max: 62914560 in there, 1 in here", 1, true) and why:find("release: 6.12.95 there, 7.0 here", 1, true), "other settings are named, too", why)

tap.done()
