// SPDX-License-Identifier: GPL-2.0
#include "worker_spec.h"

#include <lauxlib.h>

#include <math.h>
#include <string.h>

#include "../core/nearest.h"
#include "../core/schedule.h"
#include "glue.h"

#define SPEC 2

static const char *const spec_keys[] = {"kind",   "name",  "size",   "chunk",    "hold", "delay",
					"huge",   "file",  "passes", "duration", "argv", "output",
					"curve",  "speed", "base",   "run",      "user", "env",
					"phases", "lane",  "lanes",  NULL};

static const char *string_field(lua_State *L, const char *key)
{
	const char *text;
	size_t len;

	if (lua_getfield(L, SPEC, key) == LUA_TNIL) {
		lua_pop(L, 1);
		return NULL;
	}
	if (lua_type(L, -1) != LUA_TSTRING)
		luaL_error(L, "worker.spawn: %s: must be a string, not a %s", key,
			   luaL_typename(L, -1));
	text = lua_tolstring(L, -1, &len);
	if (strlen(text) != len)
		luaL_error(L, "worker.spawn: %s: has a NUL in it", key);
	lua_pop(L, 1); /* the spec keeps it alive */
	return text;
}

static const struct worker_kind *kind_field(lua_State *L)
{
	const char *name = string_field(L, "kind"), *known[32];
	char hint[256];
	size_t n = 0;

	if (!name)
		return &worker_anon;
	if (!strcmp(worker_lua.name, name))
		return &worker_lua;
	for (const struct worker_kind *const *kind = worker_kinds; *kind; kind++) {
		if (!strcmp((*kind)->name, name))
			return *kind;
		known[n++] = (*kind)->name;
	}
	known[n++] = worker_lua.name;
	known[n] = NULL;
	luaL_error(L, "worker.spawn: kind: unknown '%s'%s", name,
		   nearest_hint(name, known, hint, sizeof(hint)));
	return NULL;
}

static bool bool_field(lua_State *L, const char *key)
{
	bool value;

	if (lua_getfield(L, SPEC, key) != LUA_TNIL && !lua_isboolean(L, -1))
		luaL_error(L, "worker.spawn: %s: must be true or false", key);
	value = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return value;
}

static uint64_t count_field(lua_State *L, const char *key)
{
	lua_Integer value = 0;
	int isint = 1;

	if (lua_getfield(L, SPEC, key) != LUA_TNIL)
		value = lua_tointegerx(L, -1, &isint);
	if (!isint || value < 0)
		luaL_error(L, "worker.spawn: %s: must be a whole number, 0 or more", key);
	lua_pop(L, 1);
	return value;
}

/* Leaves the list's array on the stack: it must live until the worker runs. */
static char *const *argv_field(lua_State *L)
{
	const char **argv;
	lua_Integer n;

	if (lua_getfield(L, SPEC, "argv") == LUA_TNIL)
		return NULL;
	if (!lua_istable(L, -1))
		luaL_error(L, "worker.spawn: argv: must be a list of strings");
	n = luaL_len(L, -1);
	argv = lua_newuserdatauv(L, (n + 1) * sizeof(*argv), 0);
	for (lua_Integer i = 0; i < n; i++) {
		if (lua_geti(L, -2, i + 1) != LUA_TSTRING)
			luaL_error(L, "worker.spawn: argv[%d]: must be a string, not a %s",
				   (int)i + 1, luaL_typename(L, -1));
		argv[i] = lua_tostring(L, -1);
		lua_pop(L, 1);
	}
	argv[n] = NULL;
	return (char *const *)argv;
}

/* {NAME = "value"} as "NAME=VALUE" strings, left on the stack as argv is. */
static char *const *env_field(lua_State *L)
{
	char **env;
	lua_Integer n = 0;

	if (lua_getfield(L, SPEC, "env") == LUA_TNIL)
		return NULL;
	if (!lua_istable(L, -1))
		luaL_error(L, "worker.spawn: env: must be a table of strings by name");
	for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
		n++;
	lua_createtable(L, n, 0); /* keeps the strings alive */
	env = lua_newuserdatauv(L, (n + 1) * sizeof(*env), 0);
	n = 0;
	for (lua_pushnil(L); lua_next(L, -4); lua_pop(L, 1)) {
		if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
			luaL_error(L, "worker.spawn: env: must be a table of strings by name");
		env[n] = (char *)lua_pushfstring(L, "%s=%s", lua_tostring(L, -2),
						 lua_tostring(L, -1));
		lua_rawseti(L, -5, ++n);
	}
	env[n] = NULL;
	return env;
}

static double point_number(lua_State *L, lua_Integer point, int place, double def)
{
	double value = def;
	int isnum = 1;

	if (lua_geti(L, -1, place) != LUA_TNIL || isnan(def))
		value = lua_tonumberx(L, -1, &isnum);
	if (!isnum)
		luaL_error(L, "worker.spawn: curve: point %d: must be {seconds, bytes[, cpu]}",
			   (int)point);
	lua_pop(L, 1);
	return value;
}

