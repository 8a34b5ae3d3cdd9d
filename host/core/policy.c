// SPDX-License-Identifier: GPL-2.0
#include "policy.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bpflog.h"
#include "cleanup.h"
#include "embed.h"
#include "error.h"
#include "kmod.h"
#include "nearest.h"
#include "structops.h"

#define MAX_ROLES 16
#define MAX_BUILTIN 64
#define BUILTIN_PREFIX "policies/"
#define BUILTIN_SUFFIX ".bpf.o"
/* Descriptors beside the links: scripts, cgroups, workers, maps and programs. */
#define SPARE_FDS 512

struct role {
	const char *name;
	struct bpf_map *ops;
	struct bpf_map *tenants;	  /* ROLE_memcg, or NULL */
	const struct bpf_program *join;	  /* ROLE_join, or NULL */
	bool override;
};

struct tenant {
	uint64_t id;
	char *name;
	unsigned int role;
	int cgroup_fd; /* until attached */
	int link;
	bool dropped;
	void *settings; /* until attached */
};

/* A global struct of the object, in the memory that it shares with the kernel once it is loaded. */
struct global {
	bool there;
	struct btfvar var;
	struct bpf_map *map;
	size_t offset, mapped;
};

struct policy {
	char *name;
	struct bpf_object *object;
	const struct btf *btf;
	struct role roles[MAX_ROLES];
	unsigned int nroles;
	struct global config, stats;
	struct tenant *tenants;
	unsigned int ntenants;
	struct bpf_link **links; /* of the other programs */
	unsigned int nlinks;
	bool attached, module;
};

/* struct memlua_join of bpf/policies/memlua.bpf.h */
struct join {
	uint64_t cgroup_id;
	char why[120];
};

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
	return error_set(err, ENOENT, "%s: no such policy%s; a file is named by its path (./my.bpf.o)",
			 name, nearest_hint(name, known, hint, sizeof(hint)));
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

static struct bpf_object *open_object(const char *name, struct error *err)
{
	struct bpf_object *object;
	char reason[128];

	bpflog_start();
	if (is_path(name) && check_file(name)) {
		error_set(err, errno, "%s: %s", name, strerror(errno));
		return NULL;
	}
	errno = 0;
	object = is_path(name) ? bpf_object__open(name) : open_builtin(name, err);
	if (!object && errno) {
		libbpf_strerror(errno, reason, sizeof(reason));
		error_set(err, ENOEXEC, "%s: not a BPF object file: %s; build it with clang -target bpf -g",
			  name, reason);
	}
	return object;
}

/* "dir/my.bpf.o" is called "my" */
static char *short_name(const char *name)
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

