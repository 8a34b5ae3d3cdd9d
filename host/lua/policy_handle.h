/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_LUA_POLICY_HANDLE_H
#define MEMLUA_LUA_POLICY_HANDLE_H

#include <lua.h>

struct policy;

#define POLICY_HANDLE "memlua.policy" /* the name of its metatable */

/* A handle. */
struct policy_box {
	struct policy *policy; /* NULL: detached */
};

/** policy_check() - the policy of the handle at idx. Raises where it is none, or detached. */
struct policy *policy_check(lua_State *L, int idx);

#endif
