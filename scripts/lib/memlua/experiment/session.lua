--- memlua.experiment.session: an interactive session in the microVM. Its runs and its history come back in a folder of
--- its own and go to where they would be without the microVM.
local host = require "memlua.host"
local kinds = require "memlua.report.kinds"
local log = require "memlua.base.log"
local provenance = require "memlua.experiment.provenance"
local run = require "memlua.run"
local sys = require "memlua.base.sys"

local session = {
  begun = false, -- whether somebody is typing: what runs here can't be moved into the microVM any more
}

--- On the host, before the microVM boots: the folder in which all of the session comes back, and whether it is one of
--- its own, not `given` by --out.
function session.folder(given)
  return given or run.default_path "session", not given
end

--- Where the prompt begins: each run of the session gets a folder of its own, below --out if that was `given`.
function session.begin(given)
  session.begun = true
  run.session_folder = run.session_folder or given
end

--- The file that keeps the lines typed at the prompt; with `writes` its folder is there afterwards. In the microVM they
--- are read where the machine has them and written to what comes back.
function session.history(writes)
  local folder = writes and os.getenv "MEMLUA_SESSION" or run.state_folder()
  if writes then host.mkdir(folder) end
  return folder .. "/history"
end

local function move(name, from, to)
  local done, why = os.rename(from .. "/" .. name, to .. "/" .. name)
  if not done then log.warn("%s; it stays in %s", why, from) end
end

--- On the host, when the microVM has ended: draws the pictures and moves runs and history to where they belong from the
--- `folder` in which they came back, one of the session's `own` or the one that --out says.
function session.finish(folder, own)
  local home = own and run.state_folder() or folder
  host.mkdir(run.state_folder())
  for _, name in ipairs(sys.names(folder)) do
    if name == "history" then
      move(name, folder, run.state_folder())
    else
      if own then move(name, folder, home) end
      kinds.draw(home .. "/" .. name)
      if host.kind(home .. "/" .. name .. "/manifest.json") then provenance.complete(home .. "/" .. name) end
    end
  end
  if own then os.remove(folder) end
end

return session
