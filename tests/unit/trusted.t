-- What root runs: nothing that somebody else could have put there. Scripts, their modules, policies, search paths, libraries.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local shell = require "shell"
local sys = require "memlua.base.sys"

if not host.is_root() then return tap.done "all of this is about root" end

local quote <const> = sys.quote
local owned <close> = assert(host.scratch())
local scratch <const> = owned:path()
local memlua <const> = quote(host.executable())
local OTHER <const> = 61234 -- a user whom nobody knows

assert(os.execute(("cd %s && chmod 755 . && mkdir own open sticky && chmod 777 open && chmod 1777 sticky"):format(scratch)))
for _, folder in ipairs { "own", "open", "sticky" } do
  assert(host.save(("%s/%s/x.lua"):format(scratch, folder), 'print("ran", pcall(require, "beside"))'))
  assert(host.save(("%s/%s/beside.lua"):format(scratch, folder), 'return "module"'))
end

-- What a command in the scratch folder says, with the environment `env`.
local function said(words, env) return shell.said(("cd %s && env %s %s %s"):format(scratch, env or "", memlua, words)) end

local function refused(words, pattern, name, env)
  local text, status = said(words, env)
  tap.ok(status == 1 and text:find(pattern) and not text:find "ran", name, text, status)
end

-- ---- scripts ---------------------------------------------------------------------------------------------------------

tap.like(said "own/x.lua", "^ran\ttrue\tmodule", "a script of root's in a folder of root's runs, and finds its module")
refused("open/x.lua", "^memlua: open/x.lua: not as root: others may write to /%S*/open; take that right", "not in a folder that others may write to")
local text = said "sticky/x.lua"
tap.ok(text:find("no modules are taken from the script's folder: sticky: not as root", 1, true) and text:find "ran\tfalse",
  "where each owns his own files it runs, but without what lies beside", text)
tap.ok(not said("-q sticky/x.lua"):find "no modules", "--quiet doesn't tell")
os.execute(("cd %s && cp own/x.lua own/loose.lua && chmod 666 own/loose.lua && cp own/x.lua own/theirs.lua && chown %d own/theirs.lua"):format(scratch, OTHER))
refused("own/loose.lua", "others may write to .*/own/loose.lua", "no file that others may write to")
refused("own/theirs.lua", "own/theirs.lua belongs to nobody known; run it as that user", "nor one of theirs")
tap.like(said("own/theirs.lua", "SUDO_UID=" .. OTHER), "^ran", "unless its owner has called memlua by sudo")
os.execute(("cd %s && ln -s ../open/x.lua own/link.lua && ln -s ../own/x.lua sticky/link.lua && chown -h %d sticky/link.lua && ln -s own straight"):format(scratch, OTHER))
refused("own/link.lua", "others may write to .*/open", "a link doesn't hide where it leads to")
refused("sticky/link.lua", "sticky/link.lua belongs to nobody known", "nor who can turn it elsewhere")
tap.like(said "straight/x.lua", "^ran\ttrue", "links of root's are followed")
refused("open/../own/x.lua", "others may write to .*/open", "a folder on the way counts")
os.execute(("cd %s && ln -s loop own/loop"):format(scratch))
refused("own/loop/x.lua", "own/loop: Too many levels of symbolic links", "a link to itself ends")
refused("own/none.lua", "own/none.lua", "what isn't there is told as ever")
os.execute(("cd %s && mkdir group && cp own/x.lua group && chown root:%d group && chmod 775 group"):format(scratch, OTHER))
refused("group/x.lua", "others may write to .*/group", "a group's folder is others', too")
os.execute(("cd %s && chgrp 0 group"):format(scratch))
tap.like(said "group/x.lua", "^ran", "that of root's group isn't")

-- Where the sanitizers report to, anybody else may not write: a newer one ends at once then.
local dropped = ("cd %s && env -u ASAN_OPTIONS -u UBSAN_OPTIONS setpriv --reuid %d --regid %d --clear-groups %s "):format(scratch, OTHER, OTHER, memlua)
for _, script in ipairs { "open/x.lua", "sticky/link.lua", "own/loose.lua" } do
  tap.like(shell.said(dropped .. script), "^ran\t", "anybody else runs what he likes: " .. script)
