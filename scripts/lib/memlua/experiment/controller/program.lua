--- memlua.experiment.controller.program: a strategy's controller that is a program of its own, such as earlyoom.
local check = require "memlua.base.check"
local record = require "memlua.experiment.spec.record"
local sys = require "memlua.base.sys"
local target = require "memlua.experiment.controller.target"

local program = {}

local check_record = record.of({ argv = check.any, prints = check.map(check.is "string") }, { "argv" })

--- The checker of a strategy's `controller`: a function, or { argv = list of words or f(seen) -> such a list, prints = { NAME = pattern
--- of what it prints each time } }.
function program.check(value, path)
  if type(value) ~= "table" then return check.is "function"(value, path) end
  local checked = check_record(value, path)
  if type(checked.argv) ~= "function" then checked.argv = check.list(check.is "string")(checked.argv, path .. ".argv") end
  return checked
end

--- Whether a strategy's `controller` is a program.
function program.is(controller) return type(controller) == "table" end

--- The words with which it is started. `seen`: what a controller may see (memlua.experiment.controller.loop's run), and `folder`, in which
--- files for it may be written. Fails with status 4 where it isn't installed.
function program.argv(controller, seen)
  local argv = controller.argv
  if type(argv) == "function" then argv = argv(seen) end
  if not sys.which(argv[1]) then target.unsupported("%s is not installed, or not in a folder of $PATH", argv[1]) end
  return argv
end

--- How often it has printed what `prints` names, { NAME = count }; nil where nothing was to be counted.
function program.counted(controller, output)
  if not controller.prints then return nil end
  local said, counts = sys.read(output) or "", {}
  for name, pattern in pairs(controller.prints) do
    counts[name] = 0
    for line in said:gmatch "[^\n]+" do if line:find(pattern) then counts[name] = counts[name] + 1 end end
  end
  return counts
end

--- The last line that it printed, as a reason; or nil.
function program.last_words(output)
  local last
  for line in (sys.read(output) or ""):gmatch "[^\n]+" do if line:find "%S" then last = line end end
  return last
end

--- How one that was not to end did: "it ended by itself, with status 1: its last line".
function program.end_of(result, output)
  local last = program.last_words(output)
  return ("it ended by itself, with %s%s"):format(result.exit_code and "status " .. result.exit_code or result.error or result.ended, last and ": " .. last or "")
end

return program
