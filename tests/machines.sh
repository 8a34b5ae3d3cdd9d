#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# make check-machines: the README's "Several machines" as it stands there, by GNU parallel and by Slurm: a controller and two daemons of this machine,
# with a munge of their own, in a temporary folder. A cell's job that fails, and one that is requeued while it runs; in the end the merged runs are
# those of an undivided run. What a run measures is made up: which machine runs a cell, and how often, is what is tested.
#
#   machines.sh MEMLUA      as root; packages: slurmctld slurmd slurm-client munge parallel
set -eu
memlua=$(realpath "$1")
failed=0
ok() { echo "ok - $1"; }
not_ok() { failed=1; echo "not ok - $1"; shift; printf '#   %s\n' "$@"; }
is() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "got  $2" "want $3"; fi; }

[ "$(id -u)" = 0 ] || { echo "machines.sh: slurmd starts jobs as root only; run it as root"; exit 1; }
PATH=$PATH:/usr/sbin:/sbin
missing=
for pair in slurmctld:slurmctld slurmd:slurmd sbatch:slurm-client munged:munge parallel:parallel; do
	command -v "${pair%:*}" >/dev/null || missing="$missing ${pair#*:}"
done
[ -z "$missing" ] || { echo "machines.sh: missing:$missing; apt-get install$missing"; exit 1; }

work=$(mktemp -d /tmp/memlua-machines.XXXXXX)
daemons=
tidy()
{
	for pid in $daemons; do kill "$pid" 2>/dev/null || :; done
	for pid in $daemons; do wait "$pid" 2>/dev/null || :; done
	[ -n "${KEEP:-}" ] || rm -rf "$work"
}
trap tidy EXIT
trap 'exit 5' INT TERM

# wait_for SECONDS COMMAND...: whether it comes to hold; however long that is, it is not what is tested
wait_for()
{
	left=$(($1 * 5))
	shift
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		sleep 0.2
	done
}

# ---- the sweep ------------------------------------------------------------------------------------------------

export PATH="$work/bin:$PATH" HOME="$work"
mkdir "$work/bin"
ln -s "$memlua" "$work/bin/memlua"
cd "$work"
cat > two.lua <<'END'
-- Files say what becomes of a cell: fail-ID fails it once, hang-ID has it wait until somebody ends it, once.
require "memlua.machine.way".name = "native"
local host, memlua = require "memlua.host", require "memlua"
local cell, json = require "memlua.experiment.cell", require "memlua.json"
cell.rehearse = function() end
function cell.run(_, strategy)
  local id = host.settings.cell or "none"
  local log <close> = assert(io.open("began", "a"))
  log:write(id, "\n")
  log:flush()
  if os.remove("fail-" .. id) then memlua.fail(memlua.status.resources, "as told") end
  if os.remove("hang-" .. id) then host.sleep(3600) end
  return { strategy = strategy.name, duration_s = 1, oom = json.array {}, tenants = { { name = "a", role = "low", rank = 2, ended = "done",
    completion_s = 1, finish = 1, peak = 1 << 20, workload = { kind = "anon" }, memory = json.array {} } } }
end
require "memlua.scenario".run { name = "two", warmup = 0, solo = false, limits = { ["memory.max"] = "60M" },
  strategies = { { name = "one" }, { name = "other" } }, tenants = { { name = "a", workload = { size = "8M" } } } }
END
memlua two.lua --runs 3 --seed 7 -q -o whole >/dev/null
memlua two.lua --runs 3 --seed 7 --dry-run -q >cells
runs_of() { (cd "$1/runs" && echo *); }
attempts() { grep -c "^$1\$" began || :; }
bad=$(sed -n 2p cells) slow=$(sed -n 5p cells)
whole=$(runs_of whole)

# ---- GNU parallel -----------------------------------------------------------------------------------------------

