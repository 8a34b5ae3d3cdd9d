// SPDX-License-Identifier: GPL-2.0
/*
 * memlua.policy: BPF memory policies. They are configured and read by the names that stand in their BTF.
 *
 * Misuse raises: an unknown key, role or policy option, a value of the wrong type or out of range. What the
 * kernel or the policy refuses is returned as nil, "name: reason", errno.
 */
#include "../core/policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../core/cgroup.h"
#include "../core/error.h"
#include "../core/kmod.h"
#include "../core/structops.h"
#include "cgroup.h"
#include "glue.h"
#include "policy_cost.h"
#include "policy_describe.h"
#include "policy_handle.h"
#include "policy_lua.h"
#include "policy_record.h"
#include "policy_values.h"

#define MAX_KEYS 32

static int raise(lua_State *L, const struct error *err)
{
	return luaL_error(L, "%s", err->text);
}

/* --- opening and describing --- */

/* Pushes a handle in its detached state, then fills it. Return: NULL and the error filled in. */
static struct policy *open_policy(lua_State *L, const char *name, struct error *err)
{
	struct policy_box *box = lua_newuserdatauv(L, sizeof(*box), 0);

	box->policy = NULL;
	luaL_setmetatable(L, POLICY_HANDLE);
	box->policy = policy_open(name, err);
	return box->policy;
}

/* policy.load(name) -> policy, opened but not attached; name of a built-in one or path of a .bpf.o, or what policy.lua gave */
static int l_policy_load(lua_State *L)
{
	const char *name = policy_check_name(L, 1);
	struct error err;

	return open_policy(L, name, &err) ? 1 : glue_fail(L, &err);
}

/* policy.list() -> {{name=, description=}, ...}, the built-in ones */
static int l_policy_list(lua_State *L)
{
	struct error err;
	const char *name;

	lua_newtable(L);
	for (unsigned int i = 0; (name = policy_builtin(i)); i++) {
		struct policy *p;

		lua_createtable(L, 0, 2);
		lua_pushstring(L, name);
		lua_setfield(L, -2, "name");
		p = open_policy(L, name, &err);
		if (!p)
			return raise(L, &err);
		lua_pushstring(L, policy_description(p));
		lua_setfield(L, -3, "description");
		lua_pop(L, 1);
		lua_seti(L, -2, i + 1);
	}
	return 1;
}

/*
 * policy.describe(name or policy) -> {name=, description=, roles={role, ...}, config={member, ...},
 * stats={member, ...}, tenants={role={member, ...}}}; a member is {name=, type=, doc=, unit=, default=,
 * values=}. config and stats are absent when the policy has none.
 */
static int l_policy_describe(lua_State *L)
{
	struct policy *p;
	struct error err;

	if (luaL_testudata(L, 1, POLICY_HANDLE))
		p = policy_check(L, 1);
	else
		p = open_policy(L, policy_check_name(L, 1), &err);
	if (!p)
		return glue_fail(L, &err);
	policy_push_description(L, p);
	return 1;
}

/* --- attaching --- */

static int apply_config(lua_State *L, int idx, struct policy *p, struct error *err)
{
	struct btfvar draft;
	int result;

	if (policy_draft(p, &draft, err))
		return -1;
	result = policy_set_members(L, idx, &draft, err);
	if (result)
		error_prefix(err, "%s", policy_name(p));
	else
		result = policy_configure(p, &draft, err);
	free(draft.data);
	return result;
}

/* One tenant: the cgroup at idx, and a table with its settings at table, or 0 for none. */
static void enrol(lua_State *L, struct policy *p, unsigned int role, int idx, int table)
{
	struct cgroup *cg = glue_check_cgroup(L, idx);
	struct btfvar settings;
	struct error err;

	if (policy_enrol(p, role, cgroup_fd(cg), cgroup_id(cg), cgroup_name(cg), &settings, &err))
		raise(L, &err);
	if (!table)
		return;
	if (!settings.data)
		luaL_error(L, "%s: %s: takes no settings", policy_name(p), policy_role(p, role));
	if (policy_set_members(L, table, &settings, &err)) {
		error_prefix(&err, "%s: %s: %s", policy_name(p), policy_role(p, role),
			     cgroup_name(cg));
		raise(L, &err);
	}
}

