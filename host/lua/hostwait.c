// SPDX-License-Identifier: GPL-2.0
/* memlua.hostwait: how long tenants' file requests are in flight. */
#include "../core/hostwait.h"

#include <string.h>

#include "../core/cgroup.h"
#include "../core/error.h"
#include "../core/facts.h"
#include "cgroup.h"
#include "glue.h"

#define METATABLE "memlua.hostwait"

static struct hostwait *check_hostwait(lua_State *L)
{
	struct hostwait *h = luaL_checkudata(L, 1, METATABLE);

	if (!h->object)
		luaL_argerror(L, 1, "it is closed");
	return h;
}

static int l_hostwait_open(lua_State *L)
{
	struct hostwait *h;
	struct error err;

	glue_enter(L);
	h = lua_newuserdatauv(L, sizeof(*h), 0);
	memset(h, 0, sizeof(*h));
	luaL_setmetatable(L, METATABLE);
	return hostwait_open(h, &err) ? glue_fail(L, &err) : 1;
}

static int l_hostwait_watch(lua_State *L)
{
	struct hostwait *h = check_hostwait(L);
	struct error err;

	if (hostwait_watch(h, cgroup_id(glue_check_cgroup(L, 2)), &err))
		return glue_fail(L, &err);
	lua_pushboolean(L, 1);
	return 1;
}

static int l_hostwait_read(lua_State *L)
{
	const struct hostwait *h = check_hostwait(L);
	struct hostwait_sum sum;
	struct facts facts;
	struct error err;

	if (hostwait_read(h, cgroup_id(glue_check_cgroup(L, 2)), &sum, &err))
		return glue_fail(L, &err);
	facts_read(&facts);
	lua_createtable(L, 0, 3);
	glue_setfield_u64(L, "requests", sum.requests);
	lua_pushnumber(L, sum.ns * 1e-9);
	lua_setfield(L, -2, "in_flight_s");
	if (facts.cpus == 1) {
		lua_pushnumber(L, sum.idle_ns * 1e-9);
		lua_setfield(L, -2, "idle_s");
	}
	return 1;
}

static int l_hostwait_close(lua_State *L)
{
	hostwait_close(luaL_checkudata(L, 1, METATABLE));
	return 0;
}

static const luaL_Reg methods[] = {
	/* h:watch(cgroup) -> true: counts for it and those below it, from 0. nil, reason, errno. */
	{"watch", l_hostwait_watch},
	/*
	 * h:read(cgroup) -> {requests=, in_flight_s= (at least one was), idle_s= (the CPU idled meanwhile; absent
	 * with several CPUs)}: seconds since h:watch. nil, reason, errno.
	 */
	{"read", l_hostwait_read},
	/* h:close(): idempotent. */
	{"close", l_hostwait_close},
	{NULL, NULL},
};

static const luaL_Reg functions[] = {
	/*
	 * hostwait.open() -> h, to be closed: measures how long the file requests of cgroups are in flight, which the
	 * host serves in the microVM. nil, reason, errno where the kernel can't (before 6.11), or only for root.
	 */
	{"open", l_hostwait_open},
	{NULL, NULL},
};

int luaopen_memlua_hostwait(lua_State *L)
{
	glue_handle(L, METATABLE, methods, l_hostwait_close);
	luaL_newlib(L, functions);
	return 1;
}
