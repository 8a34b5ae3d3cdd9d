#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Builds a kernel that finds mistakes in a module (KASAN, lockdep, RCU and sleep checks, kmemleak) from the
# distribution's own source, in memlua's cache, or takes it from there; prints its release, which --kernel takes.
# It takes some 20 minutes of two idle CPUs, 3 GB while it is built, and goes on where it was interrupted.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/memlua
fail() { echo "$*" >&2; exit 1; }
say() { echo "memlua: $*" >&2; }

for tool in flex bison bc pahole xz; do
	command -v "$tool" >/dev/null || fail "$tool: not found; install flex bison bc pahole xz-utils libelf-dev libssl-dev"
done
# the newest source that the module is made for (6.12 and later)
package=$(apt-cache search --names-only '^linux-source-[0-9]' | cut -d' ' -f1 | sort -V |
	awk -F '[-.]' '$3 > 6 || $3 == 6 && $4 >= 12' | tail -n 1)
[ -n "$package" ] || fail "the archive has no linux-source of 6.12 or later; add the release's backports"
version=$(apt-cache policy "$package" | sed -n 's/^  Candidate: //p')
key=$version-$(sha256sum < "$here/kernel.config" | cut -c1-8)

work=$cache/debug/$key
if [ ! -e "$work/release" ]; then
	mkdir -p "$work/source"
	if [ ! -e "$work/source/Makefile" ]; then
		say "unpacking $package $version"
		(cd "$work" && apt-get -qq download "$package" >&2 && dpkg-deb -x "$package"_*.deb deb)
		tar -xf "$work"/deb/usr/src/"$package".tar.xz -C "$work/source" --strip-components=1
		rm -rf "$work/deb" "$work/$package"_*.deb
	fi
	cd "$work/source"
	[ -e .config ] || {
		make -s tinyconfig >&2
		scripts/kconfig/merge_config.sh -m .config "$here/kernel.config" >/dev/null 2>&1
		make -s olddefconfig >&2
	}
	for option in KASAN PROVE_LOCKING PROVE_RCU DEBUG_ATOMIC_SLEEP DEBUG_INFO_BTF_MODULES \
		DYNAMIC_FTRACE_WITH_DIRECT_CALLS VIRTIO_FS MEMCG; do
		grep -q "^CONFIG_$option=y" .config || fail "$work/source/.config: CONFIG_$option is not set"
	done
	say "building $package $version for debugging"
	nice make -s -j"$(nproc)" bzImage modules >"$work/log" 2>&1 || { tail "$work/log" >&2; fail "$work/log: it doesn't build"; }
	make -s kernelrelease > "$work/release"
fi

# as fetch.sh leaves its kernels
release=$(cat "$work/release")
kernel=$cache/kernels/$release
if [ ! -e "$kernel/release" ]; then
	rm -rf "$kernel"
	mkdir -p "$kernel/lib/modules/$release"
	ln "$work/source/arch/x86/boot/bzImage" "$kernel/vmlinuz"
	ln -s "$work/source" "$kernel/headers"
	cp "$work/source/modules.builtin" "$work/source/modules.order" "$kernel/lib/modules/$release"
	depmod -b "$kernel" "$release" 2>/dev/null || true
	cp "$work/release" "$kernel/release"
fi
echo "$release"
