/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_LUA_POLICY_DESCRIBE_H
#define MEMLUA_LUA_POLICY_DESCRIBE_H

#include <lua.h>

struct policy;

/* Push what policy.describe() returns. */
void policy_push_description(lua_State *L, const struct policy *p);

/* Push what p:tenants() and p:tenant() return about the i-th tenant. */
void policy_push_tenant(lua_State *L, const struct policy *p, unsigned int i);

#endif
