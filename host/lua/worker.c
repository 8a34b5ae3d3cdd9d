// SPDX-License-Identifier: GPL-2.0
/* memlua.worker: processes that load a cgroup. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "../core/error.h"
#include "../core/worker.h"
#include "cgroup.h"
#include "glue.h"
#include "worker_result.h"
#include "worker_spec.h"

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

static int l_worker_spawn(lua_State *L)
{
	struct cgroup *cg = lua_isnil(L, 1) ? NULL : glue_check_cgroup(L, 1);
	struct worker_spec spec;
	struct lua_task task;
	struct handle *handle;
	struct error err;

	glue_need_script(L);
	worker_spec_read(L, &spec, &task);
	handle = lua_newuserdatauv(L, sizeof(*handle), 0);
	handle->w = NULL;
	handle->taken = false;
	luaL_setmetatable(L, METATABLE);
	handle->w = worker_spawn(cg, &spec, &err);
	return handle->w ? 1 : glue_fail(L, &err);
}

/* --- waiting --- */

static double opt_timeout(lua_State *L, int idx)
{
	double timeout = luaL_optnumber(L, idx, -1);

	luaL_argcheck(L, lua_isnoneornil(L, idx) || timeout >= 0, idx, "must be 0 or more seconds");
	return timeout;
}

