/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_SCRATCH_H
#define MEMLUA_SCRATCH_H

#include <stddef.h>

struct error;

/*
 * A temporary folder of this process's own, that only this user may enter. One whose owner was killed is removed by the
 * next memlua that makes one.
 */

/* What their names begin with: that of a microVM, with its sockets, console and results; and any other. */
#define SCRATCH_VM "memlua-vm."
#define SCRATCH_FILES "memlua-tmp."

/**
 * scratch_make() - make one below $TMPDIR or /tmp, and remove those that a killed memlua has left there,
 * which is said.
 * @prefix: one of SCRATCH_*
 * @path: gets its name
 * @size: of @path
 * Return: a descriptor that marks the folder as used while it is open, or -1.
 */
int scratch_make(const char *prefix, char *path, size_t size, struct error *err);

/** scratch_sweep() - remove those that a killed memlua has left, as scratch_make() does where it makes one. */
void scratch_sweep(void);

/** scratch_remove() - remove it with all that is in it. */
void scratch_remove(const char *path);

#endif