static bool is_role(const struct policy *p, const struct bpf_map *map)
{
	const struct btf_type *t = btf__type_by_id(p->btf, bpf_map__btf_value_type_id(map));

	return bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS && t &&
	       !strcmp(btf__name_by_offset(p->btf, t->name_off), STRUCTOPS_TYPE);
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

static int inspect(struct policy *p, struct error *err)
{
	struct bpf_map *map;

	p->btf = bpf_object__btf(p->object);
	if (!p->btf)
		return error_set(err, EINVAL, "has no BTF; build it with clang -g");
	bpf_object__for_each_map(map, p->object)
		if (is_role(p, map) && p->nroles < MAX_ROLES)
			add_role(p, map);
	if (!p->nroles)
		return error_set(err, EINVAL, "has no " STRUCTOPS_TYPE " struct_ops map; see "
				 "bpf/policies/template.bpf.c");
	find_global(p, "config", &p->config);
	find_global(p, "stats", &p->stats);
	return 0;
}

struct policy *policy_open(const char *name, struct error *err)
{
	struct policy *p = calloc(1, sizeof(*p));

	if (p)
		p->name = short_name(name);
	if (!p || !p->name) {
		free(p);
		error_set(err, ENOMEM, "%s: not enough memory", name);
		return NULL;
	}
	p->object = open_object(name, err);
	if (!p->object) {
		policy_close(p);
		return NULL;
	}
	if (inspect(p, err)) {
		error_prefix(err, "%s", name);
		policy_close(p);
		return NULL;
	}
	return p;
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

/* --- tenants --- */

static struct tenant *find_tenant(const struct policy *p, uint64_t id)
{
	for (unsigned int i = 0; i < p->ntenants; i++)
		if (p->tenants[i].id == id)
			return &p->tenants[i];
	return NULL;
}

static void free_tenants(struct policy *p)
{
	for (unsigned int i = 0; i < p->ntenants; i++) {
		free(p->tenants[i].name);
		free(p->tenants[i].settings);
	}
	free(p->tenants);
	p->tenants = NULL;
	p->ntenants = 0;
}

static int new_settings(const struct policy *p, unsigned int role, struct btfvar *settings)
{
	if (!policy_tenant_type(p, role, settings))
		return 0;
	settings->data = calloc(1, bpf_map__value_size(p->roles[role].tenants));
	return settings->data ? 0 : -1;
}

int policy_enrol(struct policy *p, unsigned int role, int cgroup_fd, uint64_t cgroup_id,
		 const char *name, struct btfvar *settings, struct error *err)
{
	struct tenant *grown;
	char *copy;

	*settings = (struct btfvar){};
	if (find_tenant(p, cgroup_id))
		return error_set(err, EEXIST, "%s: %s: has a role already", p->name, name);
	grown = reallocarray(p->tenants, p->ntenants + 1, sizeof(*grown));
	if (grown)
		p->tenants = grown;
	copy = strdup(name);
	if (!grown || !copy || new_settings(p, role, settings)) {
		free(copy);
		return error_set(err, ENOMEM, "%s: %s: not enough memory", p->name, name);
	}
	p->tenants[p->ntenants++] = (struct tenant){.id = cgroup_id, .name = copy, .role = role,
						    .cgroup_fd = cgroup_fd, .link = -1,
						    .settings = settings->data};
	return 0;
}

int policy_begin(struct policy *p, struct error *err)
{
	if (p->attached)
		return error_set(err, EBUSY, "%s: attached already", p->name);
	free_tenants(p);
	return 0;
}

static int refuse_tenant(const struct policy *p, const struct tenant *t, struct error *err)
{
	return error_prefix(err, "%s: %s: %s", p->name, p->roles[t->role].name, t->name);
}

/* Ask the policy whether it takes the tenant as its entry stands. */
static int join(const struct policy *p, const struct tenant *t, struct error *err)
{
	struct join ctx = {.cgroup_id = t->id};
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &ctx, .ctx_size_in = sizeof(ctx));
	const struct bpf_program *prog = p->roles[t->role].join;
	int result;

	if (!prog || t->dropped)
		return 0;
	if (bpf_prog_test_run_opts(bpf_program__fd(prog), &run))
		return error_set(err, errno, "%s: %s", bpf_program__name(prog), strerror(errno));
	result = run.retval;
	if (result >= 0)
		return 0;
	ctx.why[sizeof(ctx.why) - 1] = '\0';
	return error_set(err, -result, "%s", *ctx.why ? ctx.why : strerror(-result));
}

static int join_all(const struct policy *p, struct error *err)
{
	for (unsigned int i = 0; i < p->ntenants; i++)
		if (join(p, &p->tenants[i], err))
			return refuse_tenant(p, &p->tenants[i], err);
	return 0;
}

static int write_entry(const struct policy *p, const struct tenant *t, const void *value,
		       struct error *err)
{
	int fd = bpf_map__fd(p->roles[t->role].tenants);

	if (bpf_map_update_elem(fd, &t->id, value, BPF_ANY))
		return error_set(err, errno, "settings: %s", strerror(errno));
	return 0;
}

static int write_entries(struct policy *p, struct error *err)
{
	for (unsigned int i = 0; i < p->ntenants; i++) {
		struct tenant *t = &p->tenants[i];

		if (t->settings && write_entry(p, t, t->settings, err))
			return refuse_tenant(p, t, err);
	}
	return 0;
}

static int link_role(struct policy *p, unsigned int role, struct structops *ops, struct error *err)
{
	if (structops_prepare(ops, p->btf, p->roles[role].ops, err))
		return error_prefix(err, "%s: %s", p->name, p->roles[role].name);
	ops->override = p->roles[role].override;
	for (unsigned int i = 0; i < p->ntenants; i++) {
		struct tenant *t = &p->tenants[i];

		if (t->role != role)
			continue;
		t->link = structops_link(ops, t->cgroup_fd, t->id, err);
		if (t->link < 0)
			return refuse_tenant(p, t, err);
	}
	return 0;
}

static int link_tenants(struct policy *p, struct error *err)
{
	int result = 0;

	for (unsigned int i = 0; i < p->nroles && !result; i++) {
		struct structops ops;

		result = link_role(p, i, &ops, err);
		structops_release(&ops);
	}
	return result;
}

/* --- which programs this kernel and this configuration ask for --- */

/* "member" or "member=enumerator", see __when() in memlua.bpf.h */
static bool condition_holds(const struct btfvar *config, const char *condition)
{
	const char *equals = strchrnul(condition, '='), *text;
	struct btfvar member;
	char name[128];

	snprintf(name, sizeof(name), "%.*s", (int)(equals - condition), condition);
	if (btfvar_find(config, name, &member, NULL))
		return false;
	if (!*equals)
		return btfvar_uint(&member) != 0;
	text = btfvar_text(&member);
	return text && !strcmp(text, equals + 1);
}

static const char *program_tag(const struct policy *p, const struct bpf_program *prog,
			       const char *key, unsigned int nth)
{
	int func = btf__find_by_name_kind(p->btf, bpf_program__name(prog), BTF_KIND_FUNC);

	return func < 0 ? NULL : btf_tag(p->btf, func, -1, key, nth);
}

static bool is_wanted(const struct policy *p, const struct bpf_program *prog,
		      const struct btfvar *config)
{
	const char *condition;

	for (unsigned int i = 0; (condition = program_tag(p, prog, "when", i)); i++)
		if (!p->config.there || !condition_holds(config, condition))
			return false;
	return true;
}

/* Whether the kernel has what a tracing program attaches to. */
static bool has_target(const struct bpf_program *prog)
{
	const char *section = bpf_program__section_name(prog);
	const char *target = strchr(section, '/');
	char name[128];

	section += *section == '?';
	if (!target)
		return true;
	if (!strncmp(section, "tp_btf/", 7)) {
		snprintf(name, sizeof(name), "btf_trace_%s", target + 1);
		return structops_kernel_has(name, BTF_KIND_TYPEDEF);
	}
	if (!strncmp(section, "fentry", 6) || !strncmp(section, "fexit", 5))
		return structops_kernel_has(target + 1, BTF_KIND_FUNC);
	return true;
}

/* Of a group of alternatives, an earlier one has been chosen. */
static bool is_covered(const struct policy *p, const struct bpf_program *prog, const char *group)
{
	struct bpf_program *other;

	bpf_object__for_each_program(other, p->object) {
		const char *its = program_tag(p, other, "one-of", 0);

		if (other == prog)
			return false;
		if (its && !strcmp(its, group) && bpf_program__autoload(other))
			return true;
	}
	return false;
}

static int select_program(const struct policy *p, struct bpf_program *prog)
{
	const char *group = program_tag(p, prog, "one-of", 0);

	if (!group && !program_tag(p, prog, "when", 0))
		return 0;
	return bpf_program__set_autoload(prog, is_wanted(p, prog, &p->config.var) &&
						       (!group || (has_target(prog) &&
								   !is_covered(p, prog, group))));
}

/* A wanted group of which this kernel has no target must not pass for one that counts nothing. */
static int check_groups(const struct policy *p, struct error *err)
{
	struct bpf_program *prog, *other;

	bpf_object__for_each_program(prog, p->object) {
		const char *group = program_tag(p, prog, "one-of", 0);
		bool loaded = false;

		if (!group || !is_wanted(p, prog, &p->config.var))
			continue;
		bpf_object__for_each_program(other, p->object) {
			const char *its = program_tag(p, other, "one-of", 0);

			loaded |= its && !strcmp(its, group) && bpf_program__autoload(other);
		}
		if (!loaded)
			return error_set(err, EOPNOTSUPP, "this kernel has none of the places where '%s' "
					 "could be counted; choose another configuration", group);
	}
	return 0;
}

/* --- loading --- */

static int load_failed(int code, struct error *err)
{
	const char *said = bpflog_tail();

	if (code == EPERM)
		return error_set(err, code, "not permitted to load BPF programs; run as root or with --vm");
	return error_set(err, code, "the kernel refused it: %s%s%s", strerror(code), *said ? ":\n" : "",
			 said);
}

static int load(struct policy *p, struct error *err)
{
	struct bpf_program *prog;

	for (unsigned int i = 0; i < p->nroles; i++) {
		unsigned int tenants = 0;

		p->roles[i].override = structops_allows_override(p->btf, p->roles[i].ops);
		structops_fit(p->btf, p->roles[i].ops);
		for (unsigned int t = 0; t < p->ntenants; t++)
			tenants += p->tenants[t].role == i;
		if (p->roles[i].tenants &&
		    bpf_map__set_max_entries(p->roles[i].tenants, tenants ? tenants : 1))
			return error_set(err, errno, "%s: room for %u tenants: %s", p->roles[i].name, tenants,
					 strerror(errno));
	}
	bpf_object__for_each_program(prog, p->object)
		if (select_program(p, prog))
			return error_set(err, errno, "%s: %s", bpf_program__name(prog), strerror(errno));
	if (check_groups(p, err))
		return -1;
	bpflog_start();
	if (bpf_object__load(p->object))
		return load_failed(errno, err);
	return 0;
}

/* From now on the struct is the one that the programs see. */
static int share(struct global *global, struct error *err)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *memory;

	if (!global->there)
		return 0;
	global->mapped = (bpf_map__value_size(global->map) + page - 1) / page * page;
	memory = mmap(NULL, global->mapped, PROT_READ | PROT_WRITE, MAP_SHARED,
		      bpf_map__fd(global->map), 0);
	if (memory == MAP_FAILED) {
		global->mapped = 0;
		return error_set(err, errno, "%s: %s; declare it neither static nor const",
				 global->var.name, strerror(errno));
	}
	global->var.data = memory + global->offset;
	return 0;
}

