# SPDX-License-Identifier: GPL-2.0
# Sourced by what builds a kernel for the tests from the distribution's own source: unpacking, configuring and building it in
# memlua's cache, and leaving it there as host/setup/fetch.sh does its kernels. Each goes on where it was interrupted.
set -eu
work= # the folder of the kernel at hand, which who sources this sets
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/memlua
fail() { echo "$*" >&2; exit 1; }
say() { echo "memlua: $*" >&2; }

# Sets package and version: the newest source that the module is made for (6.12 and later).
find_source()
{
	for tool in flex bison bc pahole patch xz; do
		command -v "$tool" >/dev/null || fail "$tool: not found; install flex bison bc pahole patch xz-utils libelf-dev libssl-dev"
	done
	package=$(apt-cache search --names-only '^linux-source-[0-9]' | cut -d' ' -f1 | sort -V |
		awk -F '[-.]' '$3 > 6 || $3 == 6 && $4 >= 12' | tail -n 1)
	[ -n "$package" ] || fail "the archive has no linux-source of 6.12 or later; add the release's backports"
	version=$(apt-cache policy "$package" | sed -n 's/^  Candidate: //p')
}

# key FILE...: the name of the folder for that source and what these files make of it.
key() { echo "$version-$(cat "$@" | sha256sum | cut -c1-8)"; }

# unpack COMMAND...: into $work/source, which is there only once the command, run in it, has made its changes.
unpack()
{
	[ ! -e "$work/source" ] || return 0
	say "unpacking $package $version"
	rm -rf "$work/new"
	mkdir -p "$work/new"
	(cd "$work" && apt-get -qq download "$package" >&2 && dpkg-deb -x "$package"_*.deb deb)
	tar -xf "$work"/deb/usr/src/"$package".tar.xz -C "$work/new" --strip-components=1
	rm -rf "$work/deb" "$work/$package"_*.deb
	(cd "$work/new" && "$@") || fail "$*: fails on $package $version"
	mv "$work/new" "$work/source"
}

# configure FRAGMENT...: the least that there is, and what the fragments say, later ones first. An interrupted one is done again.
configure()
{
	cd "$work/source"
	[ ! -e .configured ] || return 0
	make -s tinyconfig >&2
	scripts/kconfig/merge_config.sh -m .config "$@" >/dev/null 2>&1
	make -s olddefconfig >&2
	touch .configured
}

# require OPTION...: fails unless each is set; Kconfig drops silently what it can't have.
require()
{
	for option in "$@"; do
		grep -q "^CONFIG_$option=y" .config || fail "$work/source/.config: CONFIG_$option is not set"
	done
}

build()
{
	say "building $package $version $1"
	nice make -s -j"${JOBS:-$(nproc)}" bzImage modules >"$work/log" 2>&1 ||
		{ tail "$work/log" >&2; fail "$work/log: it doesn't build"; }
	make -s kernelrelease > "$work/release"
}

# Where --kernel finds it by its release, which is printed.
publish()
{
	release=$(cat "$work/release")
	kernel=$cache/kernels/$release
	if [ ! -e "$kernel/release" ] || [ "$(readlink "$kernel/headers")" != "$work/source" ]; then
		rm -rf "$kernel"
		mkdir -p "$kernel"
		ln "$work/source/arch/x86/boot/bzImage" "$kernel/vmlinuz"
		ln -s "$work/source" "$kernel/headers"
		make -s -C "$work/source" INSTALL_MOD_PATH="$kernel" modules_install >&2
		cp "$work/release" "$kernel/release"
	fi
	echo "$release"
}
