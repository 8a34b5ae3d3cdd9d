#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Whether a module's BTF has struct memcg_bpf_ops exactly once: BPF looks it up by its name, and with a second copy the
# module doesn't load ("The second member of bpf_struct_ops_memcg_bpf_ops should be memcg_bpf_ops").
#
#   check-btf.sh MODULE HEADERS    HEADERS: the kernel's build folder, whose vmlinux the BTF is based on
#
# Reads the format itself (Documentation/bpf/btf.rst), with nothing but binutils and awk: dkms has no more.
set -eu
module=$1
headers=$2
type=memcg_bpf_ops
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "$module: $*" >&2; exit 1; }

# section FILE NAME: its bytes; empty without one
section()
{
	objcopy --dump-section "$2=$work/out" "$1" "$work/copy" 2>/dev/null || :
	[ ! -e "$work/out" ] || cat "$work/out"
	rm -f "$work/out" "$work/copy"
}

words() { od -An -v -w4 -tu4 "$@" | tr -d ' '; }

# header FILE WORD: a word of a BTF section's header: 2 its length, 3 and 4 where the types are and how long, 5 and 6 the strings.
header() { words -N 24 "$1" | sed -n "$2p"; }

# structs_in FILE STRINGS: how often a BTF section has the type, whose name is the string at so many bytes.
structs_in()
{
	words -j $(($(header "$1" 2) + $(header "$1" 3))) -N "$(header "$1" 4)" "$1" | awk -v name="$2" '
		BEGIN { # words behind a type of each kind: so many, and so many for each of its members
			fixed[1] = fixed[14] = fixed[17] = 1; fixed[3] = 3
			each[4] = each[5] = each[15] = each[19] = 3; each[6] = each[13] = 2
		}
		skip > 0 { skip--; next }
		{ field[n++] = $1 }
		n == 3 {
			kind = int(field[1] / 16777216) % 32
			if (kind == 4 && field[0] == name) found++
			skip = fixed[kind] + each[kind] * (field[1] % 65536)
			n = 0
		}
		END { print found + 0 }'
}

# name_in FILE: at how many bytes in its strings the type's name is; -1: nowhere.
name_in()
{
	at=$(tail -c +$(($(header "$1" 2) + $(header "$1" 5) + 1)) "$1" | tr '\0' '\n' | grep -abx "$type" | cut -d: -f1)
	echo "${at:--1}"
}

section "$module" .BTF > "$work/btf"
[ -s "$work/btf" ] || fail "built without BTF; it takes pahole, $headers/vmlinux and CONFIG_DEBUG_INFO_BTF_MODULES"
# A module's strings are counted on from those of its base: a digest of it in the module, or the kernel's own.
section "$module" .BTF.base > "$work/base"
[ -s "$work/base" ] || section "$headers/vmlinux" .BTF > "$work/base"
[ -s "$work/base" ] || cp "$headers/vmlinux" "$work/base" # as /sys/kernel/btf/vmlinux: BTF and nothing else

name=$(name_in "$work/btf")
[ "$name" = -1 ] || name=$((name + $(header "$work/base" 6)))
found=$(structs_in "$work/btf" "$name")
[ "$found" != 0 ] || [ "$(structs_in "$work/base" "$(name_in "$work/base")")" = 0 ] ||
	fail "the kernel has struct $type itself, and needs no module"
[ "$found" = 1 ] || fail "struct $type stands $found times in its BTF, and BPF takes it only if it is there once;" \
	"another version of pahole ($(pahole --version 2>/dev/null || echo none here)) may help"
