#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Writes the assembly file that embeds files into the binary (host/core/embed.h), modules of Lua as bytecode, too:
#   embed.sh BUILD FILE... > embed.S
set -eu
build=$1
shift

name_of()
{
	case $1 in
	scripts/lib/*) echo "lua/${1#scripts/lib/}" ;;
	"$build"/*) echo "${1#"$build"/}" ;;
	plots/* | host/*) echo "$1" ;;
	*/luacheck/*) echo "lua/luacheck/${1##*/}" ;;
	*) echo "lua/${1##*/}" ;;
	esac
}

# In error messages a module of Lua is its name and ".lua", as host/main.c has it.
chunk_of()
{
	module=${1#lua/}
	module=${module%.lua}
	echo "=${module%/init}.lua" | tr / .
}

n=0
embed()
{
	printf '	.balign 16\ndata%d:	.incbin "%s"\nend%d:	.byte 0\nname%d:	.asciz "%s"\n' \
		$n "$1" $n $n "$2"
	n=$((n + 1))
}

echo '	.section .rodata'
for file in "$@"; do
	name=$(name_of "$file")
	embed "$file" "$name"
	case $name in
	lua/*)
		compiled=$build/byte/$name
		mkdir -p "${compiled%/*}"
		"$build/bytecode" "$(chunk_of "$name")" "$file" > "$compiled"
		embed "$compiled" "byte/$name"
		;;
	esac
done
echo '	.section .data.rel.ro,"aw"'
echo '	.balign 8'
echo '	.globl embed_table'
echo 'embed_table:'
i=0
while [ $i -lt $n ]; do
	printf '	.quad name%d, data%d, end%d\n' $i $i $i
	i=$((i + 1))
done
echo '	.quad 0, 0, 0'
echo '	.section .note.GNU-stack,"",@progbits'
