#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Writes the assembly file that embeds files into the binary (host/core/embed.h):
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

echo '	.section .rodata'
i=0
for file in "$@"; do
	printf '	.balign 16\ndata%d:	.incbin "%s"\nend%d:	.byte 0\nname%d:	.asciz "%s"\n' \
		$i "$file" $i $i "$(name_of "$file")"
	i=$((i + 1))
done
echo '	.section .data.rel.ro,"aw"'
echo '	.balign 8'
echo '	.globl embed_table'
echo 'embed_table:'
n=$i
i=0
while [ $i -lt $n ]; do
	printf '	.quad name%d, data%d, end%d\n' $i $i $i
	i=$((i + 1))
done
echo '	.quad 0, 0, 0'
echo '	.section .note.GNU-stack,"",@progbits'
