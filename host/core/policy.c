// SPDX-License-Identifier: GPL-2.0
/* A policy's life: loading, attaching, changing while it runs, closing. */
#include "policy.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bpflog.h"
#include "cgroup_fs.h"
#include "cleanup.h"
#include "error.h"
#include "kmod.h"
#include "policy_parts.h"
#include "structops.h"

/* Descriptors beside the links: scripts, cgroups, workers, maps and programs. */
#define SPARE_FDS 512

/* --- before --- */

struct policy *policy_open(const char *name, struct error *err)
{
	struct policy *p = calloc(1, sizeof(*p));

	if (p)
		p->name = policy_short_name(name);
	if (!p || !p->name) {
		free(p);
		error_set(err, ENOMEM, "%s: not enough memory", name);
		return NULL;
	}
	p->object = policy_open_object(name, err);
	if (!p->object) {
		policy_close(p);
		return NULL;
	}
	if (policy_inspect(p, err)) {
		error_prefix(err, "%s", name);
		policy_close(p);
		return NULL;
	}
	return p;
}

int policy_enrol(struct policy *p, unsigned int role, int cgroup_fd, uint64_t cgroup_id,
		 const char *name, struct btfvar *settings, struct error *err)
{
	struct tenant *grown;
	char *copy;

	*settings = (struct btfvar){};
	if (policy_find_tenant(p, cgroup_id))
		return error_set(err, EEXIST, "%s: %s: has a role already", p->name, name);
	grown = reallocarray(p->tenants, p->ntenants + 1, sizeof(*grown));
	if (grown)
		p->tenants = grown;
	copy = strdup(name);
	if (!grown || !copy || policy_new_settings(p, role, settings)) {
		free(copy);
		return error_set(err, ENOMEM, "%s: %s: not enough memory", p->name, name);
	}
	p->tenants[p->ntenants++] = (struct tenant){.id = cgroup_id,
						    .name = copy,
						    .role = role,
						    .cgroup_fd = cgroup_fd,
						    .link = -1,
						    .settings = settings->data};
	return 0;
}

int policy_begin(struct policy *p, struct error *err)
{
	if (p->attached)
		return error_set(err, EBUSY, "%s: attached already", p->name);
	policy_free_tenants(p);
	return 0;
}

/* --- loading --- */

static int load_failed(int code, struct error *err)
{
	const char *said = bpflog_tail();

	if (code == EPERM)
		return error_set(err, code,
				 "not permitted to load BPF programs; run as root or with --vm");
	return error_set(err, code, "the kernel refused it: %s%s%s", strerror(code),
			 *said ? ":\n" : "", said);
}

static unsigned int count_tenants(const struct policy *p, unsigned int role)
{
	unsigned int count = 0;

	for (unsigned int t = 0; t < p->ntenants; t++)
		count += p->tenants[t].role == role;
	return count;
}

/* A role that nobody has is left out, and so is what this kernel may lack for it. */
static int fit_role(struct policy *p, unsigned int i, struct error *err)
{
	struct role *role = &p->roles[i];
	unsigned int tenants = count_tenants(p, i);

	if (role->tenants && bpf_map__set_max_entries(role->tenants, tenants ? tenants : 1))
		return error_set(err, errno, "%s: room for %u tenants: %s", role->name, tenants,
				 strerror(errno));
	role->override = structops_allows_override(p->btf, role->ops);
	role->used = tenants;
	if (!tenants)
		return bpf_map__set_autocreate(role->ops, false) ?
			       error_set(err, errno, "%s: %s", role->name, strerror(errno)) :
			       0;
	return structops_fit(&p->target, p->btf, role->ops, err) ?
		       error_prefix(err, "%s", role->name) :
		       0;
}

static int load(struct policy *p, struct error *err)
{
	struct bpf_program *prog;

	if (structops_check_calls(&p->target, p->btf, err))
		return -1;
	for (unsigned int i = 0; i < p->nroles; i++)
		if (fit_role(p, i, err))
			return -1;
	bpf_object__for_each_program(prog, p->object)
		if (policy_select_program(p, prog))
			return error_set(err, errno, "%s: %s", bpf_program__name(prog),
					 strerror(errno));
	if (policy_check_groups(p, err) || policy_check_tracepoints(p, err))
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
	p->links = calloc(count + 1, sizeof(*p->links));
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
		return error_set(err, ENOTSUP,
				 "this kernel has no BTF (CONFIG_DEBUG_INFO_BTF); run with --vm");
	if (!interface_of_kernel()) {
		if (kmod_acquire(err))
			return -1;
		p->module = true;
	}
	return structops_find_target(&p->target, err);
}

