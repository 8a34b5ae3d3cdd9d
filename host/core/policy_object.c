// SPDX-License-Identifier: GPL-2.0
/* Finding a policy's object, and what is in it. */
#include "policy_parts.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bpflog.h"
#include "embed.h"
#include "error.h"
#include "nearest.h"
#include "policy_object.h"
#include "structops.h"
#include "trusted.h"

#define MAX_BUILTIN 64
#define BUILTIN_PREFIX "policies/"
#define BUILTIN_SUFFIX ".bpf.o"

/* --- finding it --- */

/* "policies/priority.bpf.o" is built in as "priority"; anything else isn't a policy. */
static bool builtin_name(const char *file, char *name, size_t size)
{
	size_t prefix = strlen(BUILTIN_PREFIX), suffix = strlen(BUILTIN_SUFFIX), len = strlen(file);

	if (len <= prefix + suffix || strncmp(file, BUILTIN_PREFIX, prefix) ||
	    strcmp(file + len - suffix, BUILTIN_SUFFIX))
		return false;
	snprintf(name, size, "%.*s", (int)(len - prefix - suffix), file + prefix);
	return true;
}

const char *policy_builtin(unsigned int i)
{
	static char names[MAX_BUILTIN][64];
	unsigned int found = 0;

	for (const struct embedded *e = embed_table; e->name && found < MAX_BUILTIN; e++)
		found += builtin_name(e->name, names[found], sizeof(names[found]));
	return i < found ? names[i] : NULL;
}

static bool is_path(const char *name)
{
	size_t len = strlen(name);

	return strchr(name, '/') || (len > 2 && !strcmp(name + len - 2, ".o"));
}

static int unknown_policy(const char *name, struct error *err)
{
	const char *known[MAX_BUILTIN + 1] = {};
	char hint[1024];

	for (unsigned int i = 0; i < MAX_BUILTIN; i++)
		known[i] = policy_builtin(i);
	return error_set(err, ENOENT,
			 "%s: no such policy%s; a file is named by its path (./my.bpf.o)", name,
			 nearest_hint(name, known, hint, sizeof(hint)));
}

static struct bpf_object *open_builtin(const char *name, struct error *err)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = name);
	char file[128];
	const void *image;
	size_t size;

	snprintf(file, sizeof(file), BUILTIN_PREFIX "%s" BUILTIN_SUFFIX, name);
	image = embed_find(file, &size);
	if (!image) {
		unknown_policy(name, err);
		return NULL;
	}
	return bpf_object__open_mem(image, size, &opts);
}

/* libbpf would also take a folder's name, and cut its slashes off in place. */
static int check_file(const char *path)
{
	struct stat st;

	if (stat(path, &st) || access(path, R_OK))
		return -1;
	errno = S_ISDIR(st.st_mode) ? EISDIR : 0;
	return errno ? -1 : 0;
}

struct bpf_object *policy_open_object(const char *name, struct error *err)
{
	struct bpf_object *object;
	char reason[128];

	bpflog_start();
	if (is_path(name) && check_file(name)) {
		error_set(err, errno, "%s: %s", name, strerror(errno));
		return NULL;
	}
	if (is_path(name) && trusted_file(name, err))
		return NULL;
	errno = 0;
	object = is_path(name) ? bpf_object__open(name) : open_builtin(name, err);
	if (!object && errno) {
		libbpf_strerror(errno, reason, sizeof(reason));
		error_set(err, ENOEXEC,
			  "%s: not a BPF object file: %s; build it with clang -target bpf -g", name,
			  reason);
	}
	return object;
}

/* "dir/my.bpf.o" is called "my" */
char *policy_short_name(const char *name)
{
	const char *slash = strrchr(name, '/');
	char *copy = strdup(slash ? slash + 1 : name), *end;

	if (copy && is_path(name)) {
		end = strstr(copy, ".bpf.o");
		if (!end)
			end = strrchr(copy, '.');
		if (end)
			*end = '\0';
	}
	return copy;
}

/* --- what is in it --- */

