// SPDX-License-Identifier: GPL-2.0
/* memlua.watch: waiting for what the kernel tells of a cgroup by poll(). */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "../core/clock.h"
#include "../core/error.h"
#include "../core/interrupt.h"
#include "../core/watch.h"
#include "glue.h"

#define METATABLE "memlua.watch"

/* -1 while closed. */
struct handle {
	int fd;
};

static int l_watch_open(lua_State *L)
{
	const char *path = luaL_checkstring(L, 1), *trigger = luaL_optstring(L, 2, NULL);
	struct handle *handle = lua_newuserdatauv(L, sizeof(*handle), 0);
	struct error err;

	handle->fd = -1;
	luaL_setmetatable(L, METATABLE);
	handle->fd = watch_open(path, trigger, &err);
	return handle->fd < 0 ? glue_fail(L, &err) : 1;
}

/* The descriptors of the list at index 1. */
static int *descriptors(lua_State *L, size_t n)
{
	int *fds = lua_newuserdatauv(L, (n + 1) * sizeof(*fds), 0);

	for (size_t i = 0; i < n; i++) {
		struct handle *handle;

		lua_geti(L, 1, i + 1);
		handle = luaL_testudata(L, -1, METATABLE);
		if (!handle || handle->fd < 0)
			luaL_error(L, "watch.wait: item %d is not an open watch", (int)i + 1);
		fds[i] = handle->fd;
		lua_pop(L, 1);
	}
	return fds;
}

/* Seconds at index 2, from now; none: no end. */
static uint64_t check_deadline(lua_State *L)
{
	double timeout = luaL_optnumber(L, 2, HUGE_VAL);

	luaL_argcheck(L, timeout >= 0, 2, "must be 0 or more seconds");
	return timeout > 1e9 ? UINT64_MAX : clock_ns() + seconds_to_ns(timeout);
}

static int l_watch_wait(lua_State *L)
{
	uint64_t deadline = check_deadline(L), woken = 0;
	struct error err;
	lua_Integer place = 0;
	bool *fired;
	size_t n;
	int *fds;

	luaL_checktype(L, 1, LUA_TTABLE);
	n = luaL_len(L, 1);
	fds = descriptors(L, n);
	fired = memset(lua_newuserdatauv(L, n + 1, 0), 0, n + 1);
	if (watch_wait(fds, fired, n, deadline, &woken, &err) < 0)
		return glue_fail(L, &err);
	lua_newtable(L);
	for (size_t i = 0; i < n; i++) {
		if (!fired[i])
			continue;
		lua_pushinteger(L, i + 1);
		lua_seti(L, -2, ++place);
	}
	lua_pushnumber(L, woken * 1e-9);
	return 2;
}

static int l_watch_heed(lua_State *L)
{
	(void)L;
	interrupt_install(NULL);
	return 0;
}

static int l_watch_close(lua_State *L)
{
	struct handle *handle = luaL_checkudata(L, 1, METATABLE);

	if (handle->fd >= 0)
		close(handle->fd);
	handle->fd = -1;
	return 0;
}

static const luaL_Reg methods[] = {
	/* w:close(): idempotent. */
	{"close", l_watch_close},
	{NULL, NULL},
};

static const luaL_Reg functions[] = {
	/*
	 * watch.open(path [, trigger]) -> w, to be closed: a file that tells of changes by poll(): memory.events, or a pressure
	 * file with a trigger as it takes it, "some 150000 1000000" (us of stall, in us). nil, reason, errno.
	 */
	{"open", l_watch_open},
	/*
	 * watch.wait(list [, timeout]) -> places, woken: which watches of the list have changed since they were last told, none
	 * after `timeout` seconds; woken: when the kernel woke this process up, of the monotonic clock. nil, "interrupted", 4 once
	 * it is to end.
	 */
	{"wait", l_watch_wait},
	/* watch.heed(): in a worker of kind "lua": a signal to end no longer ends it at once, but its next watch.wait. */
	{"heed", l_watch_heed},
	{NULL, NULL},
};

int luaopen_memlua_watch(lua_State *L)
{
	glue_handle(L, METATABLE, methods, l_watch_close);
	luaL_newlib(L, functions);
	return 1;
}
