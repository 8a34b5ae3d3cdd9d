-- SIGKILL at random points of a command's life. A test takes how many points and the seed from its arguments.
local host = require "memlua.host"
local shell = require "shell"
local sys = require "memlua.base.sys"

local kill = {
  points = tonumber(arg[1]) or 5,
  seed = tonumber(arg[2]) or 1,
}

--- How long a command takes, in seconds, and what it says. Nothing presses there, so that status 7 is right, too.
function kill.lifetime(command)
  local began = host.monotonic()
  local said, status = shell.said(command)
  assert(status == 0 or status == 7, said)
  return host.monotonic() - began, said
end

--- Starts a command and kills it, and only it, after so many seconds. Returns what it said, and whether it lived till then.
function kill.after(seconds, command, folder)
  local out = sys.quote(folder .. "/said")
  local _, status = shell.output(("%s >%s 2>&1 & pid=$!; sleep %.3f; kill -KILL $pid 2>/dev/null; dead=$?; wait $pid; exit $dead")
    :format(command, out, seconds))
  local file <close> = assert(io.open(folder .. "/said"))
  return file:read "a", status == 0
end

--- Looks until `state()` is `want`, at most so many seconds. Returns the last state.
function kill.settle(state, want, seconds)
  local deadline, now = host.monotonic() + seconds, state()
  while now ~= want and host.monotonic() < deadline do
    host.sleep(0.1)
    now = state()
  end
  return now
end

--- Calls check(i, seconds) for each of so many points (default: all), spread evenly at random over the lifetime.
function kill.each(lifetime, check, points)
  math.randomseed(kill.seed)
  for i = 1, points or kill.points do check(i, math.random() * lifetime) end
end

return kill
