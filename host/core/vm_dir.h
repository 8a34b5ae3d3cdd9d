/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_VM_DIR_H
#define MEMLUA_VM_DIR_H

#include <stddef.h>

struct error;

/* The folder of a microVM: its sockets, its console, its results. It lives as long as the VM. */

/**
 * vm_dir_make() - make one below $TMPDIR or /tmp, and remove those that a killed memlua has left there,
 * which is said.
 * @path: gets its name
 * @size: of @path
 * Return: a descriptor that marks the folder as used while it is open, or -1.
 */
int vm_dir_make(char *path, size_t size, struct error *err);

/** vm_dir_remove() - remove it with all that is in it. */
void vm_dir_remove(const char *path);

#endif
