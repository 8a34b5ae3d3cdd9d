-- The tutorial's commands, one after the other, print what the page shows: the same words, rows and order; figures may
-- differ. Each scenario boots its own microVM, as it does for whoever reads the page.
--   memlua tests/vm/tutorial.t --update    writes what they print now into the page
local tests = arg[0]:match "^(.*)/[^/]*/[^/]*$"
package.path = tests .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local transcript = require "transcript"

local quote <const> = require "memlua.base.sys".quote
local output_of <const> = require "shell".output

local root = output_of("cd " .. quote(tests .. "/..") .. " && pwd"):match "[^\n]+"
local path = root .. "/scripts/tutorial/README.md"
local page = io.open(path):read "a"

-- A folder in which `memlua` and `scripts` are those of this tree; the microVM sees it, for it isn't below /run.
local scratch <const>, tidy <close> = require "shell".folder()
os.execute(("mkdir %s/bin && ln -s %s %s/bin/memlua && ln -s %s/scripts %s/scripts"):format(scratch,
  quote(host.executable()), scratch, quote(root), scratch))
local before = ("cd %s && unset COLUMNS MEMLUA_OUT LC_ALL LC_CTYPE && export PATH=%s/bin:$PATH TERM=xterm LANG=C.UTF-8 MEMLUA_QUIET=1 MEMLUA_VM=1 XDG_STATE_HOME=%s/state\n")
  :format(scratch, scratch, scratch)

local function run(command) return output_of(before .. "{ " .. command .. "; } 2>&1") end

if arg[1] == "--update" then
  page = transcript.with_outputs(transcript.with_files(page, root), run)
  io.open(path, "w"):write(page):close()
  return
end

transcript.check(tap, page, run)
local report = io.open(scratch .. "/report.html")
tap.ok(report and report:read "a":find("data:image/svg+xml", 1, true), "the report has the picture in it")
tap.done()
