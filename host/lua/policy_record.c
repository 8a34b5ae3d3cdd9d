// SPDX-License-Identifier: GPL-2.0
/* memlua.policy: the recording of a policy in Lua. */
#include "policy_record.h"

#include <lauxlib.h>

#include "../core/error.h"
#include "../core/policy_record.h"
#include "glue.h"
#include "policy_handle.h"

/*
 * p:record(path, header, most) -> true, or nil, reason: keeps the calls of an attached policy in Lua in the file `path` from now on,
 * those since it was attached included: behind the line `header`, at most `most` bytes. Its object must be definition:object(true).
 */
int l_policy_record(lua_State *L)
{
	struct policy *p = policy_check(L, 1);
	const char *path = luaL_checkstring(L, 2), *header = luaL_checkstring(L, 3);
	lua_Integer most = luaL_checkinteger(L, 4);
	struct error err;

	luaL_argcheck(L, most > 0, 4, "bytes, more than 0");
	if (policy_record(p, path, header, most, &err))
		return glue_fail(L, &err);
	lua_pushboolean(L, 1);
	return 1;
}

/*
 * p:drain() -> true, or nil, reason: puts what has been called since the last time into the file. The kernel's buffer holds 8128 calls;
 * those that find it full are lost, and counted in p:stats().unrecorded.
 */
int l_policy_drain(lua_State *L)
{
	struct policy *p = policy_check(L, 1);
	struct error err;

	if (policy_drain(p, &err))
		return glue_fail(L, &err);
	lua_pushboolean(L, 1);
	return 1;
}

/*
 * p:recorded() -> {calls=, cut=, beyond=, bytes=}: in the file; of these, some of whose readings are missing; not kept since the file
 * is full; the file's size. Or nil, reason.
 */
int l_policy_recorded(lua_State *L)
{
	struct policy *p = policy_check(L, 1);
	struct policy_recorded told;
	struct error err;

	if (policy_recorded(p, &told, &err))
		return glue_fail(L, &err);
	lua_createtable(L, 0, 4);
	lua_pushinteger(L, told.calls);
	lua_setfield(L, -2, "calls");
	lua_pushinteger(L, told.cut);
	lua_setfield(L, -2, "cut");
	lua_pushinteger(L, told.beyond);
	lua_setfield(L, -2, "beyond");
	lua_pushinteger(L, told.bytes);
	lua_setfield(L, -2, "bytes");
	return 1;
}
