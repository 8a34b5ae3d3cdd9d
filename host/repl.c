// SPDX-License-Identifier: GPL-2.0
#include "repl.h"

#include <lauxlib.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <readline/history.h>
#include <readline/readline.h>

#include "core/interrupt.h"
#include "status.h"

/* A chunk that stops in the middle of a statement fails with "<eof>" at the end of the message. */
static int is_incomplete(lua_State *L, int loaded)
{
	const char *message = lua_tostring(L, -1);
	size_t len = message ? strlen(message) : 0;

	return loaded == LUA_ERRSYNTAX && len >= 5 && !strcmp(message + len - 5, "<eof>");
}

static int load_line(lua_State *L, const char *text)
{
	const char *expression = lua_pushfstring(L, "return %s", text);
	int loaded = luaL_loadbuffer(L, expression, strlen(expression), "=stdin");

	if (loaded == LUA_OK) {
		lua_remove(L, -2);
		return loaded;
	}
	lua_pop(L, 2);
	return luaL_loadbuffer(L, text, strlen(text), "=stdin");
}

/* Leaves the chunk, or the message of a syntax error, on the stack. Return: -1 at end of file. */
static int read_chunk(lua_State *L)
{
	char *line = readline("memlua> ");
	int loaded;

	if (!line)
		return -1;
	lua_pushstring(L, line);
	free(line);
	for (;;) {
		loaded = load_line(L, lua_tostring(L, -1));
		if (!is_incomplete(L, loaded) || !(line = readline("     -> ")))
			break;
		lua_pop(L, 1);
		lua_pushfstring(L, "%s\n%s", lua_tostring(L, -1), line);
		lua_remove(L, -2);
		free(line);
	}
	if (*lua_tostring(L, -2))
		add_history(lua_tostring(L, -2));
	lua_remove(L, -2);
	return loaded;
}

static int describe_error(lua_State *L)
{
	if (lua_istable(L, 1) && lua_getfield(L, 1, "message") == LUA_TSTRING)
		return 1;
	luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
	return 1;
}

static void print_values(lua_State *L)
{
	for (int i = 1; i <= lua_gettop(L); i++) {
		printf("%s%s", i > 1 ? "\t" : "", luaL_tolstring(L, i, NULL));
		lua_pop(L, 1);
	}
	if (lua_gettop(L))
		putchar('\n');
	fflush(stdout);
}

int repl(lua_State *L)
{
	int loaded;

	for (;;) {
		lua_settop(L, 0);
		memlua_interrupted = 0;
		loaded = read_chunk(L);
		if (loaded < 0)
			return STATUS_DONE;
		if (loaded == LUA_OK) {
			lua_pushcfunction(L, describe_error);
			lua_insert(L, 1);
			loaded = lua_pcall(L, 0, LUA_MULTRET, 1);
			lua_remove(L, 1);
		}
		if (loaded == LUA_OK)
			print_values(L);
		else
			fprintf(stderr, "%s\n", lua_tostring(L, -1));
	}
}
