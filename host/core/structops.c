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

#include "bpflog.h"
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

	if (!btf) {
		bpflog_start();
		btf = btf__load_vmlinux_btf();
	}
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

bool structops_allows_override(const struct btf *btf, const struct bpf_map *map)
{
	struct btfvar local, flags;

	return !local_value(btf, map, &local) && !btfvar_find(&local, "flags", &flags, NULL) &&
	       btfvar_uint(&flags) & MEMCG_BPF_ALLOW_OVERRIDE;
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

/* The value's layout is the kernel's: its members, by name, get what the object says. */
static void fill(const struct btfvar *local, const struct btfvar *ops)
{
	struct btfvar from, to;

	for (unsigned int i = 0; i < btfvar_count(ops); i++) {
		btfvar_at(ops, i, &to);
		if (!btfvar_find(local, to.name, &from, NULL))
			set_member(&to, &from);
	}
}

/* The type that the kernel gave to the object's own map: in its own BTF, or in the module's. */
static int find_type(struct structops *s, const struct bpf_map *map, struct btf **module,
		     struct error *err)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info), id;

	if (bpf_map_get_info_by_fd(bpf_map__fd(map), &info, &len))
		return error_set(err, errno, "struct_ops map: %s", strerror(errno));
	s->type = info.btf_vmlinux_value_type_id;
	s->size = info.value_size;
	if (structops_is_native())
		return 0;
	memcpy(&id, (char *)&info + BTF_VMLINUX_ID, sizeof(id));
	s->module_fd = bpf_btf_get_fd_by_id(id);
	*module = btf__load_from_kernel_by_id_split(id, kernel_btf());
	if (s->module_fd < 0 || !*module)
		return error_set(err, errno, "types of the module: %s", strerror(errno));
	return 0;
}

static int lay_out(struct structops *s, const struct btf *btf, const struct btfvar *local,
		   struct error *err)
{
	struct btfvar value, ops, id;

	s->value = calloc(1, s->size);
	if (!s->value)
		return error_set(err, ENOMEM, "not enough memory");
	btfvar_init(&value, btf, s->type, "struct_ops value", s->value);
	if (btfvar_find(&value, "data", &ops, err))
		return -1;
	fill(local, &ops);
	if (!btfvar_find(&ops, "cgroup_id", &id, NULL))
		s->cgroup_id = id.data;
	return 0;
}

int structops_prepare(struct structops *s, const struct btf *btf, const struct bpf_map *map,
		      struct error *err)
{
	struct btf *module = NULL;
	struct btfvar local;
	int result;

	*s = (struct structops){.map = -1, .module_fd = -1};
	if (local_value(btf, map, &local))
		return error_set(err, EINVAL, "no initial value; libbpf >= 1.4.1 is needed");
	s->name = bpf_map__name(map);
	s->object_fd = btf__fd(btf);
	result = find_type(s, map, &module, err);
	if (!result)
		result = lay_out(s, module ? module : kernel_btf(), &local, err);
	btf__free(module);
	return result;
}

void structops_release(struct structops *s)
{
	free(s->value);
	cleanup_close(&s->map);
	cleanup_close(&s->module_fd);
	*s = (struct structops){.map = -1, .module_fd = -1};
}

/* The kernel wants the object's BTF as well (btf_fd), although the value is of a type of its own. */
static int create_map(const struct structops *s)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = F_LINK, .btf_fd = s->object_fd,
		    .btf_vmlinux_value_type_id = s->type);

	if (s->module_fd >= 0) {
		opts.map_flags |= F_VALUE_TYPE_BTF;
		opts.value_type_btf_obj_fd = s->module_fd;
	}
	return bpf_map_create(BPF_MAP_TYPE_STRUCT_OPS, s->name, sizeof(int), s->size, 1, &opts);
}

/* A struct_ops map like the object's own one, with its programs in it. */
static int new_map(const struct structops *s, struct error *err)
{
	CLEANUP_CLOSE int fd = create_map(s);
	int zero = 0;

	if (fd < 0)
		return error_set(err, errno, "making a struct_ops map: %s", strerror(errno));
	if (bpf_map_update_elem(fd, &zero, s->value, BPF_ANY))
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

static int link_native(const struct structops *s, int cgroup_fd)
{
	struct link_create attr = {
		.map_fd = s->map,
		.attach_type = ATTACH_STRUCT_OPS,
		.flags = s->override ? BPF_F_ALLOW_OVERRIDE : 0,
		.relative_fd = cgroup_fd,
	};

	return syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
}

/* One map serves all cgroups; it is made for the first. */
static int attach_native(struct structops *s, int cgroup_fd, struct error *err)
{
	int link;

	if (s->map < 0)
		s->map = new_map(s, err);
	if (s->map < 0)
		return -1;
	link = link_native(s, cgroup_fd);
	return link < 0 ? refuse_link(err) : link;
}

/* A map for this cgroup; the link keeps it. */
static int attach_module(struct structops *s, uint64_t cgroup_id, struct error *err)
{
	CLEANUP_CLOSE int map = -1;
	int link;

	memcpy(s->cgroup_id, &cgroup_id, sizeof(cgroup_id));
	map = new_map(s, err);
	if (map < 0)
		return -1;
	link = bpf_link_create(map, 0, ATTACH_STRUCT_OPS, NULL);
	return link < 0 ? refuse_link(err) : link;
}

int structops_link(struct structops *s, int cgroup_fd, uint64_t cgroup_id, struct error *err)
{
	return s->cgroup_id ? attach_module(s, cgroup_id, err) : attach_native(s, cgroup_fd, err);
}
