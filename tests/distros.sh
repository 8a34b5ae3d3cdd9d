#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# make check-distros: the README's two commands in bare roots of Debian, as root and then as a user; a table at the end.
#
#   distros.sh DISTRO...     code names: bookworm trixie forky sid
#
# Environment: GOALS     what to make there (default: demo check)
#              WHO       as whom (default: root user)
#              KEEP      1: in the roots as the last time left them, with today's sources
#              KERNELS, TESTS, MEMLUA_*    are handed on
#              APT_CONF  lines for the roots' apt.conf, e.g. 'Acquire::Check-Valid-Until "false";' where the archive at
#                        hand is one that stands still
# It takes root and debootstrap. The bare roots and the packages are kept in memlua's cache (distros/), so that only the
# first time is slow; the archive is the machine's own apt's. What was committed is tested, as from a clean clone.
set -eu
goals=${GOALS:-demo check}
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/memlua/distros
source=$(cd "$(dirname "$0")/.." && pwd)
logs=$cache/logs

fail() { echo "check-distros: $*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || fail "debootstrap and mounts take root"
command -v debootstrap >/dev/null || fail "debootstrap: not found; apt install debootstrap"
archive=$(apt-get indextargets --format '$(LABEL) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
	awk '$1 == "Debian" && $2 == "main" { print $3; exit }')
[ -n "$archive" ] || fail "apt knows no Debian archive on this machine"
mkdir -p "$logs"

# What the README asks for, and no more.
make_bare()
{
	[ ! -d "$cache/$1/bare" ] || return 0
	echo "check-distros: $1: making a bare root" >&2
	rm -rf "$cache/$1/new"
	mkdir -p "$cache/$1/debs/partial"
	# a release that is newer than debootstrap is made as sid is
	[ -e "/usr/share/debootstrap/scripts/$1" ] && script= || script=/usr/share/debootstrap/scripts/sid
	debootstrap --variant=minbase --include=ca-certificates,gcc,libc6-dev,make "$1" "$cache/$1/new" "$archive" $script \
		>"$logs/$1-debootstrap" 2>&1 || fail "$1: debootstrap failed; see $logs/$1-debootstrap"
	mv "$cache/$1/new" "$cache/$1/bare"
}

fill()
{
	if [ -z "${KEEP:-}" ] || [ ! -d "$cache/$1/root/home/tester" ]; then
		rm -rf "$cache/$1/root"
		cp -a --reflink=auto "$cache/$1/bare" "$cache/$1/root"
		chroot "$cache/$1/root" useradd --create-home --shell /bin/sh tester
	fi
	cp /etc/resolv.conf /etc/hosts "$cache/$1/root/etc/"
	printf '%s\n' "${APT_CONF:-}" > "$cache/$1/root/etc/apt/apt.conf.d/90check-distros"
	for home in root home/tester; do
		mkdir -p "$cache/$1/root/$home/memlua"
		git -C "$source" archive HEAD | tar -x -C "$cache/$1/root/$home/memlua"
	done
	chroot "$cache/$1/root" chown -R tester: /home/tester
}

# inside DISTRO COMMAND...: in a mount and process namespace of its own, which take all mounts and processes away with
# them. The root is pivoted to: in a mere chroot users can make no namespaces, which the microVM takes.
inside()
{
	distro=$1
	shift
	unshare --mount --pid --fork --kill-child sh -euc '
		root=$1
		mount --bind "$root" "$root"
		mount --bind "$2" "$root/var/cache/apt/archives"
		mount -t proc proc "$root/proc"
		mount --rbind /dev "$root/dev"
		mount --rbind /sys "$root/sys"
		cd "$root"
		mkdir -p .outside
		pivot_root . .outside
		umount -l /.outside
		rmdir /.outside
		shift 2
		exec "$@"' sh "$cache/$distro/root" "$cache/$distro/debs" "$@" </dev/null
}

# as WHO DISTRO GOAL
as()
{
	case $1 in
	root) set -- "$2" "$3" /root ;;
	*) set -- "$2" "$3" /home/tester setpriv --reuid=tester --regid=tester --init-groups ;;
	esac
	distro=$1 goal=$2 home=$3
	shift 3
	set -- "$@" make -k -C "$home/memlua" "$goal" # all tiers, whatever fails in the first
	inside "$distro" env -i HOME="$home" PATH=/usr/local/bin:/usr/bin:/bin${root_path:-} TERM=dumb \
		$(env | grep -E '^(MEMLUA_[A-Z]+|KERNELS|TESTS)=[^ ]*$') \
		${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} "$@"
}

# The tests' own last words: how many there were, or which failed.
summary() { sed -n 's/^Files=\([0-9]*\), Tests=\([0-9]*\),.*/\2 checks in \1 files/p; s/^Result: /: /p' "$1" | paste -sd' '; }

kernel_of() { sed -n 's/.*running in a microVM: Linux \([^,]*\),.*/\1/p' "$1" | head -n 1; }

table=$(mktemp)
trap 'rm -f "$table"' EXIT
failed=0
printf 'DISTRO|AS|GOAL|RESULT|SECONDS|KERNEL|TESTS\n' > "$table"
for distro in "$@"; do
	make_bare "$distro"
	fill "$distro"
	for who in ${WHO:-root user}; do
		[ "$who" = user ] && root_path= || root_path=:/usr/local/sbin:/usr/sbin:/sbin
		for goal in $goals; do
			log=$logs/$distro-$who-$goal
			echo "check-distros: $distro: make $goal as $who (log: $log)" >&2
			began=$(date +%s)
			result=ok
			as "$who" "$distro" "$goal" > "$log" 2>&1 || { result="exit $?"; failed=1; }
			printf '%s|%s|make %s|%s|%s|%s|%s\n' "$distro" "$who" "$goal" "$result" $(($(date +%s) - began)) \
				"$(kernel_of "$log")" "$(summary "$log")" >> "$table"
		done
	done
done
awk -F '|' '{ printf "%-9s %-5s %-16s %-7s %7s  %-30s %s\n", $1, $2, $3, $4, $5, $6, $7 }' "$table" | tee "$logs/table"
exit $failed
