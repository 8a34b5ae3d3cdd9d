-- What comes back from a microVM is hostile: only whole regular files of a run's folder come through, nothing leads out.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local sys = require "memlua.base.sys"
local unpack = require "memlua.vm".unpack

local quote <const> = sys.quote
local owned <close> = assert(host.scratch())
local scratch <const> = owned:path()
local n = 0

-- A new folder to unpack into.
local function fresh()
  n = n + 1
  local path = ("%s/out%d"):format(scratch, n)
  assert(host.mkdir(path))
  return path
end

local function listing(path)
  local pipe <close> = io.popen(("cd %s && find . -mindepth 1 -printf '%%P %%y %%m\\n' | sort"):format(quote(path)))
  return pipe:read "a"
end

-- ---- what tar makes ----------------------------------------------------------------------------------------------

local function archive(commands, words)
  local path = fresh()
  assert(os.execute(("cd %s && umask 022 && { %s; }"):format(quote(path), commands)))
  local pipe <close> = io.popen(("cd %s && tar --format=gnu -cf - %s"):format(quote(path), words or "."))
  return pipe:read "a"
end

local long = ("n"):rep(200)
local all = archive(([[mkdir -p runs/001-none more/x runs/002-%s && echo 1 >manifest.json && echo 2 >runs/001-none/run.json
  echo said >'runs/001-none/a b.out' && : >more/x/empty.csv && echo long >runs/002-%s/%s.out && chmod 4755 manifest.json]]):format(long, long, long))
local out = fresh()
tap.is({ unpack(out, all) }, { true }, "an archive of a run's folder is taken")
tap.is(listing(out), ("manifest.json f 644\nmore d 755\nmore/x d 755\nmore/x/empty.csv f 644\nruns d 755\nruns/001-none d 755\n"
  .. "runs/001-none/a b.out f 644\nruns/001-none/run.json f 644\nruns/002-%s d 755\nruns/002-%s/%s.out f 644\n"):format(long, long, long),
  "with long names and empty files; nothing is set-id or executable")
tap.is(sys.read(out .. "/runs/001-none/a b.out"), "said\n", "as it was")
tap.is({ unpack(out, archive "echo 3 >manifest.json" .. archive "mkdir runs && echo 4 >runs/x.json") }, { true }, "several archives in a row are one stream")
tap.is(sys.read(out .. "/manifest.json") .. sys.read(out .. "/runs/x.json"), "3\n4\n", "what is sent again is replaced")
tap.is({ unpack(fresh(), "") }, { true }, "nothing is an empty archive")

-- ---- what must not come back ---------------------------------------------------------------------------------------

local function left_out(text, what, name)
  local path = fresh()
  local done, others = unpack(path, text)
  tap.ok(done and others and others:find(what, 1, true), name, done, others)
  tap.is(listing(path):gsub("[^\n]* d 755\n", ""), "manifest.json f 644\n", name .. ": nothing of it is there, but the rest is")
end

local KEPT <const> = " && echo 1 >manifest.json"
left_out(archive("ln -s /etc/passwd x.json" .. KEPT), "x.json", "a symlink")
left_out(archive("ln -s / runs" .. KEPT), "runs", "a symlink in a folder's place")
left_out(archive("mkfifo x.json" .. KEPT), "x.json", "a FIFO")
left_out(archive("echo 1 >a.gp && ln a.gp b.json" .. KEPT, "a.gp b.json manifest.json"), "a.gp and 1 more", "a hard link and its target")
left_out(archive("mkdir plots && echo 'system(\"x\")' >plots/x.gp" .. KEPT), "plots/x.gp", "a script of gnuplot")
left_out(archive("mkdir plots && echo 1 >plots/x.dat" .. KEPT), "plots/x.dat", "data in its folder")
left_out(archive("mkdir a && echo '<svg/>' >a/x.svg" .. KEPT), "a/x.svg", "a picture")
left_out(archive("echo 1 >.profile" .. KEPT), ".profile", "a hidden file")
left_out(archive("mkdir .git && echo 1 >.git/x.json" .. KEPT), ".git/x.json", "a hidden folder")
left_out(archive("echo 1 >x.sh" .. KEPT), "x.sh", "a file of an unknown kind")
left_out(archive("echo 1 >x.lua; echo 2 >y.lua; echo 3 >z.lua" .. KEPT), " and 2 more", "scripts but the run's own")
left_out(archive("printf 1 >\"$(printf 'a\\033[2Jb.json')\"" .. KEPT, "./*.json"), "a?[2Jb.json", "a name that would speak to the terminal")
left_out(archive("printf 1 >\"$(printf 'a\\302\\233b.json')\"" .. KEPT, "./*.json"), "a??b.json", "in C1, too")
left_out(archive("mkdir -p 1/2/3/4/5/6/7 && echo 1 >1/2/3/4/5/6/7/x.json" .. KEPT), "7/x.json", "a folder too deep")

