-- What commands of a shell print, and a folder for them.
local shell = {}

--- The standard output of a command, and its exit status.
function shell.output(command)
  local pipe <close> = assert(io.popen(command))
  local text = pipe:read "a"
  local _, _, status = pipe:close()
  return text, status
end

--- What a command says on both streams, and its exit status.
function shell.said(command) return shell.output("{ " .. command .. "\n} 2>&1") end

--- A new folder, and what removes it with all that is in it when it is closed:
--- `local scratch <const>, tidy <close> = shell.folder()`.
function shell.folder()
  local path = shell.output "mktemp -d /tmp/memlua-test.XXXXXX":match "[^\n]+"
  return path, setmetatable({}, { __close = function() os.execute("rm -rf " .. path) end })
end

return shell
