// SPDX-License-Identifier: GPL-2.0
#include "glue.h"

#include <stdbool.h>
#include <string.h>

#include "../core/error.h"
#include "../core/nearest.h"
#include "../core/units.h"
#include "upcall.h"

int glue_fail(lua_State *L, const struct error *err)
{
	lua_pushnil(L);
	lua_pushstring(L, err->text);
	lua_pushinteger(L, err->code);
	return 3;
}

static int unknown_key(lua_State *L, const char *what, const char *key, const char *const known[])
{
	char hint[1024];

	return luaL_error(L, "%s: unknown key '%s'%s", what, key,
			  nearest_hint(key, known, hint, sizeof(hint)));
}

static int is_known(const char *key, const char *const known[])
{
	for (; *known; known++)
		if (!strcmp(key, *known))
			return 1;
	return 0;
}

void glue_check_keys(lua_State *L, int idx, const char *what, const char *const known[])
{
	if (lua_isnoneornil(L, idx))
		return;
	luaL_checktype(L, idx, LUA_TTABLE);
	idx = lua_absindex(L, idx);
	lua_pushnil(L);
	while (lua_next(L, idx)) {
		if (lua_type(L, -2) != LUA_TSTRING)
			luaL_error(L, "%s: keys must be names, not a %s", what,
				   luaL_typename(L, -2));
		if (!is_known(lua_tostring(L, -2), known))
			unknown_key(L, what, lua_tostring(L, -2), known);
		lua_pop(L, 1);
	}
}

static int bad_field(lua_State *L, const char *key, const char *reason)
{
	return luaL_error(L, "%s: %s", key, reason);
}

uint64_t glue_size(lua_State *L, int idx, const char *key, uint64_t def)
{
	struct error err;
	uint64_t bytes = def;
	int isint;

	switch (lua_getfield(L, idx, key)) {
	case LUA_TNIL:
		break;
	case LUA_TNUMBER: {
		lua_Integer n = lua_tointegerx(L, -1, &isint);

		if (!isint || n < 0)
			bad_field(L, key, "a size must be a whole number of bytes, 0 or more");
		bytes = n;
		break;
	}
	case LUA_TSTRING:
		if (parse_size(lua_tostring(L, -1), &bytes, &err))
			bad_field(L, key, err.text);
		break;
	default:
		bad_field(L, key, "a size must be a number of bytes or a string like \"256M\"");
	}
	lua_pop(L, 1);
	return bytes;
}

double glue_duration(lua_State *L, int idx, const char *key, double def)
{
	struct error err;
	double seconds = def;

	switch (lua_getfield(L, idx, key)) {
	case LUA_TNIL:
		break;
	case LUA_TNUMBER:
		seconds = lua_tonumber(L, -1);
		if (!(seconds >= 0 && seconds < 1e12))
			bad_field(L, key, "a duration must be 0 or more seconds");
		break;
	case LUA_TSTRING:
		if (parse_duration(lua_tostring(L, -1), &seconds, &err))
			bad_field(L, key, err.text);
		break;
	default:
		bad_field(L, key, "a duration must be seconds or a string like \"200ms\"");
	}
	lua_pop(L, 1);
	return seconds;
}

void glue_setfield_u64(lua_State *L, const char *key, uint64_t value)
{
	lua_pushinteger(L, value > LUA_MAXINTEGER ? LUA_MAXINTEGER : (lua_Integer)value);
	lua_setfield(L, -2, key);
}

void glue_handle(lua_State *L, const char *metatable, const luaL_Reg methods[],
		 lua_CFunction closer)
{
	luaL_newmetatable(L, metatable);
	lua_newtable(L);
	luaL_setfuncs(L, methods, 0);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, closer);
	lua_setfield(L, -2, "__gc");
	lua_pushcfunction(L, closer);
	lua_setfield(L, -2, "__close");
	lua_pop(L, 1);
}

static bool is_copy; /* this process is a worker of kind "lua" */

void glue_become_copy(void)
{
	is_copy = true;
}

void glue_need_script(lua_State *L)
{
	if (!is_copy)
		return;
	upcall_push(L, UPCALL_REFUSE);
	lua_call(L, 0, 0);
}

void glue_enter(lua_State *L)
{
	glue_need_script(L);
	upcall_push(L, UPCALL_ENTER);
	lua_call(L, 0, 0);
}
