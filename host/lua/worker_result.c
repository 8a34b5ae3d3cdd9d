// SPDX-License-Identifier: GPL-2.0
#include "worker_result.h"

#include <lauxlib.h>

#include <stdbool.h>

#include "../core/worker_figures.h"
#include "glue.h"
#include "worker_lua.h"

/* --- fields of the table on top --- */

static void set_string(lua_State *L, const char *key, const char *value)
{
	lua_pushstring(L, value);
	lua_setfield(L, -2, key);
}

static void set_seconds(lua_State *L, const char *key, uint64_t ns)
{
	lua_pushnumber(L, ns / 1e9);
	lua_setfield(L, -2, key);
}

/* A time that was not reached is absent. */
static void set_time(lua_State *L, const char *key, uint64_t ns)
{
	if (ns)
		set_seconds(L, key, ns);
}

static void push_bucket(lua_State *L, const struct histogram *h, unsigned int index)
{
	uint64_t lo, hi;

	histogram_bounds(index, &lo, &hi);
	lua_createtable(L, 3, 0);
	lua_pushinteger(L, lo);
	lua_seti(L, -2, 1);
	lua_pushinteger(L, hi);
	lua_seti(L, -2, 2);
	lua_pushinteger(L, h->count[index]);
	lua_seti(L, -2, 3);
}

void worker_histogram_push(lua_State *L, const struct histogram *h, const char *unit)
{
	lua_Integer n = 0;

	lua_createtable(L, 0, 6);
	set_string(L, "unit", unit);
	glue_setfield_u64(L, "count", histogram_total(h));
	glue_setfield_u64(L, "sum", h->sum);
	if (h->added) {
		glue_setfield_u64(L, "min", h->min);
		glue_setfield_u64(L, "max", h->max);
	}
	lua_newtable(L);
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++)
		if (h->count[i]) {
			push_bucket(L, h, i);
			lua_seti(L, -2, ++n);
		}
	lua_setfield(L, -2, "buckets");
}

/* Those of the parts of its time. */
static void push_windows(lua_State *L, const struct worker_windows *windows)
{
	lua_createtable(L, 0, 2);
	set_seconds(L, "width_s", windows->width);
	lua_createtable(L, WORKER_WINDOWS, 0);
	for (int i = 0; i < WORKER_WINDOWS; i++) {
		worker_histogram_push(L, &windows->latency[i], "ns");
		lua_seti(L, -2, i + 1);
	}
	lua_setfield(L, -2, "latency");
}

static void push_progress(lua_State *L, const struct worker_result *r)
{
	lua_createtable(L, r->nsamples, 0);
	for (size_t i = 0; i < r->nsamples; i++) {
		lua_createtable(L, 2, 0);
		lua_pushnumber(L, r->samples[i].ns / 1e9);
		lua_seti(L, -2, 1);
		lua_pushinteger(L, r->samples[i].bytes);
		lua_seti(L, -2, 2);
		lua_seti(L, -2, i + 1);
	}
}

/* A function that never tells how far it is measures nothing. */
static bool has_measured(const struct worker *w, const struct worker_result *r)
{
	return worker_kind_of(w)->times && (worker_kind_of(w) != &worker_lua || r->latency->added);
}

static void set_measurements(lua_State *L, const struct worker *w, const struct worker_result *r)
{
	glue_setfield_u64(L, "size", worker_size(w));
	if (r->allocated)
		set_seconds(L, "alloc_s", r->allocated - r->started);
	worker_histogram_push(L, r->latency, "ns");
	lua_setfield(L, -2, "latency");
	if (r->windows) {
		push_windows(L, r->windows);
		lua_setfield(L, -2, "windows");
	}
	push_progress(L, r);
	lua_setfield(L, -2, "progress");
}

static void set_figure(lua_State *L, const struct worker_figure *figure, uint64_t value)
{
	if (figure->unit == FIGURE_SECONDS)
		set_seconds(L, figure->name, value);
	else
		glue_setfield_u64(L, figure->name, value);
}

static void set_figures(lua_State *L, const struct worker *w, bool measured)
{
	for (const struct worker_figure *f = worker_figures; f->name; f++) {
		uint64_t value = worker_figure(w, f);

		if (value || !f->kinds || (measured && worker_figure_of(f, worker_kind_of(w))))
			set_figure(L, f, value);
	}
}

static void set_end(lua_State *L, const struct worker_result *r)
{
	set_string(L, "ended", r->ended);
	if (r->signal)
		glue_setfield_u64(L, "signal", r->signal);
	if (r->exit_code >= 0)
		glue_setfield_u64(L, "exit_code", r->exit_code);
	if (*r->error)
		set_string(L, "error", r->error);
}

int worker_result_push(lua_State *L, const struct worker *w)
{
	struct worker_result r;

	worker_result(w, &r);
	lua_createtable(L, 0, 20);
	if (worker_name(w))
		set_string(L, "name", worker_name(w));
	glue_setfield_u64(L, "pid", worker_pid(w));
	set_string(L, "kind", worker_kind_of(w)->name);
	set_time(L, "spawned", r.spawned);
	set_time(L, "start", r.started);
	set_time(L, "finish", r.finished);
	if (r.started && r.finished)
		set_seconds(L, "completion_s", r.finished - r.started);
	set_figures(L, w, has_measured(w, &r));
	if (has_measured(w, &r))
		set_measurements(L, w, &r);
	set_end(L, &r);
	return 1;
}

/* --- the schema --- */

static void push_figure(lua_State *L, const struct worker_figure *figure)
{
	static const char *const units[] = {"count", "bytes", "seconds"};

	lua_createtable(L, 0, 5);
	set_string(L, "name", figure->name);
	set_string(L, "about", figure->about);
	set_string(L, "unit", units[figure->unit]);
	set_string(L, "kinds", figure->kinds ? figure->kinds : "*");
	if (figure->joint == FIGURE_SUM)
		set_string(L, "together", "sum");
}

void worker_figures_push(lua_State *L)
{
	lua_newtable(L);
	for (const struct worker_figure *f = worker_figures; f->name; f++) {
		push_figure(L, f);
		lua_seti(L, -2, luaL_len(L, -2) + 1);
	}
}

static void push_kind(lua_State *L, const struct worker_kind *kind)
{
	lua_createtable(L, 0, 3);
	set_string(L, "name", kind->name);
	set_string(L, "takes", kind->takes);
	if (kind->times)
		set_string(L, "times", kind->times);
}

void worker_kinds_push(lua_State *L)
{
	lua_newtable(L);
	for (const struct worker_kind *const *kind = worker_kinds; *kind; kind++) {
		push_kind(L, *kind);
		lua_seti(L, -2, luaL_len(L, -2) + 1);
	}
	push_kind(L, &worker_lua);
	lua_seti(L, -2, luaL_len(L, -2) + 1);
}
