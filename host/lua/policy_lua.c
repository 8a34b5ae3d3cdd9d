// SPDX-License-Identifier: GPL-2.0
/* memlua.policy: policies written in Lua, which the Lua library compiles. */
#include "policy_lua.h"

#include <lauxlib.h>
#include <string.h>

#include "../core/error.h"
#include "../core/trusted.h"
#include "upcall.h"

/* The argument at idx is a file that returns what policy.lua() gave: that takes its place. */
static void load_file(lua_State *L, int idx)
{
	struct error err;

	if (trusted_file(lua_tostring(L, idx), &err))
		luaL_error(L, "%s", err.text);
	upcall_push(L, UPCALL_POLICY);
	lua_pushvalue(L, idx);
	lua_call(L, 1, 1);
	lua_replace(L, idx);
}

static bool is_lua_file(lua_State *L, int idx)
{
	size_t len;
	const char *name = lua_type(L, idx) == LUA_TSTRING ? lua_tolstring(L, idx, &len) : NULL;

	return name && len > 4 && !strcmp(name + len - 4, ".lua");
}

const char *policy_check_name(lua_State *L, int idx)
{
	if (is_lua_file(L, idx))
		load_file(L, idx);
	if (lua_istable(L, idx)) {
		if (lua_getfield(L, idx, "object") != LUA_TFUNCTION)
			luaL_argerror(L, idx, "a policy's name, or what policy.lua gave");
		lua_pushvalue(L, idx);
		lua_call(L, 1, 1);
		lua_replace(L, idx);
	}
	return luaL_checkstring(L, idx);
}

/*
 * policy.lua{name=, about=, config=, stats=, state=, roles=} -> a policy written in Lua, for every function here that
 * takes a name. policy.lua(path): that of a file that ends with `return policy.lua {...}`; such a path may stand for a
 * name, too. See the guide, bpf/policies/README.md. Fails with status 1 at the FILE:LINE of what is outside of the subset.
 *   about    what it does, in one line
 *   config   { NAME = 20 or { 20, unit = "ms" or "bytes", about = } }; { "rarely", one_of = { "often", "rarely" } }
 *   stats    { "NAME", ... } or { NAME = what it counts }: counters of the policy
 *   state    { NAME = 0 }: what the policy keeps for itself
 *   roles    { ROLE = { settings = as config, of each tenant, 0 or false; counters = as stats, of each tenant; state =
 *            as state, of each tenant; hold = true: ask a delayed task again until 0 is answered; and functions } }:
 *     charged(memcg, me, config, pages, nice) -> ms that the task sleeps; nice: of the thread that charges
 *     uncharged(memcg, me, config, pages)
 *     below_low(memcg, me, config, protection, usage), below_min -> whether it is protected; bytes
 *     faulted(memcg, me, config, faults): page faults; costs a program run per memcg event of the machine, so that
 *            faulted_when = { "NAME", "NAME=WORD" } loads it only where the configuration at attach says so
 *     join(memcg, me, config) -> nothing, or refuse("why: %d", number)
 */
int l_policy_lua(lua_State *L)
{
	lua_settop(L, 1);
	if (is_lua_file(L, 1)) {
		load_file(L, 1);
		return 1;
	}
	upcall_push(L, UPCALL_POLICY);
	lua_insert(L, 1);
	lua_call(L, 1, 1);
	return 1;
}
