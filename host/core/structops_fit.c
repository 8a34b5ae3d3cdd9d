// SPDX-License-Identifier: GPL-2.0
/* Fitting what an object declares as a role to the interface at hand, before libbpf loads it. */
#include "structops.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "btfvar.h"
#include "error.h"
#include "memcg_bpf_ops.h"

/*
 * The kernel's functions that programs may call and that not every kernel has: those of the memory controller. One that is
 * called by a flavour of its name (NAME___FLAVOUR, weak) the policy looks for itself.
 */
static bool is_lent(const char *name)
{
	return !strncmp(name, "bpf_", 4) && strstr(name, "mem_cgroup") && !strstr(name, "___");
}

int structops_check_calls(const struct structops_target *target, const struct btf *btf,
			  struct error *err)
{
	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const char *name = btf__name_by_offset(btf, t->name_off);

		if (!btf_is_func(t) || !is_lent(name) ||
		    btf__find_by_name_kind(target->btf, name, BTF_KIND_FUNC) > 0)
			continue;
		return error_set(
			err, EOPNOTSUPP,
			"calls %s(), which this kernel lacks (Linux 7.0 has the memcg's own, "
			"memlua's module gives all of them to a stock kernel); run with "
			"--vm, or do without it",
			name);
	}
	return 0;
}

static uint32_t type_of(const struct bpf_map *map)
{
	return bpf_map__btf_value_type_id(map);
}

/* libbpf's rule: what stands behind three underscores tells flavours of one type apart. */
bool structops_is_type(const struct btf *btf, const struct bpf_map *map)
{
	const struct btf_type *t = btf__type_by_id(btf, type_of(map));
	const char *name = t ? btf__name_by_offset(btf, t->name_off) : "";
	size_t len = strlen(INTERFACE_TYPE);

	return bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS &&
	       !strncmp(name, INTERFACE_TYPE, len) &&
	       (!name[len] || !strncmp(name + len, "___", 3));
}

int structops_declared(const struct btf *btf, const struct bpf_map *map, struct btfvar *var)
{
	size_t size;
	void *data = bpf_map__initial_value(map, &size);

	if (!data)
		return -1;
	btfvar_init(var, btf, type_of(map), bpf_map__name(map), data);
	return 0;
}

bool structops_allows_override(const struct btf *btf, const struct bpf_map *map)
{
	struct btfvar declared, flags;

	return !structops_declared(btf, map, &declared) &&
	       !btfvar_find(&declared, "flags", &flags, NULL) &&
	       btfvar_uint(&flags) & MEMCG_BPF_ALLOW_OVERRIDE;
}

/* A callback, and not data. */
static bool is_callback(const struct btfvar *member)
{
	return btfvar_kind(member) == BTFVAR_OTHER && btfvar_size(member) == sizeof(void *);
}

static const struct bpf_program *program_of(const struct btfvar *callback)
{
	const struct bpf_program *prog;

	memcpy(&prog, callback->data, sizeof(prog));
	return prog;
}

static bool is_optional(const struct btf *btf, const struct bpf_program *prog)
{
	int func = btf__find_by_name_kind(btf, bpf_program__name(prog), BTF_KIND_FUNC);

	return func > 0 && btf_tag(btf, func, -1, "optional", 0);
}

/* Moves the callback to the member by whose name the target knows it. */
static bool rename_callback(const struct btfvar *declared, const struct btfvar *type,
			    struct btfvar *callback)
{
	const char *alias = interface_alias(callback->name);
	struct btfvar there, other;

	if (!alias || btfvar_find(type, alias, &there, NULL) ||
	    btfvar_find(declared, alias, &other, NULL))
		return false;
	if (!program_of(&other))
		memcpy(other.data, callback->data, sizeof(void *));
	memset(callback->data, 0, sizeof(void *));
	return true;
}

static int fit_callback(const struct structops_target *target, const struct btf *btf,
			const struct btfvar *declared, const struct btfvar *type,
			struct btfvar *callback, struct error *err)
{
	if (!program_of(callback) || rename_callback(declared, type, callback))
		return 0;
	if (!is_optional(btf, program_of(callback)))
		return error_set(err, EOPNOTSUPP,
				 "the callback %s is one that " INTERFACE_TYPE
				 " (%s) lacks; mark %s "
				 "__optional if the policy can do without",
				 callback->name, target->interface->name,
				 bpf_program__name(program_of(callback)));
	memset(callback->data, 0, sizeof(void *));
	return 0;
}

/* Natively whether one may override is the link's to say; the rest of the flags is the module's alone. */
static int fit_data(const struct structops_target *target, struct btfvar *member, struct error *err)
{
	uint64_t value = btfvar_uint(member);

	if (!strcmp(member->name, "flags")) {
		if (value & MEMCG_BPF_HOLD)
			return error_set(
				err, EOPNOTSUPP,
				"needs MEMCG_BPF_HOLD, to ask a task again until it may go on, "
				"which " INTERFACE_TYPE
				" (%s) lacks: what it promises would not hold; take a stock "
				"kernel, whose module has it (--vm without --kernel)",
				target->interface->name);
		value &= ~(uint64_t)MEMCG_BPF_ALLOW_OVERRIDE;
	}
	if (value)
		return error_set(err, EOPNOTSUPP,
				 "%s: " INTERFACE_TYPE " (%s) has no such member, and it is set",
				 member->name, target->interface->name);
	memset(member->data, 0, btfvar_size(member));
	return 0;
}

int structops_fit(const struct structops_target *target, const struct btf *btf, struct bpf_map *map,
		  struct error *err)
{
	int id = btf__find_by_name_kind(target->btf, INTERFACE_TYPE, BTF_KIND_STRUCT);
	struct btfvar declared, type, member, there;
	int result = 0;

	if (structops_declared(btf, map, &declared))
		return error_set(err, EINVAL, "no initial value; libbpf >= 1.4.1 is needed");
	btfvar_init(&type, target->btf, id, INTERFACE_TYPE, NULL);
	for (unsigned int i = 0; i < btfvar_count(&declared) && !result; i++) {
		btfvar_at(&declared, i, &member);
		if (!btfvar_find(&type, member.name, &there, NULL))
			continue;
		if (is_callback(&member))
			result = fit_callback(target, btf, &declared, &type, &member, err);
		else
			result = fit_data(target, &member, err);
	}
	return result;
}
