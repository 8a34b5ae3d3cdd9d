/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_CGROUP_H
#define MEMLUA_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/*
 * Memory cgroups (cgroup v2), reached through descriptors of their directories: a cgroup that is
 * removed and made again under the same name is never mistaken for the first one. What memlua
 * makes lies below a root of its own (cgroup_root.h).
 */
struct cgroup;

struct cgroup_knob {
	const char *file, *value;
};

/**
 * cgroup_check_name() - whether a name may be given to cgroup_create(): relative, no empty part, no
 * "." or "..", parts of at most 255 bytes. Asks nothing of the kernel. Return: 0, or -1 (EINVAL,
 * ENAMETOOLONG).
 */
int cgroup_check_name(const char *path, struct error *err);

/**
 * cgroup_create() - make a cgroup with the memory controller (cpu, pids and io too, where there are).
 * @path:  relative to memlua's root; all but the last component exist already
 * @knobs: files of the new cgroup and what to write to them, in this order
 * Return: the cgroup, to be given to cgroup_close(), or NULL; then nothing is left behind.
 */
struct cgroup *cgroup_create(const char *path, const struct cgroup_knob *knobs, size_t nknobs,
			     struct error *err);

/**
 * cgroup_open() - an existing cgroup, which memlua never removes.
 * @path: absolute (below the cgroup v2 mount), or relative to that mount
 */
struct cgroup *cgroup_open(const char *path, struct error *err);

/**
 * cgroup_remove() - kill what runs in the cgroup and below, wait until it is empty, and remove it
 * with everything below; a policy of this process that is attached to one of these is dropped from it first. Its parent, if that has no other children, takes processes again. Only for
 * cgroups of cgroup_create(); one that is gone is a success.
 * Return: 0, or -1: still populated after 5 seconds (EBUSY), or what the kernel refused.
 */
int cgroup_remove(struct cgroup *cg, struct error *err);

/** cgroup_close() - cgroup_remove() if cgroup_create() made it, and release the handle. */
int cgroup_close(struct cgroup *cg, struct error *err);

/**
 * cgroup_kill() - SIGKILL to every process in the cgroup and below, without waiting.
 * Return: 0, also when the cgroup is gone, or -1.
 */
int cgroup_kill(const struct cgroup *cg, struct error *err);

/**
 * cgroup_read() - the whole text of a cgroup's file.
 * Return: memory to be freed, or NULL: ENODEV when the cgroup is gone, ENOENT when this kernel
 * doesn't have the file.
 */
char *cgroup_read(const struct cgroup *cg, const char *file, struct error *err);

/** cgroup_write() - write a value to a cgroup's file. Return: 0, or -1 as cgroup_read(). */
int cgroup_write(const struct cgroup *cg, const char *file, const char *value, struct error *err);

/** cgroup_fd() - descriptor of the directory, for clone3() and BPF links; not to be closed. */
int cgroup_fd(const struct cgroup *cg);

/** cgroup_id() - the inode number of the directory, which is the kernel's cgroup id. */
uint64_t cgroup_id(const struct cgroup *cg);

/** cgroup_path() - absolute path of the directory. */
const char *cgroup_path(const struct cgroup *cg);

/** cgroup_name() - the path it was made or opened with. */
const char *cgroup_name(const struct cgroup *cg);

#endif
