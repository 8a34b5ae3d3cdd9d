/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_WORKER_SPEC_H
#define MEMLUA_WORKER_SPEC_H

#include <lua.h>

#include "worker_lua.h"

/**
 * worker_spec_read() - worker.spawn()'s table, which is at index 2; raises on what isn't one.
 * @task: filled in for the lua kind
 *
 * Leaves what @spec and @task point to on the stack: it must stay there until the worker runs.
 */
void worker_spec_read(lua_State *L, struct worker_spec *spec, struct lua_task *task);

#endif
