-- memlua.plot draws pictures beside their names: whoever has one open keeps a whole one.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local plot = require "memlua.plot"
local sys = require "memlua.base.sys"

local quote <const> = sys.quote
local scratch = os.tmpname()
os.remove(scratch)
local tidy <close> = setmetatable({}, { __close = function() os.execute("rm -rf " .. quote(scratch)) end })
local plots = scratch .. "/it's a run/plots"
assert(host.mkdir(plots))

local function listing()
  local pipe <close> = io.popen("ls -A " .. quote(plots))
  return pipe:read "a"
end

local draw = {}
for i, kind in ipairs { "svg", "png" } do draw[i] = ('set terminal %s\nset output "x.%s"\nplot "x.dat"\n'):format(kind, kind) end
assert(host.save(plots .. "/x.gp", table.concat(draw)))
assert(host.save(plots .. "/x.dat", "1 2\n2 3\n"))
assert(host.save(plots .. "/x.svg", "old"))
assert(os.execute(("ln %s %s/open"):format(quote(plots .. "/x.svg"), quote(scratch))))

tap.is({ plot.draw(scratch .. "/it's a run") }, { true }, "pictures are drawn, whatever the folder is called")
tap.is(listing(), "x.dat\nx.gp\nx.png\nx.svg\n", "nothing is left beside them")
tap.ok(sys.read(plots .. "/x.svg"):find "</svg>", "the new one is whole")
tap.is(sys.read(scratch .. "/open"), "old", "the old one was replaced, not written over")

assert(host.save(plots .. "/y.gp", "exit status 3\n"))
local drawn, command = plot.draw(scratch .. "/it's a run")
tap.ok(not drawn and command:find("gnuplot", 1, true), "a script that gnuplot refuses is told, and how to draw it", command)
tap.is(listing(), "x.dat\nx.gp\nx.png\nx.svg\ny.gp\n", "nothing is left then, either")
tap.is(plot.draw(scratch), true, "a folder without plots has none to draw")
tap.done()
