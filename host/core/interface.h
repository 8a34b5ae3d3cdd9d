/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_INTERFACE_H
#define MEMLUA_INTERFACE_H

#include <stdbool.h>
#include <stdint.h>

struct btf;
struct error;

/*
 * The interfaces by which kernels and memlua's module offer memcg_bpf_ops, and all that differs between them. Which one
 * it is, BTF tells, never a version. The next one is an entry in interface.c.
 */
#define INTERFACE_TYPE "memcg_bpf_ops"

/* What BPF_LINK_CREATE is given, as far as a struct_ops looks at it; the kernel's union starts at offset 16. */
struct link_create {
	uint32_t map_fd;
	uint32_t target_fd;
	uint32_t attach_type;
	uint32_t flags;
	uint32_t relative_fd;
	uint32_t pad;
	uint64_t expected_revision;
};

struct interface {
	const char *name;   /* for people: "RFC v6" */
	const char *marker; /* the member of the type by which it is known */
	/* the cgroup is named by the map's data (cgroup_id), so that each needs a map of its own */
	bool cgroup_in_map;
	bool bears_removal; /* a cgroup may be removed while it is attached */
	/* Names the cgroup to attach to, unless the map's data does. @override: cgroups below may attach ops of their own */
	void (*name_cgroup)(struct link_create *attr, int cgroup_fd, bool override);
};

/* The type is there, but of none of the interfaces that memlua knows: nothing can be attached. */
extern const struct interface interface_unknown;

/**
 * interface_of() - the interface of the type in some BTF: the kernel's, or a module's based on it.
 * Return: static; &interface_unknown; or NULL: it has no such type.
 */
const struct interface *interface_of(const struct btf *btf);

/** interface_of_kernel() - that of the running kernel's own BTF. Cheap but for the first time. */
const struct interface *interface_of_kernel(void);

/**
 * interface_of_file() - that of a file: raw BTF, as /sys/kernel/btf/vmlinux, or an ELF file with such a section.
 * @found: set to what interface_of() returns
 * Return: 0, or -1: not readable, or neither of the two.
 */
int interface_of_file(const char *path, const struct interface **found, struct error *err);

/**
 * interface_alias() - under which other name another interface has a callback that is asked the same.
 * Return: static, or NULL: there is none.
 */
const char *interface_alias(const char *callback);

#endif
