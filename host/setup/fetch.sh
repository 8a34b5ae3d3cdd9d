#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Brings what the distribution's archive has into memlua's cache, touching nothing of the machine's own:
# apt runs with lists, sources and cache of its own, checks signatures as always, and packages are
# unpacked, not installed. No root needed.
#
#   fetch.sh libbpf             libbpf's headers and static library; prints their folder
#   fetch.sh kernel [WHICH]     a kernel with its modules and headers; prints its folder, which holds
#                               vmlinuz, release, lib/modules/RELEASE and headers (for building modules).
#                               WHICH: a release, "6.12.95+deb12-cloud-amd64" or its beginning; "backports": the
#                               newest one there. Default: the newest of the machine's own distribution with its
#                               updates, security's included; of its backports only if it has none from 6.12 on
#   fetch.sh list               the cloud kernels that the archive has
#
# A failure keeps the packages that arrived whole, so that nothing is downloaded twice; of several that fetch into one
# cache at once, one does and the others wait.
set -eu
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/memlua
PATH=$PATH:/usr/sbin:/sbin # depmod's place, which a user's PATH lacks

. "$(dirname "$0")/alive.sh"
. "$(dirname "$0")/workdir.sh"
# the caller reads one line: the path, or why there is none
fail() { echo "$*"; exit 1; }

# ---- the archive ---------------------------------------------------------------------------------------------

# The archive as this machine knows it, without a host's name in this file. Of a machine with several distributions
# in its sources the one that it is; unstable calls itself by testing's name, so that the first stands in for it.
# Prints "URI CODENAME" of $1, Debian's label of an archive.
archive()
{
	own=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	apt-get indextargets --format '$(LABEL) $(COMPONENT) $(REPO_URI) $(CODENAME)' 'Created-By: Packages' 2>/dev/null |
	awk -v label="$1" -v own="$own" '
		$1 == label && $2 == "main" && (label != "Debian" || $4 !~ /-/) {
			if (first == "") first = $3 " " $4
			if ($4 == own) mine = $3 " " $4
		}
		END { print mine != "" ? mine : first }'
}

# Whether there is that suite: the archive is asked, as none has all of them.
answers()
{
	/usr/lib/apt/apt-helper -o APT::Sandbox::User= -o Acquire::Retries=3 \
		download-file "${1%/}/dists/$2/InRelease" "$work/release" >/dev/null 2>&1
}

source_line() { echo "deb [signed-by=$keys] $1 $2 main"; }

# The suites of the distribution's own: the release, its updates, and security's. That archive lies beside the main
# one where the machine doesn't name it.
own_suites()
{
	source_line "$uri" "$suite"
	! answers "$uri" "$suite-updates" || source_line "$uri" "$suite-updates"
	security=$(archive Debian-Security)
	for at in "${security% *}" "${uri%/}-security"; do
		if [ -n "$at" ] && answers "$at" "$suite-security"; then
			source_line "$at" "$suite-security"
			break
		fi
	done
}

backports() { ! answers "$uri" "$suite-backports" || source_line "$uri" "$suite-backports"; }

# Where everything comes from, for those who have to do without.
because_of_network()
{
	fail "$uri: can't be read, and $1 is not in $cache yet; is the network up?" \
		"(or give a kernel by hand: --kernel IMAGE --headers DIR)"
}

# Only what must be fetched needs a cache that can be written.
prepare_cache()
{
	mkdir -p "$cache" 2>/dev/null || fail "$cache: can't be made; set XDG_CACHE_HOME to a folder that can be written"
	check_cache "$cache"
	make_workdir "$cache/fetch" 2>/dev/null || fail "$cache: not writable, or full; set XDG_CACHE_HOME"
	exec 6>"$cache/lock"
	flock -n 6 || alive "waiting for another memlua that fetches into $cache" flock 6
}

