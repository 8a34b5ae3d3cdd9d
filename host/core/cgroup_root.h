/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_CGROUP_ROOT_H
#define MEMLUA_CGROUP_ROOT_H

struct error;

/*
 * What memlua makes lies below a root of its own, BASE/memlua-NUMBER with a random number. BASE is
 * the top of the cgroup v2 file system for root, else the cgroup that was delegated to the user.
 * The root is made on first use and goes, with all that is left in it, when the process exits.
 * While it lives it owns the root's directory (own.h); the roots that nobody owns any more are swept
 * by the next memlua.
 */

/**
 * cgroup_mount() - where the cgroup v2 hierarchy that has the memory controller is mounted.
 * Return: its path, to be freed, or NULL (ENOTSUP: not mounted, or without the controller; the text
 * says "reason; remedy").
 */
char *cgroup_mount(struct error *err);

/**
 * cgroup_root() - memlua's own root; makes it when it isn't there.
 * Return: its absolute path, which lives until exit, or NULL: no cgroup v2, no memory controller
 * in it, or no permission.
 */
const char *cgroup_root(struct error *err);

/** cgroup_root_dir() - the descriptor of that root's directory, or -1; not to be closed. */
int cgroup_root_dir(struct error *err);

/**
 * cgroup_sweep() - once in a process: kill and remove what memluas that were killed have left in the base, and say so.
 * Where cgroup v2 can't be used there is nothing to sweep.
 */
void cgroup_sweep(void);

#endif