static int start(struct policy *p, struct error *err)
{
	if (need_type(p, err) || load(p, err) || share(&p->config, err) || share(&p->stats, err) ||
	    policy_initialise(p, err))
		return error_prefix(err, "%s", p->name);
	allow_descriptors(p->ntenants);
	if (policy_write_entries(p, err) || policy_join_all(p, err))
		return -1;
	if (attach_others(p, err))
		return error_prefix(err, "%s", p->name);
	return policy_link_tenants(p, err);
}

/* --- cgroups that memlua removes while they are attached --- */

static struct policy *attached;

/* The tenant has ended: its link goes first. */
static void drop_removed(ino_t id)
{
	for (struct policy *p = attached; p; p = p->next)
		policy_drop(p, id, NULL);
}

static void enlist(struct policy *p)
{
	p->next = attached;
	attached = p;
	cgroupfs_before_removal = drop_removed;
}

static void delist(const struct policy *p)
{
	for (struct policy **at = &attached; *at; at = &(*at)->next)
		if (*at == p) {
			*at = p->next;
			break;
		}
}

int policy_attach(struct policy *p, struct error *err)
{
	p->attached = true;
	enlist(p);
	if (start(p, err)) {
		policy_unlink_tenants(p);
		return -1;
	}
	/* what libbpf had of the kernel's BTF: each worker's fork would copy its page tables, twice */
	malloc_trim(0);
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
		if (!policy_program_tag(p, prog, "when", 0) ||
		    policy_wants(p, prog, &p->config.var))
			continue;
		if (policy_wants(p, prog, draft) && bpf_program__fd(prog) < 0)
			return error_set(err, EINVAL,
					 "%s: this configuration needs the program %s, which "
					 "is loaded at attach only; attach with it",
					 p->name, bpf_program__name(prog));
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
	if (p->attached && policy_join_all(p, err)) {
		memcpy(p->config.var.data, old, size);
		return -1;
	}
	return 0;
}

unsigned int policy_tenants(const struct policy *p)
{
	return p->ntenants;
}

uint64_t policy_tenant(const struct policy *p, unsigned int i, unsigned int *role,
		       const char **name)
{
	const struct tenant *t = &p->tenants[i];

	if (role)
		*role = t->role;
	if (name)
		*name = t->name;
	return t->dropped ? 0 : t->id;
}

int policy_place(const struct policy *p, uint64_t cgroup_id)
{
	const struct tenant *t = policy_find_tenant(p, cgroup_id);

	return t && !t->dropped ? t - p->tenants : -1;
}

static struct tenant *live_tenant(const struct policy *p, uint64_t id, struct error *err)
{
	struct tenant *t = policy_find_tenant(p, id);

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
	if (policy_new_settings(p, t->role, value))
		return error_set(err, ENOMEM, "%s: not enough memory", p->name);
	if (!p->roles[t->role].tenants) {
		return error_set(err, ENOENT, "%s: %s: keeps nothing about its tenants", p->name,
				 p->roles[t->role].name);
	}
	if (bpf_map_lookup_elem(bpf_map__fd(p->roles[t->role].tenants), &t->id, value->data)) {
		error_set(err, errno, "%s", strerror(errno));
		policy_refuse_tenant(p, t, err);
		free(value->data);
		return -1;
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
	result = policy_write_entry(p, t, value->data, err);
	if (!result)
		result = policy_join(p, t, err);
	if (result) {
		policy_refuse_tenant(p, t, err);
		policy_write_entry(p, t, old.data, NULL);
		policy_join(p, t, NULL);
	}
	free(old.data);
	return result;
}

int policy_drop(struct policy *p, uint64_t cgroup_id, struct error *err)
{
	struct tenant *t = policy_find_tenant(p, cgroup_id);

	if (!t)
		return error_set(err, ENOENT, "%s: not a tenant of this policy", p->name);
	if (t->dropped)
		return 0;
	t->dropped = true;
	policy_unlink_tenant(t);
	policy_record_drop(p, t->id);
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
	delist(p);
	policy_unlink_tenants(p);
	for (unsigned int i = 0; i < p->nlinks; i++)
		bpf_link__destroy(p->links[i]);
	free(p->links);
	if (p->counting)
		close(p->counting_fd);
	policy_record_end(p);
	unshare(&p->config);
	unshare(&p->stats);
	bpf_object__close(p->object);
	structops_release_target(&p->target);
	if (p->module)
		kmod_release();
	policy_free_tenants(p);
	free(p->name);
	free(p);
}
