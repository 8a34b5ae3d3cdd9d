// SPDX-License-Identifier: GPL-2.0
/* memlua.worker: processes that load a cgroup. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "../core/error.h"
#include "../core/nearest.h"
#include "../core/worker.h"
#include "cgroup.h"
#include "glue.h"
#include "worker_lua.h"

#define METATABLE "memlua.worker"

/* NULL while closed. */
struct handle {
	struct worker *w;
	bool taken; /* its end was handed out */
};

static struct handle *check_handle(lua_State *L, int idx)
{
	struct handle *handle = luaL_checkudata(L, idx, METATABLE);

	if (!handle->w)
		luaL_argerror(L, idx, "this worker is closed");
	return handle;
}

static struct worker *check_worker(lua_State *L, int idx)
{
	return check_handle(L, idx)->w;
}

/* --- the spec: a table at index 2 --- */

#define SPEC 2

static const char *const spec_keys[] = {"kind",  "name",  "size",   "chunk",    "hold", "delay",
					"huge",  "file",  "passes", "duration", "argv", "output",
					"curve", "speed", "base",   "run",      NULL};

static const char *string_field(lua_State *L, const char *key)
{
	const char *text;
	size_t len;

	if (lua_getfield(L, SPEC, key) == LUA_TNIL) {
		lua_pop(L, 1);
		return NULL;
	}
	if (lua_type(L, -1) != LUA_TSTRING)
		luaL_error(L, "worker.spawn: %s: must be a string, not a %s", key,
			   luaL_typename(L, -1));
	text = lua_tolstring(L, -1, &len);
	if (strlen(text) != len)
		luaL_error(L, "worker.spawn: %s: has a NUL in it", key);
	lua_pop(L, 1); /* the spec keeps it alive */
	return text;
}

static const struct worker_kind *kind_field(lua_State *L)
{
	const char *name = string_field(L, "kind"), *known[8], *nearest;
	size_t n = 0;

	if (!name)
		return &worker_anon;
	if (!strcmp(worker_lua.name, name))
		return &worker_lua;
	for (const struct worker_kind *const *kind = worker_kinds; *kind; kind++) {
		if (!strcmp((*kind)->name, name))
			return *kind;
		known[n++] = (*kind)->name;
	}
	known[n++] = worker_lua.name;
	known[n] = NULL;
	nearest = nearest_name(name, known);
	for (n = 0; known[n]; n++)
		lua_pushfstring(L, n ? ", %s" : "%s", known[n]);
	lua_concat(L, n);
	luaL_error(L, "worker.spawn: kind: unknown '%s'%s%s; known: %s", name,
		   nearest ? "; did you mean " : "", nearest ? nearest : "", lua_tostring(L, -1));
	return NULL;
}

static bool bool_field(lua_State *L, const char *key)
{
	bool value;

	if (lua_getfield(L, SPEC, key) != LUA_TNIL && !lua_isboolean(L, -1))
		luaL_error(L, "worker.spawn: %s: must be true or false", key);
	value = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return value;
}

static uint64_t count_field(lua_State *L, const char *key)
{
	lua_Integer value = 0;
	int isint = 1;

	if (lua_getfield(L, SPEC, key) != LUA_TNIL)
		value = lua_tointegerx(L, -1, &isint);
	if (!isint || value < 0)
		luaL_error(L, "worker.spawn: %s: must be a whole number, 0 or more", key);
	lua_pop(L, 1);
	return value;
}

/* Leaves the list's array on the stack: it must live until the worker runs. */
static char *const *argv_field(lua_State *L)
{
	const char **argv;
	lua_Integer n;

	if (lua_getfield(L, SPEC, "argv") == LUA_TNIL)
		return NULL;
	if (!lua_istable(L, -1))
		luaL_error(L, "worker.spawn: argv: must be a list of strings");
	n = luaL_len(L, -1);
	argv = lua_newuserdatauv(L, (n + 1) * sizeof(*argv), 0);
	for (lua_Integer i = 0; i < n; i++) {
		if (lua_geti(L, -2, i + 1) != LUA_TSTRING)
			luaL_error(L, "worker.spawn: argv[%d]: must be a string, not a %s",
				   (int)i + 1, luaL_typename(L, -1));
		argv[i] = lua_tostring(L, -1);
		lua_pop(L, 1);
	}
	argv[n] = NULL;
	return (char *const *)argv;
}

static double point_number(lua_State *L, lua_Integer point, int place, double def)
{
	double value = def;
	int isnum = 1;

	if (lua_geti(L, -1, place) != LUA_TNIL || isnan(def))
		value = lua_tonumberx(L, -1, &isnum);
	if (!isnum)
		luaL_error(L, "worker.spawn: curve: point %d: must be {seconds, bytes[, cpu]}",
			   (int)point);
	lua_pop(L, 1);
	return value;
}

