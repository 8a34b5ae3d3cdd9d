-- memlua.run: folders that are made, refused and written.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local json = require "memlua.json"
local run = require "memlua.run"
local sys = require "memlua.base.sys"

local scratch = os.tmpname()
os.remove(scratch)

local function content(path)
  local file = io.open(path)
  if not file then return nil end
  local text = file:read "a"
  file:close()
  return text
end

local function listing(path)
  local pipe = io.popen(("ls -A %s"):format(path))
  local text = pipe:read "a"
  pipe:close()
  return text
end

local folder = run.create(scratch .. "/a/b")
tap.is(listing(scratch .. "/a/b"), "", "a new folder is empty, those above it are made")
folder:discard_unfinished()
tap.is(content(scratch .. "/a/b"), nil, "and goes again when nothing was written")

folder = run.create(scratch .. "/a/b")
folder:json("host.json", { x = 1 })
folder:text("script.lua", "x = 1\n")
assert(host.mkdir(folder:begin "001-none"))
assert(host.save(scratch .. "/a/b/runs/001-none/cache.out", ""))
folder:discard_unfinished()
tap.ok(not sys.exists(scratch .. "/a/b"), "nor does anything remain where the first run was not finished", listing(scratch .. "/a"))

assert(host.mkdir(scratch .. "/a/b/runs/mine") and host.save(scratch .. "/a/b/mine", "x") and host.save(scratch .. "/a/b/runs/mine/x", "x"))
folder = run.create(scratch .. "/a/b")
folder:json("host.json", { x = 1 })
folder:discard_unfinished()
tap.is(listing(scratch .. "/a/b"), "mine\nruns\n", "but what was there before does")
os.execute(("rm -r %s/a/b"):format(scratch))

folder = run.create(scratch .. "/a/b")
tap.fails(function() run.create(scratch .. "/a/b") end, "another run is being written there; name another folder with --out",
  "two runs into one folder: the second is refused", 1)
local pipe = io.popen(("'%s' -e 'require \"memlua.run\".create \"%s/a/b\"' 2>&1; echo $?"):format(host.executable(), scratch))
tap.like(pipe:read "a", "another run is being written there.*\n1\n$", "in another process, too")
pipe:close()
folder:discard_unfinished()
folder = run.create(scratch .. "/a/b")
folder:json("runs/001-none/run.json", { strategy = "none", tenants = json.array {} })
folder:text("plots/x.gp", "plot x\n")
folder:json("manifest.json", { schema_version = 2 })
assert(host.mkdir(folder:begin "002-none"))
folder:discard_unfinished()
tap.is(listing(scratch .. "/a/b/runs"), "001-none\n", "the run that was not finished goes, the finished one stays")
tap.is(json.decode(content(scratch .. "/a/b/runs/001-none/run.json")).strategy, "none", "JSON is written below it")
tap.is(content(scratch .. "/a/b/plots/x.gp"), "plot x\n", "text too")
tap.is(listing(scratch .. "/a/b/runs/001-none"), "run.json\n", "nothing is left beside a file")
tap.is(listing(scratch .. "/a/b/plots"), "x.gp\n", "of either kind")

tap.fails(function() run.create(scratch .. "/a/b") end, "holds a run already; name another folder with --out",
  "a folder with a run is refused", 1)
tap.fails(function() run.create "/proc/nowhere" end, "/proc/nowhere: .*--out", "one that can't be made is refused", 1)
local file = io.open(scratch .. "/file", "w")
file:close()
tap.fails(function() run.create(scratch .. "/file") end, "--out", "a file is refused", 1)
tap.fails(function() run.create(scratch .. "/file/x") end, "--out", "and what lies below it", 1)
tap.fails(function() run.load(scratch) end, "not a run's folder", "a folder without a manifest is no run", 1)

if io.open "/dev/full" then
  local devices = setmetatable({ path = "/dev" }, getmetatable(folder)) -- a link to it would be replaced
  tap.fails(function() devices:text("full", ("x"):rep(1 << 20)) end, "No space left on device", "a full disk is named", 3)
else
  tap.skip("a full disk is named", "no /dev/full")
end

tap.like(run.default_path "x", "/memlua/x%-%d+T%d+$", "the default folder names the scenario and the time")
host.settings.out = nil

-- ---- the time -------------------------------------------------------------------------------------------

local before, written, after = os.date "!%Y-%m-%dT%H:%M:%SZ", run.now(), os.date "!%Y-%m-%dT%H:%M:%SZ"
tap.ok(before <= written and written <= after, "a manifest's time is that of this machine", before, written, after)
local first_line, in_guest, clock = sys.first_line, host.in_guest, "86400"
sys.first_line = function(path) return path:find "rtc" and clock end
host.in_guest = true
tap.is({ run.now(), sys.time() }, { "1970-01-02T00:00:00Z", 86400 }, "in the microVM that of the hardware's clock, which is the host's")
tap.like(run.default_path "x", "x%-1970010%dT%d+$", "so is that of the default folder")
clock = nil
tap.ok(sys.time() >= 1700000000, "a guest without one has its own")
sys.first_line, host.in_guest = first_line, in_guest

os.execute("rm -rf " .. scratch)
tap.done()
