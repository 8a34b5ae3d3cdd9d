#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Builds a kernel module of memlua's for one kernel, or takes it from the cache; prints its path.
#
#   kmod.sh HEADERS RELEASE SOURCE [FOLDER]
#     HEADERS: the kernel's build folder; SOURCE: the project's bpf folder; FOLDER: the module's in there (kmod)
#
# The cache's key holds the release and the sources, so that a change of either builds anew.
set -eu
headers=$1
release=$2
source=$3
folder=$3/${4:-kmod}
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/memlua/kmod

. "$(dirname "$0")/alive.sh"
. "$(dirname "$0")/workdir.sh"
# the caller reads one line: the path, or why there is none
fail() { echo "$*"; exit 1; }

# The release that the headers are of, "" if they don't tell.
told() { sed -n 's/^#define UTS_RELEASE "\(.*\)"/\1/p' "$headers/include/generated/utsrelease.h" 2>/dev/null; }

[ -e "$headers/Makefile" ] || fail "$headers: no kernel headers; install linux-headers-$release"
echo "$release" | awk -F '[.+-]' '{ exit !($1 > 6 || $1 == 6 && $2 >= 12) }' ||
	fail "Linux $release is too old for memlua's module, which takes 6.12 and later"
case $(told) in
'' | "$release") ;;
*) fail "$headers: headers of Linux $(told), and the kernel is $release; give those of the same version" ;;
esac
[ -e "$headers/vmlinux" ] ||
	fail "$headers: no vmlinux in it, whose BTF the module needs (for the running kernel: cp /sys/kernel/btf/vmlinux there)"
for tool in make gcc pahole objcopy; do
	command -v $tool >/dev/null || fail "$tool: not found, and the module is built with it; install make, gcc, binutils and pahole"
done
case $headers$cache in
*[[:space:]]*) fail "$headers, $cache: kernel builds take no blanks in a path; set XDG_CACHE_HOME" ;;
esac

build() { make -C "$work" KDIR="$headers" > "$work/log" 2>&1; }

name=$(sed -n 's/^obj-m := \(.*\)\.o$/\1/p' "$folder/Kbuild")
set -- "$source"/*.h "$source/headers.mk" "$folder"/*.[ch] "$folder/Kbuild" "$folder/Makefile"
[ ! -e "$folder/check-btf.sh" ] || set -- "$@" "$folder/check-btf.sh"
key=$(cat "$@" "$headers/Module.symvers" | sha256sum | cut -c1-16)
target=$cache/$release-$key/$name.ko
if [ ! -e "$target" ]; then
	mkdir -p "$cache" || fail "$cache: can't be made; set XDG_CACHE_HOME"
	check_cache "$cache"
	make_workdir "$cache/build" || fail "$cache: not writable, or full; set XDG_CACHE_HOME"
	cp "$@" "$work"
	if ! alive "building the module $name for $release" build; then
		{ grep -m 3 'error:' "$work/log" || tail -n 20 "$work/log"; } >&2
		why=$(sed -n "s/^$name.ko: //p" "$work/log")
		[ -z "$why" ] || fail "the module for $release: $why"
		fail "the module doesn't build for $release (its output stands above)"
	fi
	mkdir -p "$(dirname "$target")"
	mv -T "$work/$name.ko" "$target"
fi
echo "$target"
