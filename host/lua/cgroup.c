// SPDX-License-Identifier: GPL-2.0
/* memlua.cgroup: memory cgroups. */
#include "cgroup.h"

#include <stdlib.h>
#include <string.h>

#include "../core/cgroup.h"
#include "../core/cgroup_root.h"
#include "../core/error.h"
#include "../core/keyed.h"
#include "glue.h"

#define METATABLE "memlua.cgroup"

/* NULL while closed. */
struct handle {
	struct cgroup *cg;
};

struct cgroup *glue_check_cgroup(lua_State *L, int idx)
{
	struct handle *handle = luaL_checkudata(L, idx, METATABLE);

	if (!handle->cg)
		luaL_argerror(L, idx, "this cgroup is closed");
	return handle->cg;
}

static struct handle *new_handle(lua_State *L)
{
	struct handle *handle = lua_newuserdatauv(L, sizeof(*handle), 0);

	handle->cg = NULL;
	luaL_setmetatable(L, METATABLE);
	return handle;
}

/* Return: the string at idx; raises when it holds a NUL, which the kernel would cut it at. */
static const char *check_name(lua_State *L, int idx)
{
	size_t len;
	const char *name = luaL_checklstring(L, idx, &len);

	luaL_argcheck(L, strlen(name) == len, idx, "a cgroup name has no NUL in it");
	return name;
}

/* --- create, open --- */

static int by_file(const void *a, const void *b)
{
	return strcmp(((const struct cgroup_knob *)a)->file, ((const struct cgroup_knob *)b)->file);
}

/* The value on top as text, which stays alive in the table at anchor. */
static const char *knob_value(lua_State *L, int anchor, const char *file)
{
	int isint;
	lua_Integer number = lua_tointegerx(L, -1, &isint);

	if (lua_type(L, -1) == LUA_TSTRING)
		return lua_tostring(L, -1);
	if (lua_type(L, -1) != LUA_TNUMBER || !isint)
		luaL_error(L, "%s: must be a string or a whole number, not %s", file,
			   luaL_tolstring(L, -1, NULL));
	lua_pushfstring(L, "%I", number);
	lua_pushvalue(L, -1);
	luaL_ref(L, anchor);
	lua_replace(L, -2);
	return lua_tostring(L, -1);
}

static size_t count_knobs(lua_State *L, int idx)
{
	size_t n = 0;

	for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1))
		n++;
	return n;
}

/* Sorted by name, so that of two bad knobs always the same one is reported. */
static size_t check_knobs(lua_State *L, int idx, struct cgroup_knob **knobs)
{
	size_t n, i = 0;
	int anchor;

	if (lua_isnoneornil(L, idx))
		return 0;
	luaL_checktype(L, idx, LUA_TTABLE);
	n = count_knobs(L, idx);
	*knobs = lua_newuserdatauv(L, (n + 1) * sizeof(**knobs), 0);
	lua_newtable(L);
	anchor = lua_gettop(L);
	for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) {
		if (lua_type(L, -2) != LUA_TSTRING)
			luaL_error(L,
				   "cgroup.create: knobs are [\"file\"] = value; got a %s as key",
				   luaL_typename(L, -2));
		(*knobs)[i].file = lua_tostring(L, -2);
		(*knobs)[i].value = knob_value(L, anchor, (*knobs)[i].file);
		i++;
	}
	qsort(*knobs, n, sizeof(**knobs), by_file);
	return n;
}

static int l_cgroup_create(lua_State *L)
{
	const char *path = check_name(L, 1);
	struct cgroup_knob *knobs = NULL;
	size_t n = check_knobs(L, 2, &knobs);
	struct handle *handle;
	struct error err;

	if (cgroup_check_name(path, &err))
		return glue_fail(L, &err);
	glue_enter(L);
	handle = new_handle(L);
	handle->cg = cgroup_create(path, knobs, n, &err);
	return handle->cg ? 1 : glue_fail(L, &err);
}

static int l_cgroup_open(lua_State *L)
{
	const char *path = check_name(L, 1);
	struct handle *handle;
	struct error err;

	glue_enter(L);
	handle = new_handle(L);
	handle->cg = cgroup_open(path, &err);
	return handle->cg ? 1 : glue_fail(L, &err);
}

static int l_cgroup_root(lua_State *L)
{
	struct error err;
	const char *path;

	glue_enter(L);
	path = cgroup_root(&err);
	if (!path)
		return glue_fail(L, &err);
	lua_pushstring(L, path);
	return 1;
}

/* --- files --- */

/* The file's text as a full userdata would be too much: Lua gets a copy and ours is freed at once. */
static int push_file(lua_State *L, const struct cgroup *cg, const char *file)
{
	struct error err;
	char *text = cgroup_read(cg, file, &err);

	if (!text)
		return glue_fail(L, &err);
	/* pushing may raise when memory is short; what we lose then is this one buffer */
	lua_pushstring(L, text);
	free(text);
	return 1;
}

