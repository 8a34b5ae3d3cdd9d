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

/* From include/uapi/linux/bpf.h of 6.12; Debian 12's header is older. */
#define F_LINK (1U << 13)           /* BPF_F_LINK */
#define F_VALUE_TYPE_BTF (1U << 15) /* BPF_F_VTYPE_BTF_OBJ_FD */
#define ATTACH_STRUCT_OPS 44        /* BPF_STRUCT_OPS */
/* bpf_map_info.btf_vmlinux_id stands where older headers have padding. */
#define BTF_VMLINUX_ID (offsetof(struct bpf_map_info, map_extra) - sizeof(__u32))

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

/* --- who has the type --- */

int structops_refuse_unknown(struct error *err)
{
	return error_set(err, EOPNOTSUPP,
			 "this kernel's own " INTERFACE_TYPE
			 " is %s, and the module would stand in its way; "
			 "run with --vm",
			 interface_unknown.name);
}

int structops_find_target(struct structops_target *target, struct error *err)
{
	*target =
		(struct structops_target){.interface = interface_of_kernel(), .btf = kernel_btf()};
	if (target->interface)
		return target->interface == &interface_unknown ? structops_refuse_unknown(err) : 0;
	target->module = btf__load_module_btf(INTERFACE_TYPE, kernel_btf());
	if (!target->module)
		return error_set(err, errno, "types of the module " INTERFACE_TYPE ": %s",
				 strerror(errno));
	target->btf = target->module;
	target->interface = interface_of(target->btf);
	if (target->interface && target->interface != &interface_unknown)
		return 0;
	return error_set(err, EOPNOTSUPP,
			 "the module " INTERFACE_TYPE
			 " that is loaded is not one of memlua's; unload it");
}

void structops_release_target(struct structops_target *target)
{
	btf__free(target->module);
	*target = (struct structops_target){};
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
static int find_type(struct structops *s, const struct structops_target *target,
		     const struct bpf_map *map, struct error *err)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info), id;

	if (bpf_map_get_info_by_fd(bpf_map__fd(map), &info, &len))
		return error_set(err, errno, "struct_ops map: %s", strerror(errno));
	s->type = info.btf_vmlinux_value_type_id;
	s->size = info.value_size;
	if (!target->module)
		return 0;
	memcpy(&id, (char *)&info + BTF_VMLINUX_ID, sizeof(id));
	s->module_fd = bpf_btf_get_fd_by_id(id);
	if (s->module_fd < 0)
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
	if (!s->interface->cgroup_in_map)
		return 0;
	if (btfvar_find(&ops, "cgroup_id", &id, err))
		return -1;
	s->cgroup_id = id.data;
	return 0;
}

int structops_prepare(struct structops *s, const struct structops_target *target,
		      const struct btf *btf, const struct bpf_map *map, struct error *err)
{
	struct btfvar local;

	*s = (struct structops){.interface = target->interface, .map = -1, .module_fd = -1};
	if (structops_declared(btf, map, &local))
		return error_set(err, EINVAL, "no initial value; libbpf >= 1.4.1 is needed");
	s->name = bpf_map__name(map);
	s->object_fd = btf__fd(btf);
	if (find_type(s, target, map, err))
		return -1;
	return lay_out(s, target->btf, &local, err);
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

static int refuse_link(const struct structops *s, struct error *err)
{
	int code = errno;

	switch (code) {
	case EBUSY:
	case EEXIST:
		return error_set(err, code,
				 "a policy is attached to it, above or below it already; detach "
				 "that first");
	case ENOENT:
	case ENODEV:
		return error_set(err, code, "the cgroup is gone, or it has no memory controller");
	case EOPNOTSUPP:
	case EINVAL:
		return error_set(err, code, INTERFACE_TYPE " (%s) doesn't take this attachment: %s",
				 s->interface->name, strerror(code));
	case EPERM:
		return error_set(err, code, "not permitted; attaching needs root");
	default:
		return error_set(err, code, "%s", strerror(code));
	}
}

static int create_link(const struct structops *s, int map, int cgroup_fd)
{
	struct link_create attr = {.map_fd = map, .attach_type = ATTACH_STRUCT_OPS};

	s->interface->name_cgroup(&attr, cgroup_fd, s->override);
	return syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
}

int structops_link(struct structops *s, int cgroup_fd, uint64_t cgroup_id, struct error *err)
{
	CLEANUP_CLOSE int own = -1; /* the link keeps it */
	int link;

	if (s->cgroup_id)
		memcpy(s->cgroup_id, &cgroup_id, sizeof(cgroup_id));
	if (s->cgroup_id)
		own = new_map(s, err);
	else if (s->map < 0)
		s->map = new_map(s, err);
	if (own < 0 && s->map < 0)
		return -1;
	link = create_link(s, s->cgroup_id ? own : s->map, cgroup_fd);
	return link < 0 ? refuse_link(s, err) : link;
}
