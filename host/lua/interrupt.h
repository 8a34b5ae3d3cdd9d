/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_LUA_INTERRUPT_H
#define MEMLUA_LUA_INTERRUPT_H

#include <lua.h>

/*
 * How a signal, or the end of its time, ends a script.
 *
 * An interruption is pending from the signal until the script has unwound. It is an error {status=, message=}, raised
 * in whichever coroutine runs, that nothing catches: the functions of Lua that catch errors, pcall and its like and
 * those that resume a coroutine, raise it again. To-be-closed variables are closed on the way, undisturbed; one whose
 * closer takes longer than 10 s, or during which another signal comes, is broken off. In the end it decides memlua's
 * exit status, whatever else went wrong meanwhile.
 */

/** lua_interrupt_open() - let signals interrupt this state; call it once its standard libraries are open. */
void lua_interrupt_open(lua_State *L);

/** lua_interrupt_notify() - for interrupt_install(). */
void lua_interrupt_notify(int signal);

/** lua_interrupt_stop() - from now on signals are remembered only: the state is being closed. */
void lua_interrupt_stop(void);

/** lua_interrupt_disown() - in a copy of the process: the script's interruption is not the copy's. */
void lua_interrupt_disown(lua_State *L);

/** lua_interrupt_push() - push the error of the pending interruption, {status=, message=}. */
void lua_interrupt_push(lua_State *L);

/** lua_interrupt_status() - memlua's exit status by the pending interruption. */
int lua_interrupt_status(void);

/** lua_interrupt_forget() - it has been answered. */
void lua_interrupt_forget(lua_State *L);

/** lua_interrupt_answer() - host.until_signal(): see there. */
int lua_interrupt_answer(lua_State *L);

#endif
