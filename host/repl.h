/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_REPL_H
#define MEMLUA_REPL_H

#include <lua.h>

/**
 * repl() - read Lua from the terminal until end of file; expressions print their values. Ctrl-C ends
 * the running chunk and keeps the session.
 * Return: the exit status, 0.
 */
int repl(lua_State *L);

#endif