: > began
touch "fail-$bad"
sweep_by_parallel()
{
	parallel -j1 --joblog log --resume-failed memlua two.lua --runs 3 --seed 7 -q -o by-parallel --cell {} :::: cells >parallel.out 2>&1
}
status=0
sweep_by_parallel || status=$?
is "parallel: a cell that fails is told of" "$status $(awk '$7 == 3' log | wc -l)" "1 1"
memlua merge part by-parallel/* >/dev/null 2>said || :
is "  merge names what is missing" "$(tr '\n' ' ' < said | grep -c "1 of 6 cells are missing: $bad")" 1
status=0
sweep_by_parallel || status=$?
is "  the same command again runs that one" "$status" 0
is "  which alone ran twice" "$(sort began | uniq -c | awk '{ print $1 }' | sort | tr '\n' ' ')" "1 1 1 1 1 2 "
memlua merge all-parallel by-parallel/* >/dev/null 2>&1 || :
is "  merged they are the undivided run's" "$(runs_of all-parallel)" "$whole"

# ---- Slurm --------------------------------------------------------------------------------------------------------

# start NAME COMMAND...: a daemon in the foreground of its own
start()
{
	name=$1
	shift
	"$@" >"$name.out" 2>&1 &
	daemons="$daemons $!"
}
mkdir -m 755 munge
dd if=/dev/urandom bs=1 count=1024 of=munge/key 2>/dev/null
chmod 400 munge/key
chmod 755 .
start munged munged --foreground --force --key-file "$work/munge/key" --socket "$work/munge/socket" --pid-file "$work/munge/pid" \
	--log-file "$work/munge/log" --seed-file "$work/munge/seed"
host=$(hostname -s)
export SLURM_CONF="$work/slurm.conf"
cat > slurm.conf <<END
ClusterName=memlua
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge/socket
CryptoType=crypto/munge
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
SelectType=select/linear
SchedulerType=sched/builtin
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool-%n
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd-%n.pid
SlurmctldPort=27810
SlurmdParameters=config_overrides
ReturnToService=2
JobRequeue=1
MinJobAge=3600
NodeName=one NodeHostname=$host NodeAddr=127.0.0.1 Port=27811 CPUs=1
NodeName=two NodeHostname=$host NodeAddr=127.0.0.1 Port=27812 CPUs=1
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
mkdir state
start slurmctld slurmctld -D -i
start slurmd-one slurmd -D -N one
start slurmd-two slurmd -D -N two
idle() { [ "$(sinfo -h -N -o '%N %T' | sort | tr '\n' ' ')" = "one idle two idle " ]; }
wait_for 120 idle || { not_ok "a controller and two daemons" "$(sinfo 2>&1)" "$(tail -n 3 munge/log slurmctld.out slurmd-*.out)"; exit 1; }
ok "a controller and two daemons"

# the README's words
submit()
{
	sbatch --parsable --exclusive --array=1-$(wc -l <cells) --wrap \
		'memlua two.lua --runs 3 --seed 7 -q -o sweep --cell $(sed -n ${SLURM_ARRAY_TASK_ID}p cells)'
}
jobs_in() { squeue -h -r -j "$1" -t "$2" -o %K 2>/dev/null | sort -n | tr '\n' ' '; }
over() { [ -z "$(squeue -h -r -j "$1" -t PENDING,RUNNING,COMPLETING,REQUEUED -o %K)" ]; }

: > began
touch "fail-$bad" "hang-$slow"
job=$(submit)
began() { [ "$(attempts "$slow")" -ge "$1" ]; }
wait_for 240 began 1 || not_ok "Slurm: the cells begin" "$(squeue)" "$(cat slurm-*.out)"
scontrol requeue "${job}_5" || not_ok "Slurm: a running cell is requeued" "$(squeue)"
wait_for 600 over "$job" || not_ok "Slurm: the array ends" "$(squeue)"
is "Slurm: a cell whose job fails is told of" "$(jobs_in "$job" FAILED)" "2 "
is "  the one that was requeued ran again, and is done" "$(attempts "$slow") $(jobs_in "$job" COMPLETED)" "2 1 3 4 5 6 "
memlua merge part-slurm sweep/* >/dev/null 2>said || :
is "  merge names what is missing, and nothing else" "$(tr '\n' ' ' < said | grep -c "1 of 6 cells are missing: $bad")" 1
job=$(submit)
wait_for 600 over "$job" || not_ok "  the array ends again" "$(squeue)"
is "  the same array again runs that one, and all are done" "$(wc -l < began) $(jobs_in "$job" COMPLETED)" "8 1 2 3 4 5 6 "
nodes=$(scontrol show job "$job" | sed -n 's/.* NodeList=\([a-z]*\).*/\1/p; s/^ *NodeList=\([a-z]*\).*/\1/p' | sort -u | tr '\n' ' ')
is "  on both nodes" "$nodes" "one two "
memlua merge all sweep/* >/dev/null 2>&1 || :
is "  merged they are the undivided run's" "$(runs_of all)" "$whole"
exit $failed
