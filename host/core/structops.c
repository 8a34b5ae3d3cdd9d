// SPDX-License-Identifier: GPL-2.0
#include "structops.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "btfvar.h"
#include "cleanup.h"
#include "error.h"
#include "memcg_bpf_ops.h"

/* From include/uapi/linux/bpf.h of 6.12; Debian 12's header is older. */
#define F_LINK (1U << 13)	     /* BPF_F_LINK */
#define F_VALUE_TYPE_BTF (1U << 15)  /* BPF_F_VTYPE_BTF_OBJ_FD */
#define ATTACH_STRUCT_OPS 44	     /* BPF_STRUCT_OPS */
/* bpf_map_info.btf_vmlinux_id stands where older headers have padding. */
#define BTF_VMLINUX_ID (offsetof(struct bpf_map_info, map_extra) - sizeof(__u32))

/* BPF_LINK_CREATE with a cgroup, as in the RFC; the kernel's union starts at offset 16. */
struct link_create {
	__u32 map_fd;
	__u32 target_fd;
	__u32 attach_type;
	__u32 flags;
	__u32 relative_fd;
	__u32 pad;
	__u64 expected_revision;
};

/* The kernel's own types don't change while it runs, and parsing them takes a while: kept until exit. */
static struct btf *kernel_btf(void)
{
	static struct btf *btf;

	if (!btf)
		btf = btf__load_vmlinux_btf();
	return btf;
}

bool structops_kernel_has(const char *name, uint32_t kind)
{
	return kernel_btf() && btf__find_by_name_kind(kernel_btf(), name, kind) > 0;
}

/* The type's id in the kernel's own BTF, or negative. Looked up once: 500 tenants ask. */
static int native_type(void)
{
	static int type;

	if (!type && kernel_btf())
		type = btf__find_by_name_kind(kernel_btf(), STRUCTOPS_TYPE, BTF_KIND_STRUCT);
	return type;
}

bool structops_is_native(void)
{
	return native_type() > 0;
}

/* The map's initial value as the object declares it; a pointer stands for the program of that callback. */
static int local_value(const struct btf *btf, const struct bpf_map *map, struct btfvar *var)
{
	int type = btf__find_by_name_kind(btf, STRUCTOPS_TYPE, BTF_KIND_STRUCT);
	size_t size;
	void *data = bpf_map__initial_value(map, &size);

	if (type < 0 || !data)
		return -1;
	btfvar_init(var, btf, type, bpf_map__name(map), data);
	return 0;
}

void structops_fit(const struct btf *btf, struct bpf_map *map)
{
	struct btfvar local, member, kernel;

	if (!structops_is_native() || local_value(btf, map, &local))
		return;
	btfvar_init(&kernel, kernel_btf(), native_type(), STRUCTOPS_TYPE, NULL);
	for (unsigned int i = 0; i < btfvar_count(&local); i++) {
		struct btfvar there;

		btfvar_at(&local, i, &member);
		if (btfvar_find(&kernel, member.name, &there, NULL))
			memset(member.data, 0, btfvar_size(&member));
	}
}

/* --- a map of its own --- */

/* One member of the kernel's struct: a program's descriptor for a callback, a number otherwise. */
static void set_member(struct btfvar *kernel, const struct btfvar *local)
{
	const struct bpf_program *prog;
	uint64_t value = 0;

	if (btfvar_kind(local) == BTFVAR_OTHER) {
		memcpy(&prog, local->data, sizeof(prog));
		value = prog ? bpf_program__fd(prog) : 0;
	} else {
		value = btfvar_uint(local);
	}
	memcpy(kernel->data, &value, btfvar_size(kernel));
}

/* The value's layout is the kernel's: its members, by name, get what the object and the cgroup say. */
static void fill(const struct btfvar *local, const struct btfvar *ops, uint64_t cgroup_id)
{
	struct btfvar from, to;

	for (unsigned int i = 0; i < btfvar_count(ops); i++) {
		btfvar_at(ops, i, &to);
		if (!strcmp(to.name, "cgroup_id"))
			memcpy(to.data, &cgroup_id, sizeof(cgroup_id));
		else if (!btfvar_find(local, to.name, &from, NULL))
			set_member(&to, &from);
	}
}

/* The type that the kernel gave to the object's own map: in its own BTF, or in the module's. */
struct kernel_type {
	struct bpf_map_info info;
	struct btf *module; /* NULL: native */
	int module_fd;
};

