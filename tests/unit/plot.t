-- memlua.plot draws what it has written itself, beside the pictures' names: whoever has one open keeps a whole one. What
-- comes from elsewhere, be it a script or a word of the data, is never run.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local plot = require "memlua.plot"
local sys = require "memlua.base.sys"

local quote <const> = sys.quote
local owned <close> = assert(host.scratch())
local scratch <const> = owned:path()
local folder = scratch .. "/it's a run"
local plots = folder .. "/plots"
assert(host.mkdir(plots))
assert(os.execute(("mkdir %s/tmp"):format(scratch)))
host.setenv("TMPDIR", scratch .. "/tmp")

local function listing()
  local pipe <close> = io.popen("ls -A " .. quote(plots))
  return pipe:read "a"
end

local function bars(name, heading, label)
  plot.grouped(folder, name, { heading = heading, axis = "seconds", setting = "here", caption = "it" },
    { { group = label, series = 1, length = 1, low = 1, high = 1, note = label, label = label } })
end

assert(host.save(plots .. "/x.svg", "old"))
assert(os.execute(("ln %s %s/open"):format(quote(plots .. "/x.svg"), quote(scratch))))
bars("x", "a heading", "a")
tap.is({ plot.draw(folder) }, { true }, "pictures are drawn, whatever the folder is called")
tap.is(listing(), "x.dat\nx.gp\nx.png\nx.svg\n", "nothing is left beside them")
tap.ok(sys.read(plots .. "/x.svg"):find "</svg>", "the new one is whole")
tap.is(sys.read(scratch .. "/open"), "old", "the old one was replaced, not written over")
tap.is(#sys.names(scratch .. "/tmp"), 0, "nothing is left in the temporary folder")

-- ---- scripts from elsewhere --------------------------------------------------------------------------------

local ran = scratch .. "/ran"
local evil = ('system("touch %s")\n'):format(ran)
assert(host.save(plots .. "/y.gp", evil))
assert(host.save(plots .. "/x.gp", evil))
tap.is({ plot.draw(folder), sys.exists(ran) }, { true, false }, "a script that lies there is not run, not even under a picture's name")
tap.is(plot.draw(scratch), true, "a folder for which nothing was written has nothing to draw")
os.remove(plots .. "/y.gp")
assert(host.save(scratch .. "/.gnuplot", evil))
host.setenv("HOME", scratch)
tap.is({ plot.draw(folder), sys.exists(ran) }, { true, false }, "nor is a ~/.gnuplot")

assert(os.execute(("mkdir %s/bin && printf '#!/bin/sh\\nexit 3\\n' >%s/bin/gnuplot && chmod +x %s/bin/gnuplot"):format(scratch, scratch, scratch)))
local path = os.getenv "PATH"
host.setenv("PATH", scratch .. "/bin:" .. path)
local drawn, command = plot.draw(folder)
tap.ok(not drawn and command:find("gnuplot", 1, true), "where gnuplot fails, how to draw it is told", command)
tap.is({ listing(), #sys.names(scratch .. "/tmp") }, { "x.dat\nx.gp\nx.png\nx.svg\n", 0 }, "nothing is left then, either")
host.setenv("PATH", path)

-- ---- words that look like commands ----------------------------------------------------------------------------

local WORDS = { "`touch %s`", "'.system('touch %s').'", "a\nsystem('touch %s')\n", '"\nsystem("touch %s")\n#', "@touch %s", "\\",
                "a'\nset output '|touch %s'\n'", "%%s%%d%%", '".system("touch %s")."' }
for i, word in ipairs(WORDS) do
  local text = word:find "%%s`?['\")|\n]?" and word:gsub("%%s", function() return ran end, 1) or word
  bars("x", text, text)
  local ok = plot.draw(folder)
  tap.is({ ok, sys.exists(ran) }, { true, false }, ("words that gnuplot could take for code: %d"):format(i))
end
for _, name in ipairs { "|touch x", "<x", "../x", "a b", "" } do
  tap.fails(function() bars(name, "a", "a") end, "no name for a picture", ("%q is no name for one"):format(name), 1)
end
tap.done()
