/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_POLICY_PARTS_H
#define MEMLUA_POLICY_PARTS_H

/* What the files policy*.c share, and nobody else sees. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "btfvar.h"
#include "structops.h"

struct bpf_link;
struct bpf_map;
struct bpf_object;
struct bpf_program;
struct btf;
struct error;

#define MAX_ROLES 16

struct role {
	const char *name;
	struct bpf_map *ops;
	struct bpf_map *tenants;        /* ROLE_memcg, or NULL */
	const struct bpf_program *join; /* ROLE_join, or NULL */
	bool override, used;            /* known once loaded */
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
	struct structops_target target; /* once attached */
	struct tenant *tenants;
	unsigned int ntenants;
	struct bpf_link **links; /* of the other programs */
	unsigned int nlinks;
	bool attached, module;
	bool counting; /* what its programs cost */
	int counting_fd;
	struct recording *recording; /* or NULL */
	struct policy *next;         /* of all that are attached in this process */
};

/* policy_object.c */
/* a built-in one, or a file; or NULL */
struct bpf_object *policy_open_object(const char *name, struct error *err);
char *policy_short_name(const char *name); /* "dir/my.bpf.o" is called "my"; NULL without memory */
/* find roles, config, stats. Return: 0, or -1 (EINVAL) */
int policy_inspect(struct policy *p, struct error *err);

/* policy_tenants.c */
/* or NULL; dropped ones, too */
struct tenant *policy_find_tenant(const struct policy *p, uint64_t id);
void policy_free_tenants(struct policy *p);
/* Zeroed memory for a tenant's settings, if the role has any. Return: 0, or -1 without memory. */
int policy_new_settings(const struct policy *p, unsigned int role, struct btfvar *settings);
/* Names policy, role and tenant in the error. Return: -1. */
int policy_refuse_tenant(const struct policy *p, const struct tenant *t, struct error *err);
/* Ask the policy whether it takes a tenant as its entry stands, or all of them. Return: 0, or -1. */
int policy_join(const struct policy *p, const struct tenant *t, struct error *err);
int policy_join_all(const struct policy *p, struct error *err);
int policy_write_entry(const struct policy *p, const struct tenant *t, const void *value,
		       struct error *err);
int policy_write_entries(struct policy *p, struct error *err);
int policy_link_tenants(struct policy *p, struct error *err);
void policy_unlink_tenant(struct tenant *t); /* twice is fine */
void policy_unlink_tenants(struct policy *p);

/* policy_record.c */
void policy_record_drop(struct policy *p, uint64_t id); /* the tenant ends now */
void policy_record_end(struct policy *p);               /* twice is fine */

/* policy_programs.c */
/* The nth note `key` of a program, or NULL; see memlua.bpf.h. */
const char *policy_program_tag(const struct policy *p, const struct bpf_program *prog,
			       const char *key, unsigned int nth);
bool policy_wants(const struct policy *p, const struct bpf_program *prog,
		  const struct btfvar *config);
int policy_select_program(const struct policy *p, struct bpf_program *prog); /* libbpf's return */
/* Return: 0, or -1 (EOPNOTSUPP): the kernel has none of the places that a group of programs asks for. */
int policy_check_groups(const struct policy *p, struct error *err);
/* Return: 0, or -1 (EOPNOTSUPP): a program is for a tracepoint that this kernel hasn't. */
int policy_check_tracepoints(const struct policy *p, struct error *err);
/* Run prog_init, if there is one. Return: 0, or -1: it can't be run, or refuses. */
int policy_initialise(const struct policy *p, struct error *err);

#endif