static void read_point(lua_State *L, lua_Integer i, struct worker_point *point)
{
	double bytes;

	if (lua_geti(L, -2, i) != LUA_TTABLE)
		luaL_error(L, "worker.spawn: curve: point %d: must be {seconds, bytes[, cpu]}",
			   (int)i);
	point->seconds = point_number(L, i, 1, NAN);
	bytes = point_number(L, i, 2, NAN);
	if (!(bytes >= 0 && bytes < 0x1p63))
		luaL_error(L, "worker.spawn: curve: point %d: %f is not a size in bytes", (int)i,
			   bytes);
	point->bytes = bytes;
	point->cpu = point_number(L, i, 3, 0);
	lua_pop(L, 1);
}

/* Leaves the points on the stack: they must live until the worker runs. */
static void curve_field(lua_State *L, struct worker_spec *spec)
{
	struct worker_point *points;
	lua_Integer n;

	if (lua_getfield(L, SPEC, "curve") == LUA_TNIL)
		return;
	if (!lua_istable(L, -1))
		luaL_error(L, "worker.spawn: curve: must be a list of {seconds, bytes[, cpu]}");
	n = luaL_len(L, -1);
	points = lua_newuserdatauv(L, (n + 1) * sizeof(*points), 0);
	for (lua_Integer i = 1; i <= n; i++)
		read_point(L, i, &points[i - 1]);
	spec->points = points;
	spec->npoints = n;
}

static double speed_field(lua_State *L)
{
	double speed = 1;
	int isnum = 1;

	if (lua_getfield(L, SPEC, "speed") != LUA_TNIL)
		speed = lua_tonumberx(L, -1, &isnum);
	if (!isnum)
		luaL_error(L, "worker.spawn: speed: must be a number");
	lua_pop(L, 1);
	return speed;
}

static void check_spec(lua_State *L, struct worker_spec *spec, struct lua_task *task)
{
	luaL_checktype(L, SPEC, LUA_TTABLE);
	glue_check_keys(L, SPEC, "worker.spawn", spec_keys);
	spec->kind = kind_field(L);
	spec->name = string_field(L, "name");
	spec->size = glue_size(L, SPEC, "size", 0);
	spec->chunk = glue_size(L, SPEC, "chunk", 1 << 20);
	spec->delay = glue_duration(L, SPEC, "delay", 0);
	spec->hold = glue_duration(L, SPEC, "hold", 0);
	spec->huge = bool_field(L, "huge");
	spec->file = string_field(L, "file");
	spec->passes = count_field(L, "passes");
	spec->duration = glue_duration(L, SPEC, "duration", 0);
	spec->output = string_field(L, "output");
	spec->speed = speed_field(L);
	spec->base = glue_size(L, SPEC, "base", 0);
	spec->argv = argv_field(L);
	curve_field(L, spec);
	if (spec->kind == &worker_lua) {
		worker_lua_prepare(L, SPEC, task);
		spec->context = task;
	}
}

static int spawn(lua_State *L)
{
	struct cgroup *cg = lua_isnil(L, 1) ? NULL : glue_check_cgroup(L, 1);
	struct worker_spec spec;
	struct lua_task task;
	struct handle *handle;
	struct error err;

	glue_need_script(L);
	memset(&spec, 0, sizeof(spec));
	check_spec(L, &spec, &task);
	handle = lua_newuserdatauv(L, sizeof(*handle), 0);
	handle->w = NULL;
	handle->taken = false;
	luaL_setmetatable(L, METATABLE);
	handle->w = worker_spawn(cg, &spec, &err);
	return handle->w ? 1 : glue_fail(L, &err);
}

/* --- the result: fields of the table on top --- */

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

static void push_histogram(lua_State *L, const struct histogram *h, const char *unit)
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
	return worker_kind_of(w)->measures &&
	       (worker_kind_of(w) != &worker_lua || r->latency->added);
}

static void set_measurements(lua_State *L, const struct worker *w, const struct worker_result *r)
{
	glue_setfield_u64(L, "size", worker_size(w));
	glue_setfield_u64(L, "reached", r->reached);
	if (r->allocated)
		set_seconds(L, "alloc_s", r->allocated - r->started);
	if (worker_kind_of(w) == &worker_file || r->read_bytes) {
		glue_setfield_u64(L, "read_bytes", r->read_bytes);
		glue_setfield_u64(L, "passes_done", r->passes_done);
	}
	if (worker_kind_of(w) == &worker_trace) {
		glue_setfield_u64(L, "steps_done", r->steps_done);
		set_seconds(L, "lag_max_s", r->lag_max);
		set_seconds(L, "lag_last_s", r->lag_last);
	}
	push_histogram(L, r->latency, "ns");
	lua_setfield(L, -2, "latency");
	push_progress(L, r);
	lua_setfield(L, -2, "progress");
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

static int push_result(lua_State *L, const struct worker *w)
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
	set_seconds(L, "cpu_s", r.cpu_ns);
	glue_setfield_u64(L, "major_faults", r.major_faults);
	if (has_measured(w, &r))
		set_measurements(L, w, &r);
	set_end(L, &r);
	return 1;
}

