// SPDX-License-Identifier: GPL-2.0
/* Which programs of an object this kernel and this configuration ask for. */
#include "policy_parts.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

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