static void read_point(lua_State *L, lua_Integer i, struct worker_point *point)
{
	double bytes;

	if (lua_geti(L, -2, i) != LUA_TTABLE)
		luaL_error(L, "worker.spawn: curve: point %d: must be {seconds, bytes[, cpu]}",
			   (int)i);
	point->seconds = point_number(L, i, 1, NAN);
	bytes = point_number(L, i, 2, NAN);
	if (!(bytes >= 0 && bytes < 0x1p63))
		luaL_error(L, "worker.spawn: curve: point %d: %f is not a size in bytes", (int)i,
			   bytes);
	point->bytes = bytes;
	point->cpu = point_number(L, i, 3, 0);
	lua_pop(L, 1);
}

/* Leaves the points on the stack: they must live until the worker runs. */
static void curve_field(lua_State *L, struct worker_spec *spec)
{
	struct worker_point *points;
	lua_Integer n;

	if (lua_getfield(L, SPEC, "curve") == LUA_TNIL)
		return;
	if (!lua_istable(L, -1))
		luaL_error(L, "worker.spawn: curve: must be a list of {seconds, bytes[, cpu]}");
	n = luaL_len(L, -1);
	points = lua_newuserdatauv(L, (n + 1) * sizeof(*points), 0);
	for (lua_Integer i = 1; i <= n; i++)
		read_point(L, i, &points[i - 1]);
	spec->points = points;
	spec->npoints = n;
}

/* {{rate, seconds}, ...}, left on the stack as the curve is. */
static void phases_field(lua_State *L, struct worker_spec *spec)
{
	struct schedule_phase *phases;
	lua_Integer n;

	if (lua_getfield(L, SPEC, "phases") == LUA_TNIL)
		return;
	if (!lua_istable(L, -1))
		luaL_error(L, "worker.spawn: phases: must be a list of {rate, seconds}");
	n = luaL_len(L, -1);
	phases = lua_newuserdatauv(L, (n + 1) * sizeof(*phases), 0);
	for (lua_Integer i = 1; i <= n; i++) {
		if (lua_geti(L, -2, i) != LUA_TTABLE)
			luaL_error(L, "worker.spawn: phases: %d: must be {rate, seconds}", (int)i);
		lua_geti(L, -1, 1), lua_geti(L, -2, 2);
		phases[i - 1] = (struct schedule_phase){.rate = lua_tonumber(L, -2),
							.seconds = lua_tonumber(L, -1)};
		if (!(phases[i - 1].rate >= 0 && phases[i - 1].rate <= 1e6 &&
		      phases[i - 1].seconds > 0 && phases[i - 1].seconds < 1e6))
			luaL_error(
				L,
				"worker.spawn: phases: %d: must be {rate, seconds}, of 0 to 1000000 a second",
				(int)i);
		lua_pop(L, 3);
	}
	spec->phases = phases;
	spec->nphases = n;
}

/* Without phases there is nothing to deal. */
static void lanes_fields(lua_State *L, struct worker_spec *spec)
{
	spec->lane = count_field(L, "lane");
	spec->lanes = count_field(L, "lanes");
	if (!spec->lanes)
		spec->lanes = 1;
	if (spec->lane >= spec->lanes)
		luaL_error(L, "worker.spawn: lane: must be below lanes");
}

static double speed_field(lua_State *L)
{
	double speed = 1;
	int isnum = 1;

	if (lua_getfield(L, SPEC, "speed") != LUA_TNIL)
		speed = lua_tonumberx(L, -1, &isnum);
	if (!isnum)
		luaL_error(L, "worker.spawn: speed: must be a number");
	lua_pop(L, 1);
	return speed;
}

void worker_spec_read(lua_State *L, struct worker_spec *spec, struct lua_task *task)
{
	memset(spec, 0, sizeof(*spec));
	luaL_checktype(L, SPEC, LUA_TTABLE);
	glue_check_keys(L, SPEC, "worker.spawn", spec_keys);
	spec->kind = kind_field(L);
	spec->name = string_field(L, "name");
	spec->size = glue_size(L, SPEC, "size", 0);
	spec->chunk = glue_size(L, SPEC, "chunk", 1 << 20);
	spec->delay = glue_duration(L, SPEC, "delay", 0);
	spec->hold = glue_duration(L, SPEC, "hold", 0);
	spec->huge = bool_field(L, "huge");
	spec->file = string_field(L, "file");
	spec->passes = count_field(L, "passes");
	spec->duration = glue_duration(L, SPEC, "duration", 0);
	spec->output = string_field(L, "output");
	spec->speed = speed_field(L);
	spec->base = glue_size(L, SPEC, "base", 0);
	spec->user = string_field(L, "user");
	spec->env = env_field(L);
	spec->argv = argv_field(L);
	curve_field(L, spec);
	phases_field(L, spec);
	lanes_fields(L, spec);
	if (spec->kind == &worker_lua) {
		worker_lua_prepare(L, SPEC, task);
		spec->context = task;
	}
}
