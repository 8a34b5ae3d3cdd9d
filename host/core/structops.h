/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_STRUCTOPS_H
#define MEMLUA_STRUCTOPS_H

#include <stdbool.h>
#include <stdint.h>

struct bpf_map;
struct btf;
struct error;

/*
 * memcg_bpf_ops: attaching the loaded programs of a role to cgroups, over either of two interfaces.
 *
 * native: the kernel has the type; one struct_ops map is linked to any number of cgroups, which
 *         BPF_LINK_CREATE names by descriptor.
 * module: a stock kernel's BPF_LINK_CREATE passes no cgroup on, so it stands in the map's data (cgroup_id), and
 *         each cgroup gets a map of its own over the same programs.
 */
#define STRUCTOPS_TYPE "memcg_bpf_ops"

/** structops_is_native() - whether the running kernel itself has the type. */
bool structops_is_native(void);

/** structops_kernel_has() - whether the kernel's BTF has a type, function, ... of this name and kind. */
bool structops_kernel_has(const char *name, uint32_t kind);

/**
 * structops_fit() - before the object is loaded: clear what the kernel's type doesn't have.
 * @btf: of the opened object
 * @map: a struct_ops map of it
 */
void structops_fit(const struct btf *btf, struct bpf_map *map);

/**
 * structops_allows_override() - whether the object declares a role with MEMCG_BPF_ALLOW_OVERRIDE. To be asked
 * before structops_fit(): natively the flag belongs to the link.
 */
bool structops_allows_override(const struct btf *btf, const struct bpf_map *map);

/* A role's programs, laid out as the kernel wants them: made once, linked to many cgroups. */
struct structops {
	const char *name;
	bool override;	 /* natively: cgroups below may attach ops of their own */
	uint32_t type, size; /* of the value */
	int object_fd, module_fd; /* BTF of the object; of the module, or -1 */
	void *value;
	void *cgroup_id; /* inside value; NULL: native */
	int map;	 /* native: the one map; else -1 */
};

/**
 * structops_prepare() - lay out a role of a loaded object.
 * @btf: of the object
 * @map: a struct_ops map of it
 * Return: 0, or -1. structops_release() in either case.
 */
int structops_prepare(struct structops *s, const struct btf *btf, const struct bpf_map *map,
		      struct error *err);
void structops_release(struct structops *s);

/**
 * structops_link() - attach to one cgroup.
 * @cgroup_fd: its directory
 * @cgroup_id: its inode number
 * Return: the link, a descriptor whose closing detaches; or -1: the cgroup or one above has ops already
 * (EBUSY), it is gone (ENOENT), ... in words.
 */
int structops_link(struct structops *s, int cgroup_fd, uint64_t cgroup_id, struct error *err);

#endif
