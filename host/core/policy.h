/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_POLICY_H
#define MEMLUA_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "btfvar.h"
#include "policy_object.h"

struct error;

/*
 * A policy: a BPF object that gives cgroups roles. What the host needs to know stands in the object
 * (bpf/policies/template.bpf.c shows all of it):
 *
 *   struct memcg_bpf_ops ROLE   in SEC(".struct_ops.link"): the callbacks of a role
 *   config, stats               global structs, both optional; the RFC's own objects call the first local_config
 *   ROLE_memcg                  hash map by cgroup id, optional: settings and counters of each tenant
 *   ROLE_join                   SEC("syscall") program, optional: accepts or refuses a tenant
 *   prog_init                   SEC("syscall") program, optional: run once, before anybody joins, with the configuration as
 *                               its context (as RFC v7's own objects have it); a negative return refuses the policy
 *
 * Life: open, set the configuration, enrol tenants, attach; then read, configure, drop; close.
 */
struct policy;

/**
 * policy_open() - read a policy without loading it into the kernel; needs no privilege.
 * @name: of a built-in one, or the path of an object file (anything with a '/' or ending in ".o")
 * Return: to be given to policy_close(), or NULL: unknown name (ENOENT), no object file (ENOEXEC), an object
 * without a role (EINVAL).
 */
struct policy *policy_open(const char *name, struct error *err);

/** policy_close() - detach everything, release everything. NULL is fine. */
void policy_close(struct policy *p);

/**
 * policy_begin() - before enrolling: forget whom an attempt that came to nothing has enrolled.
 * Return: 0, or -1: attached already (EBUSY).
 */
int policy_begin(struct policy *p, struct error *err);

/**
 * policy_enrol() - before attaching: a cgroup that shall get a role.
 * @cgroup_fd, @cgroup_id, @name: its directory, which stays open until policy_attach(); inode; name for errors
 * @settings: set to a zeroed value for the caller to fill in; data is NULL when the role keeps none
 * Return: 0, or -1: it has a role already (EEXIST), no memory.
 */
int policy_enrol(struct policy *p, unsigned int role, int cgroup_fd, uint64_t cgroup_id,
		 const char *name, struct btfvar *settings, struct error *err);

/**
 * policy_attach() - load the object, let each tenant join, attach all. Once, see policy_begin().
 * Return: 0, or -1, and then nothing stays attached: no privilege (EPERM), no memcg_bpf_ops and no module, the
 * verifier's reason, a tenant refused by the policy or by the kernel.
 */
int policy_attach(struct policy *p, struct error *err);

/**
 * policy_draft() - a copy of the configuration to change; free(draft->data).
 * policy_configure() - make it the live one; all tenants join again.
 * Return: 0, or -1 and the old one stays: no configuration (ENOENT), a tenant would be refused, or the change needs
 * a program that was not loaded because the configuration at attach had no use for it (EINVAL).
 */
int policy_draft(const struct policy *p, struct btfvar *draft, struct error *err);
int policy_configure(struct policy *p, const struct btfvar *draft, struct error *err);

/** policy_tenants() - how many there have been, those that were dropped included. */
unsigned int policy_tenants(const struct policy *p);

/**
 * policy_tenant() - the i-th of them.
 * @role, @name: may be NULL
 * Return: its cgroup id, 0: it was dropped.
 */
uint64_t policy_tenant(const struct policy *p, unsigned int i, unsigned int *role,
		       const char **name);

/** policy_place() - Return: which of them that cgroup is, or -1: none, or it was dropped. */
int policy_place(const struct policy *p, uint64_t cgroup_id);

/**
 * policy_read_tenant() - a copy of a tenant's current settings and counters; free(value->data).
 * policy_write_tenant() - write it back, and join again; counted in between is lost.
 * Return: 0, or -1: no such tenant, or its role keeps nothing (ENOENT); the policy refuses (the old one stays).
 */
int policy_read_tenant(const struct policy *p, uint64_t cgroup_id, struct btfvar *value,
		       struct error *err);
int policy_write_tenant(struct policy *p, uint64_t cgroup_id, const struct btfvar *value,
			struct error *err);

/**
 * policy_drop() - a tenant has ended: detach from its cgroup, forget its settings.
 * Return: 0, or -1 (ENOENT): not a tenant. One that was dropped before is a success.
 */
int policy_drop(struct policy *p, uint64_t cgroup_id, struct error *err);

#endif
