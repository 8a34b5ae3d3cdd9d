-- What commands of a shell print.
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

return shell
