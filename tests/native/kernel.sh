#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Builds a kernel that has memcg_bpf_ops itself from the distribution's own source and the stand-in beside this file, in
# memlua's cache, or takes it from there; prints its release, which --kernel takes.
#
#   kernel.sh v6|v7    the interface of the RFC's sixth or seventh version
#
# The first of the two takes some 10 minutes of a CPU, the other, which begins with its objects, one; 2 GB each.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/kernel.sh"

case ${1:-} in
v6) other=v7 is_v7=n ;;
v7) other=v6 is_v7=y ;;
*) fail "usage: kernel.sh v6|v7" ;;
esac

stand_in() { patch -s -p1 < "$here/kernel.patch" && cp "$here/memcg_bpf.c" mm; }

begin_with_other()
{
	[ -e "$other/release" ] && [ ! -e "$work/source" ] || return 0
	mkdir -p "$work"
	rm -rf "$work/new"
	cp -a "$other/source" "$work/new"
	rm "$work/new/.configured"
	mv "$work/new" "$work/source"
}

find_source
both=$cache/native/$(key "$here/../debug/kernel.config" "$here/kernel.config" "$here/kernel.patch" "$here/memcg_bpf.c")
work=$both-$1 other=$both-$other
if [ ! -e "$work/release" ]; then
	begin_with_other
	unpack stand_in
	printf 'CONFIG_MEMCG_BPF_V7=%s\nCONFIG_LOCALVERSION="-memlua-%s"\n' "$is_v7" "$1" > "$work/interface.config"
	configure "$here/../debug/kernel.config" "$here/kernel.config" "$work/interface.config"
	require MEMCG DEBUG_INFO_BTF VIRTIO_FS
	build "with memcg_bpf_ops of RFC $1"
fi
publish
