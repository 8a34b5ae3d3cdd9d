/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_EMBED_H
#define MEMLUA_EMBED_H

#include <stddef.h>

/*
 * Files built into the binary: the Lua library as "lua/memlua/ROOM/NAME.lua", its bytecode as "byte/lua/...", the policies as "policies/NAME.bpf.o", the
 * gnuplot scripts as "plots/NAME.gp", argparse as "lua/argparse.lua", and the bindings' sources as "host/lua/NAME.c" for
 * the contracts in them. The table is written by host/setup/embed.sh (build/embed.S).
 */
struct embedded {
	const char *name;
	const void *data;
	const void *end;
};

/* All embedded files; the last one has no name. */
extern const struct embedded embed_table[];

/**
 * embed_find() - the contents of an embedded file, which are not NUL-terminated.
 * @name: as in the table
 * @size: its length in bytes
 * Return: its first byte, or NULL when there is no such file.
 */
const void *embed_find(const char *name, size_t *size);

#endif
