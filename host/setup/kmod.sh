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

[ -e "$headers/Makefile" ] || fail "$headers: no kernel headers; install linux-headers-$release"
command -v make >/dev/null || fail "make: not found; install make and gcc"

build() { make -C "$work" KDIR="$headers" > "$work/log" 2>&1; }

case $headers$cache in
*[[:space:]]*) fail "$headers, $cache: kernel builds take no blanks in a path; set XDG_CACHE_HOME" ;;
esac

name=$(sed -n 's/^obj-m := \(.*\)\.o$/\1/p' "$folder/Kbuild")
key=$(cat "$source"/*.h "$folder"/*.[ch] "$folder/Kbuild" "$headers/Module.symvers" | sha256sum | cut -c1-16)
target=$cache/$release-$key/$name.ko
if [ ! -e "$target" ]; then
	mkdir -p "$cache" || fail "$cache: can't be made; set XDG_CACHE_HOME"
	make_workdir "$cache/build" || fail "$cache: not writable; set XDG_CACHE_HOME"
	cp "$source"/*.h "$folder"/*.[ch] "$folder/Kbuild" "$folder/Makefile" "$work"
	if ! alive "building the module $name for $release" build; then
		tail -n 20 "$work/log" >&2
		fail "the module doesn't build for $release (its output stands above)"
	fi
	mkdir -p "$(dirname "$target")"
	mv -T "$work/$name.ko" "$target"
fi
echo "$target"
