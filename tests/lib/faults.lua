-- A command of memlua's in which one allocation or system call fails (tests/helpers/faults.c), and what to make of its end.
local shell = require "shell"
local sys = require "memlua.base.sys"

local faults = {}

--- Runs a command that starts memlua, with the given fault in it (0: none), for at most so many seconds.
-- Returns what it said, its exit status, and how many there were to fail, or nil where memlua didn't come to its end.
function faults.run(command, fault, shim, count_file, seconds)
  os.remove(count_file)
  local said, status = shell.said(("FAULT=%d FAULT_COUNT=%s LD_PRELOAD=%s timeout -k 1 %d %s")
    :format(fault, count_file, shim, seconds, command))
  return said, status, tonumber(sys.read(count_file) or "")
end

--- What is wrong with how a run with a fault ended, or nil and how it ended: "done" all the same, with an "error", or
-- "none" where the fault wasn't met: the order differs from run to run by a few. Status 7 is a run that tested nothing.
function faults.wrong(said, status, fault)
  if not said:find("fault " .. fault, 1, true) then return nil, "none" end
  if status == 124 or status == 137 then return "hangs: " .. said end
  if status > 125 or said:find "AddressSanitizer" then return ("status %d: %s"):format(status, said) end
  if status ~= 0 and not said:find "memlua: %S" then return ("no reason for status %d: %s"):format(status, said) end
  return nil, (status == 0 or status == 7) and "done" or "error"
end

--- The faults to try of n: at most so many, spread evenly.
function faults.spread(n, most)
  local points, list = math.min(n, most), {}
  for i = 1, points do list[i] = (i * n) // points end
  return list
end

return faults
