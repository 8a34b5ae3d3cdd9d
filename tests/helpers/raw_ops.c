// SPDX-License-Identifier: GPL-2.0
/*
 * Uses memcg_bpf_ops as no library would: raw_ops OBJECT CGROUP nolink, a map that is registered without a link, updated
 * again and deleted; raw_ops OBJECT CGROUP link, attached and let go of by each order of closing, its cgroup removed or not.
 * Prints a line for each step: its name and the errno, 0 for done.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "../../bpf/memcg_bpf_ops.h"

static void tell(const char *what, int failed)
{
	printf("%s %d\n", what, failed ? errno : 0);
	fflush(stdout); /* before a kernel that does not survive the next */
}

/* The object with the map "plain" alone, aimed at the cgroup. */
static struct bpf_object *load(const char *path, const char *cgroup, bool linked, struct bpf_map **plain)
{
	struct bpf_object *object = bpf_object__open(path);
	struct memcg_bpf_ops *ops;
	struct bpf_program *prog;
	struct bpf_map *map;
	struct stat st;
	size_t size;

	if (!object || stat(cgroup, &st))
		return NULL;
	bpf_object__for_each_program(prog, object)
		if (!strcmp(bpf_program__name(prog), "nowhere"))
			bpf_program__set_autoload(prog, false);
	bpf_object__for_each_map(map, object) {
		if (bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS && strcmp(bpf_map__name(map), "plain"))
			bpf_map__set_autocreate(map, false);
	}
	*plain = bpf_object__find_map_by_name(object, "plain");
	ops = bpf_map__initial_value(*plain, &size);
	ops->cgroup_id = st.st_ino;
	if (!linked)
		bpf_map__set_map_flags(*plain, 0);
	return bpf_object__load(object) ? NULL : object;
}

static int without_link(const char *path, const char *cgroup)
{
	struct bpf_map *plain;
	struct bpf_object *object = load(path, cgroup, false, &plain);
	struct bpf_link *link;
	__u32 zero = 0;

	tell("load", !object);
	if (!object)
		return 0;
	link = bpf_map__attach_struct_ops(plain);
	tell("update", !link);
	if (link)
		tell("delete", bpf_map_delete_elem(bpf_map__fd(plain), &zero));
	bpf_object__close(object);
	return 0;
}

/* How the descriptors of map and link, and the cgroup, go: a letter each. */
static void let_go(const char *order, const char *path, const char *parent)
{
	char cgroup[4096];
	struct bpf_map *plain;
	struct bpf_object *object;
	struct bpf_link *made;
	int link;

	snprintf(cgroup, sizeof(cgroup), "%s/%s", parent, order);
	mkdir(cgroup, 0755);
	object = load(path, cgroup, true, &plain);
	made = object ? bpf_map__attach_struct_ops(plain) : NULL;
	link = made ? bpf_link__fd(made) : -1; /* libbpf's own idea of it is left to the end of the process */
	tell(order, link < 0);
	for (const char *step = order; *step && link >= 0; step++) {
		if (*step == 'l')
			close(link);
		else if (*step == 'm')
			bpf_object__close(object);
		else if (*step == 'd')
			bpf_link_detach(link);
		else
			rmdir(cgroup);
	}
	rmdir(cgroup);
}

int main(int argc, char **argv)
{
	static const char *const orders[] = {"lmc", "mlc", "cml", "clm", "dlmc", "cdlm", "mcl", "ddlm", "m"};

	if (argc != 4)
		return 2;
	libbpf_set_print(NULL);
	if (!strcmp(argv[3], "nolink"))
		return without_link(argv[1], argv[2]);
	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++)
		let_go(orders[i], argv[1], argv[2]); /* the last one's link goes with this process */
	return 0;
}
