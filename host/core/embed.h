/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_EMBED_H
#define MEMLUA_EMBED_H

#include <stddef.h>

/*
 * Files built into the binary: the Lua library as "lua/memlua/NAME.lua", the policies as
 * "policies/NAME.bpf.o". The table is written by the Makefile (build/embed.S).
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