static int attach_others(struct policy *p, struct error *err)
{
	struct bpf_program *prog;
	unsigned int count = 0;

	bpf_object__for_each_program(prog, p->object)
		count++;
	p->links = calloc(count, sizeof(*p->links));
	if (!p->links)
		return error_set(err, ENOMEM, "not enough memory");
	bpf_object__for_each_program(prog, p->object) {
		enum bpf_prog_type type = bpf_program__type(prog);

		if (type == BPF_PROG_TYPE_STRUCT_OPS || type == BPF_PROG_TYPE_SYSCALL ||
		    bpf_program__fd(prog) < 0)
			continue;
		p->links[p->nlinks] = bpf_program__attach(prog);
		if (!p->links[p->nlinks])
			return error_set(err, errno, "%s: %s", bpf_program__section_name(prog),
					 strerror(errno));
		p->nlinks++;
	}
	return 0;
}

/* One descriptor per tenant: hundreds are more than the usual 1024 leave room for. */
static void allow_descriptors(unsigned int wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= wanted + SPARE_FDS)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int need_type(struct policy *p, struct error *err)
{
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		return error_set(err, ENOTSUP, "this kernel has no BTF (CONFIG_DEBUG_INFO_BTF); run with --vm");
	if (structops_is_native())
		return 0;
	if (kmod_acquire(err))
		return -1;
	p->module = true;
	return 0;
}

