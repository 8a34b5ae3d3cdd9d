// SPDX-License-Identifier: GPL-2.0
/* Values of a policy's structs, between Lua and BTF. */
#include "policy_values.h"

#include <errno.h>
#include <lauxlib.h>
#include <string.h>

#include "../core/error.h"

/* --- values: Lua to BTF. Raises nothing, so that the caller can hold memory --- */

static int set_number(lua_State *L, int idx, struct btfvar *var, struct error *err)
{
	int whole;
	lua_Integer n = lua_tointegerx(L, idx, &whole);

	if (!whole && btfvar_kind(var) <= BTFVAR_UINT)
		return error_set(err, EINVAL, "%s: takes a whole number", var->name);
	return btfvar_set_int(var, n, err);
}

static int set_value(lua_State *L, int idx, struct btfvar *var, struct error *err)
{
	switch (lua_type(L, idx)) {
	case LUA_TNUMBER:
		return set_number(L, idx, var, err);
	case LUA_TBOOLEAN:
		return btfvar_set_bool(var, lua_toboolean(L, idx), err);
	case LUA_TSTRING:
		return btfvar_set_text(var, lua_tostring(L, idx), err);
	default:
		return btfvar_wrong_type(var, luaL_typename(L, idx), err);
	}
}

/* Set the members of a struct to the named fields of the table at idx; its list part is skipped. */
int policy_set_members(lua_State *L, int idx, const struct btfvar *var, struct error *err)
{
	struct btfvar member;
	int result = 0;

	idx = lua_absindex(L, idx);
	lua_pushnil(L);
	while (!result && lua_next(L, idx)) {
		if (lua_type(L, -2) == LUA_TSTRING) {
			result = btfvar_find(var, lua_tostring(L, -2), &member, err);
			if (!result)
				result = lua_istable(L, -1) &&
							 btfvar_kind(&member) == BTFVAR_STRUCT ?
						 policy_set_members(L, -1, &member, err) :
						 set_value(L, -1, &member, err);
		}
		lua_pop(L, 1);
	}
	if (result)
		lua_pop(L, 1);
	return result;
}

/* --- values: BTF to Lua --- */

static void push_unsigned(lua_State *L, uint64_t value)
{
	lua_pushinteger(L, value > LUA_MAXINTEGER ? LUA_MAXINTEGER : (lua_Integer)value);
}

static void push_enum(lua_State *L, const struct btfvar *var)
{
	const char *name = btfvar_text(var);

	if (name)
		lua_pushstring(L, name);
	else
		lua_pushinteger(L, btfvar_int(var));
}

static void push_array(lua_State *L, const struct btfvar *var)
{
	unsigned int count = btfvar_count(var);
	struct btfvar element;

	lua_createtable(L, count, 0);
	for (unsigned int i = 0; i < count; i++) {
		btfvar_at(var, i, &element);
		policy_push_value(L, &element);
		lua_seti(L, -2, i + 1);
	}
}

/* The struct's members as fields of the table on top. */
void policy_set_fields(lua_State *L, const struct btfvar *var)
{
	struct btfvar member;

	for (unsigned int i = 0; i < btfvar_count(var); i++) {
		btfvar_at(var, i, &member);
		if (btfvar_kind(&member) == BTFVAR_OTHER)
			continue;
		policy_push_value(L, &member);
		lua_setfield(L, -2, member.name);
	}
}

void policy_push_value(lua_State *L, const struct btfvar *var)
{
	luaL_checkstack(L, 4, "policy: structs nested too deeply");
	switch (btfvar_kind(var)) {
	case BTFVAR_INT:
		lua_pushinteger(L, btfvar_int(var));
		break;
	case BTFVAR_UINT:
		push_unsigned(L, btfvar_uint(var));
		break;
	case BTFVAR_BOOL:
		lua_pushboolean(L, btfvar_bool(var));
		break;
	case BTFVAR_ENUM:
		push_enum(L, var);
		break;
	case BTFVAR_TEXT:
		lua_pushlstring(L, btfvar_text(var), strnlen(btfvar_text(var), btfvar_count(var)));
		break;
	case BTFVAR_STRUCT:
		lua_newtable(L);
		policy_set_fields(L, var);
		break;
	case BTFVAR_ARRAY:
		push_array(L, var);
		break;
	case BTFVAR_OTHER:
		lua_pushnil(L);
	}
}