/* --- waiting --- */

static double opt_timeout(lua_State *L, int idx)
{
	double timeout = luaL_optnumber(L, idx, -1);

	luaL_argcheck(L, lua_isnoneornil(L, idx) || timeout >= 0, idx, "must be 0 or more seconds");
	return timeout;
}

static int w_wait(lua_State *L)
{
	struct handle *handle = check_handle(L, 1);
	struct error err;

	if (worker_wait(&handle->w, 1, opt_timeout(L, 2), &err) < 0)
		return glue_fail(L, &err);
	handle->taken = true;
	return push_result(L, handle->w);
}

/* The workers of the list at index 1 whose end was not handed out, with their places in it. */
static size_t untaken(lua_State *L, struct worker ***workers, lua_Integer **places)
{
	lua_Integer n = luaL_len(L, 1);
	size_t found = 0;

	*workers = lua_newuserdatauv(L, (n + 1) * sizeof(**workers), 0);
	*places = lua_newuserdatauv(L, (n + 1) * sizeof(**places), 0);
	for (lua_Integer i = 1; i <= n; i++) {
		struct handle *handle;

		lua_geti(L, 1, i);
		handle = luaL_testudata(L, -1, METATABLE);
		if (!handle || !handle->w)
			luaL_error(L, "worker.wait: item %d is not an open worker", (int)i);
		if (!handle->taken) {
			(*workers)[found] = handle->w;
			(*places)[found++] = i;
		}
		lua_pop(L, 1);
	}
	return found;
}

static int wait(lua_State *L)
{
	double timeout = opt_timeout(L, 2);
	struct worker **workers;
	lua_Integer *places;
	struct error err;
	size_t n;
	int ended;

	luaL_checktype(L, 1, LUA_TTABLE);
	n = untaken(L, &workers, &places);
	if (!n) {
		error_set(&err, ECHILD, "worker.wait: no worker is left to wait for");
		return glue_fail(L, &err);
	}
	ended = worker_wait(workers, n, timeout, &err);
	if (ended < 0)
		return glue_fail(L, &err);
	lua_geti(L, 1, places[ended]);
	((struct handle *)lua_touserdata(L, -1))->taken = true;
	lua_pushinteger(L, places[ended]);
	return 1;
}

/* --- the rest --- */

static int w_progress(lua_State *L)
{
	lua_pushinteger(L, worker_progress(check_worker(L, 1)));
	return 1;
}

static int w_ended(lua_State *L)
{
	lua_pushboolean(L, worker_ended(check_worker(L, 1)));
	return 1;
}

static int w_pid(lua_State *L)
{
	lua_pushinteger(L, worker_pid(check_worker(L, 1)));
	return 1;
}

static int w_name(lua_State *L)
{
	lua_pushstring(L, worker_name(check_worker(L, 1)));
	return 1;
}

static int w_kill(lua_State *L)
{
	static const char *const reasons[] = {"killed", "timed out", "stopped", NULL};

	worker_kill(check_worker(L, 1), reasons[luaL_checkoption(L, 2, "killed", reasons)]);
	return 0;
}

static int w_close(lua_State *L)
{
	struct handle *handle = luaL_checkudata(L, 1, METATABLE);
	struct worker *w = handle->w;

	handle->w = NULL;
	if (w)
		worker_free(w);
	return 0;
}

static int w_tostring(lua_State *L)
{
	struct handle *handle = luaL_checkudata(L, 1, METATABLE);

	if (handle->w)
		lua_pushfstring(L, "worker %d", (int)worker_pid(handle->w));
	else
		lua_pushliteral(L, "worker (closed)");
	return 1;
}

static int histogram(lua_State *L)
{
	const char *unit = luaL_optstring(L, 2, "ns");
	struct histogram *h;

	luaL_checktype(L, 1, LUA_TTABLE);
	h = memset(lua_newuserdatauv(L, sizeof(*h), 0), 0, sizeof(*h));
	for (lua_Integer i = 1, n = luaL_len(L, 1); i <= n; i++) {
		int isint;
		lua_Integer value = (lua_geti(L, 1, i), lua_tointegerx(L, -1, &isint));

		if (!isint || value < 0)
			luaL_error(L,
				   "worker.histogram: value %d: must be a whole number, 0 or more",
				   (int)i);
		histogram_add(h, value);
		lua_pop(L, 1);
	}
	push_histogram(L, h, unit);
	return 1;
}

