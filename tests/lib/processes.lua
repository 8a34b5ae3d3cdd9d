-- The processes there are, without the kernel's threads, as lines "PARENT ARGUMENTS", sorted; with `naming`, those whose arguments
-- hold that text. From /proc: ps is not on every machine, and grep would find itself.
local shell = require "shell"
local sys = require "memlua.base.sys"

local KTHREADD <const> = "2"

return function(naming)
  local lines, found = {}, {}
  for pid in shell.output "cd /proc && echo [0-9]*":gmatch "%d+" do
    local name, state, parent = (sys.read("/proc/" .. pid .. "/stat") or ""):match "%((.*)%) (%a) (%d+)"
    local words = sys.read("/proc/" .. pid .. "/cmdline") or ""
    if parent and parent ~= KTHREADD then
      lines[#lines + 1] = ("%s %s"):format(parent, words ~= "" and words:gsub("%z", " ") or ("[%s]%s"):format(name, state == "Z" and " defunct" or ""))
    end
  end
  assert(#lines > 0, "/proc shows no process, not even this one")
  for _, line in ipairs(lines) do
    if not naming or line:find(naming, 1, true) then found[#found + 1] = line end
  end
  table.sort(found)
  return table.concat(found, "\n")
end
