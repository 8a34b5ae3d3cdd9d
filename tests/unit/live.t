-- memlua.base.live: the lines on a terminal, seen through a stream of our own; and that there are none elsewhere.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local live = require "memlua.base.live"
local screen = require "memlua.base.screen"
local log = require "memlua.base.log"
local sys = require "memlua.base.sys"

local written = ""
local stream = { write = function(self, ...)
  written = written .. table.concat { ... }
  return self
end, flush = function() end }
io.stderr = stream

local function drawn(f)
  written = ""
  f()
  return written
end

-- What a terminal shows of it: no more than the sequences that live uses are understood.
local function seen_of(text)
  local lines, row = {}, 1
  text = text:gsub("\27%[%?7[lh]", ""):gsub("\r\27%[K", "") -- whether too long a line wraps: none is
  while text ~= "" do
    local up = text:match "^\27%[(%d+)A"
    local line = text:match "^\r\27%[2K([^\n]*)\n"
    if up then row, text = row - tonumber(up), text:gsub("^\27%[%d+A", "")
    elseif line then lines[row], row, text = line, row + 1, text:sub(#line + 7)
    elseif text:find "^\r?\27%[J" then
      for i = row, #lines do lines[i] = nil end
      text = text:gsub("^\r?\27%[J", "")
    else
      local plain = text:match "^([^\n\27]*)\n"
      lines[row], row, text = plain, row + 1, text:sub(#plain + 2)
    end
  end
  return lines
end

host.setenv("TERM", "xterm")
host.setenv("LANG", "C.UTF-8")
host.setenv("LC_ALL", nil)
host.setenv("COLUMNS", "40")

-- ---- blocks -----------------------------------------------------------------------------------------------------

host.setenv("MEMLUA_TERMINALS", "2")
tap.is({ screen.possible(1), screen.possible(2) }, { false, true }, "only a terminal can be drawn on")
tap.is(seen_of(drawn(function()
  local block <close> = screen.block(2)
  block:draw { "one", "two", "three" }
  block:draw { "eins", "zwei" }
  block:keep()
end)), { "eins", "zwei" }, "lines are drawn over, and fewer of them leave nothing behind")
tap.is(seen_of(drawn(function()
  local block <close> = screen.block(2)
  block:draw { "one", "two" }
end)), {}, "a closed block is gone")
local wide = seen_of(drawn(function()
  local block = screen.block(2)
  block:draw { ("é"):rep(60), ("x"):rep(39), ("x"):rep(40) }
end))
tap.is({ utf8.len(wide[1]), #wide[2], #wide[3] }, { 39, 39, 39 }, "a line never wraps, counted in characters")

host.setenv("MEMLUA_ROWS", "4")
tap.is(seen_of(drawn(function()
  local block = screen.block(2)
  block:draw { "1", "2", "3", "4" }
  block:draw { "1", "2", "3", "4", "5" }
  block:keep()
end)), { "1", "2", "... and 3 more" }, "no more lines than the terminal has: the first would scroll away")
host.setenv("MEMLUA_ROWS", nil)

-- ---- a run --------------------------------------------------------------------------------------------------------

-- Processes are what a test says they are: where in the kernel each sleeps.
local SLEEPS = { ["11"] = "hrtimer_nanosleep", ["12"] = "memcg_bpf_sleep", ["13"] = "mem_cgroup_handle_over_high" }
local first_line = sys.first_line
sys.first_line = function(path)
  local pid = path:match "^/proc/(%d+)/wchan$"
  if pid then return SLEEPS[pid] end
  return first_line(path)
end

local function tenant(name, usage, reached, pids, more)
  local part = { spec = { kind = "anon", size = 100 << 20 }, worker = { progress = function() return reached end } }
  for key, value in pairs(more or {}) do part[key] = value end
  local function get(_, file) return file == "cgroup.procs" and pids or nil end
  local cg = { usage = function() return usage end, get = get }
  return { spec = { name = name }, limits = {}, cg = cg, parts = { part } }
end
local self = {
  started = host.monotonic(), limits = { ["memory.max"] = 200 << 20 },
  tenants = { tenant("high", 100 << 20, 100 << 20, "11\n"), tenant("low_1", 10 << 20, 10 << 20, "11\n12\n"),
              tenant("low_2", 0, 0, ""), tenant("lost", 0, 50 << 20, nil, { result = { ended = "oom-killed" } }) },
}
tap.is({ live.held(self.tenants[1].cg), live.held(self.tenants[2].cg) }, { nil, "delayed" },
  "what holds a tenant is where one of its processes sleeps")
tap.is(live.held(tenant("", 0, 0, "13\n").cg), host.has_ops() and "delayed" or "throttled",
  "memory.high's own throttling is no policy's delay")

local function cost(times, f)
  local before = os.clock()
  for _ = 1, times do f() end
  return os.clock() - before
end
tap.ok(cost(1000, host.has_ops) < cost(100000, host.monotonic), "which of the two it is costs a redraw next to nothing")

local function shown(columns)
  host.setenv("COLUMNS", tostring(columns))
  local lines
  drawn(function()
    local view <close> = live.runs(7)
    view:begin(3, "priority")
    live.show(self)
    view.next = 0
    live.show(self)
    lines = seen_of(written)
  end)
  return lines
end

local lines = shown(80)
tap.is(#lines, 5, "one line for the run and one per tenant")
tap.like(lines[1], "^run 3 of 7: priority, %d", "which run of how many")
tap.like(lines[1], "left$", "and how long it will take still")
tap.like((lines[2]:gsub("[█░]+", "=")), "^high  = +100M of 200M +holding$", "usage against the limit, as a bar and in figures")
tap.is({ select(2, lines[2]:gsub("█", "")), select(2, lines[2]:gsub("░", "")) }, { 17, 17 }, "the bar is half full")
tap.like(lines[3], "filling 10%%, delayed$", "how far it is, and that a policy delays it")
tap.like(lines[4], "waiting$", "one that hasn't begun")
tap.like(lines[5], "oom%-killed$", "one that was lost")

for _, columns in ipairs { 20, 40, 80, 200 } do
  local widest = 0
  for _, line in ipairs(shown(columns)) do widest = math.max(widest, utf8.len(line)) end
  tap.ok(widest < columns, ("%d columns are not exceeded"):format(columns), widest)
end
tap.like((shown(40)[2]:gsub("[█░]+", "=")), "^high  = +100M  holding$", "40 columns have room for a short bar, not for the limit")
tap.like(shown(30)[2], "^high +100M  holding$", "30 have none for the bar")
host.setenv("LANG", "C")
tap.like(shown(80)[2], "^high  #+%.+ ", "a locale without UTF-8 gets a bar of ASCII")

-- ---- beside other lines -----------------------------------------------------------------------------------------------

host.setenv("COLUMNS", "80")
local beside = seen_of(drawn(function()
  local view <close> = live.runs(1)
  view:begin(1, "none")
  live.show(self)
  log.say("something happened")
  view.next = 0
  live.show(self)
end))
tap.is(beside, { "memlua: something happened" }, "what is said stays above the view, which goes")
tap.is(log.interlude, nil, "and nothing of the view remains")

local often = drawn(function()
  local view <close> = live.runs(1)
  view:begin(1, "none")
  for _ = 1, 100 do live.show(self) end
end)
tap.is(select(2, often:gsub("run 1 of 1", "")), 2, "it isn't drawn more often than can be seen, after its beginning")

local trials = {}
drawn(function()
  local view <close> = live.runs(nil, "trial")
  for i, name in ipairs { "none", "reserve" } do
    view:begin(nil, name)
    trials[i] = seen_of(written)[1]
  end
end)
tap.is(trials, { "trial 1: none", "trial 2: reserve" }, "runs whose number nobody knows are counted")

-- ---- elsewhere ----------------------------------------------------------------------------------------------------

local function nothing(why)
  tap.is(drawn(function()
    local view <close> = live.runs(2)
    view:begin(1, "none")
    live.show(self)
  end), "", why)
end
host.setenv("TERM", "dumb")
host.setenv("MEMLUA_TERMINALS", "")
nothing "nothing goes into a pipe"
host.setenv("TERM", "xterm")
nothing "whatever TERM says"
host.setenv("MEMLUA_TERMINALS", "2")
host.settings.quiet = true
nothing "nothing with --quiet"
host.settings.quiet = nil
host.setenv("TERM", "dumb")
tap.is(drawn(function()
  local view <close> = live.runs(2)
  view:begin(1, "none")
  live.show(self)
end), "memlua: run 1 of 2: none\n", "a dumb terminal gets one line per run, without escapes")
tap.done()
