/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_LUA_POLICY_VALUES_H
#define MEMLUA_LUA_POLICY_VALUES_H

#include <lua.h>

#include "../core/btfvar.h"

struct error;

/*
 * Set the members of a struct to the named fields of the table at idx; its list part is skipped.
 * Raises nothing. Return: 0, or -1 with the field named in err.
 */
int policy_set_members(lua_State *L, int idx, const struct btfvar *var, struct error *err);

/* Push the value as a number, boolean, string or table; nil for what Lua has no word for. */
void policy_push_value(lua_State *L, const struct btfvar *var);

/* Set the fields of the table on top to the struct's members. */
void policy_set_fields(lua_State *L, const struct btfvar *var);

/* Set a field of the table on top, unless the value is NULL. */
void policy_set_string(lua_State *L, const char *key, const char *value);

#endif
