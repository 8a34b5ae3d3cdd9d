#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Installs the distribution's packages that building and running memlua needs, and prints where libbpf is,
# as variables for make:  packages.sh > config.mk
#
# Nothing is asked and nothing is installed that is there already. libbpf must be >= 1.4 (it skips a
# struct_ops member that the kernel lacks): the distribution's where that is new enough; else the one from its
# backports is unpacked into the cache, and the machine keeps its own.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

need='clang e2fsprogs fonts-dejavu-core gnuplot-nox kmod libclang-rt-dev liblua5.4-dev libelf-dev libjansson-dev
libreadline-dev lua-argparse lua-check pahole perl pkg-config qemu-system-x86 tar xz-utils zlib1g-dev
zstd'

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

# Lists may be absent or too old for what the archive still has: update once, quietly. What to install is asked again
# then, as it depends on what there is.
install_missing()
{
	[ -n "$(missing)" ] || return 0
	packages=$(missing | tr '\n' ' ')
	say "missing: $packages"
	alive "reading the archive's lists" as_root apt-get -qq update >&2 || say "apt-get update failed; trying with the lists that are there"
	add_by_release
	packages=$(missing | tr '\n' ' ')
	alive "installing them" as_root env DEBIAN_FRONTEND=noninteractive sh -ec '
		apt-get -qq install -y --no-install-recommends "$@" </dev/null' sh $packages >&2
}

# The version of a package that apt would install, "" if it has none.
candidate() { apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: //p' | grep -vF '(none)' || :; }

# What not every release has: virtiofsd left the QEMU package in newer ones, libbpf got new enough.
add_by_release()
{
	[ -x /usr/lib/qemu/virtiofsd ] || [ -z "$(candidate virtiofsd)" ] || need="$need virtiofsd"
	version=$(candidate libbpf-dev | sed 's/^[0-9]*://')
	[ -z "$version" ] || ! dpkg --compare-versions "$version" ge 1.4 || need="$need libbpf-dev"
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

# By the names that other distributions have for them, where they differ.
elsewhere()
{
	say "this set-up installs Debian's packages only; install the like of: clang e2fsprogs gcc gnuplot kmod make pahole"
	say "  perl pkg-config QEMU virtiofsd tar xz zstd, and with their headers lua 5.4, libelf, jansson, readline, zlib, libbpf >= 1.4"
	say "Fedora: clang dwarves e2fsprogs elfutils-libelf-devel gcc gnuplot jansson-devel kernel-devel kmod libbpf-devel"
	say "  lua-argparse lua-devel make perl pkgconf qemu-system-x86-core readline-devel tar virtiofsd xz zlib-devel zstd"
	say "Arch: base-devel clang e2fsprogs gnuplot jansson kmod libbpf libelf linux-headers lua54 pahole perl"
	say "  qemu-system-x86 readline tar virtiofsd xz zlib zstd, and argparse for Lua 5.4"
	say "everywhere: luacheck, whose parser reads policies in Lua, below /usr/share/lua"
}

# A machine without apt may have everything all the same.
if ! command -v apt-get >/dev/null; then
	pkg-config --exists lua5.4 jansson libelf 'libbpf >= 1.4' 2>/dev/null || { elsewhere; exit 1; }
	libbpf
	exit
fi
add_by_release
trap stop_ticking EXIT
trap 'exit 130' INT TERM HUP
install_missing
libbpf