static int has_named_fields(lua_State *L, int table)
{
	int named = 0;

	lua_pushnil(L);
	while (lua_next(L, table)) {
		named |= lua_type(L, -2) == LUA_TSTRING;
		lua_pop(L, 1);
	}
	return named;
}

/* {cg, key=value}: the cgroup is its only element. */
static void enrol_with_settings(lua_State *L, struct policy *p, unsigned int role, int table)
{
	if (luaL_len(L, table) != 1)
		luaL_error(L, "%s: %s: a tenant with settings is {cgroup, key = value, ...}",
			   policy_name(p), policy_role(p, role));
	lua_geti(L, table, 1);
	enrol(L, p, role, lua_gettop(L), table);
	lua_pop(L, 1);
}

/* What stands for a role: cg, {cg, key=value}, or a list of these. */
static void enrol_role(lua_State *L, struct policy *p, unsigned int role, int idx)
{
	idx = lua_absindex(L, idx);
	if (!lua_istable(L, idx)) {
		enrol(L, p, role, idx, 0);
		return;
	}
	if (has_named_fields(L, idx)) {
		enrol_with_settings(L, p, role, idx);
		return;
	}
	for (lua_Integer i = 1; i <= luaL_len(L, idx); i++) {
		lua_geti(L, idx, i);
		if (lua_istable(L, -1))
			enrol_with_settings(L, p, role, lua_gettop(L));
		else
			enrol(L, p, role, lua_gettop(L), 0);
		lua_pop(L, 1);
	}
}

static void check_spec(lua_State *L, int idx, const struct policy *p)
{
	const char *known[MAX_KEYS] = {"config"};

	for (unsigned int i = 0; i < MAX_KEYS - 2 && policy_role(p, i); i++)
		known[i + 1] = policy_role(p, i);
	glue_check_keys(L, idx, policy_name(p), known);
}

/*
 * policy.attach(name or policy, {ROLE = cg | {cg, key=value} | {either, ...}, config = {key=value}}) -> policy
 * A role may be left out. Closing the policy (p:detach, <close>) detaches it. nil, reason, errno: the kernel or the
 * policy refuses, and a policy that was given is closed; or it is attached already (16, EBUSY) and stays so.
 */
static int l_policy_attach(lua_State *L)
{
	struct policy *p;
	struct error err;
	const char *role;

	luaL_checktype(L, 2, LUA_TTABLE);
	lua_settop(L, 2);
	glue_enter(L);
	if (luaL_testudata(L, 1, POLICY_HANDLE)) {
		p = policy_check(L, 1);
		lua_pushvalue(L, 1);
	} else {
		p = open_policy(L, policy_check_name(L, 1), &err);
	}
	if (!p)
		return glue_fail(L, &err);
	if (policy_begin(p, &err))
		return glue_fail(L, &err);
	check_spec(L, 2, p);
	if (lua_getfield(L, 2, "config") != LUA_TNIL) {
		luaL_checktype(L, -1, LUA_TTABLE);
		if (apply_config(L, -1, p, &err))
			return raise(L, &err);
	}
	lua_pop(L, 1);
	for (unsigned int i = 0; (role = policy_role(p, i)); i++) {
		if (lua_getfield(L, 2, role) != LUA_TNIL)
			enrol_role(L, p, i, -1);
		lua_pop(L, 1);
	}
	if (policy_attach(p, &err)) {
		((struct policy_box *)lua_touserdata(L, -1))->policy = NULL;
		policy_close(p);
		return glue_fail(L, &err);
	}
	return 1;
}

/* --- methods --- */

/* p:name() -> "priority" */
static int l_policy_name(lua_State *L)
{
	lua_pushstring(L, policy_name(policy_check(L, 1)));
	return 1;
}

