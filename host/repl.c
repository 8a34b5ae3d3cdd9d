// SPDX-License-Identifier: GPL-2.0
/* The line editor of `memlua -i`; what a line means to a person is in memlua.cli.interactive. */
#include "repl.h"

#include <lauxlib.h>

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <readline/history.h>
#include <readline/readline.h>

#include "core/interrupt.h"
#include "core/terminal.h"
#include "lua/interrupt.h"
#include "core/status.h"

enum { HISTORY_LINES = 1000 };

static lua_State *completing; /* readline's callbacks carry no argument */
static char *line_read;
static bool line_ended;

/* Pushes memlua.cli.interactive's function of that name. Return: whether it is there. */
static bool push_function(lua_State *L, const char *name)
{
	lua_getglobal(L, "require");
	lua_pushliteral(L, "memlua.cli.interactive");
	if (lua_pcall(L, 1, 1, 0) != LUA_OK)
		return false;
	lua_getfield(L, -1, name);
	lua_remove(L, -2);
	return true;
}

/* --- completion --- */

/* The candidates lie in a list on top of the stack; readline frees what it gets. */
static char *next_candidate(const char *text, int state)
{
	static lua_Integer i;
	char *candidate = NULL;

	i = state ? i + 1 : 1;
	if (lua_geti(completing, -1, i) == LUA_TSTRING)
		candidate = strdup(lua_tostring(completing, -1));
	lua_pop(completing, 1);
	return candidate;
}

static char **complete(const char *text, int start, int end)
{
	int top = lua_gettop(completing);
	char **matches = NULL;

	rl_attempted_completion_over = 1; /* file names are no Lua */
	rl_completion_append_character = '\0';
	if (push_function(completing, "complete")) {
		lua_pushlstring(completing, rl_line_buffer, start);
		lua_pushstring(completing, text);
		if (lua_pcall(completing, 2, 1, 0) == LUA_OK && lua_istable(completing, -1))
			matches = rl_completion_matches(text, next_candidate);
	}
	lua_settop(completing, top);
	return matches;
}

/* --- a line: NULL at the end of the input; `interrupted` when Ctrl-C took it away --- */

static void take_line(char *line)
{
	rl_callback_handler_remove();
	line_read = line;
	line_ended = true;
}

static void drop_line(void)
{
	fputs("^C", rl_outstream); /* before the terminal is given back: that moves the cursor */
	rl_free_line_state();
	rl_callback_sigcleanup();
	rl_cleanup_after_signal();
	rl_callback_handler_remove();
	putchar('\n');
}

/* readline() itself would go on after a signal; waiting ourselves, we see it. */
static char *edit_line(const char *prompt, bool *interrupted)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

	line_ended = false;
	rl_callback_handler_install(prompt, take_line);
	while (!line_ended && interrupt_poll(&input, 1, UINT64_MAX) > 0)
		rl_callback_read_char();
	*interrupted = !line_ended;
	if (line_ended)
		return line_read;
	drop_line();
	return NULL;
}

/* No line of a terminal's. stdin keeps nothing back, or what it holds would not show in the descriptor. */
static char *take_input(bool *interrupted)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	char *line = NULL;
	size_t size = 0;
	FILE *text = open_memstream(&line, &size);
	int c = EOF;

	*interrupted = false;
	if (!text)
		return NULL;
	setvbuf(stdin, NULL, _IONBF, 0);
	while (interrupt_poll(&input, 1, UINT64_MAX) > 0 && (c = getchar()) != EOF && c != '\n')
		putc(c, text);
	fclose(text);
	*interrupted = memlua_interrupted != 0;
	if (!*interrupted && (size || c == '\n'))
		return line;
	free(line);
	return NULL;
}

static char *read_line(const char *prompt, bool *interrupted)
{
	return isatty(STDIN_FILENO) ? edit_line(prompt, interrupted) : take_input(interrupted);
}

/* --- a chunk: as many lines as it takes --- */

/* A chunk that stops in the middle of a statement fails with "<eof>" at the end of the message. */
static bool is_incomplete(lua_State *L, int loaded)
{
	const char *message = lua_tostring(L, -1);
	size_t len = message ? strlen(message) : 0;

	return loaded == LUA_ERRSYNTAX && len >= 5 && !strcmp(message + len - 5, "<eof>");
}

static int load_text(lua_State *L, const char *text)
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

enum { READ_END = -1, READ_AGAIN = -2 };

/* The line replaces, or continues, the text on top. */
static void push_line(lua_State *L, char *line, bool first)
{
	if (first) {
		lua_pushstring(L, line);
	} else {
		lua_pushfstring(L, "%s\n%s", lua_tostring(L, -1), line);
		lua_remove(L, -2);
	}
	free(line);
}

