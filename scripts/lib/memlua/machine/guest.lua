--- memlua.machine.guest: commands for the microVM's own kernel, of which an experiment may change what it likes.
local host = require "memlua.host"

local guest = {}

-- Runs a command. Returns true, or nil and what it said.
local function run(command)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local said = pipe:read "a"
  if pipe:close() then return true end
  return nil, ("%s: %s"):format(command:match "^%S+", said:gsub("%s+$", ""))
end

--- Runs shell commands one after the other, up to the first that fails. Returns true, or nil and what it said.
function guest.run(...)
  if not host.in_guest then return nil, "only in the microVM (--vm): elsewhere it would change the machine" end
  for _, command in ipairs { ... } do
    local ok, why = run(command)
    if not ok then return nil, why end
  end
  return true
end

--- The command that loads a module of the guest's kernel, from where memlua keeps them.
function guest.modprobe(words) return ("modprobe -d %s %s"):format(os.getenv "MEMLUA_MODULES", words) end

return guest