/* p:stats() -> the policy's counters as they are now; {} when it has none */
static int l_policy_stats(lua_State *L)
{
	struct btfvar var;

	lua_settop(L, 1);
	if (policy_stats(policy_check(L, 1), &var))
		policy_push_value(L, &var);
	else
		lua_newtable(L);
	return 1;
}

/*
 * p:cost() -> {PROGRAM={calls=, time_s=}}, of each of its programs since it was loaded; or nil, reason, errno. The kernel counts
 * from the first call on, for which each run of a program reads the clock twice more.
 */
static int l_policy_cost(lua_State *L)
{
	return policy_push_cost(L, policy_check(L, 1));
}

/* p:config() -> the configuration that is in force; {} when the policy has none */
static int l_policy_config(lua_State *L)
{
	struct btfvar var;

	lua_settop(L, 1);
	if (policy_config(policy_check(L, 1), &var))
		policy_push_value(L, &var);
	else
		lua_newtable(L);
	return 1;
}

/*
 * p:configure{key = value} -> true, or nil, reason: the policy refuses one of its tenants under that
 * configuration, which then stays as it was. Raises on an unknown key or a wrong value.
 */
static int l_policy_configure(lua_State *L)
{
	struct policy *p = policy_check(L, 1);
	struct btfvar draft;
	struct error err;
	int result;

	luaL_checktype(L, 2, LUA_TTABLE);
	if (policy_draft(p, &draft, &err))
		return raise(L, &err);
	result = policy_set_members(L, 2, &draft, &err);
	if (result) {
		free(draft.data);
		error_prefix(&err, "%s", policy_name(p));
		return raise(L, &err);
	}
	result = policy_configure(p, &draft, &err);
	free(draft.data);
	if (result)
		return glue_fail(L, &err);
	lua_pushboolean(L, 1);
	return 1;
}

/*
 * p:tenants([role]) -> {{name=, role=, id=, and what the policy keeps about it}, ...} of one role or all, without
 * the dropped ones
 */
static int l_policy_tenants(lua_State *L)
{
	struct policy *p = policy_check(L, 1);
	lua_Integer place = 0;
	struct error err;
	int only = -1;

	if (!lua_isnoneornil(L, 2)) {
		only = policy_find_role(p, luaL_checkstring(L, 2), &err);
		if (only < 0)
			return raise(L, &err);
	}
	lua_newtable(L);
	for (unsigned int i = 0; i < policy_tenants(p); i++) {
		unsigned int role;

		if (!policy_tenant(p, i, &role, NULL) || (only >= 0 && role != (unsigned int)only))
			continue;
		policy_push_tenant(L, p, i);
		lua_seti(L, -2, ++place);
	}
	return 1;
}

/* p:tenant(cg) -> the same of one tenant, or nil, reason */
static int l_policy_tenant(lua_State *L)
{
	struct policy *p = policy_check(L, 1);
	int i = policy_place(p, cgroup_id(glue_check_cgroup(L, 2)));
	struct error err;

	if (i >= 0) {
		policy_push_tenant(L, p, i);
		return 1;
	}
	error_set(&err, ENOENT, "%s: not a tenant of this policy", policy_name(p));
	return glue_fail(L, &err);
}

/*
 * p:set(cg, {key = value}) -> true, or nil, reason: not a tenant, or the policy refuses (the settings stay as they
 * were). Raises on an unknown key or a wrong value.
 */
static int l_policy_set(lua_State *L)
{
	struct policy *p = policy_check(L, 1);
	uint64_t id = cgroup_id(glue_check_cgroup(L, 2));
	struct btfvar value;
	struct error err;
	int result;

	luaL_checktype(L, 3, LUA_TTABLE);
	if (policy_read_tenant(p, id, &value, &err))
		return glue_fail(L, &err);
	if (policy_set_members(L, 3, &value, &err)) {
		free(value.data);
		error_prefix(&err, "%s", policy_name(p));
		return raise(L, &err);
	}
	result = policy_write_tenant(p, id, &value, &err);
	free(value.data);
	if (result)
		return glue_fail(L, &err);
	lua_pushboolean(L, 1);
	return 1;
}

