// SPDX-License-Identifier: GPL-2.0
/* What a policy offers, and what it keeps about a tenant, as tables. */
#include "policy_describe.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "../core/policy.h"
#include "glue.h"
#include "policy_describe.h"
#include "policy_values.h"

void policy_set_string(lua_State *L, const char *key, const char *value)
{
	if (!value)
		return;
	lua_pushstring(L, value);
	lua_setfield(L, -2, key);
}

/* {name=, type=, doc=, unit=, default=, values={...} of an enum} */
static void push_member(lua_State *L, const struct btfvar *member)
{
	char type[128];
	const char *value;

	lua_newtable(L);
	btfvar_type_name(member, type, sizeof(type));
	policy_set_string(L, "name", member->name);
	policy_set_string(L, "type", type);
	policy_set_string(L, "doc", btfvar_doc(member));
	policy_set_string(L, "unit", btfvar_unit(member));
	if (member->data) {
		policy_push_value(L, member);
		lua_setfield(L, -2, "default");
	}
	if (!btfvar_enumerator(member, 0))
		return;
	lua_newtable(L);
	for (unsigned int i = 0; (value = btfvar_enumerator(member, i)); i++) {
		lua_pushstring(L, value);
		lua_seti(L, -2, i + 1);
	}
	lua_setfield(L, -2, "values");
}

static void push_members(lua_State *L, const struct btfvar *var)
{
	struct btfvar member;

	lua_newtable(L);
	for (unsigned int i = 0; i < btfvar_count(var); i++) {
		btfvar_at(var, i, &member);
		if (btfvar_kind(&member) == BTFVAR_OTHER)
			continue;
		push_member(L, &member);
		lua_seti(L, -2, luaL_len(L, -2) + 1);
	}
}

void policy_push_description(lua_State *L, const struct policy *p)
{
	struct btfvar var;
	const char *role;

	lua_newtable(L);
	policy_set_string(L, "name", policy_name(p));
	policy_set_string(L, "description", policy_description(p));
	if (policy_config(p, &var)) {
		push_members(L, &var);
		lua_setfield(L, -2, "config");
	}
	if (policy_stats(p, &var)) {
		var.data = NULL; /* statistics have no default */
		push_members(L, &var);
		lua_setfield(L, -2, "stats");
	}
	lua_newtable(L); /* description, roles */
	lua_newtable(L); /* description, roles, tenants */
	for (unsigned int i = 0; (role = policy_role(p, i)); i++) {
		lua_pushstring(L, role);
		lua_seti(L, -3, i + 1);
		if (!policy_tenant_type(p, i, &var))
			continue;
		push_members(L, &var);
		lua_setfield(L, -2, role);
	}
	lua_setfield(L, -3, "tenants");
	lua_setfield(L, -2, "roles");
}

/* The tenant's value moves into memory that Lua frees, since what follows may raise. */
static void adopt_value(lua_State *L, struct btfvar *value)
{
	size_t size = btfvar_size(value);
	void *copy;

	if (!lua_checkstack(L, 8)) {
		free(value->data);
		luaL_error(L, "policy: not enough memory");
	}
	copy = lua_newuserdatauv(L, size, 0);
	memcpy(copy, value->data, size);
	free(value->data);
	value->data = copy;
}

void policy_push_tenant(lua_State *L, const struct policy *p, unsigned int i)
{
	struct btfvar value;
	unsigned int role;
	const char *name;
	uint64_t id = policy_tenant(p, i, &role, &name);

	lua_newtable(L);
	policy_set_string(L, "name", name);
	policy_set_string(L, "role", policy_role(p, role));
	glue_setfield_u64(L, "id", id);
	if (policy_read_tenant(p, id, &value, NULL))
		return;
	adopt_value(L, &value);
	lua_insert(L, -2); /* value, tenant */
	policy_set_fields(L, &value);
	lua_remove(L, -2);
}
