/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_STRUCTOPS_H
#define MEMLUA_STRUCTOPS_H

#include <stdbool.h>
#include <stdint.h>

#include "interface.h"

struct bpf_map;
struct btf;
struct btfvar;
struct error;

/*
 * memcg_bpf_ops: fitting a role to the interface at hand, and attaching its loaded programs to cgroups.
 *
 * native: the kernel has the type; one struct_ops map is linked to any number of cgroups, which
 *         BPF_LINK_CREATE names by descriptor.
 * module: a stock kernel's BPF_LINK_CREATE passes no cgroup on, so it stands in the map's data (cgroup_id), and
 *         each cgroup gets a map of its own over the same programs.
 */

/** structops_kernel_has() - whether the kernel's BTF has a type, function, ... of this name and kind. */
bool structops_kernel_has(const char *name, uint32_t kind);

/* Who has the type: the kernel, or a module that is loaded. */
struct structops_target {
	const struct interface *interface;
	const struct btf *btf;
	struct btf *module; /* the same, or NULL: the kernel's own */
};

/**
 * structops_find_target() - the kernel's own type, else that of memlua's module, which is loaded by then.
 * Return: 0, or -1: neither, or of an unknown interface. structops_release_target() in either case.
 */
int structops_find_target(struct structops_target *target, struct error *err);
void structops_release_target(struct structops_target *target);

/**
 * structops_refuse_unknown() - why nothing can be attached to a kernel of interface_unknown.
 * Return: -1
 */
int structops_refuse_unknown(struct error *err);

/* --- before the object is loaded: structops_fit.c --- */

/**
 * structops_fit() - fit what an object declares as a role to the target's type: a callback of another interface's name goes
 * under this one's; an optional one (__optional in memlua.bpf.h), and the module's own members, go where there are none.
 * @btf: of the opened object
 * @map: a struct_ops map of it
 * Return: 0, or -1 (EOPNOTSUPP): the target lacks a callback or a flag that the role is made for.
 */
int structops_fit(const struct structops_target *target, const struct btf *btf, struct bpf_map *map,
		  struct error *err);

/**
 * structops_check_calls() - whether the target has the memory controller's functions that the programs call.
 * @btf: of the opened object
 * Return: 0, or -1 (EOPNOTSUPP): it lacks the one that is named.
 */
int structops_check_calls(const struct structops_target *target, const struct btf *btf,
			  struct error *err);

/**
 * structops_allows_override() - whether the object declares a role with MEMCG_BPF_ALLOW_OVERRIDE. To be asked
 * before structops_fit(): natively the flag belongs to the link.
 */
bool structops_allows_override(const struct btf *btf, const struct bpf_map *map);

/**
 * structops_declared() - a role's initial value as the object declares it; a pointer stands for the program of that callback.
 * Return: 0, or -1: it has none (libbpf is too old).
 */
int structops_declared(const struct btf *btf, const struct bpf_map *map, struct btfvar *var);

/** structops_is_type() - whether a struct_ops map is of our type, whatever its flavour (memcg_bpf_ops___v7). */
bool structops_is_type(const struct btf *btf, const struct bpf_map *map);

/* --- once it is loaded --- */

/* A role's programs, laid out as the target wants them: made once, linked to many cgroups. */
struct structops {
	const struct interface *interface;
	const char *name;
	bool override;            /* natively: cgroups below may attach ops of their own */
	uint32_t type, size;      /* of the value */
	int object_fd, module_fd; /* BTF of the object; of the module, or -1 */
	void *value;
	void *cgroup_id; /* inside value, where the interface wants it there */
	int map;         /* the one map where one serves all; else -1 */
};

/**
 * structops_prepare() - lay out a role of a loaded object.
 * @target: the one that it was fitted to
 * @btf: of the object
 * @map: a struct_ops map of it
 * Return: 0, or -1. structops_release() in either case.
 */
int structops_prepare(struct structops *s, const struct structops_target *target,
		      const struct btf *btf, const struct bpf_map *map, struct error *err);
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