/* The variable of a data section, e.g. config in .data. */
static bool find_in_section(const struct policy *p, const struct btf_type *section,
			    const char *name, struct global *global)
{
	const struct btf_var_secinfo *info = btf_var_secinfos(section);
	size_t size;

	for (unsigned int i = 0; i < btf_vlen(section); i++) {
		const struct btf_type *var = btf__type_by_id(p->btf, info[i].type);

		if (strcmp(btf__name_by_offset(p->btf, var->name_off), name))
			continue;
		global->map = bpf_object__find_map_by_name(
			p->object, btf__name_by_offset(p->btf, section->name_off));
		if (!global->map)
			return false;
		global->offset = info[i].offset;
		btfvar_init(&global->var, p->btf, var->type, name,
			    (char *)bpf_map__initial_value(global->map, &size) + global->offset);
		return btfvar_kind(&global->var) == BTFVAR_STRUCT;
	}
	return false;
}

static void find_global(const struct policy *p, const char *name, struct global *global)
{
	for (uint32_t id = 1; id < btf__type_cnt(p->btf) && !global->there; id++) {
		const struct btf_type *t = btf__type_by_id(p->btf, id);

		if (btf_is_datasec(t))
			global->there = find_in_section(p, t, name, global);
	}
}

static void add_role(struct policy *p, struct bpf_map *map)
{
	struct role *role = &p->roles[p->nroles++];
	char name[128];

	role->name = bpf_map__name(map);
	role->ops = map;
	snprintf(name, sizeof(name), "%s_memcg", role->name);
	role->tenants = bpf_object__find_map_by_name(p->object, name);
	snprintf(name, sizeof(name), "%s_join", role->name);
	role->join = bpf_object__find_program_by_name(p->object, name);
}

int policy_inspect(struct policy *p, struct error *err)
{
	struct bpf_map *map;

	p->btf = bpf_object__btf(p->object);
	if (!p->btf)
		return error_set(err, EINVAL, "has no BTF; build it with clang -g");
	bpf_object__for_each_map(map, p->object)
		if (structops_is_type(p->btf, map) && p->nroles < MAX_ROLES)
			add_role(p, map);
	if (!p->nroles)
		return error_set(err, EINVAL,
				 "has no " INTERFACE_TYPE " struct_ops map; see "
				 "bpf/policies/template.bpf.c");
	find_global(p, "config", &p->config);
	if (!p->config.there)
		find_global(p, "local_config", &p->config); /* that of the RFC's own objects */
	find_global(p, "stats", &p->stats);
	return 0;
}

const char *policy_name(const struct policy *p)
{
	return p->name;
}

const char *policy_description(const struct policy *p)
{
	const char *text;

	for (uint32_t id = 1; id < btf__type_cnt(p->btf); id++) {
		text = btf_tag(p->btf, id, -1, "policy", 0);
		if (text)
			return text;
	}
	return NULL;
}

const char *policy_role(const struct policy *p, unsigned int i)
{
	return i < p->nroles ? p->roles[i].name : NULL;
}

int policy_find_role(const struct policy *p, const char *name, struct error *err)
{
	const char *known[MAX_ROLES + 1] = {};
	char hint[1024];

	for (unsigned int i = 0; i < p->nroles; i++) {
		known[i] = p->roles[i].name;
		if (!strcmp(known[i], name))
			return i;
	}
	return error_set(err, ENOENT, "%s: unknown role '%s'%s", p->name, name,
			 nearest_hint(name, known, hint, sizeof(hint)));
}

bool policy_config(const struct policy *p, struct btfvar *var)
{
	*var = p->config.var;
	return p->config.there;
}

bool policy_stats(const struct policy *p, struct btfvar *var)
{
	*var = p->stats.var;
	return p->stats.there;
}

bool policy_tenant_type(const struct policy *p, unsigned int role, struct btfvar *var)
{
	const struct bpf_map *map = p->roles[role].tenants;

	if (!map)
		return false;
	btfvar_init(var, p->btf, bpf_map__btf_value_type_id(map), p->roles[role].name, NULL);
	return btfvar_kind(var) == BTFVAR_STRUCT;
}