static const luaL_Reg methods[] = {
	/*
	 * w:wait([timeout]) -> result; timeout in seconds. nil, "timeout", 110 when it is over; nil,
	 * "interrupted", 4 on SIGINT. All times are seconds of the monotonic clock; what was not
	 * measured is absent. The result:
	 *   name, pid, kind, size
	 *   spawned, start (after the delay), finish; completion_s = finish - start (the hold included);
	 *     of kind exec, finish is when memlua saw the end
	 *   alloc_s       from start until all was touched (anon), or written and synced (file), or until
	 *                 step() told of `size` bytes (lua)
	 *   reached       bytes touched or written, also of one that was killed
	 *   read_bytes, passes_done   of kind file; of kind anon with passes or duration: changed again
	 *   steps_done, lag_max_s, lag_last_s   of kind trace: samples replayed; how far behind the trace's
	 *                 clock a sample was done, at most and last
	 *   latency       {unit="ns", count=, sum=, min=, max=, buckets={{lo, hi, n}, ...}} per chunk, of kind
	 *                 trace per rise from one sample to the next, the base not counted; of kind lua per
	 *                 step(), and absent, like reached and progress, when it was never called;
	 *                 bounds inclusive, 32 buckets per power of two, equal in all histograms
	 *   progress      {{time, bytes}, ...}: at most 257, bytes touched, or written and read, or (trace) held
	 *   cpu_s, major_faults
	 *   ended         "done", "oom-killed" (SIGKILL, and its cgroup's own oom_kill count grew),
	 *                 "killed", "timed out", "stopped", or "failed"; signal, exit_code, error (a text)
	 */
	{"wait", w_wait},
	/* w:progress() -> bytes touched or written by now. */
	{"progress", w_progress},
	/* w:ended() -> boolean, without waiting. */
	{"ended", w_ended},
	/* w:kill(["killed"|"timed out"|"stopped"]): SIGKILL; the result then says so. */
	{"kill", w_kill},
	/* w:pid() -> its process id. */
	{"pid", w_pid},
	/* w:name() -> the spec's name, or nil. */
	{"name", w_name},
	{NULL, NULL},
};

static const luaL_Reg functions[] = {
	/*
	 * worker.spawn(cg, spec) -> w, born in the cgroup (nil: in memlua's own); nil, "name: reason",
	 * errno. Killed and reaped when closed or collected. Sizes: bytes or "256M"; times: seconds or
	 * "200ms". spec:
	 *   kind   "anon" (default): allocates `size`, touches every page, changes every word of it
	 *                  `passes` times (default 0) or for `duration` seconds, holds, exits
	 *          "file": writes a new file of `size` at path `file` (its name is gone at once), syncs,
	 *                  reads it `passes` times (default 1) or for `duration` seconds, holds, exits
	 *          "exec": runs argv, {"program", "arg", ...}; its output goes to the file `output`, or
	 *                  to standard error
	 *          "trace": its memory follows `curve`, {{seconds, bytes[, share of a CPU]}, ...}, `speed`
	 *                  (1) times as fast, on top of `base` (0) bytes; no point is skipped: it ends late
	 *          "lua": calls the function `run` with all that the script has, as it is now, in a copy of
	 *                  its own; output as with exec. run(step): step([bytes]) ends a piece of the work: the
	 *                  time since the last one (or the start) counts in latency, `bytes` are what is done
	 *                  or held by now. What it returns is lost, what it changes too; an error fails the
	 *                  worker. Of the memory that it has from the script only what it changes is charged
	 *                  to it. Cgroups, policies and workers are not for it.
	 *   name   for messages, results, and as the process's name (15 bytes) in the kernel's log
	 *   size; chunk (1M): bytes per latency sample, a multiple of the page size
	 *   delay (0): seconds from the spawn to the start; hold (0): seconds it stays when it is ready
	 *   huge (false): anon and trace with transparent huge pages
	 */
	{"spawn", spawn},
	/*
	 * worker.wait(list [, timeout]) -> index of a worker that has ended and whose end neither this
	 * function nor w:wait() has told before. nil, "timeout", 110; nil, "interrupted", 4; nil, text,
	 * 10 when none is left.
	 */
	{"wait", wait},
	/* worker.histogram(list of whole numbers [, unit]) -> the same form as a result's latency. */
	{"histogram", histogram},
	{NULL, NULL},
};

int luaopen_memlua_worker(lua_State *L)
{
	static const luaL_Reg meta[] = {
		{"__gc", w_close}, {"__close", w_close}, {"__tostring", w_tostring}, {NULL, NULL}};

	luaL_newmetatable(L, METATABLE);
	luaL_setfuncs(L, meta, 0);
	luaL_newlib(L, methods);
	lua_setfield(L, -2, "__index");
	luaL_newlib(L, functions);
	return 1;
}
