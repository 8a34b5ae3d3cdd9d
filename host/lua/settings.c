// SPDX-License-Identifier: GPL-2.0
/* memlua's settings in Lua: what was given, and what there is. */
#include "settings.h"

#include <lauxlib.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../core/settings.h"
#include "../core/units.h"

static void push_value(lua_State *L, const struct setting *s, const char *value)
{
	uint64_t bytes;
	double seconds;

	switch (s->kind) {
	case SETTING_FLAG:
		lua_pushboolean(L, 1);
		break;
	case SETTING_COUNT:
	case SETTING_POSITIVE:
		lua_pushinteger(L, strtoll(value, NULL, 10));
		break;
	case SETTING_SIZE:
		parse_size(value, &bytes, NULL);
		lua_pushinteger(L, bytes);
		break;
	case SETTING_DURATION:
		parse_duration(value, &seconds, NULL);
		lua_pushnumber(L, seconds);
		break;
	default:
		lua_pushstring(L, value);
	}
}

void settings_push(lua_State *L, const char *const values[])
{
	lua_newtable(L);
	for (const struct setting *s = settings_table; !settings_end(s); s++) {
		const char *value = values[s - settings_table];

		if (!value)
			continue;
		luaL_gsub(L, s->name, "-", "_"); /* settings.dry_run */
		push_value(L, s, value);
		lua_settable(L, -3);
	}
}

static void set_text(lua_State *L, const char *key, const char *text)
{
	lua_pushstring(L, text); /* NULL pushes nil */
	lua_setfield(L, -2, key);
}

/* "auto|kvm|tcg" -> {"auto", "kvm", "tcg"} */
static void push_words(lua_State *L, const char *words)
{
	lua_newtable(L);
	while (words) {
		const char *end = strchrnul(words, '|');

		lua_pushlstring(L, words, end - words);
		lua_seti(L, -2, luaL_len(L, -2) + 1);
		words = *end ? end + 1 : NULL;
	}
}

/* The types of memlua.option. */
static void push_type(lua_State *L, const struct setting *s)
{
	static const char *const types[] = {
		[SETTING_FLAG] = "flag",        [SETTING_TEXT] = "string",
		[SETTING_COUNT] = "count",      [SETTING_POSITIVE] = "positive",
		[SETTING_DURATION] = "timeout", [SETTING_SIZE] = "size",
	};

	if (s->kind == SETTING_CHOICE)
		push_words(L, s->argument);
	else
		lua_pushstring(L, types[s->kind]);
}

static void push_declaration(lua_State *L, const struct setting *s)
{
	static const char *const takers[] = {
		[TAKEN_FIRST] = "first",
		[TAKEN_BY_RUN] = "run",
		[TAKEN_BY_REPORT] = "report",
		[TAKEN_BY_PRINT] = "print",
	};

	lua_newtable(L);
	lua_pushstring(L, s->name);
	lua_seti(L, -2, 1);
	push_type(L, s);
	lua_seti(L, -2, 2);
	if (s->letter) {
		lua_pushlstring(L, &s->letter, 1);
		lua_setfield(L, -2, "short");
	}
	set_text(L, "arg", s->argument);
	set_text(L, "help", s->help);
	set_text(L, "more", s->more);
	set_text(L, "excludes", s->excludes);
	set_text(L, "taken", takers[s->taker]);
}

void settings_push_declarations(lua_State *L)
{
	lua_newtable(L);
	for (const struct setting *s = settings_table; !settings_end(s); s++) {
		push_declaration(L, s);
		lua_seti(L, -2, s - settings_table + 1);
	}
}