static int start(struct policy *p, struct error *err)
{
	if (need_type(p, err) || load(p, err) || share(&p->config, err) || share(&p->stats, err))
		return error_prefix(err, "%s", p->name);
	allow_descriptors(p->ntenants);
	if (write_entries(p, err) || join_all(p, err))
		return -1;
	if (attach_others(p, err))
		return error_prefix(err, "%s", p->name);
	return link_tenants(p, err);
}

/*
 * By the link's own operation, because closing it detaches only if nobody has a copy of the descriptor; by closing
 * where the kernel's link knows no such operation (before 6.11).
 */
static void unlink_tenant(struct tenant *t)
{
	if (t->link < 0)
		return;
	bpf_link_detach(t->link);
	close(take_fd(&t->link));
}

static void unlink_tenants(struct policy *p)
{
	for (unsigned int i = 0; i < p->ntenants; i++)
		unlink_tenant(&p->tenants[i]);
}

int policy_attach(struct policy *p, struct error *err)
{
	p->attached = true;
	if (start(p, err)) {
		unlink_tenants(p);
		return -1;
	}
	return 0;
}

/* --- while it runs --- */

int policy_draft(const struct policy *p, struct btfvar *draft, struct error *err)
{
	if (!p->config.there)
		return error_set(err, ENOENT, "%s: has no configuration", p->name);
	*draft = p->config.var;
	draft->data = malloc(btfvar_size(draft));
	if (!draft->data)
		return error_set(err, ENOMEM, "%s: not enough memory", p->name);
	memcpy(draft->data, p->config.var.data, btfvar_size(draft));
	return 0;
}