static int l_cgroup_get(lua_State *L)
{
	const struct cgroup *cg = glue_check_cgroup(L, 1);
	int n = push_file(L, cg, check_name(L, 2));
	size_t len;
	const char *text;

	if (n != 1)
		return n;
	text = lua_tolstring(L, -1, &len);
	lua_pushlstring(L, text, len && text[len - 1] == '\n' ? len - 1 : len);
	return 1;
}

static int l_cgroup_set(lua_State *L)
{
	const struct cgroup *cg = glue_check_cgroup(L, 1);
	const char *file = check_name(L, 2), *value;
	struct error err;

	luaL_checkany(L, 3);
	lua_settop(L, 3);
	lua_newtable(L);
	lua_insert(L, 3);
	value = knob_value(L, 3, file);
	if (cgroup_write(cg, file, value, &err))
		return glue_fail(L, &err);
	lua_pushboolean(L, 1);
	return 1;
}

/* The "key number" lines of the text on top as a table; "max" stays the string. */
static int push_counts(lua_State *L, const char *file)
{
	const struct cgroup *cg = glue_check_cgroup(L, 1);
	int n = push_file(L, cg, file);
	const char *key;
	char *cursor;
	uint64_t value;
	size_t len;

	if (n != 1)
		return n;
	lua_len(L, -1);
	len = lua_tointeger(L, -1);
	cursor = memcpy(lua_newuserdatauv(L, len + 1, 0), lua_tostring(L, -2), len + 1);
	lua_newtable(L);
	while (keyed_next(&cursor, &key, &value)) {
		if (value != UINT64_MAX) {
			glue_setfield_u64(L, key, value);
			continue;
		}
		lua_pushliteral(L, "max");
		lua_setfield(L, -2, key);
	}
	return 1;
}

static int l_cgroup_events(lua_State *L)
{
	return push_counts(L, "memory.events");
}

static int l_cgroup_events_local(lua_State *L)
{
	return push_counts(L, "memory.events.local");
}

static int l_cgroup_stat(lua_State *L)
{
	return push_counts(L, "memory.stat");
}

static int push_number(lua_State *L, const char *file)
{
	int n = push_file(L, glue_check_cgroup(L, 1), file);

	if (n != 1)
		return n;
	lua_pushinteger(L, strtoll(lua_tostring(L, -1), NULL, 10));
	return 1;
}

static int l_cgroup_usage(lua_State *L)
{
	return push_number(L, "memory.current");
}

