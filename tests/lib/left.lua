-- All that a memlua could leave in the kernel of this microVM, or on it, as text: its BPF objects, cgroups, module, mounts,
-- temporary files and processes.
local host = require "memlua.host"
local shell = require "shell"

local bpf_ids <const> = host.executable():match "^(.*)/" .. "/tests/bpf_ids"

--- tmp: the folder for temporary files
return function(tmp)
  return shell.output(([[
    %s
    find /sys/fs/cgroup -mindepth 1 -type d
    grep memcg_bpf_ops /proc/modules
    cat /proc/mounts
    ls -A %s
    ps -e -o ppid=,stat=,args= | awk '$1 != 2 && $3 !~ /^(ps|sh|awk|sort)$/' | sort]]):format(bpf_ids, tmp))
end
