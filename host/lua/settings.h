/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_LUA_SETTINGS_H
#define MEMLUA_LUA_SETTINGS_H

#include <lua.h>

/**
 * settings_push() - push what was given as a Lua table: name ("_" for "-") -> string, true, or number.
 * @values: of settings_table, legal ones, NULL where none was given
 */
void settings_push(lua_State *L, const char *const values[]);

/** settings_push_declarations() - push the table of settings as the list that host.options() returns. */
void settings_push_declarations(lua_State *L);

#endif
