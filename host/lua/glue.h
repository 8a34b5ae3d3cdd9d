/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_GLUE_H
#define MEMLUA_GLUE_H

#include <lauxlib.h>
#include <lua.h>
#include <stdint.h>

struct error;

/*
 * What the glue files share. Misuse raises; the outside world's refusals are returned as
 * nil, "name: reason", errno.
 */

/* Lua's own header doesn't tell compilers and analyzers that this never returns. */
LUALIB_API int luaL_error(lua_State *L, const char *fmt, ...) __attribute__((noreturn));

/** glue_fail() - push nil, text, code. Return: 3, for the lua_CFunction to return. */
int glue_fail(lua_State *L, const struct error *err);

/**
 * glue_check_keys() - raise unless every key of the table is a known one.
 * @idx:   the table; a missing one (nil or none) passes
 * @what:  how the message names the table, e.g. "worker.spawn"
 * @known: NULL-terminated
 */
void glue_check_keys(lua_State *L, int idx, const char *what, const char *const known[]);

/**
 * glue_size(), glue_duration() - field @key of the table at @idx as bytes / seconds: a number, or a
 * string like "256M" / "200ms". A missing field gives @def. Raises on anything else, and on a
 * negative one.
 */
uint64_t glue_size(lua_State *L, int idx, const char *key, uint64_t def);
double glue_duration(lua_State *L, int idx, const char *key, double def);

/** glue_setfield_u64() - t[key] = value for the table on top; beyond 2^63-1 the largest integer. */
void glue_setfield_u64(lua_State *L, const char *key, uint64_t value);

/**
 * glue_handle() - register a kind of handle, which is closed when it is collected or leaves its scope, too.
 * @metatable: its name
 * @methods:   what h:method() finds
 * @closer:    idempotent
 */
void glue_handle(lua_State *L, const char *metatable, const luaL_Reg methods[],
		 lua_CFunction closer);

/** glue_become_copy() - this process is a worker's copy of the state from now on: nothing is opened in it. */
void glue_become_copy(void);

/** glue_need_script() - raise where this process is such a copy. */
void glue_need_script(lua_State *L);

/**
 * glue_enter() - the first use of the kernel: see host.enter(). May raise, may end the process after
 * the microVM has run the script. Cheap after the first time.
 */
void glue_enter(lua_State *L);

#endif
