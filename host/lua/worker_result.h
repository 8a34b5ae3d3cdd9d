/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_WORKER_RESULT_H
#define MEMLUA_WORKER_RESULT_H

#include <lua.h>

#include "../core/worker.h"

/** worker_result_push() - push w:wait()'s table. Return: 1. */
int worker_result_push(lua_State *L, const struct worker *w);

/** worker_histogram_push() - push the form that latencies have: see w:wait(). */
void worker_histogram_push(lua_State *L, const struct histogram *h, const char *unit);

/** worker_figures_push(), worker_kinds_push() - push worker.figures, worker.kinds. */
void worker_figures_push(lua_State *L);
void worker_kinds_push(lua_State *L);

#endif
