#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Builds the kernel module memcg_bpf_ops.ko for one kernel, or takes it from the cache; prints its path.
#
#   kmod.sh HEADERS RELEASE SOURCE    HEADERS: the kernel's build folder; SOURCE: the project's bpf folder
#
# The cache's key holds the release and the sources, so that a change of either builds anew.
set -eu
headers=$1
release=$2
source=$3
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

key=$(cat "$source"/*.h "$source"/kmod/*.[ch] "$source/kmod/Kbuild" "$headers/Module.symvers" | sha256sum | cut -c1-16)
target=$cache/$release-$key/memcg_bpf_ops.ko
if [ ! -e "$target" ]; then
	mkdir -p "$cache" || fail "$cache: can't be made; set XDG_CACHE_HOME"
	make_workdir "$cache/build" || fail "$cache: not writable; set XDG_CACHE_HOME"
	cp "$source"/*.h "$source"/kmod/*.[ch] "$source/kmod/Kbuild" "$source/kmod/Makefile" "$work"
	if ! alive "building the module memcg_bpf_ops for $release" build; then
		tail -n 20 "$work/log" >&2
		fail "the module doesn't build for $release (its output stands above)"
	fi
	mkdir -p "$(dirname "$target")"
	mv -T "$work/memcg_bpf_ops.ko" "$target"
fi
echo "$target"