-- ---- headers that no tar makes --------------------------------------------------------------------------------------

local function entry(name, type, content, size)
  local head = ("%s0000644\0" .. "0000000\0" .. "0000000\0" .. "%s\0" .. "00000000000\0" .. "        " .. "%s%s" .. "ustar  \0"):format(
    name .. ("\0"):rep(100 - #name), ("%011o"):format(size or #content), type, ("\0"):rep(100))
  head = head .. ("\0"):rep(512 - #head)
  local sum = 0
  for i = 1, 512 do sum = sum + head:byte(i) end
  head = head:sub(1, 148) .. ("%06o\0 "):format(sum) .. head:sub(157)
  return head .. content .. ("\0"):rep(-#content % 512)
end

local M <const> = entry("manifest.json", "0", "1\n")
for name, text in pairs {
  ["an absolute path"] = entry("/tmp/x.json", "0", "1"), ["a path that leads up"] = entry("../x.json", "0", "1"),
  ["one that does so later"] = entry("runs/../../x.json", "0", "1"), ["an empty part"] = entry("runs//x.json", "0", "1"),
  ["no name"] = entry("", "0", "1"), ["a folder's name"] = entry("runs/", "0", "1"), ["a device"] = entry("x.json", "3", ""),
  ["a sparse file"] = entry("x.json", "S", "1"), ["a link through a file"] = entry("x.json", "1", ""),
  ["a long name that leads up"] = entry("././@LongLink", "L", "../" .. long .. ".json\0") .. entry("x", "0", "1"),
} do
  left_out(text .. M, "", name)
end

local function refused(text, pattern, name, kept)
  local path = fresh()
  local done, why = unpack(path, text)
  tap.ok(not done and why and why:find(path .. ": the results could not be unpacked: " .. pattern, 1, true), name, done, why)
  tap.is(listing(path), kept or "", name .. ": what is not whole is not there")
end
local WHOLE <const> = "manifest.json f 644\n"
refused(("x"):rep(512), "what the microVM sends is no archive", "no archive")
refused(M .. (M:gsub("manifest", "manifost")), "what the microVM sends is no archive", "a broken checksum", WHOLE)
refused(M .. entry("x.json", "0", "", 1 << 20), "x.json: the microVM ended while it sent them", "one that is cut", WHOLE)
refused(M:sub(1, 300), "the microVM ended", "one cut in a header")
refused(entry("x.json", "0", "", (1 << 33) - 1), "the microVM ended", "a file larger than any may be is not begun")
refused(entry("x", "L", ("x"):rep(5000)), "a name is too long", "an endless name")

-- ---- what lies in the folder already ----------------------------------------------------------------------------------

local elsewhere = fresh()
for what, commands in pairs { ["a link in a folder's place"] = "ln -s %s runs", ["a file in a folder's place"] = ": >runs" } do
  out = fresh()
  assert(os.execute(("cd %s && " .. commands):format(quote(out), quote(elsewhere))))
  local done, why = unpack(out, entry("runs/x.json", "0", "1"))
  tap.ok(not done and why:find "runs/x.json: Not a directory", what .. " leads nowhere", done, why)
  tap.is(listing(elsewhere), "", what .. ": nothing is written elsewhere")
end
out = fresh()
assert(os.execute(("cd %s && ln -s %s/victim manifest.json && ln -s %s/victim .incoming"):format(quote(out), quote(elsewhere), quote(elsewhere))))
tap.is({ unpack(out, M) }, { true }, "a link in a file's place is replaced")
tap.is({ listing(elsewhere), listing(out) }, { "", WHOLE }, "nothing is written through it, and what a killed memlua left is gone")
tap.is({ unpack(scratch .. "/nowhere", M) }, { nil, scratch .. "/nowhere: the results could not be unpacked: No such file or directory", 2 },
  "a folder that isn't there is named")

if host.is_root() and os.execute(("mkdir %s/small && mount -t tmpfs -o size=64k tmpfs %s/small 2>/dev/null"):format(scratch, scratch)) then
  local done, why, errno = unpack(scratch .. "/small", M .. entry("big.out", "0", ("x"):rep(200000)))
  tap.ok(not done and errno == 28 and why:find "big.out: No space left on device", "a full disk is named", done, why, errno)
  tap.is(listing(scratch .. "/small"), WHOLE, "and what was whole is kept")
  os.execute(("umount %s/small"):format(scratch))
else
  tap.skip("a full disk", "needs root, to mount a small file system")
end
tap.done()