static int l_worker_wait(lua_State *L)
{
	struct handle *handle = check_handle(L, 1);
	struct error err;

	if (worker_wait(&handle->w, 1, opt_timeout(L, 2), &err) < 0)
		return glue_fail(L, &err);
	handle->taken = true;
	return worker_result_push(L, handle->w);
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

static int l_worker_wait_any(lua_State *L)
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

static int l_worker_progress(lua_State *L)
{
	lua_pushinteger(L, worker_progress(check_worker(L, 1)));
	return 1;
}

static int l_worker_ended(lua_State *L)
{
	lua_pushboolean(L, worker_ended(check_worker(L, 1)));
	return 1;
}

static int l_worker_pid(lua_State *L)
{
	lua_pushinteger(L, worker_pid(check_worker(L, 1)));
	return 1;
}

static int l_worker_name(lua_State *L)
{
	lua_pushstring(L, worker_name(check_worker(L, 1)));
	return 1;
}

static int l_worker_kill(lua_State *L)
{
	static const char *const reasons[] = {"killed", "timed out", "stopped", NULL};

	worker_kill(check_worker(L, 1), reasons[luaL_checkoption(L, 2, "killed", reasons)]);
	return 0;
}

/* Those by which programs are asked to end. */
static int l_worker_stop(lua_State *L)
{
	static const char *const names[] = {"TERM", "INT", "QUIT", "HUP", "USR1", "USR2", NULL};
	static const int signals[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2};

	worker_signal(check_worker(L, 1), signals[luaL_checkoption(L, 2, "TERM", names)],
		      "stopped");
	return 0;
}

static int l_worker_close(lua_State *L)
{
	struct handle *handle = luaL_checkudata(L, 1, METATABLE);
	struct worker *w = handle->w;

	handle->w = NULL;
	if (w)
		worker_free(w);
	return 0;
}

static int l_worker_tostring(lua_State *L)
{
	struct handle *handle = luaL_checkudata(L, 1, METATABLE);

	if (handle->w)
		lua_pushfstring(L, "worker %d", (int)worker_pid(handle->w));
	else
		lua_pushliteral(L, "worker (closed)");
	return 1;
}

static int l_worker_histogram(lua_State *L)
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
	worker_histogram_push(L, h, unit);
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
	 *   latency       {unit="ns", count=, sum=, min=, max=, buckets={{lo, hi, n}, ...}} per chunk, of kind
	 *                 trace per rise from one sample to the next, the base not counted; of kind lua the
	 *                 interval between two calls of step(): in a stall the requests that would have come
	 *                 are missing, so its percentiles are no requests' response times (coordinated
	 *                 omission); absent, like reached and progress, when it was never called;
	 *                 bounds inclusive, 32 buckets per power of two, equal in all histograms
	 *   windows       with phases: {width_s=, latency={...}}, the latencies of the requests due within each of 60 equal parts
	 *                 of its time, of the same form
	 *   progress      {{time, bytes}, ...}: at most 257, bytes touched, or written and read, or (trace) held
	 *   @FIGURES@
	 *   ended         "done", "oom-killed" (SIGKILL, and oom_kill of its cgroup or one below grew),
	 *                 "killed", "timed out", "stopped", or "failed"; signal, exit_code, error (a text)
	 */
	{"wait", l_worker_wait},
	/* w:progress() -> bytes touched or written by now. */
	{"progress", l_worker_progress},
	/* w:ended() -> boolean, without waiting. */
	{"ended", l_worker_ended},
	/* w:kill(["killed"|"timed out"|"stopped"]): SIGKILL; the result then says so. */
	{"kill", l_worker_kill},
	/* w:stop(["TERM"|"INT"|"QUIT"|"HUP"|"USR1"|"USR2"]): asks it to end; the result says "stopped", however it ends then. */
	{"stop", l_worker_stop},
	/* w:pid() -> its process id. */
	{"pid", l_worker_pid},
	/* w:name() -> the spec's name, or nil. */
	{"name", l_worker_name},
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
	 *                  its own; output as with exec. run(step): step([bytes [, since]]) ends a piece of the work: the
	 *                  time since the last one (or the start, or `since`, of host.monotonic()) counts in latency (a stall counts once, however
	 *                  many steps it kept from being made), `bytes` are what is done or held by now. What it returns is lost, what it changes too; an error fails the
	 *                  worker. Of the memory that it has from the script only what it changes is charged
	 *                  to it. Cgroups, policies and workers are not for it.
	 *   user   exec and lua: whom it runs as, with that user's groups and HOME, USER, LOGNAME, SHELL ("nobody"; else as
	 *                  memlua itself); env: {NAME = "value"}, over memlua's environment
	 *   phases {{rate, seconds}, ...}: requests at a rate, each made when it is due, so many a second; its latency counts from
	 *                  then (no coordinated omission), and none but those of requests is kept. lua: run is then request(i), i from
	 *                  1; false: it failed. anon and file: one page is changed or read (without read-ahead), each in its turn,
	 *                  once all is allocated or written. Of several workers that share a rate every `lanes`-th (1) request is
	 *                  this one's, from the one after the first `lane` (0) on
	 *   name   for messages, results, and as the process's name (15 bytes) in the kernel's log
	 *   size; chunk (1M): bytes per latency sample, a multiple of the page size
	 *   delay (0): seconds from the spawn to the start; hold (0): seconds it stays when it is ready
	 *   huge (false): anon and trace with transparent huge pages
	 */
	{"spawn", l_worker_spawn},
	/*
	 * worker.wait(list [, timeout]) -> index of a worker that has ended and whose end neither this
	 * function nor w:wait() has told before. nil, "timeout", 110; nil, "interrupted", 4; nil, text,
	 * 10 when none is left.
	 */
	{"wait", l_worker_wait_any},
	/*
	 * worker.figures: what is measured of a worker beside its times and its end, list of {name=, about=,
	 * unit="count", "bytes" or "seconds", kinds=those that measure it always, "*": all, "timed":
	 * those with latencies, together="sum" if that of
	 * a tenant's workloads is theirs, else nil}. Others than `kinds` have it when it isn't 0.
	 */
	/*
	 * worker.kinds: the kinds of worker, list of {name=, takes= the keys of such a workload in a scenario, "!" behind
	 * those that it needs, times= what a latency of it is of: "chunk", "rise" or
	 * "interval" (between two steps); absent where it has none}.
	 */
	/* worker.histogram(list of whole numbers [, unit]) -> the same form as a result's latency. */
	{"histogram", l_worker_histogram},
	{NULL, NULL},
};

int luaopen_memlua_worker(lua_State *L)
{
	static const luaL_Reg meta[] = {{"__gc", l_worker_close},
					{"__close", l_worker_close},
					{"__tostring", l_worker_tostring},
					{NULL, NULL}};

	luaL_newmetatable(L, METATABLE);
	luaL_setfuncs(L, meta, 0);
	luaL_newlib(L, methods);
	lua_setfield(L, -2, "__index");
	luaL_newlib(L, functions);
	worker_figures_push(L);
	lua_setfield(L, -2, "figures");
	worker_kinds_push(L);
	lua_setfield(L, -2, "kinds");
	return 1;
}
