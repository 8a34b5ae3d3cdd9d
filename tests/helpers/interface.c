// SPDX-License-Identifier: GPL-2.0
/*
 * Kernels with memcg_bpf_ops as far as memlua looks at them before it loads anything: no distribution has one.
 *
 *	interface btf KIND FILE		writes the BTF of such a kernel: v6, v7, none, other
 *	interface fit BTF OBJECT	prints what a policy's object declares, fitted to it: ROLE MEMBER=PROGRAM ...
 *	interface attach BTF		prints what BPF_LINK_CREATE is given for cgroup 7, without and with override
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../host/core/btfvar.h"
#include "../../host/core/error.h"
#include "../../host/core/structops.h"

/* --- making BTF --- */

static const char *const v6[] = {"handle_cgroup_online", "handle_cgroup_offline", "below_low", "below_min",
				 "get_high_delay_ms", NULL};
/* another order: nobody may count on it */
static const char *const v7[] = {"memcg_uncharged", "memcg_charged", "below_min", "below_low", "handle_cgroup_offline",
				 "handle_cgroup_online", NULL};
static const char *const other[] = {"handle_cgroup_online", "high_policy", NULL};

static void add_ops(struct btf *btf, const char *const *members)
{
	int proto = btf__add_func_proto(btf, 0), pointer = btf__add_ptr(btf, proto), count = 0;

	while (members[count])
		count++;
	btf__add_struct(btf, "memcg_bpf_ops", count * 8);
	for (int i = 0; i < count; i++)
		btf__add_field(btf, members[i], pointer, i * 64, 0);
}

static int write_btf(const char *kind, const char *path)
{
	struct btf *btf = btf__new_empty();
	FILE *file = fopen(path, "we");
	const void *data;
	bool failed;
	__u32 size;

	btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	if (strcmp(kind, "none"))
		add_ops(btf, !strcmp(kind, "v6") ? v6 : !strcmp(kind, "v7") ? v7 : other);
	data = btf__raw_data(btf, &size);
	failed = !file || fwrite(data, size, 1, file) != 1 || fclose(file);
	btf__free(btf);
	return failed;
}

/* --- fitting, attaching --- */

static int fail(const struct error *err)
{
	printf("%s\n", err->text);
	return 2;
}

static struct structops_target target_of(const char *path)
{
	struct btf *btf = btf__parse(path, NULL);

	return (struct structops_target){.interface = interface_of(btf), .btf = btf, .module = btf};
}

static void print_role(const struct btf *btf, const struct bpf_map *map)
{
	struct btfvar ops, member;

	printf("%s", bpf_map__name(map));
	structops_declared(btf, map, &ops);
	for (unsigned int i = 0; i < btfvar_count(&ops); i++) {
		btfvar_at(&ops, i, &member);
		if (!btfvar_uint(&member))
			continue;
		if (btfvar_kind(&member) == BTFVAR_OTHER)
			printf(" %s=%s", member.name, bpf_program__name((void *)btfvar_uint(&member)));
		else
			printf(" %s=%llu", member.name, (unsigned long long)btfvar_uint(&member));
	}
	printf("\n");
}

static int fit(const struct structops_target *target, const char *path)
{
	struct bpf_object *object = bpf_object__open(path);
	const struct btf *btf = bpf_object__btf(object);
	struct bpf_map *map;
	struct error err;
	int result = structops_check_calls(target, btf, &err) ? fail(&err) : 0;

	bpf_object__for_each_map(map, object) {
		if (result || !structops_is_type(btf, map))
			continue;
		if (structops_fit(target, btf, map, &err))
			result = fail(&err);
		else
			print_role(btf, map);
	}
	bpf_object__close(object);
	return result;
}

static int attach(const struct interface *interface)
{
	for (int override = 0; override < 2; override++) {
		struct link_create attr = {.map_fd = 3};

		interface->name_cgroup(&attr, 7, override);
		printf("target_fd %u flags %u relative_fd %u\n", attr.target_fd, attr.flags, attr.relative_fd);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct structops_target target;
	int result = 1;

	if (argc == 4 && !strcmp(argv[1], "btf"))
		return write_btf(argv[2], argv[3]);
	if (argc < 3)
		return 1;
	target = target_of(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "fit"))
		result = fit(&target, argv[3]);
	else if (argc == 3 && !strcmp(argv[1], "attach"))
		result = attach(target.interface);
	structops_release_target(&target);
	return result;
}