# prepare_apt WHAT: an apt of our own, which knows the distribution's suites in $own_list, its backports in $later_list.
prepare_apt()
{
	command -v apt-get >/dev/null || fail "no apt here to fetch $1; give --kernel IMAGE --headers DIR"
	set -- "$1" $(archive Debian)
	[ $# -ge 3 ] || fail "apt knows no Debian archive on this machine; run 'apt-get update', or give --kernel IMAGE --headers DIR"
	uri=$2 suite=$3
	keys=/usr/share/keyrings/debian-archive-keyring.gpg
	[ -e "$keys" ] || fail "$keys: not found; install debian-archive-keyring"
	answers "$uri" "$suite" || because_of_network "$1"
	apt=$work/apt
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/empty"
	own_list=$apt/own.list later_list=$apt/later.list
	own_suites > "$own_list"
	backports > "$later_list"
	cat > "$apt/apt.conf" <<-END
	Dir::State::Lists "$apt/lists";
	Dir::Cache "$apt/cache";
	Dir::Etc::SourceParts "$apt/empty";
	Dir::Etc::Preferences "$apt/empty/none";
	Dir::Etc::PreferencesParts "$apt/empty";
	Dir::Etc::SourceList "$apt/sources.list";
	APT::Get::List-Cleanup "0";
	APT::Sandbox::User "";
	Acquire::Languages "none";
	Acquire::Retries "3";
	END
	export APT_CONFIG="$apt/apt.conf"
}

# read_lists WHAT FILE...: from here on apt knows the suites in these files
read_lists()
{
	what=$1
	shift
	cat "$@" > "$apt/sources.list"
	alive "reading the archive's lists" apt-get -qq update >&2 || because_full || because_of_network "$what"
}

# ---- downloading and unpacking -------------------------------------------------------------------------------

available() { df -Pm "$cache" | awk 'END { print $4 }'; }

# Fails with the reason if it is that the disk is full.
because_full()
{
	[ "$(available)" -ge 16 ] ||
		fail "$cache: its disk is full ($(available)M free); make room, or set XDG_CACHE_HOME to another place"
	return 1
}

# Packages that arrived whole wait in $cache/debs until all of them are unpacked.
download()
{
	(cd "$cache/debs" && for package in "$@"; do
		# asked elsewhere: of a file that lies here whole apt says nothing
		wanted=$(cd "$work" && apt-get -qq download --print-uris "$package") || exit
		set -- $wanted # 'URI' FILE SIZE HASH
		[ "$(stat -c %s "$2" 2>/dev/null)" = "$3" ] && arrived "$2" "$4" || apt-get -qq download "$package" >&2 || exit
		echo "$2" >> "$work/files"
	done)
}

# Whether a file has that hash, of apt's form SHA256:...
arrived() { echo "${2#SHA256:}  $1" | sha256sum -c --status 2>/dev/null; }

# On a full disk tar complains of each of ten thousand files.
extract()
{
	while read -r deb; do
		dpkg-deb -x "$cache/debs/$deb" "$1" 2>"$work/tar" || return
	done < "$work/files"
}

forget_packages() { (cd "$cache/debs" && xargs rm -f) < "$work/files"; }

# unpack WHAT FOLDER PACKAGE...: download (apt verifies the hashes) and extract
unpack()
{
	what=$1
	folder=$2
	shift 2
	mkdir -p "$cache/debs" "$folder"
	: > "$work/files"
	total=$(cd "$work" && apt-get -qq download --print-uris "$@" | awk '{ bytes += $3 } END { print int(bytes / 1048576 + 0.5) }')
	progress() { echo ", $(du -sm "$cache/debs" | cut -f1)M of ${total}M"; }
	alive "downloading $what" download "$@" || because_full || fail "could not download $what; what arrived is kept, try again"
	progress() { :; }
	alive "unpacking $what" extract "$folder" || because_full ||
		fail "could not unpack $what: $(head -n 1 "$work/tar")"
}

# A folder becomes visible in the cache only when it is complete.
publish()
{
	mkdir -p "$(dirname "$2")"
	rm -rf "$2"
	mv -T "$1" "$2"
	forget_packages
}

fetch_libbpf()
{
	target=$cache/libbpf
	if [ ! -d "$target" ]; then
		prepare_cache
		[ -d "$target" ] || { prepare_apt libbpf; fetch_newest_libbpf; }
	fi
	echo "$target"
}

fetch_newest_libbpf()
{
	read_lists libbpf "$own_list" "$later_list"
	[ ! -s "$later_list" ] || set -- "libbpf-dev/$suite-backports"
	unpack libbpf "$work/libbpf" "${1:-libbpf-dev}"
	publish "$work/libbpf" "$target"
}

# ---- choosing a kernel ---------------------------------------------------------------------------------------

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

# Of the releases on standard input the first that is $1 or begins with it; any for "".
matching()
{
	awk -v wanted="$1" '
		!chosen && (wanted == "" || $0 == wanted ||
			index($0, wanted) == 1 && substr($0, length(wanted) + 1, 1) ~ /[.+-]/) { chosen = $0 }
		END { print chosen }'
}

# The packages of that form on which a package depends.
needed() { apt-cache depends "$1" | sed -n "s/.*Depends: \(linux-$2\)\$/\1/p"; }

# Before 6.19 an image's package holds the kernel and its modules; since then it only depends on those that do.
packages_of()
{
	headers=linux-headers-$1
	echo "$headers" $(needed "$headers" 'headers-.*-common') $(needed "$headers" 'kbuild-.*')
	parts=$(needed "linux-image-$1" "\(binary\|modules\|base\)-$(echo "$1" | sed 's/[.]/[.]/g')")
	echo "${parts:-linux-image-$1}"
}

# Sets release ("" for none) to what of the suites known is wanted.
look_up()
{
	release=$(releases | matching "$1")
}

# The distribution's own kernel before a newer one of its backports, unless that is asked for.
choose()
{
	case $1 in
	backports) read_lists "a kernel" "$later_list"; look_up "" ;;
	"") read_lists "a kernel" "$own_list"; look_up ""
		[ -n "$release" ] || { read_lists "a kernel" "$own_list" "$later_list"; look_up ""; } ;;
	*) read_lists "a kernel" "$own_list" "$later_list"; look_up "$1" ;;
	esac
	[ -n "$release" ] || refuse "$1"
	# the packages of a kernel may lie in several suites
	[ "$1" != backports ] || read_lists "a kernel" "$own_list" "$later_list"
}

