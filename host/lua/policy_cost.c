// SPDX-License-Identifier: GPL-2.0
/* What p:cost() tells. */
#include "policy_cost.h"

#include <lauxlib.h>

#include "../core/error.h"
#include "../core/policy_cost.h"
#include "glue.h"

static void push_program(lua_State *L, const struct policy_cost *cost)
{
	lua_createtable(L, 0, 2);
	lua_pushinteger(L, cost->calls);
	lua_setfield(L, -2, "calls");
	lua_pushnumber(L, cost->time_ns / 1e9);
	lua_setfield(L, -2, "time_s");
}

int policy_push_cost(lua_State *L, struct policy *p)
{
	struct policy_cost cost;
	struct error err;
	int found;

	if (policy_count_cost(p, &err))
		return glue_fail(L, &err);
	lua_newtable(L);
	for (unsigned int i = 0; (found = policy_cost(p, i, &cost, &err)) > 0; i++) {
		push_program(L, &cost);
		lua_setfield(L, -2, cost.name);
	}
	return found < 0 ? glue_fail(L, &err) : 1;
}
