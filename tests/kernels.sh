#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# make check-kernels: the microVM tier on each of several kernels, and what the plan's HIGH comes to there; a table at
# the end.
#
#   kernels.sh MEMLUA KERNEL...    each as --kernel takes it: "6.12", "7.3", "backports", an image
#
# Environment: TESTS     which tests (default: tests/vm)
#              DISTROS   where a kernel that this machine's own distribution hasn't, or whose module its compiler and
#                        pahole can't build, is tried, in this order (default: trixie sid), as make check-distros does
set -eu
memlua=$1
shift
here=$(cd "$(dirname "$0")/.." && pwd)
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/memlua/distros
logs=$cache/logs
mkdir -p "$logs"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Whether the module for that kernel can be built on this machine. A kernel given as a file has to do here.
can_here()
{
	[ ! -e "$1" ] || return 0
	case $1 in *-memlua-v[67]) return 0 ;; esac # of tests/native: takes none
	folder=$("$here/host/setup/fetch.sh" kernel "$1") &&
		"$here/host/setup/kmod.sh" "$folder/headers" "$(cat "$folder/release")" "$here/bpf" >/dev/null
}

run_here()
{
	MEMLUA_KERNEL=$1 "$memlua" "$here/scripts/protected.lua" --vm --out "$work/protected" &&
		MEMLUA_KERNEL=$1 prove -j"$(nproc)" --exec "$memlua" --timer ${TESTS:-tests/vm}
}

run_in() { KEEP=1 WHO=root GOALS=check-kernels KERNELS=$2 TESTS=${TESTS:-} "$here/tests/distros.sh" "$1"; }

# The first of the distributions that can: one that hasn't the kernel says so soon.
run_elsewhere()
{
	for distro in ${DISTROS:-trixie sid}; do
		run_in "$distro" "$1" >&2 || :
		inner=$cache/$distro/root/root/.cache/memlua/distros/logs/${log##*/}
		[ -n "$(kernel_of "$inner")" ] || continue
		cat "$inner"
		grep -q '^Result: PASS' "$inner"
		return
	done
	return 1
}

kernel_of() { sed -n 's/.*running in a microVM: Linux \([^,]*\),.*/\1/p' "$1" | head -n 1; }
high_of() { sed -n 's/^high  *\([0-9.]* m\{0,1\}s\) .*/\1/p; s/^high  *[a-z]*  *\([0-9.]* m\{0,1\}s\) .*/\1/p' "$1" | head -n 1; }
summary() { sed -n 's/^Files=\([0-9]*\), Tests=\([0-9]*\),.*/\2 checks in \1 files/p; s/^Result: /: /p' "$1" | head -n 2 | paste -sd' '; }

failed=0
printf 'KERNEL|RELEASE|RESULT|SECONDS|HIGH|TESTS\n' > "$work/table"
for kernel in "$@"; do
	log=$logs/kernel-$(echo "$kernel" | tr -c 'A-Za-z0-9.\n' _)
	echo "check-kernels: $kernel (log: $log)" >&2
	began=$(date +%s)
	result=ok
	where=run_elsewhere
	! can_here "$kernel" > "$log" 2>&1 || where=run_here
	rm -rf "$work/protected"
	(cd "$here" && $where "$kernel") > "$log" 2>&1 || { result=failed; failed=1; }
	printf '%s|%s|%s|%s|%s|%s\n' "$kernel" "$(kernel_of "$log")" $result $(($(date +%s) - began)) \
		"$(high_of "$log")" "$(summary "$log")" >> "$work/table"
done
awk -F '|' '{ printf "%-10s %-30s %-7s %7s  %-8s %s\n", $1, $2, $3, $4, $5, $6 }' "$work/table" | tee "$logs/kernels"
exit $failed
