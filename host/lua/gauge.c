// SPDX-License-Identifier: GPL-2.0
/* memlua.gauge: what is sampled of a cgroup all the time, at little cost. */
#include "../core/gauge.h"

#include "../core/error.h"
#include "cgroup.h"
#include "glue.h"

#define METATABLE "memlua.gauge"

static int l_gauge_open(lua_State *L)
{
	const struct cgroup *cg = glue_check_cgroup(L, 1);
	struct gauge *g = lua_newuserdatauv(L, sizeof(*g), 0);
	struct error err;

	gauge_init(g);
	luaL_setmetatable(L, METATABLE);
	return gauge_open(g, cg, &err) ? glue_fail(L, &err) : 1;
}

static void check_open(lua_State *L, const struct gauge *g)
{
	luaL_argcheck(L, g->fd[GAUGE_MEMORY] >= 0, 1, "it is closed");
}

static int l_gauge_read(lua_State *L)
{
	const struct gauge *g = luaL_checkudata(L, 1, METATABLE);
	int64_t stalled_us;
	struct error err;
	uint64_t usage;

	check_open(L, g);
	if (gauge_read(g, &usage, &stalled_us, &err))
		return glue_fail(L, &err);
	lua_pushinteger(L, usage);
	if (stalled_us < 0)
		return 1;
	lua_pushinteger(L, stalled_us);
	return 2;
}

/* What isn't known is absent. */
static void set_known(lua_State *L, const char *key, int64_t value)
{
	if (value >= 0)
		glue_setfield_u64(L, key, value);
}

static int l_gauge_load(lua_State *L)
{
	const struct gauge *g = luaL_checkudata(L, 1, METATABLE);
	struct gauge_load load;

	check_open(L, g);
	gauge_load(g, &load);
	lua_createtable(L, 0, 5);
	set_known(L, "cpu_us", load.cpu_us);
	set_known(L, "cpu_stalled_us", load.cpu_stalled_us);
	set_known(L, "io_stalled_us", load.io_stalled_us);
	set_known(L, "read_bytes", load.read_bytes);
	set_known(L, "written_bytes", load.written_bytes);
	return 1;
}

static int l_gauge_close(lua_State *L)
{
	gauge_close(luaL_checkudata(L, 1, METATABLE));
	return 0;
}

static const luaL_Reg methods[] = {
	/*
	 * g:read() -> memory.current (bytes) [, for how long some of its tasks were stalled for memory since it was made (us);
	 * nothing where the kernel doesn't say]. nil, reason, errno once the cgroup is gone.
	 */
	{"read", l_gauge_read},
	/*
	 * g:load() -> what the cgroup's tasks have used and waited for since it was made: {cpu_us=, cpu_stalled_us=, io_stalled_us=
	 * (pressure: some of them at least), read_bytes=, written_bytes= (of block devices)}. What the kernel doesn't say, or a
	 * controller that is off, is absent, and so is all of a cgroup that is gone. Dearer than read().
	 */
	{"load", l_gauge_load},
	/* g:close(): idempotent. */
	{"close", l_gauge_close},
	{NULL, NULL},
};

static const luaL_Reg functions[] = {
	/*
	 * gauge.open(cg) -> g, to be closed: for looks at a cgroup many times a second; cg:usage() and cg:pressure() open
	 * their files each time. nil, reason, errno.
	 */
	{"open", l_gauge_open},
	{NULL, NULL},
};

int luaopen_memlua_gauge(lua_State *L)
{
	glue_handle(L, METATABLE, methods, l_gauge_close);
	luaL_newlib(L, functions);
	return 1;
}
