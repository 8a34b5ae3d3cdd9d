-- All that a memlua could leave in the kernel of this microVM, or on it, as text: its BPF objects, cgroups, module, mounts,
-- temporary files and processes.
local host = require "memlua.host"
local processes = require "processes"
local shell = require "shell"

local bpf_ids <const> = host.executable():match "^(.*)/" .. "/tests/bpf_ids"

--- tmp: the folder for temporary files
return function(tmp)
  return shell.output(([[
    %s
    find /sys/fs/cgroup -mindepth 1 -type d
    grep memcg_bpf_ops /proc/modules
    cat /proc/mounts
    ls -A %s]]):format(bpf_ids, tmp)) .. processes()
end