refuse()
{
	[ "$1" != backports ] || fail "--kernel backports: $suite has no backports with a kernel from 6.12 on"
	[ -n "$1" ] || fail "no Linux from 6.12 on in $suite and its backports; give --kernel IMAGE --headers DIR"
	old=$(packaged linux-image- | sort -rV | matching "$1")
	[ -z "$old" ] || [ -n "$(echo "$old" | awk -F '[.+-]' '$1 > 6 || $1 == 6 && $2 >= 12')" ] ||
		fail "--kernel $1: Linux $old is too old for memlua's module, which takes 6.12 and later"
	[ -z "$old" ] || fail "--kernel $1: the archive has Linux $old but not its headers; it has: $(releases | tr '\n' ' ')"
	fail "--kernel $1: neither an image file nor a kernel release that the archive has; it has: $(releases | tr '\n' ' ')"
}

# ---- a kernel's folder ---------------------------------------------------------------------------------------

# What is in the cache already needs no network; "" if nothing fits.
cached()
{
	case $1 in
	"" | backports)
		[ ! -e "$cache/kernels/${1:-default}/release" ] || (cd "$cache/kernels/${1:-default}" && pwd -P)
		;;
	*)
		for folder in "$cache/kernels/$1" "$cache/kernels/$1"[.+-]*; do
			# one that was built for tests/debug or tests/native is taken by its whole name only
			case $folder in "$cache/kernels/$1") ;; *-memlua-*) continue ;; esac
			[ ! -e "$folder/release" ] || echo "$folder"
		done | sort -rV | head -n 1
		;;
	esac
}

# arrange FOLDER RELEASE: gives what was unpacked the one form, whatever the packages' layout
arrange()
{
	[ -d "$1/lib/modules" ] || ln -s usr/lib "$1/lib"
	for image in "$1/boot/vmlinuz-$2" "$1/usr/lib/modules/$2/vmlinuz"; do
		[ ! -e "$image" ] || mv "$image" "$1/vmlinuz"
	done
	[ -e "$1/vmlinuz" ] || fail "Linux $2: no vmlinuz in its packages"
	command -v depmod >/dev/null || fail "depmod: not found; install kmod"
	depmod -b "$1" "$2" 2>"$work/depmod" || because_full || fail "depmod failed for Linux $2: $(head -n 1 "$work/depmod")"
	ln -sfn "usr/src/linux-headers-$2" "$1/headers"
	echo "$2" > "$1/release"
}

fetch_kernel()
{
	wanted=${1:-}
	target=$(cached "$wanted")
	[ -n "$target" ] || prepare_cache
	[ -n "$target" ] || target=$(cached "$wanted") # somebody else's download may have brought it
	if [ -z "$target" ]; then
		prepare_apt "a kernel"
		choose "$wanted"
		target=$cache/kernels/$release
		[ -e "$target/release" ] || bring "$release" "$target"
		case $wanted in '' | backports) ln -sfn "$release" "$cache/kernels/${wanted:-default}" ;; esac
	fi
	echo "$target"
}

bring()
{
	unpack "Linux $1 and its headers" "$work/kernel" $(packages_of "$1")
	arrange "$work/kernel" "$1"
	publish "$work/kernel" "$2"
}

case ${1:-} in
libbpf) fetch_libbpf ;;
kernel) fetch_kernel "${2:-}" ;;
list) prepare_cache && prepare_apt "the list of kernels" && read_lists "the list of kernels" "$own_list" "$later_list" && releases ;;
*) fail "usage: fetch.sh libbpf | kernel [RELEASE | backports] | list" ;;
esac
