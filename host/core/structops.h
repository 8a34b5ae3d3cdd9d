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
 * structops_link() - attach the programs of a role to one cgroup.
 * @btf:       of the loaded object
 * @map:       a struct_ops map of it
 * @cgroup_fd: its directory
 * @cgroup_id: its inode number
 * Return: the link, a descriptor whose closing detaches; or -1: the cgroup or one above has ops already
 * (EBUSY), it is gone (ENOENT), ... in words.
 */
int structops_link(const struct btf *btf, const struct bpf_map *map, int cgroup_fd,
		   uint64_t cgroup_id, struct error *err);

#endif