static int l_cgroup_peak(lua_State *L)
{
	return push_number(L, "memory.peak");
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" as t.some = {avg10=, ..., total=} */
static const char *add_pressure(lua_State *L, const char *line)
{
	const char *blank = strchrnul(line, ' '), *equals;
	char *end;

	lua_pushlstring(L, line, blank - line);
	lua_newtable(L);
	while (*blank == ' ' && (equals = strchr(blank, '='))) {
		lua_pushlstring(L, blank + 1, equals - blank - 1);
		if (!strncmp(blank + 1, "total=", 6))
			lua_pushinteger(L, strtoll(equals + 1, &end, 10));
		else
			lua_pushnumber(L, strtod(equals + 1, &end));
		lua_rawset(L, -3);
		blank = end;
	}
	lua_rawset(L, -3);
	return *blank ? blank + 1 : blank;
}

static int l_cgroup_pressure(lua_State *L)
{
	static const char *const resources[] = {"memory", "cpu", "io", NULL};
	static const char *const files[] = {"memory.pressure", "cpu.pressure", "io.pressure"};
	const struct cgroup *cg = glue_check_cgroup(L, 1);
	int n = push_file(L, cg, files[luaL_checkoption(L, 2, "memory", resources)]);
	const char *text;

	if (n != 1)
		return n;
	text = lua_tostring(L, -1);
	lua_newtable(L);
	while (*text)
		text = add_pressure(L, text);
	return 1;
}

static int l_cgroup_procs(lua_State *L)
{
	int n = push_file(L, glue_check_cgroup(L, 1), "cgroup.procs");
	const char *text;
	char *end;

	if (n != 1)
		return n;
	text = lua_tostring(L, -1);
	lua_newtable(L);
	for (lua_Integer i = 1; *text; i++, text = *end ? end + 1 : end) {
		lua_pushinteger(L, strtoll(text, &end, 10));
		lua_seti(L, -2, i);
	}
	return 1;
}

/* --- facts --- */

static int l_cgroup_path(lua_State *L)
{
	lua_pushstring(L, cgroup_path(glue_check_cgroup(L, 1)));
	return 1;
}

static int l_cgroup_name(lua_State *L)
{
	lua_pushstring(L, cgroup_name(glue_check_cgroup(L, 1)));
	return 1;
}

static int l_cgroup_id(lua_State *L)
{
	lua_pushinteger(L, cgroup_id(glue_check_cgroup(L, 1)));
	return 1;
}

static int l_cgroup_tostring(lua_State *L)
{
	struct handle *handle = luaL_checkudata(L, 1, METATABLE);

	lua_pushfstring(L, "cgroup %s", handle->cg ? cgroup_name(handle->cg) : "(closed)");
	return 1;
}

/* --- end --- */

static int l_cgroup_kill(lua_State *L)
{
	struct error err;

	if (cgroup_kill(glue_check_cgroup(L, 1), &err))
		return glue_fail(L, &err);
	lua_pushboolean(L, 1);
	return 1;
}

static int l_cgroup_remove(lua_State *L)
{
	struct handle *handle = luaL_checkudata(L, 1, METATABLE);
	struct error err;

	if (handle->cg && cgroup_remove(handle->cg, &err))
		return glue_fail(L, &err);
	lua_pushboolean(L, 1);
	return 1;
}

static int release(struct handle *handle, struct error *err)
{
	struct cgroup *cg = handle->cg;

	handle->cg = NULL;
	return cg ? cgroup_close(cg, err) : 0;
}

/* A cgroup that can't be removed is an error, unless another one is on its way. */
static int l_cgroup_close(lua_State *L)
{
	struct error err;

	if (release(luaL_checkudata(L, 1, METATABLE), &err) && lua_isnoneornil(L, 2))
		return luaL_error(L, "%s", err.text);
	return 0;
}

static int l_cgroup_gc(lua_State *L)
{
	release(luaL_checkudata(L, 1, METATABLE), NULL);
	return 0;
}

/*
 * What can fail returns nil, "name: reason", errno. A cgroup that is gone: errno 19 (ENODEV); a file
 * that this kernel lacks: errno 2 (ENOENT). A key that the kernel does not give is absent.
 */
static const luaL_Reg methods[] = {
	/* cg:set(file, value) -> true; value is a string or a whole number, as the kernel takes it. */
	{"set", l_cgroup_set},
	/* cg:get(file) -> the file's text without its last newline. */
	{"get", l_cgroup_get},
	/* cg:events() -> {low=, high=, max=, oom=, oom_kill=, ...}, with those of cgroups below. */
	{"events", l_cgroup_events},
	/* cg:events_local() -> the same of this cgroup alone. */
	{"events_local", l_cgroup_events_local},
	/* cg:stat() -> memory.stat: {anon=, file=, pgscan=, workingset_refault_file=, ...}; bytes, counts. */
	{"stat", l_cgroup_stat},
	/* cg:pressure(["memory"|"cpu"|"io"]) -> {some={avg10=, avg60=, avg300= (percent), total= (us)}, full=}. */
	{"pressure", l_cgroup_pressure},
	/* cg:usage() -> bytes charged now (memory.current). */
	{"usage", l_cgroup_usage},
	/* cg:peak() -> the most bytes ever charged (memory.peak, Linux 5.19). */
	{"peak", l_cgroup_peak},
	/* cg:procs() -> list of pids. */
	{"procs", l_cgroup_procs},
	/* cg:kill() -> true; SIGKILL to all processes in it and below, without waiting. */
	{"kill", l_cgroup_kill},
	/* cg:path() -> absolute path of the directory. */
	{"path", l_cgroup_path},
	/* cg:name() -> the path given to create() or open(). */
	{"name", l_cgroup_name},
	/* cg:id() -> the kernel's cgroup id (the directory's inode number). */
	{"id", l_cgroup_id},
	/* cg:remove() -> true; kills, waits up to 5 s, removes it and all below. What is attached to one of them is dropped
	   from it first (p:drop). Twice is fine. */
	{"remove", l_cgroup_remove},
	{NULL, NULL},
};

static const luaL_Reg functions[] = {
	/*
	 * cgroup.create(path [, knobs]) -> cg; path is relative to memlua's own root and its parent
	 * exists, e.g. "session/high"; knobs: {["memory.max"] = "512M" or bytes, ...}. Removed when
	 * closed, collected, or at exit.
	 */
	{"create", l_cgroup_create},
	/* cgroup.open(path) -> cg; an existing one, absolute or relative to the mount; never removed. */
	{"open", l_cgroup_open},
	/* cgroup.root() -> absolute path of memlua's own root, which is made. */
	{"root", l_cgroup_root},
	{NULL, NULL},
};

int luaopen_memlua_cgroup(lua_State *L)
{
	static const luaL_Reg meta[] = {{"__gc", l_cgroup_gc},
					{"__close", l_cgroup_close},
					{"__tostring", l_cgroup_tostring},
					{NULL, NULL}};

	luaL_newmetatable(L, METATABLE);
	luaL_setfuncs(L, meta, 0);
	luaL_newlib(L, methods);
	lua_setfield(L, -2, "__index");
	luaL_newlib(L, functions);
	return 1;
}
