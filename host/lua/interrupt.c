// SPDX-License-Identifier: GPL-2.0
#include "interrupt.h"

#include <lauxlib.h>

#include <stdbool.h>
#include <string.h>

#include "../core/clock.h"
#include "../core/interrupt.h"
#include "../core/status.h"

/* How long the script's closers may take before they are broken off. */
#define GRACE_NS (10 * NSEC_PER_SEC)

static lua_State *running;             /* the coroutine that runs; NULL: nothing to interrupt */
static bool closing;                   /* the script unwinds: what runs now are its closers */
static volatile sig_atomic_t insisted; /* by another signal meanwhile */
static uint64_t since;                 /* that the closers have time */

/* --- raising it --- */

int lua_interrupt_status(void)
{
	return memlua_interrupted == SIGALRM ? STATUS_TIMEOUT : STATUS_SIGNAL;
}

void lua_interrupt_push(lua_State *L)
{
	lua_createtable(L, 0, 2);
	lua_pushinteger(L, lua_interrupt_status());
	lua_setfield(L, -2, "status");
	if (memlua_interrupted == SIGALRM)
		lua_pushliteral(L, "timed out (--timeout)");
	else
		lua_pushfstring(L, "ended by %s", strsignal(memlua_interrupted));
	lua_setfield(L, -2, "message");
}

/* Whether a block that ends as usual is closing a variable; where an error ends it, `closing` says so. */
static bool in_closer(lua_State *L)
{
	lua_Debug ar;

	for (int level = 0; lua_getstack(L, level, &ar); level++)
		if (lua_getinfo(L, "n", &ar) && ar.name && !strcmp(ar.namewhat, "metamethod") &&
		    !strcmp(ar.name, "close"))
			return true;
	return false;
}

static void on_hook(lua_State *L, lua_Debug *ar);

static int raise_interrupt(lua_State *L)
{
	closing = true;
	insisted = false;
	since = clock_ns();
	lua_sethook(L, on_hook, LUA_MASKCOUNT, 1000); /* to see closers that never end */
	lua_interrupt_push(L);
	return lua_error(L);
}

static void on_hook(lua_State *L, lua_Debug *ar)
{
	bool patient = !insisted && clock_ns() - since < GRACE_NS;

	(void)ar;
	if (!memlua_interrupted)
		lua_sethook(L, NULL, 0, 0);
	else if (!patient || !(closing || in_closer(L)))
		raise_interrupt(L);
}

/* lua_sethook() is what Lua allows in a signal handler. A C closer is not kept from its work: only instructions of
 * Lua are counted once closers run. */
static void arm(lua_State *L)
{
	lua_sethook(L, on_hook,
		    closing ? LUA_MASKCOUNT :
			      LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT,
		    1);
}

void lua_interrupt_notify(int signal)
{
	if (!running)
		return;
	if (closing && signal == SIGALRM)
		return; /* the same once more */
	insisted = closing;
	if (!closing)
		since = clock_ns();
	arm(running);
}

/* --- what may catch it --- */

static bool must_raise(lua_State *L, bool was_closing)
{
	return memlua_interrupted && running && !was_closing && !in_closer(L);
}

static int finish(lua_State *L, int status, lua_KContext was_closing)
{
	(void)status;
	if (must_raise(L, was_closing))
		return raise_interrupt(L);
	closing = was_closing;
	return lua_gettop(L);
}

/* Upvalue: a function of Lua's that catches errors. */
static int l_guarded(lua_State *L)
{
	bool was_closing = closing;

	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_callk(L, lua_gettop(L) - 1, LUA_MULTRET, was_closing, finish);
	return finish(L, LUA_OK, was_closing);
}

/* --- coroutines --- */

/* One that was interrupted, or gave way just then, will never be resumed. */
static void end_coroutine(lua_State *co)
{
	running = co;
	if (lua_status(co) != LUA_OK)
		lua_resetthread(co);
}

/* Calls the function at the stack's bottom, in which `co` is the one to be interrupted. Return: lua_pcall()'s. */
static int call_in(lua_State *L, lua_State *co)
{
	lua_State *from = running;
	bool was_closing = closing;
	int result;

	running = from ? co : NULL;
	if (memlua_interrupted && from && !closing)
		arm(co);
	result = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
	running = from;
	if (must_raise(L, was_closing)) {
		closing = true;
		end_coroutine(co);
		running = from;
		raise_interrupt(L);
	}
	closing = was_closing;
	return result;
}

/* coroutine.resume(), coroutine.close(); upvalue: Lua's. */
static int l_switched(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTHREAD);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	return call_in(L, lua_tothread(L, 2)) == LUA_OK ? lua_gettop(L) : lua_error(L);
}

/* What coroutine.wrap() returns; upvalues: what Lua's returned, its coroutine. */
static int l_wrapped(lua_State *L)
{
	int result;

	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	result = call_in(L, lua_tothread(L, lua_upvalueindex(2)));
	if (result == LUA_OK)
		return lua_gettop(L);
	/* as Lua's does, which sees us as its caller */
	if (result != LUA_ERRMEM && lua_type(L, -1) == LUA_TSTRING) {
		luaL_where(L, 1);
		lua_insert(L, -2);
		lua_concat(L, 2);
	}
	return lua_error(L);
}

/* coroutine.wrap(); upvalue: Lua's, whose result has the coroutine as its only upvalue. */
static int l_wrap(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TFUNCTION);
	lua_settop(L, 1);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, 1, 1);
	lua_getupvalue(L, 1, 1);
	lua_pushcclosure(L, l_wrapped, 2);
	return 1;
}

/* --- the state --- */

/* t[name] of the table on top becomes `by`, with what it was as upvalue. */
static void replace(lua_State *L, const char *name, lua_CFunction by)
{
	lua_getfield(L, -1, name);
	lua_pushcclosure(L, by, 1);
	lua_setfield(L, -2, name);
}

void lua_interrupt_open(lua_State *L)
{
	lua_pushglobaltable(L);
	replace(L, "pcall", l_guarded);
	replace(L, "xpcall", l_guarded);
	replace(L, "load", l_guarded); /* its argument may be a function */
	lua_getfield(L, -1, "coroutine");
	replace(L, "resume", l_switched);
	replace(L, "close", l_switched);
	replace(L, "wrap", l_wrap);
	lua_pop(L, 2);
	running = L;
}

void lua_interrupt_stop(void)
{
	running = NULL;
}

void lua_interrupt_forget(lua_State *L)
{
	interrupt_forget();
	closing = false;
	insisted = false;
	lua_sethook(L, NULL, 0, 0);
}

void lua_interrupt_disown(lua_State *L)
{
	lua_interrupt_stop();
	lua_interrupt_forget(L);
}

int lua_interrupt_answer(lua_State *L)
{
	bool was_closing = closing;
	int result = lua_pcall(L, lua_gettop(L) - 1, 0, 0);

	if (must_raise(L, was_closing) && memlua_interrupted == SIGALRM)
		return raise_interrupt(L);
	if (must_raise(L, was_closing)) {
		lua_interrupt_forget(L);
		lua_pushboolean(L, 1);
		return 1;
	}
	closing = was_closing;
	if (result != LUA_OK)
		return lua_error(L);
	lua_pushboolean(L, 0);
	return 1;
}