end

-- ---- policies --------------------------------------------------------------------------------------------------------

local policy = quote [[print(require "memlua.policy".describe(arg and arg[1] or "open/p.bpf.o"))]]
assert(host.save(scratch .. "/open/p.bpf.o", "no object"))
assert(host.save(scratch .. "/own/p.bpf.o", "no object"))
tap.like(said("-e " .. policy), "nil\topen/p.bpf.o: not as root: others may write to", "no policy from such a folder")
tap.like(said("-e " .. policy:gsub("open/", "own/")), "own/p.bpf.o: not a BPF object file", "one of root's is read")
tap.like(shell.said(dropped .. "-e " .. policy), "open/p.bpf.o: not a BPF object file", "so is any for anybody else")

-- ---- the environment ---------------------------------------------------------------------------------------------------

local show = "-e " .. quote [[print(package.path, os.getenv "PATH")]]
text = said(show, ("LUA_INIT='print(666)' PATH=.:$PATH::%s/open LUA_PATH='./?.lua;%s/open/?.lua;%s/own/?/init.lua;;'"):format(scratch, scratch, scratch))
for _, line in ipairs { "PATH: left out: '.': not as root: a relative path", "PATH: left out: '': not as root", "PATH: left out: " .. scratch .. "/open: not as root: others",
                        "LUA_PATH: left out: './?.lua': not as root", "LUA_PATH: left out: " .. scratch .. "/open: not as root", "LUA_INIT: ignored" } do
  tap.ok(text:find("memlua: " .. line, 1, true), "told: " .. line:gsub(scratch, "..."), text)
end
local paths = text:match "[^\n]*\n$"
tap.ok(paths:find("^/%S*/own/%?/init.lua;/") and not paths:find("open", 1, true) and not paths:find("::", 1, true) and not paths:find("\t.:", 1, true),
  "the rest is kept", paths)
tap.ok(not text:find "666\n", "LUA_INIT has not been run", text)
tap.like(said(show, "LUA_CPATH='lib/?.so'"), "LUA_CPATH: left out: 'lib/?.so': not as root: a relative path", "nor are C modules searched from where root stands")
tap.ok(not shell.said(dropped .. show):find "left out", "for anybody else nothing is left out")
refused("-e 'print(\"ran\")'", "^memlua: LD_LIBRARY_PATH: '': not as root: a relative path", "libraries from where root stands", "LD_LIBRARY_PATH=:/usr/lib")
refused("-e 'print(\"ran\")'", "^memlua: LD_LIBRARY_PATH: .*/open: not as root", "or from others' folders", ("LD_LIBRARY_PATH=%s/open"):format(scratch))
refused("-e 'print(\"ran\")'", "memlua: LD_PRELOAD: .*/sticky: not as root: others may write", "not even in one where each owns his files", ("LD_PRELOAD=%s/sticky/x.so"):format(scratch))
refused("-e 'print(\"ran\")'", "memlua: LD_AUDIT: own/x.so: not as root: a relative path", "nor by a relative name", "LD_AUDIT=own/x.so")
tap.like(said("-e 'print(\"ran\")'", "LD_LIBRARY_PATH=/usr/lib LD_PRELOAD="), "^ran", "folders of root's are his to name")

-- ---- the cache ---------------------------------------------------------------------------------------------------------

os.execute(("mkdir -p %s/open/memlua/kmod && chmod 777 %s/open/memlua/kmod"):format(scratch, scratch))
local setup = host.executable():match "^(.*)/[^/]*/[^/]*$" .. "/host/setup/workdir.sh"
text = shell.said(("sh -c 'fail() { echo \"$*\"; exit 3; }; . %s; check_cache %s/own && check_cache %s/open/memlua/kmod'; echo $?"):format(setup, scratch, scratch))
tap.like(text, "open/memlua/kmod: others may write to it, and root builds and boots what is in it; .*\n3\n", "no module is built in a cache that others may write to")
tap.done()
