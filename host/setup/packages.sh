#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Installs the distribution's packages that building and running memlua needs, and prints where libbpf is,
# as variables for make:  packages.sh > config.mk
#
# Nothing is asked and nothing is installed that is there already. libbpf must be >= 1.4 (it skips a
# struct_ops member that the kernel lacks); where the distribution's is older, the one from its backports
# is unpacked into the cache, and the machine keeps its own.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

need='clang e2fsprogs fonts-dejavu-core gnuplot-nox kmod libclang-rt-dev liblua5.4-dev libelf-dev libjansson-dev
libreadline-dev lua-argparse pahole perl pkg-config qemu-system-x86 tar xz-utils zlib1g-dev'

. "$here/alive.sh"

missing()
{
	for package in $need; do
		case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
		*' installed') ;;
		*) echo "$package" ;;
		esac
	done
}

as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
		sudo -n "$@"
	else
		say "packages are missing and only root can install them; as root:"
		say "  apt-get install --no-install-recommends $packages"
		exit 1
	fi
}

install_missing()
{
	packages=$(missing | tr '\n' ' ')
	[ -n "$packages" ] || return 0
	say "missing: $packages"
	# Lists may be absent or too old for what the archive still has: update once, quietly.
	alive "installing them" as_root env DEBIAN_FRONTEND=noninteractive sh -ec '
		apt-get -qq update
		apt-get -qq install -y --no-install-recommends "$@" </dev/null' sh $packages >&2
}

libbpf()
{
	if pkg-config --atleast-version=1.4 libbpf 2>/dev/null; then
		echo "LIBBPF_CFLAGS = $(pkg-config --cflags libbpf)"
		echo "LIBBPF_LIBS = $(pkg-config --libs libbpf)"
		return
	fi
	folder=$("$here/fetch.sh" libbpf) || { say "$folder"; exit 1; }
	echo "LIBBPF_CFLAGS = -isystem $folder/usr/include"
	echo "LIBBPF_LIBS = $(find "$folder/usr/lib" -name libbpf.a)"
}

command -v apt-get >/dev/null || {
	say "this set-up knows apt only; install the like of: $need, libbpf >= 1.4"
	exit 1
}
# virtiofsd left the QEMU package in newer releases
[ -x /usr/lib/qemu/virtiofsd ] || case $(apt-cache policy virtiofsd 2>/dev/null) in
*'Candidate: (none)'*|'') ;;
*) need="$need virtiofsd" ;;
esac
trap stop_ticking EXIT
trap 'exit 130' INT TERM HUP
install_missing
libbpf
