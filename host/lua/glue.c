// SPDX-License-Identifier: GPL-2.0
#include "glue.h"

#include <string.h>

#include "../core/error.h"
#include "../core/units.h"

int glue_fail(lua_State *L, const struct error *err)
{
	lua_pushnil(L);
	lua_pushstring(L, err->text);
	lua_pushinteger(L, err->code);
	return 3;
}

/* Levenshtein's distance, over the first 63 characters: option names are short. */
static size_t distance(const char *a, const char *b)
{
	size_t row[64], la = strnlen(a, 63), lb = strnlen(b, 63);

	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t above = row[j], best = diagonal + (a[i - 1] != b[j - 1]);

			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = above;
			row[j] = best;
		}
	}
	return row[lb];
}

const char *glue_nearest(const char *name, const char *const known[])
{
	size_t least = strlen(name) / 2 + 1;
	const char *nearest = NULL;

	for (; *known; known++) {
		size_t d = distance(name, *known);

		if (d < least) {
			least = d;
			nearest = *known;
		}
	}
	return nearest;
}

static int unknown_key(lua_State *L, const char *what, const char *key, const char *const known[])
{
	const char *nearest = glue_nearest(key, known);
	luaL_Buffer list;

	luaL_buffinit(L, &list);
	for (const char *const *k = known; *k; k++) {
		luaL_addstring(&list, k == known ? "" : ", ");
		luaL_addstring(&list, *k);
	}
	luaL_pushresult(&list);
	if (nearest)
		return luaL_error(L, "%s: unknown key '%s'; did you mean '%s'? Known: %s", what, key,
				  nearest, lua_tostring(L, -1));
	return luaL_error(L, "%s: unknown key '%s'; known: %s", what, key, lua_tostring(L, -1));
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
			luaL_error(L, "%s: keys must be names, not a %s", what, luaL_typename(L, -2));
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

void glue_enter(lua_State *L)
{
	lua_getglobal(L, "require");
	lua_pushliteral(L, "memlua.way");
	lua_call(L, 1, 1);
	lua_getfield(L, -1, "enter");
	lua_call(L, 0, 0);
	lua_pop(L, 1);
}
