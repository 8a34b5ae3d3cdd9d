/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_CGROUP_FS_H
#define MEMLUA_CGROUP_FS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What cgroup.c and cgroup_root.c share: files and trees of the cgroup v2 file system. */

struct error;

/* The whole text of a file, to be freed; NULL with errno. */
char *cgroupfs_read(int dir, const char *file);

/* Return: 0, or -1 with errno: what the kernel says to the value. */
int cgroupfs_write(int dir, const char *file, const char *value);

/* One key of a "key number" file, matched whole. Return: false when it is not there. */
bool cgroupfs_count(int dir, const char *file, const char *key, uint64_t *value);

/* Whether the directory was removed while we held it. */
bool cgroupfs_is_gone(int dir);

/* Whether a space-separated list, as in cgroup.controllers, has the word. */
bool cgroupfs_has_word(const char *list, const char *word);

/*
 * Give the children of a cgroup the memory controller, and cpu, pids and io if there are.
 * @newly: bit per controller that was off before; may be NULL
 */
int cgroupfs_enable(int dir, const char *name, unsigned int *newly, struct error *err);

/* Take the controllers of @newly away again, as far as the kernel lets us. */
void cgroupfs_disable(int dir, unsigned int newly);

/* Call a function for each child cgroup, by its name and, open, its directory. */
void cgroupfs_each_child(int dir, void (*visit)(int parent, const char *name, int child));

/* SIGKILL to all processes of the tree. Return: 0 (also when it is gone), or -1 with errno. */
int cgroupfs_kill(int dir);

/*
 * Called with the id of each cgroup that is about to be removed, empty by then; NULL: nobody wants to know. Of a removed
 * cgroup that has still a policy's link, RFC v6 would use what is freed.
 */
extern void (*cgroupfs_before_removal)(ino_t id);

/*
 * Kill, wait until the tree is empty, and remove it.
 * @parent, @path: where it is; nothing happens if another inode than @id is there by now
 * @name: for messages
 */
int cgroupfs_remove(int parent, const char *path, ino_t id, const char *name, struct error *err);

#endif
