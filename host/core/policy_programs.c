// SPDX-License-Identifier: GPL-2.0
/* Which programs of an object this kernel and this configuration ask for. */
#include "policy_parts.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "structops.h"

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

const char *policy_program_tag(const struct policy *p, const struct bpf_program *prog,
			       const char *key, unsigned int nth)
{
	int func = btf__find_by_name_kind(p->btf, bpf_program__name(prog), BTF_KIND_FUNC);

	return func < 0 ? NULL : btf_tag(p->btf, func, -1, key, nth);
}

bool policy_wants(const struct policy *p, const struct bpf_program *prog,
		  const struct btfvar *config)
{
	const char *condition;

	for (unsigned int i = 0; (condition = policy_program_tag(p, prog, "when", i)); i++)
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
		const char *its = policy_program_tag(p, other, "one-of", 0);

		if (other == prog)
			return false;
		if (its && !strcmp(its, group) && bpf_program__autoload(other))
			return true;
	}
	return false;
}

int policy_select_program(const struct policy *p, struct bpf_program *prog)
{
	const char *group = policy_program_tag(p, prog, "one-of", 0);

	if (!group && !policy_program_tag(p, prog, "when", 0))
		return 0;
	return bpf_program__set_autoload(
		prog, policy_wants(p, prog, &p->config.var) &&
			      (!group || (has_target(prog) && !is_covered(p, prog, group))));
}

/* A wanted group of which this kernel has no target must not pass for one that counts nothing. */
int policy_check_groups(const struct policy *p, struct error *err)
{
	struct bpf_program *prog, *other;

	bpf_object__for_each_program(prog, p->object) {
		const char *group = policy_program_tag(p, prog, "one-of", 0);
		bool loaded = false;

		if (!group || !policy_wants(p, prog, &p->config.var))
			continue;
		bpf_object__for_each_program(other, p->object) {
			const char *its = policy_program_tag(p, other, "one-of", 0);

			loaded |= its && !strcmp(its, group) && bpf_program__autoload(other);
		}
		if (!loaded)
			return error_set(err, EOPNOTSUPP,
					 "this kernel has none of the places where '%s' "
					 "could be counted; choose another configuration",
					 group);
	}
	return 0;
}

/* GROUP/NAME of SEC("tp/GROUP/NAME"), or NULL. */
static const char *tracepoint_of(const struct bpf_program *prog)
{
	static const char *const prefixes[] = {"tp/", "tracepoint/"};
	const char *section = bpf_program__section_name(prog);

	section += *section == '?';
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (!strncmp(section, prefixes[i], strlen(prefixes[i])))
			return section + strlen(prefixes[i]);
	return NULL;
}

/* By either of the folders in which libbpf looks. */
static bool has_tracepoint(const char *name)
{
	static const char *const tracefs[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
	char path[256];

	for (size_t i = 0; i < sizeof(tracefs) / sizeof(*tracefs); i++) {
		snprintf(path, sizeof(path), "%s/events/%s", tracefs[i], name);
		if (!access(path, F_OK))
			return true;
	}
	return false;
}

/* Before loading: of what such a program reads the kernel knows nothing, either, and the verifier's words tell less. */
int policy_check_tracepoints(const struct policy *p, struct error *err)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, p->object) {
		const char *name = bpf_program__autoload(prog) ? tracepoint_of(prog) : NULL;

		if (name && !has_tracepoint(name))
			return error_set(err, EOPNOTSUPP,
					 "%s: no tracepoint %s below /sys/kernel/tracing; take a "
					 "kernel that has it (--kernel), or mount tracefs there",
					 bpf_program__name(prog), name);
	}
	return 0;
}

int policy_initialise(const struct policy *p, struct error *err)
{
	const struct bpf_program *prog = bpf_object__find_program_by_name(p->object, "prog_init");
	LIBBPF_OPTS(bpf_test_run_opts, run);
	int result;

	if (!prog || bpf_program__type(prog) != BPF_PROG_TYPE_SYSCALL)
		return 0;
	if (p->config.there) {
		run.ctx_in = p->config.var.data;
		run.ctx_size_in = btfvar_size(&p->config.var);
	}
	if (bpf_prog_test_run_opts(bpf_program__fd(prog), &run))
		return error_set(err, errno, "prog_init: %s", strerror(errno));
	result = run.retval;
	return result < 0 ? error_set(err, -result, "prog_init: %s", strerror(-result)) : 0;
}
