--- memlua.experiment.another: another memlua that makes a series, quietly, and how it ended.
local host = require "memlua.host"
local log = require "memlua.base.log"
local memlua = require "memlua"
local sys = require "memlua.base.sys"

local another = {}

local CAME_TO_AN_END <const> = { [memlua.status.done] = true, [memlua.status.assertion] = true, [memlua.status.untrustworthy] = true }

-- The last of what memlua said, which may have lines below it, such as a console's.
local function last_words(path)
  local said
  for line in (sys.read(path) or ""):gmatch "[^\n]+" do
    local begins = line:match "^memlua: (.*)"
    said = begins or said and said .. "\n" .. line or line
  end
  return said or "it said nothing"
end

--- Runs memlua with these words. Returns whether its series came to an end (status 0, 2 or 7), the status, and what it said last. Fails with
--- status 5 where it was interrupted.
function another.run(words)
  local scratch <close> = memlua.must(host.scratch())
  local said, command = scratch:path() .. "/said", { sys.quote(host.executable()), "--quiet" }
  for _, word in ipairs(words) do command[#command + 1] = sys.quote(word) end
  log.detail("%s", table.concat(command, " "))
  io.stdout:flush()
  local _, how, status = os.execute(("%s >/dev/null 2>%s"):format(table.concat(command, " "), sys.quote(said)))
  if host.interrupted() or how == "signal" or status == memlua.status.signal then memlua.fail(memlua.status.signal, "interrupted") end
  return CAME_TO_AN_END[status] == true, status, last_words(said)
end

return another