static void remember(const char *text)
{
	int newest = history_base + history_length - 1;
	HIST_ENTRY *last = history_length ? history_get(newest) : NULL;

	if (*text && (!last || strcmp(last->line, text)))
		add_history(text);
}

/* Leaves the chunk, or the message of a syntax error, on the stack. Return: lua_load()'s, or READ_... */
static int read_chunk(lua_State *L)
{
	bool interrupted, first = true;
	int loaded;

	for (;; first = false) {
		char *line = read_line(first ? "memlua> " : "     -> ", &interrupted);

		if (!line)
			return interrupted ? READ_AGAIN : READ_END;
		push_line(L, line, first);
		loaded = load_text(L, lua_tostring(L, -1));
		if (!is_incomplete(L, loaded))
			break;
		lua_pop(L, 1);
	}
	remember(lua_tostring(L, -2));
	lua_remove(L, -2);
	return loaded;
}

/* --- running it --- */

static int describe_error(lua_State *L)
{
	if (lua_istable(L, 1) && lua_getfield(L, 1, "message") == LUA_TSTRING)
		return 1;
	luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
	return 1;
}

static int print_results(lua_State *L)
{
	int n = lua_gettop(L);

	if (!n)
		return 0;
	if (!push_function(L, "print"))
		return lua_error(L);
	lua_insert(L, 1);
	lua_call(L, n, 0);
	return 0;
}

static int run_chunk(lua_State *L)
{
	int result;

	lua_pushcfunction(L, describe_error);
	lua_insert(L, 1);
	result = lua_pcall(L, 0, LUA_MULTRET, 1);
	if (result == LUA_OK) {
		lua_pushcfunction(L, print_results);
		lua_insert(L, 2);
		result = lua_pcall(L, lua_gettop(L) - 2, 0, 1);
	}
	return result;
}

/* --- the history: in the folder of the runs --- */

static const char *push_history_path(lua_State *L, bool writes)
{
	lua_getglobal(L, "require");
	lua_pushliteral(L, "memlua.experiment.session");
	if (lua_pcall(L, 1, 1, 0) != LUA_OK || lua_getfield(L, -1, "history") != LUA_TFUNCTION)
		return NULL;
	lua_pushboolean(L, writes);
	return lua_pcall(L, 1, 1, 0) == LUA_OK ? lua_tostring(L, -1) : NULL;
}

static void load_history(lua_State *L)
{
	const char *path = isatty(STDIN_FILENO) ? push_history_path(L, false) : NULL;

	if (path)
		read_history(path);
	stifle_history(HISTORY_LINES);
	lua_settop(L, 0);
}

static void save_history(lua_State *L)
{
	const char *path = isatty(STDIN_FILENO) ? push_history_path(L, true) : NULL;

	if (path)
		write_history(path);
	lua_settop(L, 0);
}

static void begin(lua_State *L)
{
	completing = L;
	rl_readline_name = "memlua";
	rl_catch_signals = 0;
	rl_attempted_completion_function = complete;
	rl_completer_word_break_characters = " \t\n\"\\'><=;+-*/%^~#{}()[],";
	load_history(L);
	if (push_function(L, "begin"))
		lua_pcall(L, 0, 0, 0);
	lua_settop(L, 0);
}

/* At Ctrl-D readline moves on to the next line by itself where it had switched bracketed paste on. */
static bool newline_at_eof(void)
{
	const char *paste = rl_variable_value("enable-bracketed-paste");

	return !memlua_interrupted && paste && !strcmp(paste, "on");
}

static void print_error(const char *message)
{
	terminal_wrap(stderr, message, 0, 2, terminal_width(STDERR_FILENO));
	fputc('\n', stderr);
}

int repl(lua_State *L)
{
	int loaded;

	begin(L);
	for (;;) {
		lua_settop(L, 0);
		if (memlua_interrupted ==
		    SIGINT) /* answered by now: the next line starts without it */
			lua_interrupt_forget(L);
		if (memlua_interrupted)
			break;
		loaded = read_chunk(L);
		if (loaded == READ_END)
			break;
		if (loaded == READ_AGAIN)
			continue;
		if (loaded == LUA_OK)
			loaded = run_chunk(L);
		if (loaded != LUA_OK)
			print_error(lua_tostring(L, -1));
		fflush(stdout);
	}
	if (isatty(STDIN_FILENO) && !newline_at_eof())
		putchar('\n');
	lua_settop(L, 0);
	save_history(L);
	return memlua_interrupted ? lua_interrupt_status() : STATUS_DONE;
}
