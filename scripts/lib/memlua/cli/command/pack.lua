--- memlua pack RUN [FILE]: a run's folder as one archive, to hand it to a colleague.
local log = require "memlua.base.log"
local memlua = require "memlua"
local option = require "memlua.option"
local run = require "memlua.run"
local runs = require "memlua.results.find"
local seal = require "memlua.results.seal"
local sys = require "memlua.base.sys"

local options = option.parse {
  name = "pack", about = "Put a run's folder into one archive. Nothing is overwritten.", common = "print",
  arguments = {
    { "run", help = "a run's folder, a name that `memlua runs` lists, or last" },
    { "file", args = "?", help = "the archive, *.tar.xz or *.tar.gz (default: NAME.tar.xz here)" },
  },
}

local function fail(fmt, ...) memlua.fail(memlua.status.misuse, fmt, ...) end

local path = runs.find(options.run):gsub("/+$", "")
run.load(path) -- refuses what is no finished run
seal.check(path, "`memlua verify` names all; only a run as it was is packed")
if not seal.is_there(path) then log.warn("%s: has no %s: whoever unpacks it can't tell whether it is whole", path, seal.NAME) end
local pipe <close> = io.popen("cd " .. sys.quote(path) .. " && pwd -P")
local parent, name = pipe:read "l":match "^(.*)/([^/]+)$"
local file = options.file or name .. ".tar.xz"
if not file:find "%.tar%.[xg]z$" then fail("%s: the archive's name must end in .tar.xz or .tar.gz", file) end
if io.open(file) then fail("%s: is there already; name another file", file) end

-- Made beside its name, in a folder of our own, and linked: link(2) refuses to overwrite, so a file that appears
-- meanwhile stays.
local PACK <const> = [[
dir=$(mktemp -d -- %s/.memlua.XXXXXX) || exit
tar -C %s --sort=name --owner=0 --group=0 --numeric-owner -c%sf "$dir/archive" -- %s && ln -- "$dir/archive" %s
status=$?; rm -rf -- "$dir"; exit $status]]
local where = file:match "^(.*)/[^/]*$" or "."
local made = os.execute(PACK:format(sys.quote(where == "" and "/" or where), sys.quote(parent), file:find "xz$" and "J" or "z",
  sys.quote(name), sys.quote(file)))
if not made then fail("%s: could not be written", file) end
log.say("%s holds %s; `memlua verify %s` checks it on any machine", file, path, file)
print(file)
