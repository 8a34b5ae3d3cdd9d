// SPDX-License-Identifier: GPL-2.0
/*
 * The worker that runs a function of the script: a copy of this process, Lua state and all, born in the cgroup.
 *
 * What the copy must not do is to end what the script began: remove its cgroups, kill its workers, detach its
 * policy. The finalizers of the script's handles do that, and the functions that C's exit() calls. So nothing may
 * be waiting to be collected when the copy is made, memlua.base.child disarms the handles in it, and it leaves by _exit().
 */
#include "worker_lua.h"

#include <lauxlib.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../core/error.h"
#include "../core/worker_child.h"
#include "glue.h"
#include "interrupt.h"
#include "upcall.h"

/* The child's only: it runs one function. */
static struct {
	const struct worker_spec *spec;
	struct worker_shared *shared;
	uint64_t began; /* ns: the end of the last step */
} self;

static int check(const struct worker_spec *spec, struct error *err)
{
	if (!spec->context)
		return error_set(err, EINVAL, "run: missing; the lua kind needs a function");
	return worker_check_user(spec, err);
}

/* What the child's own files still hold back is written; the parent's were empty when it was copied. */
static _Noreturn void leave(int code)
{
	fflush(NULL);
	self.shared->finished = clock_ns();
	_exit(code);
}

/* os.exit([code]) of the child. */
static int l_exit(lua_State *L)
{
	if (lua_isnoneornil(L, 1) || (lua_isboolean(L, 1) && lua_toboolean(L, 1)))
		leave(EXIT_SUCCESS);
	leave(lua_isboolean(L, 1) ? EXIT_FAILURE : (int)luaL_checkinteger(L, 1));
}

/* When the step at the top of l_step began, by its second argument: no later than now. */
static uint64_t began(lua_State *L)
{
	lua_Number since;

	if (lua_isnoneornil(L, 2))
		return self.began;
	since = luaL_checknumber(L, 2);
	luaL_argcheck(L, since >= 0 && seconds_to_ns(since) <= clock_ns() + WORKER_LATE_NS, 2,
		      "must be a time that is past");
	return seconds_to_ns(since) < clock_ns() ? seconds_to_ns(since) : clock_ns();
}

/* step([bytes [, since]]): see worker.spawn. */
static int l_step(lua_State *L)
{
	struct worker_shared *s = self.shared;
	lua_Integer bytes = luaL_optinteger(L, 1, s->reached);

	luaL_argcheck(L, bytes >= 0, 1, "must be 0 or more bytes");
	self.began = worker_chunk_done(s, began(L), bytes);
	s->reached = bytes;
	if (self.spec->size && s->reached >= self.spec->size && !s->allocated)
		s->allocated = self.began;
	return 0;
}

/* mark(n): what w:progress() tells from now on, without a step. */
static int l_mark(lua_State *L)
{
	lua_Integer n = luaL_checkinteger(L, 1);

	luaL_argcheck(L, n >= 0, 1, "must be 0 or more");
	self.shared->reached = n;
	return 0;
}

/* The traceback goes where the function's output goes; the message into the result. */
static int l_explain(lua_State *L)
{
	const char *message;

	if (lua_istable(L, 1) && lua_getfield(L, 1, "message") == LUA_TSTRING)
		return 1;
	message = luaL_tolstring(L, 1, NULL);
	luaL_traceback(L, L, message, 1);
	fprintf(stderr, "%s\n", lua_tostring(L, -1));
	lua_pop(L, 1);
	return 1;
}

/* request(i) of the function at the bottom of the stack. */
static bool request(void *context, uint64_t i)
{
	lua_State *L = context;
	bool failed;

	lua_pushvalue(L, 1);
	lua_pushinteger(L, i + 1);
	lua_call(L, 1, 1);
	failed = lua_isboolean(L, -1) && !lua_toboolean(L, -1);
	lua_pop(L, 1);
	return !failed;
}

static int l_drive(lua_State *L)
{
	worker_rate(self.spec, self.shared, request, L);
	return 0;
}

/* run(step) of a workload with a rate: what request(i) is to be called by. */
static void push_driver(lua_State *L, int request)
{
	static const char source[] =
		"local drive, request = ... return function() drive(request) end";

	luaL_loadbuffer(L, source, sizeof(source) - 1, "=rate");
	lua_pushcfunction(L, l_drive);
	lua_pushvalue(L, request);
	lua_call(L, 2, 1);
}

static void run(const struct worker_spec *spec, struct worker_shared *s)
{
	const struct lua_task *task = spec->context;
	lua_State *L = task->L;

	glue_become_copy();
	lua_interrupt_disown(L);
	worker_settle(spec, s);
	self.spec = spec;
	self.shared = s;
	self.began = clock_ns();
	lua_pushcfunction(L, l_explain);
	lua_pushvalue(L, task->child);
	if (spec->nphases)
		push_driver(L, task->function);
	else
		lua_pushvalue(L, task->function);
	lua_pushcfunction(L, l_step);
	lua_pushcfunction(L, l_exit);
	lua_pushcfunction(L, l_mark);
	if (lua_pcall(L, 4, 0, -6) != LUA_OK) {
		fflush(NULL);
		worker_fail(s, 0, "%s", lua_tostring(L, -1));
	}
	leave(EXIT_SUCCESS);
}

const struct worker_kind worker_lua = {
	.name = "lua",
	.takes = "run request rate duration concurrency output size user",
	.times = "interval",
	.check = check,
	.run = run,
};

void worker_lua_prepare(lua_State *L, int idx, struct lua_task *task)
{
	luaL_checkstack(L, 10, "worker.spawn");
	if (lua_getfield(L, idx, "run") != LUA_TFUNCTION)
		luaL_error(L, "worker.spawn: run: must be a function, not a %s",
			   luaL_typename(L, -1));
	task->function = lua_gettop(L);
	upcall_push(L, UPCALL_CHILD);
	task->child = lua_gettop(L);
	task->L = L;
	lua_gc(L, LUA_GCCOLLECT); /* here: what it finalizes is the script's own */
	fflush(NULL);             /* or the child would write it once more */
}