static int find_kernel_type(const struct bpf_map *map, struct kernel_type *type, struct error *err)
{
	__u32 len = sizeof(type->info), id;

	*type = (struct kernel_type){.module_fd = -1};
	if (bpf_map_get_info_by_fd(bpf_map__fd(map), &type->info, &len))
		return error_set(err, errno, "struct_ops map: %s", strerror(errno));
	if (structops_is_native())
		return 0;
	memcpy(&id, (char *)&type->info + BTF_VMLINUX_ID, sizeof(id));
	type->module_fd = bpf_btf_get_fd_by_id(id);
	type->module = btf__load_from_kernel_by_id_split(id, kernel_btf());
	if (type->module_fd < 0 || !type->module)
		return error_set(err, errno, "types of the module: %s", strerror(errno));
	return 0;
}

static void drop_kernel_type(struct kernel_type *type)
{
	btf__free(type->module);
	cleanup_close(&type->module_fd);
}

/* The kernel wants the object's BTF as well (btf_fd), although the value is of a type of its own. */
static int create_map(const struct btf *btf, const char *name, const struct kernel_type *type)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = F_LINK, .btf_fd = btf__fd(btf),
		    .btf_vmlinux_value_type_id = type->info.btf_vmlinux_value_type_id);

	if (type->module) {
		opts.map_flags |= F_VALUE_TYPE_BTF;
		opts.value_type_btf_obj_fd = type->module_fd;
	}
	return bpf_map_create(BPF_MAP_TYPE_STRUCT_OPS, name, sizeof(int), type->info.value_size, 1,
			      &opts);
}

/* A struct_ops map like the object's own one, with its programs and this cgroup in it. */
static int map_for(const struct btf *btf, const struct bpf_map *map, uint64_t cgroup_id,
		   struct error *err)
{
	__attribute__((cleanup(drop_kernel_type))) struct kernel_type type = {.module_fd = -1};
	CLEANUP_FREE void *value = NULL;
	CLEANUP_CLOSE int fd = -1;
	struct btfvar wrapped, ops, local;
	int zero = 0;

	if (local_value(btf, map, &local))
		return error_set(err, EINVAL, "no initial value; libbpf >= 1.4.1 is needed");
	if (find_kernel_type(map, &type, err))
		return -1;
	value = calloc(1, type.info.value_size);
	if (!value)
		return error_set(err, ENOMEM, "not enough memory");
	btfvar_init(&wrapped, type.module ? type.module : kernel_btf(),
		    type.info.btf_vmlinux_value_type_id, "struct_ops value", value);
	if (btfvar_find(&wrapped, "data", &ops, err))
		return -1;
	fill(&local, &ops, cgroup_id);
	fd = create_map(btf, bpf_map__name(map), &type);
	if (fd < 0)
		return error_set(err, errno, "making a struct_ops map: %s", strerror(errno));
	if (bpf_map_update_elem(fd, &zero, value, BPF_ANY))
		return error_set(err, errno, "filling the struct_ops map: %s", strerror(errno));
	return take_fd(&fd);
}

/* --- the link --- */

static int refuse_link(struct error *err)
{
	int code = errno;

	switch (code) {
	case EBUSY:
	case EEXIST:
		return error_set(err, code, "a policy is attached to it, above or below it already; detach "
				 "that first");
	case ENOENT:
	case ENODEV:
		return error_set(err, code, "the cgroup is gone, or it has no memory controller");
	case EOPNOTSUPP:
		return error_set(err, code, "this kernel's " STRUCTOPS_TYPE " doesn't take these flags");
	case EPERM:
		return error_set(err, code, "not permitted; attaching needs root");
	default:
		return error_set(err, code, "%s", strerror(code));
	}
}

static int link_native(const struct bpf_map *map, int map_fd, int cgroup_fd)
{
	struct link_create attr = {
		.map_fd = map_fd,
		.attach_type = ATTACH_STRUCT_OPS,
		.relative_fd = cgroup_fd,
	};
	size_t size;
	const struct memcg_bpf_ops *ops = bpf_map__initial_value(map, &size);

	if (ops && ops->flags & MEMCG_BPF_ALLOW_OVERRIDE)
		attr.flags = BPF_F_ALLOW_OVERRIDE;
	return syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
}

int structops_link(const struct btf *btf, const struct bpf_map *map, int cgroup_fd,
		   uint64_t cgroup_id, struct error *err)
{
	CLEANUP_CLOSE int map_fd = map_for(btf, map, cgroup_id, err);
	int link;

	if (map_fd < 0)
		return -1;
	link = structops_is_native() ? link_native(map, map_fd, cgroup_fd) :
				       bpf_link_create(map_fd, 0, ATTACH_STRUCT_OPS, NULL);
	return link < 0 ? refuse_link(err) : link;
}
