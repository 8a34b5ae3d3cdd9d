--- memlua.experiment.entry: the first use of the kernel, and what is left to do on the machine where a microVM did the
--- work. The bindings call it (host/upcalls.c) where a script has not.
local host = require "memlua.host"
local loading = require "memlua.policy.loading"
local memlua = require "memlua"
local session = require "memlua.experiment.session"
local sys = require "memlua.base.sys"
local way = require "memlua.machine.way"

local entry = {}

-- What a script left that knows nothing of reports.
local function deliver(out, document)
  if not out then return end
  local content = document and document ~= "-" and sys.read(out .. "/summary.json")
  if not content then return end
  local done, why = host.save(document, content)
  if not done then memlua.fail(memlua.status.misuse, "--json %s", why) end
end

-- What comes back of an interactive session goes to several folders.
local function of_session(given)
  local folder, own = session.folder(given)
  return { out = folder, after = function(out) session.finish(out, own) end, ran = {} }
end

--- Makes sure of a kernel that can. `job` (nil: a script of its own, with what --out and --json say) tells what is to
--- come back where that takes a microVM, which runs the whole script, so that this call doesn't return there:
---   out     the folder, or nil
---   after   f(out): called on the machine once the microVM has ended and its results lie in the folder
---   ran     what memlua.machine.ran is to look at beside memlua and its kernel; nil: at nothing
---   only_here   why the microVM would be of no use, if it wouldn't
--- Returns the way, "native" or "module". Fails with status 4 where there is none, with 1 in a file that is read as a policy.
function entry.enter(job)
  if loading.path then
    memlua.fail(memlua.status.misuse, "%s: it is no policy, it begins an experiment; a policy's file ends with `return policy.lua { ... }`", loading.path)
  end
  if not way.name then
    local settings = host.settings
    local own = { out = settings.out, after = function(out) deliver(out, settings.json) end }
    job = settings.interactive and of_session(settings.out) or job or own
    job.bound = session.begun and "this session runs on the machine itself, which can't do that; begin one in the "
      .. "microVM: memlua --vm -i"
    way.enter(settings, job)
  end
  return way.name
end

return entry
