--- memlua.experiment.outbox: what programs leave for the user. Each tenant has a folder of its own, $MEMLUA_OUT, in which any
--- user may write; what is in it when the run is over comes to the run's folder, up to a bound.
local host = require "memlua.host"
local log = require "memlua.base.log"
local memlua = require "memlua"

local outbox = {}

local ENTER <const>, WRITE <const> = tonumber("711", 8), tonumber("1777", 8)

--- Makes the folder of a tenant, owned by the scope `owned`, which removes it. Returns its path.
function outbox.make(owned)
  local scratch = owned:add(memlua.must(host.scratch()))
  local folder = scratch:path() .. "/out"
  memlua.must(host.chmod(scratch:path(), ENTER))
  memlua.must(host.mkdir(folder))
  memlua.must(host.chmod(folder, WRITE))
  return folder
end

--- Where what the process `name` prints is kept beside the folder `folder` of make().
function outbox.log(folder, name) return ("%s/%s.out"):format(folder:match "^(.*)/out$", name) end

--- Takes what is in `folder` to `to`, `most` bytes of it; what had to be left is said, in the name of `tenant`. Returns { files=,
--- bytes=, others= how many were left }, or nil where there was nothing.
function outbox.take(folder, to, most, tenant)
  local taken = memlua.must(host.collect(folder, to, most))
  if taken.left_out then
    log.warn("%s: not kept of $MEMLUA_OUT: %s%s", tenant, taken.left_out,
      taken.others > 1 and (" (and %d more)"):format(taken.others - 1) or "")
  end
  if taken.files + taken.others == 0 then return nil end
  return { files = taken.files, bytes = taken.bytes, others = taken.others }
end

return outbox
