#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Brings what the distribution's archive has into memlua's cache, touching nothing of the machine's own:
# apt runs with lists, sources and cache of its own, checks signatures as always, and packages are
# unpacked, not installed. No root needed.
#
#   fetch.sh libbpf             libbpf's headers and static library; prints their folder
#   fetch.sh kernel [RELEASE]   a kernel with its modules and headers; prints its folder, which holds
#                               vmlinuz, release, lib/modules/RELEASE and headers (for building modules).
#                               RELEASE: "6.12.95+deb12-cloud-amd64" or its beginning; default: the newest
#                               cloud kernel of the machine's release and its backports
#   fetch.sh list               the cloud kernels that the archive has
set -eu
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/memlua

. "$(dirname "$0")/alive.sh"
. "$(dirname "$0")/workdir.sh"
# the caller reads one line: the path, or why there is none
fail() { echo "$*"; exit 1; }

# The archive as this machine knows it, without a host's name in this file: the address, the release's
# code name and its key come from the machine's apt.
sources()
{
	apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(LABEL) $(COMPONENT)' \
		'Created-By: Packages' |
	awk '$3 == "Debian" && $4 == "main" && $2 !~ /-/ { print $1, $2; exit }'
}

# Only what must be fetched needs a cache that can be written.
prepare_apt()
{
	mkdir -p "$cache" 2>/dev/null || fail "$cache: can't be made; set XDG_CACHE_HOME to a folder that can be written"
	make_workdir "$cache/fetch" || fail "$cache: not writable; set XDG_CACHE_HOME"
	set -- $(sources)
	[ $# -ge 2 ] || fail "apt knows no Debian archive on this machine; run 'apt-get update', or give --kernel an image"
	keys=/usr/share/keyrings/debian-archive-keyring.gpg
	[ -e "$keys" ] || fail "$keys: not found; install debian-archive-keyring"
	apt=$work/apt
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/empty"
	for suite in "$2" "$2-updates" "$2-backports"; do
		echo "deb [signed-by=$keys] $1 $suite main"
	done > "$apt/sources.list"
	cat > "$apt/apt.conf" <<-END
	Dir::State::Lists "$apt/lists";
	Dir::Cache "$apt/cache";
	Dir::Etc::SourceList "$apt/sources.list";
	Dir::Etc::SourceParts "$apt/empty";
	Dir::Etc::Preferences "$apt/empty/none";
	Dir::Etc::PreferencesParts "$apt/empty";
	APT::Default-Release "$2-backports";
	APT::Get::List-Cleanup "0";
	APT::Sandbox::User "";
	Acquire::Languages "none";
	Acquire::Retries "3";
	END
	export APT_CONFIG="$apt/apt.conf"
	alive "reading the archive's lists" apt-get -qq update >&2 ||
		fail "the archive's lists can't be read; is the network up?"
}

download() { (cd "$work/debs" && apt-get -qq download "$@" >&2); }

extract()
{
	for deb in "$work"/debs/*.deb; do
		dpkg-deb -x "$deb" "$1" || return
	done
}

# unpack WHAT FOLDER PACKAGE...: download (apt verifies the hashes) and extract
unpack()
{
	what=$1
	folder=$2
	shift 2
	mkdir -p "$work/debs" "$folder"
	total=$(apt-get -qq download --print-uris "$@" | awk '{ bytes += $3 } END { print int(bytes / 1048576 + 0.5) }')
	progress() { echo ", $(du -sm "$work/debs" | cut -f1)M of ${total}M"; }
	alive "downloading $what" download "$@" || fail "could not download $*"
	progress() { :; }
	alive "unpacking $what" extract "$folder" || fail "could not unpack $*"
	rm -rf "$work/debs"
}

# A folder becomes visible in the cache only when it is complete.
publish()
{
	mkdir -p "$(dirname "$2")"
	rm -rf "$2"
	mv -T "$1" "$2"
}

fetch_libbpf()
{
	target=$cache/libbpf
	if [ ! -d "$target" ]; then
		prepare_apt
		unpack libbpf "$work/libbpf" libbpf-dev
		publish "$work/libbpf" "$target"
	fi
	echo "$target"
}

# The releases whose packages' names begin with $1.
packaged()
{
	apt-cache search --names-only "^$1[0-9].*-cloud-$(dpkg --print-architecture)\$" |
	sed "s/^$1\([^ ]*\) .*/\1/" | sort
}

# The cloud kernels from 6.12 on, which the module is made for, newest first; old images outlive their
# headers in the archive.
releases()
{
	packaged linux-image- > "$work/images"
	packaged linux-headers- > "$work/headers"
	comm -12 "$work/images" "$work/headers" | sort -rV | awk -F '[.+-]' '$1 > 6 || $1 == 6 && $2 >= 12'
}

# The newest release that is $1 or begins with it; any for "".
choose_release()
{
	releases | awk -v wanted="$1" '
		!chosen && (wanted == "" || $0 == wanted ||
			index($0, wanted) == 1 && substr($0, length(wanted) + 1, 1) ~ /[.+-]/) { chosen = $0 }
		END { print chosen }'
}

# The package of that form on which the headers depend.
needed() { apt-cache depends "$headers" | sed -n "s/.*Depends: \(linux-$1\)\$/\1/p" | head -n 1; }

# Sets release ("" for none) and the packages that go with it.
look_up()
{
	release=$(choose_release "$1")
	headers=linux-headers-$release
	[ -n "$release" ] || return 0
	common=$(needed 'headers-.*-common')
	kbuild=$(needed 'kbuild-.*')
}

# The header packages' Makefiles name /usr/src; here they lie elsewhere.
relocate_headers()
{
	headers=$1/usr/src/linux-headers-$2
	sed -i "s,/usr/src/,$3/usr/src/," "$headers/Makefile"
	if [ -e "$headers/.kernelvariables" ]; then
		sed -i "s,/usr/src/,$3/usr/src/,g" "$headers/.kernelvariables"
	fi
	ln -sfn "usr/src/linux-headers-$2" "$1/headers"
}

fetch_kernel()
{
	wanted=${1:-}
	# what is in the cache already needs no network
	if [ -n "$wanted" ]; then
		for target in "$cache/kernels/$wanted" "$cache/kernels/$wanted"[.+-]*; do
			[ -e "$target/release" ] && { echo "$target"; return; }
		done
	elif [ -e "$cache/kernels/default/release" ]; then
		(cd "$cache/kernels/default" && pwd -P)
		return
	fi
	prepare_apt
	alive "choosing a kernel" look_up "$wanted"
	[ -n "$release" ] || fail "--kernel $wanted: neither an image file nor a kernel release that the archive has; it has: $(releases | tr '\n' ' ')"
	target=$cache/kernels/$release
	if [ ! -e "$target/release" ]; then
		unpack "Linux $release and its headers" "$work/kernel" "linux-image-$release" "$headers" "$common" "$kbuild"
		mv "$work/kernel/boot/vmlinuz-$release" "$work/kernel/vmlinuz"
		[ -d "$work/kernel/lib/modules" ] || ln -s usr/lib "$work/kernel/lib"
		depmod -b "$work/kernel" "$release" 2>/dev/null || fail "depmod failed; install kmod"
		relocate_headers "$work/kernel" "$release" "$target"
		echo "$release" > "$work/kernel/release"
		publish "$work/kernel" "$target"
	fi
	[ -n "$wanted" ] || ln -sfn "$release" "$cache/kernels/default"
	echo "$target"
}

case ${1:-} in
libbpf) fetch_libbpf ;;
kernel) fetch_kernel "${2:-}" ;;
list) prepare_apt && releases ;;
*) fail "usage: fetch.sh libbpf | kernel [RELEASE] | list" ;;
esac
