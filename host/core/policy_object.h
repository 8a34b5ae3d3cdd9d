/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_POLICY_OBJECT_H
#define MEMLUA_POLICY_OBJECT_H

#include <stdbool.h>

#include "btfvar.h"

/* What an opened policy's object says of itself. */

struct error;
struct policy;

/**
 * policy_builtin() - names of the policies that are embedded in the binary.
 * Return: the i-th name, or NULL past the last.
 */
const char *policy_builtin(unsigned int i);

/** policy_name() - as in error messages: "priority". policy_description() - one line, or NULL. */
const char *policy_name(const struct policy *p);
const char *policy_description(const struct policy *p);

/** policy_role() - name of the i-th role, or NULL past the last. */
const char *policy_role(const struct policy *p, unsigned int i);

/** policy_find_role() - number of a role, or -1 (ENOENT) with the known ones in the error. */
int policy_find_role(const struct policy *p, const char *name, struct error *err);

/*
 * policy_config(), policy_stats() - a view of the live struct; before attaching, of its initial value, which for
 * the configuration may be written. policy_tenant_type() - the type of a role's tenants, without data.
 * Return: false: the policy has none.
 */
bool policy_config(const struct policy *p, struct btfvar *var);
bool policy_stats(const struct policy *p, struct btfvar *var);
bool policy_tenant_type(const struct policy *p, unsigned int role, struct btfvar *var);

#endif
