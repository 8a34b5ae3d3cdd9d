/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_WORKER_LUA_H
#define MEMLUA_WORKER_LUA_H

#include <lua.h>

#include "../core/worker.h"

/* The kind of worker that runs a function of the script. */
extern const struct worker_kind worker_lua;

/* Its spec.context: the state, and where memlua.experiment.child's run() and the function stand in its stack. */
struct lua_task {
	lua_State *L;
	int child, function;
};

/**
 * worker_lua_prepare() - fill in @task from the field "run" of the table at @idx; raises when that is no function.
 *
 * Leaves what @task names on the stack: it must stay there until the worker runs.
 */
void worker_lua_prepare(lua_State *L, int idx, struct lua_task *task);

#endif
