#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Builds a kernel that finds mistakes in a module (KASAN, lockdep, RCU and sleep checks, kmemleak) from the
# distribution's own source, in memlua's cache, or takes it from there; prints its release, which --kernel takes.
# It takes some 20 minutes of two idle CPUs, 3 GB while it is built, and goes on where it was interrupted.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/kernel.sh"

find_source
work=$cache/debug/$(key "$here/kernel.config")
if [ ! -e "$work/release" ]; then
	unpack true
	configure "$here/kernel.config"
	require KASAN PROVE_LOCKING PROVE_RCU DEBUG_ATOMIC_SLEEP DEBUG_INFO_BTF_MODULES \
		DYNAMIC_FTRACE_WITH_DIRECT_CALLS VIRTIO_FS MEMCG
	build "for debugging"
fi
publish
