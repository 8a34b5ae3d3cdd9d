/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_LUA_POLICY_COST_H
#define MEMLUA_LUA_POLICY_COST_H

#include <lua.h>

struct policy;

/* Push what p:cost() returns. Return: how many values. */
int policy_push_cost(lua_State *L, struct policy *p);

#endif
