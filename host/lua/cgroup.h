/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_LUA_CGROUP_H
#define MEMLUA_LUA_CGROUP_H

#include <lua.h>

struct cgroup;

/** glue_check_cgroup() - the cgroup at @idx; raises when it is none, or closed. */
struct cgroup *glue_check_cgroup(lua_State *L, int idx);

#endif
