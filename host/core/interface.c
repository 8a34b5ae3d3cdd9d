// SPDX-License-Identifier: GPL-2.0
#include "interface.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <string.h>

#include "bpflog.h"
#include "btfvar.h"
#include "error.h"

/* The flag of RFC v7 (May 2026) by which BPF_LINK_CREATE takes target_fd for a cgroup's. */
#define F_CGROUP_FD (1U << 7)

static void name_nothing(struct link_create *attr, int cgroup_fd, bool override)
{
}

/* RFC v6 (Feb 2026): link_create.cgroup.relative_fd. */
static void name_relative(struct link_create *attr, int cgroup_fd, bool override)
{
	attr->relative_fd = cgroup_fd;
	attr->flags = override ? BPF_F_ALLOW_OVERRIDE : 0;
}

static void name_target(struct link_create *attr, int cgroup_fd, bool override)
{
	attr->target_fd = cgroup_fd;
	attr->flags = F_CGROUP_FD | (override ? BPF_F_ALLOW_OVERRIDE : 0);
}

/*
 * The first whose marker the type has. The module's has all callbacks of the others; by the stock BPF_LINK_CREATE no
 * cgroup reaches it. With the RFC's what outlives a removed cgroup (swapped pages) uses ops that are freed by then: v6's
 * unreg() doesn't find the cgroup any more; v7 detaches its links when the cgroup goes, but unreg() then leaves the ops
 * where they are.
 */
static const struct interface interfaces[] = {
	{"memlua's module", "cgroup_id", true, true, name_nothing},
	{"RFC v7", "memcg_charged", false, false, name_target},
	{"RFC v6", "get_high_delay_ms", false, false, name_relative},
};

const struct interface interface_unknown = {"of an interface that memlua doesn't know", "", false,
					    false, name_nothing};

static bool has_member(const struct btf *btf, uint32_t type, const char *name)
{
	struct btfvar ops, member;

	btfvar_init(&ops, btf, type, INTERFACE_TYPE, NULL);
	return !btfvar_find(&ops, name, &member, NULL);
}

const struct interface *interface_of(const struct btf *btf)
{
	int type = btf ? btf__find_by_name_kind(btf, INTERFACE_TYPE, BTF_KIND_STRUCT) : -ENOENT;

	if (type < 0)
		return NULL;
	for (size_t i = 0; i < sizeof(interfaces) / sizeof(*interfaces); i++)
		if (has_member(btf, type, interfaces[i].marker))
			return &interfaces[i];
	return &interface_unknown;
}

/* Parsing all of the kernel's BTF takes a tenth of a second under TCG, and its answer can't change. */
const struct interface *interface_of_kernel(void)
{
	static const struct interface *found;
	static bool known;

	if (!known) {
		struct btf *btf = btf__load_vmlinux_btf();

		found = interface_of(btf);
		btf__free(btf);
		known = true;
	}
	return found;
}

int interface_of_file(const char *path, const struct interface **found, struct error *err)
{
	struct btf *btf;
	char reason[128];

	bpflog_start();
	btf = btf__parse(path, NULL);
	if (!btf) {
		libbpf_strerror(errno, reason, sizeof(reason));
		return error_set(err, ENOEXEC, "%s: no BTF in it: %s", path, reason);
	}
	*found = interface_of(btf);
	btf__free(btf);
	return 0;
}

const char *interface_alias(const char *callback)
{
	/* v6's is asked on the same charges, and told less. */
	static const char *const same[][2] = {{"get_high_delay_ms", "memcg_charged"}};

	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		for (int side = 0; side < 2; side++)
			if (!strcmp(callback, same[i][side]))
				return same[i][!side];
	return NULL;
}