/*
 * p:check(role, {key = value}) -> true: what can be told of a tenant's settings without a kernel and without the tenant.
 * Raises on an unknown role or key, and on a wrong value.
 */
static int l_policy_check(lua_State *L)
{
	struct policy *p = policy_check(L, 1);
	struct btfvar settings;
	struct error err;
	int role = policy_find_role(p, luaL_checkstring(L, 2), &err);

	luaL_checktype(L, 3, LUA_TTABLE);
	if (role < 0)
		return raise(L, &err);
	if (!policy_tenant_type(p, role, &settings))
		return luaL_error(L, "%s: %s: takes no settings", policy_name(p),
				  policy_role(p, role));
	settings.data = lua_newuserdatauv(L, btfvar_size(&settings), 0);
	memset(settings.data, 0, btfvar_size(&settings));
	if (policy_set_members(L, 3, &settings, &err)) {
		error_prefix(&err, "%s: %s", policy_name(p), policy_role(p, role));
		return raise(L, &err);
	}
	lua_pushboolean(L, 1);
	return 1;
}

/* p:drop(cg) -> true, or nil, reason: a tenant has ended, its callbacks and settings go. Idempotent. */
static int l_policy_drop(lua_State *L)
{
	struct policy *p = policy_check(L, 1);
	struct error err;

	if (policy_drop(p, cgroup_id(glue_check_cgroup(L, 2)), &err))
		return glue_fail(L, &err);
	lua_pushboolean(L, 1);
	return 1;
}

/* p:detach(), p:close(): from all cgroups. Idempotent; <close> and the garbage collection do it, too. */
static int l_policy_detach(lua_State *L)
{
	struct policy_box *box = luaL_checkudata(L, 1, POLICY_HANDLE);
	struct policy *p = box->policy;

	box->policy = NULL;
	policy_close(p);
	return 0;
}

static int l_policy_tostring(lua_State *L)
{
	struct policy_box *box = luaL_checkudata(L, 1, POLICY_HANDLE);

	if (box->policy)
		lua_pushfstring(L, "policy (%s)", policy_name(box->policy));
	else
		lua_pushliteral(L, "policy (detached)");
	return 1;
}

/* policy.native() -> whether this kernel has memcg_bpf_ops itself, without the module */
static int l_policy_native(lua_State *L)
{
	lua_pushboolean(L, interface_of_kernel() != NULL);
	return 1;
}

/*
 * policy.keep_module(on): the module stays loaded between policies, from the next one on that needs it, until this is called
 * with false: to load it and let go of it takes 0.4 s each time
 */
static int l_policy_keep_module(lua_State *L)
{
	kmod_keep(lua_toboolean(L, 1));
	return 0;
}

static const luaL_Reg functions[] = {
	{"attach", l_policy_attach},
	{"describe", l_policy_describe},
	{"keep_module", l_policy_keep_module},
	{"list", l_policy_list},
	{"load", l_policy_load},
	{"lua", l_policy_lua},
	{"native", l_policy_native},
	{NULL, NULL},
};

static const luaL_Reg methods[] = {
	{"check", l_policy_check},
	{"close", l_policy_detach},
	{"config", l_policy_config},
	{"configure", l_policy_configure},
	{"cost", l_policy_cost},
	{"detach", l_policy_detach},
	{"drain", l_policy_drain},
	{"drop", l_policy_drop},
	{"name", l_policy_name},
	{"record", l_policy_record},
	{"recorded", l_policy_recorded},
	{"set", l_policy_set},
	{"stats", l_policy_stats},
	{"tenant", l_policy_tenant},
	{"tenants", l_policy_tenants},
	{"__close", l_policy_detach},
	{"__gc", l_policy_detach},
	{"__tostring", l_policy_tostring},
	{NULL, NULL},
};

int luaopen_memlua_policy(lua_State *L)
{
	luaL_newmetatable(L, POLICY_HANDLE);
	luaL_setfuncs(L, methods, 0);
	lua_pushvalue(L, -1);
	lua_setfield(L, -2, "__index");
	luaL_newlib(L, functions);
	return 1;
}
