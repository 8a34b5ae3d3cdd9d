// SPDX-License-Identifier: GPL-2.0
/* The cgroups that a policy governs: their entries, what the policy says to them, their links. */
#include "policy_parts.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "policy_object.h"
#include "structops.h"

/* struct memlua_join of bpf/policies/memlua.bpf.h */
struct join {
	uint64_t cgroup_id;
	char why[120];
};

struct tenant *policy_find_tenant(const struct policy *p, uint64_t id)
{
	for (unsigned int i = 0; i < p->ntenants; i++)
		if (p->tenants[i].id == id)
			return &p->tenants[i];
	return NULL;
}

void policy_free_tenants(struct policy *p)
{
	for (unsigned int i = 0; i < p->ntenants; i++) {
		free(p->tenants[i].name);
		free(p->tenants[i].settings);
	}
	free(p->tenants);
	p->tenants = NULL;
	p->ntenants = 0;
}

int policy_new_settings(const struct policy *p, unsigned int role, struct btfvar *settings)
{
	if (!policy_tenant_type(p, role, settings))
		return 0;
	settings->data = calloc(1, bpf_map__value_size(p->roles[role].tenants));
	return settings->data ? 0 : -1;
}

int policy_refuse_tenant(const struct policy *p, const struct tenant *t, struct error *err)
{
	return error_prefix(err, "%s: %s: %s", p->name, p->roles[t->role].name, t->name);
}

/* Ask the policy whether it takes the tenant as its entry stands. */
int policy_join(const struct policy *p, const struct tenant *t, struct error *err)
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

int policy_join_all(const struct policy *p, struct error *err)
{
	for (unsigned int i = 0; i < p->ntenants; i++)
		if (policy_join(p, &p->tenants[i], err))
			return policy_refuse_tenant(p, &p->tenants[i], err);
	return 0;
}

int policy_write_entry(const struct policy *p, const struct tenant *t, const void *value,
		       struct error *err)
{
	int fd = bpf_map__fd(p->roles[t->role].tenants);

	if (bpf_map_update_elem(fd, &t->id, value, BPF_ANY))
		return error_set(err, errno, "settings: %s", strerror(errno));
	return 0;
}

int policy_write_entries(struct policy *p, struct error *err)
{
	for (unsigned int i = 0; i < p->ntenants; i++) {
		struct tenant *t = &p->tenants[i];

		if (t->settings && policy_write_entry(p, t, t->settings, err))
			return policy_refuse_tenant(p, t, err);
	}
	return 0;
}

static int link_role(struct policy *p, unsigned int role, struct structops *ops, struct error *err)
{
	if (structops_prepare(ops, &p->target, p->btf, p->roles[role].ops, err))
		return error_prefix(err, "%s: %s", p->name, p->roles[role].name);
	ops->override = p->roles[role].override;
	for (unsigned int i = 0; i < p->ntenants; i++) {
		struct tenant *t = &p->tenants[i];

		if (t->role != role)
			continue;
		t->link = structops_link(ops, t->cgroup_fd, t->id, err);
		if (t->link < 0)
			return policy_refuse_tenant(p, t, err);
	}
	return 0;
}

int policy_link_tenants(struct policy *p, struct error *err)
{
	int result = 0;

	for (unsigned int i = 0; i < p->nroles && !result; i++) {
		struct structops ops;

		if (!p->roles[i].used)
			continue;
		result = link_role(p, i, &ops, err);
		structops_release(&ops);
	}
	return result;
}

/*
 * By the link's own operation, because closing it detaches only if nobody has a copy of the descriptor; by closing
 * where the kernel's link knows no such operation (before 6.11).
 */
void policy_unlink_tenant(struct tenant *t)
{
	if (t->link < 0)
		return;
	bpf_link_detach(t->link);
	close(take_fd(&t->link));
}

void policy_unlink_tenants(struct policy *p)
{
	for (unsigned int i = 0; i < p->ntenants; i++)
		policy_unlink_tenant(&p->tenants[i]);
}
