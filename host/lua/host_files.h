/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_LUA_HOST_FILES_H
#define MEMLUA_LUA_HOST_FILES_H

#include <lauxlib.h>

/* The functions of memlua.host that make, keep and look at files and folders. */
extern const luaL_Reg host_files[];

#endif
