// SPDX-License-Identifier: GPL-2.0
/* memlua.oom: the kernel log's reports of OOM kills. */
#include "../core/oom.h"

#include <string.h>

#include "../core/error.h"
#include "glue.h"

#define METATABLE "memlua.oom"

static struct oom_log *check_log(lua_State *L)
{
	struct oom_log *log = luaL_checkudata(L, 1, METATABLE);

	if (log->fd < 0)
		luaL_argerror(L, 1, "this log is closed");
	return log;
}

static int l_oom_open(lua_State *L)
{
	struct oom_log *log;
	struct error err;

	glue_enter(L);
	log = lua_newuserdatauv(L, sizeof(*log), 0);
	memset(log, 0, sizeof(*log));
	log->fd = -1;
	luaL_setmetatable(L, METATABLE);
	return oom_open(log, &err) ? glue_fail(L, &err) : 1;
}

static void set_string(lua_State *L, const char *key, const char *value)
{
	if (!value)
		return;
	lua_pushstring(L, value);
	lua_setfield(L, -2, key);
}

/* Append an event to the list on top. */
static void append_event(lua_State *L, const struct oom_event *event)
{
	lua_createtable(L, 0, 8);
	lua_pushnumber(L, event->time);
	lua_setfield(L, -2, "time");
	glue_setfield_u64(L, "pid", event->pid);
	glue_setfield_u64(L, "anon_rss", event->anon_rss);
	set_string(L, "comm", event->comm);
	set_string(L, "constraint", event->constraint);
	set_string(L, "oom_memcg", event->oom_memcg);
	set_string(L, "task_memcg", event->task_memcg);
	set_string(L, "text", event->text);
	lua_seti(L, -2, luaL_len(L, -2) + 1);
}

static int l_oom_log_read(lua_State *L)
{
	struct oom_log *log = check_log(L);
	struct oom_event event;
	struct error err;
	int got;

	lua_newtable(L);
	while ((got = oom_read(log, &event, &err)) > 0) {
		append_event(L, &event);
		oom_event_clear(&event);
	}
	if (got < 0)
		return glue_fail(L, &err);
	if (log->lost) {
		lua_pushboolean(L, 1);
		lua_setfield(L, -2, "lost");
		log->lost = false;
	}
	return 1;
}

static int l_oom_log_close(lua_State *L)
{
	oom_close(luaL_checkudata(L, 1, METATABLE));
	return 0;
}

/* The parser keeps memory while Lua may raise: short of memory, a few hundred bytes are lost. */
static int l_oom_parse(lua_State *L)
{
	struct oom_parser parser = {0};
	struct oom_event event;
	char *text, *line, *rest;
	size_t len;

	luaL_checklstring(L, 1, &len);
	text = memcpy(lua_newuserdatauv(L, len + 1, 0), lua_tostring(L, 1), len + 1);
	lua_newtable(L);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (*line != ' ' && oom_parse(&parser, line, &event)) {
			append_event(L, &event);
			oom_event_clear(&event);
		}
	oom_parser_clear(&parser);
	return 1;
}

static const luaL_Reg methods[] = {
	/*
	 * log:read() -> list of the OOM kills logged since the last read; each {time= (s since boot, on
	 * the log's clock, within some ms of the monotonic one), pid=, comm=, constraint=
	 * "CONSTRAINT_MEMCG", ..., oom_memcg= (whose limit), task_memcg= (the victim's), anon_rss=
	 * (bytes), text=}. What the kernel did not say is absent. list.lost is true when the log was
	 * overwritten before it was read. nil, "name: reason", errno.
	 */
	{"read", l_oom_log_read},
	/* log:close(): idempotent. */
	{"close", l_oom_log_close},
	{NULL, NULL},
};

static const luaL_Reg functions[] = {
	/* oom.open() -> log from now on; nil, reason, 1 (EPERM) where only root may read it. */
	{"open", l_oom_open},
	/* oom.parse(text) -> the list for text in the form of /dev/kmsg, e.g. a saved log. */
	{"parse", l_oom_parse},
	{NULL, NULL},
};

int luaopen_memlua_oom(lua_State *L)
{
	glue_handle(L, METATABLE, methods, l_oom_log_close);
	luaL_newlib(L, functions);
	return 1;
}
