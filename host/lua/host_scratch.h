/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_LUA_HOST_SCRATCH_H
#define MEMLUA_LUA_HOST_SCRATCH_H

#include <lua.h>

/** host_scratch_add() - host.scratch, into the table on top. */
void host_scratch_add(lua_State *L);

#endif