/* A program that was left out at attach can't be brought in later. */
static int check_wanted(const struct policy *p, const struct btfvar *draft, struct error *err)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, p->object) {
		if (!program_tag(p, prog, "when", 0) || is_wanted(p, prog, &p->config.var))
			continue;
		if (is_wanted(p, prog, draft) && bpf_program__fd(prog) < 0)
			return error_set(err, EINVAL, "%s: this configuration needs the program %s, which "
					 "is loaded at attach only; attach with it", p->name,
					 bpf_program__name(prog));
	}
	return 0;
}

int policy_configure(struct policy *p, const struct btfvar *draft, struct error *err)
{
	size_t size = btfvar_size(draft);
	CLEANUP_FREE void *old = malloc(size);

	if (!old)
		return error_set(err, ENOMEM, "%s: not enough memory", p->name);
	if (p->attached && check_wanted(p, draft, err))
		return -1;
	memcpy(old, p->config.var.data, size);
	memcpy(p->config.var.data, draft->data, size);
	if (p->attached && join_all(p, err)) {
		memcpy(p->config.var.data, old, size);
		return -1;
	}
	return 0;
}

unsigned int policy_tenants(const struct policy *p)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < p->ntenants; i++)
		count += !p->tenants[i].dropped;
	return count;
}

uint64_t policy_tenant(const struct policy *p, unsigned int i, unsigned int *role,
		       const char **name)
{
	const struct tenant *t = p->tenants;

	for (;; t++)
		if (!t->dropped && !i--)
			break;
	if (role)
		*role = t->role;
	if (name)
		*name = t->name;
	return t->id;
}

static struct tenant *live_tenant(const struct policy *p, uint64_t id, struct error *err)
{
	struct tenant *t = find_tenant(p, id);

	if (!t || t->dropped) {
		error_set(err, ENOENT, "%s: %s", p->name,
			  t ? "the tenant was dropped" : "not a tenant of this policy");
		return NULL;
	}
	return t;
}

int policy_read_tenant(const struct policy *p, uint64_t cgroup_id, struct btfvar *value,
		       struct error *err)
{
	const struct tenant *t = live_tenant(p, cgroup_id, err);

	if (!t)
		return -1;
	if (new_settings(p, t->role, value))
		return error_set(err, ENOMEM, "%s: not enough memory", p->name);
	if (!p->roles[t->role].tenants) {
		return error_set(err, ENOENT, "%s: %s: keeps nothing about its tenants", p->name,
				 p->roles[t->role].name);
	}
	if (bpf_map_lookup_elem(bpf_map__fd(p->roles[t->role].tenants), &t->id, value->data)) {
		free(value->data);
		error_set(err, errno, "%s", strerror(errno));
		return refuse_tenant(p, t, err);
	}
	return 0;
}

int policy_write_tenant(struct policy *p, uint64_t cgroup_id, const struct btfvar *value,
			struct error *err)
{
	const struct tenant *t = live_tenant(p, cgroup_id, err);
	struct btfvar old;
	int result;

	if (!t || policy_read_tenant(p, cgroup_id, &old, err))
		return -1;
	result = write_entry(p, t, value->data, err);
	if (!result)
		result = join(p, t, err);
	if (result) {
		refuse_tenant(p, t, err);
		write_entry(p, t, old.data, NULL);
		join(p, t, NULL);
	}
	free(old.data);
	return result;
}

int policy_drop(struct policy *p, uint64_t cgroup_id, struct error *err)
{
	struct tenant *t = find_tenant(p, cgroup_id);

	if (!t)
		return error_set(err, ENOENT, "%s: not a tenant of this policy", p->name);
	if (t->dropped)
		return 0;
	t->dropped = true;
	unlink_tenant(t);
	if (p->roles[t->role].tenants)
		bpf_map_delete_elem(bpf_map__fd(p->roles[t->role].tenants), &t->id);
	return 0;
}

/* --- the end --- */

static void unshare(struct global *global)
{
	if (global->mapped)
		munmap((char *)global->var.data - global->offset, global->mapped);
}

void policy_close(struct policy *p)
{
	if (!p)
		return;
	unlink_tenants(p);
	for (unsigned int i = 0; i < p->nlinks; i++)
		bpf_link__destroy(p->links[i]);
	free(p->links);
	unshare(&p->config);
	unshare(&p->stats);
	bpf_object__close(p->object);
	if (p->module)
		kmod_release();
	free_tenants(p);
	free(p->name);
	free(p);
}
