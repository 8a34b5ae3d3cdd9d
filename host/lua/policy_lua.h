/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_LUA_POLICY_LUA_H
#define MEMLUA_LUA_POLICY_LUA_H

#include <lua.h>
#include <stdbool.h>

/**
 * policy_check_name() - the argument at idx: a policy's name, or the path of its object.
 * What policy.lua() gave, or a file of Lua that returns it, is compiled, and replaced by its object's path. Raises where it is
 * nothing of these.
 */
const char *policy_check_name(lua_State *L, int idx);

/** l_policy_lua() - policy.lua() */
int l_policy_lua(lua_State *L);

#endif
