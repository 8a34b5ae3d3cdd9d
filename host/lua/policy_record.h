/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_LUA_POLICY_RECORD_H
#define MEMLUA_LUA_POLICY_RECORD_H

#include <lua.h>

/* Methods of a policy's handle, which tell what they do where they are. */
int l_policy_record(lua_State *L);
int l_policy_drain(lua_State *L);
int l_policy_recorded(lua_State *L);

#endif
