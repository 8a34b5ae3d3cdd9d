// SPDX-License-Identifier: GPL-2.0
/* memlua.json: Lua values to JSON and back, over libjansson. Integers keep their 64 bits. */
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/error.h"
#include "../core/save.h"
#include "glue.h"

#define BOX "memlua.json.box"
#define ARRAY "memlua.json.array"
#define MAX_DEPTH 200

/* --- Lua to JSON: nothing here raises, so that no json_t is lost on the way --- */

/* Where in the value we are, for messages: "value.tenants[2].size". */
struct place {
	const struct place *above;
	const char *key; /* or, when NULL, the index */
	lua_Integer index;
};

struct encoder {
	lua_State *L;
	int array; /* stack index of the metatable that marks a list */
	int depth;
	struct error *err;
};

static size_t format_place(const struct place *place, char *text, size_t room)
{
	size_t len, n;

	if (!place->above)
		return snprintf(text, room, "value");
	len = format_place(place->above, text, room);
	if (len >= room)
		return len;
	n = place->key ? snprintf(text + len, room - len, ".%s", place->key) :
			 snprintf(text + len, room - len, "[%lld]", (long long)place->index);
	return len + n;
}

static json_t *refuse(const struct encoder *e, const struct place *place, const char *reason)
{
	char where[1024];

	format_place(place, where, sizeof(where));
	error_set(e->err, EINVAL, "json: %s: %s", where, reason);
	return NULL;
}

static json_t *encode_value(struct encoder *e, const struct place *place);

/* Of the table on top. */
static bool is_marked_array(const struct encoder *e)
{
	bool marked;

	if (!lua_getmetatable(e->L, -1))
		return false;
	marked = lua_rawequal(e->L, -1, e->array);
	lua_pop(e->L, 1);
	return marked;
}

static lua_Integer count_keys(lua_State *L)
{
	lua_Integer n = 0;

	for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
		n++;
	return n;
}

static json_t *encode_array(struct encoder *e, lua_Integer len, const struct place *above)
{
	json_t *array = json_array();

	for (lua_Integer i = 1; i <= len; i++) {
		struct place place = {.above = above, .index = i};
		json_t *item;

		lua_rawgeti(e->L, -1, i);
		item = encode_value(e, &place);
		lua_pop(e->L, 1);
		if (!item || json_array_append_new(array, item)) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

/* The pair on top of the stack. */
static json_t *encode_field(struct encoder *e, const struct place *above, const char **key)
{
	struct place place = {.above = above};
	size_t len;

	if (lua_type(e->L, -2) != LUA_TSTRING)
		return refuse(e, above, "keys must be all names, or 1 to n without a hole");
	*key = place.key = lua_tolstring(e->L, -2, &len);
	if (strlen(place.key) != len)
		return refuse(e, &place, "a key with a NUL in it");
	return encode_value(e, &place);
}

static json_t *encode_object(struct encoder *e, const struct place *above)
{
	json_t *object = json_object();
	const char *key = NULL;

	for (lua_pushnil(e->L); lua_next(e->L, -2); lua_pop(e->L, 1)) {
		json_t *item = encode_field(e, above, &key);

		if (item && !json_object_set_new(object, key, item))
			continue;
		if (item)
			refuse(e, above, "a key that is not UTF-8");
		lua_pop(e->L, 2);
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *encode_table(struct encoder *e, const struct place *place)
{
	lua_Integer len = lua_rawlen(e->L, -1), keys;
	bool marked = is_marked_array(e);
	json_t *json;

	if (e->depth >= MAX_DEPTH)
		return refuse(e, place, "nested deeper than 200; does it contain itself?");
	keys = count_keys(e->L);
	if (marked && keys != len)
		return refuse(e, place, "a list with a hole, or with names");
	e->depth++;
	json = marked || (keys && keys == len) ? encode_array(e, len, place) :
						 encode_object(e, place);
	e->depth--;
	return json;
}

static json_t *encode_number(struct encoder *e, const struct place *place)
{
	if (lua_isinteger(e->L, -1))
		return json_integer(lua_tointeger(e->L, -1));
	if (!isfinite(lua_tonumber(e->L, -1)))
		return refuse(e, place, "JSON has no NaN and no infinity");
	return json_real(lua_tonumber(e->L, -1));
}

static json_t *encode_string(struct encoder *e, const struct place *place)
{
	size_t len;
	const char *text = lua_tolstring(e->L, -1, &len);
	json_t *json = json_stringn(text, len);

	return json ? json : refuse(e, place, "a string that is not UTF-8");
}

/* The value on top of the stack. Return: NULL with e->err. */
static json_t *encode_value(struct encoder *e, const struct place *place)
{
	switch (lua_type(e->L, -1)) {
	case LUA_TBOOLEAN:
		return json_boolean(lua_toboolean(e->L, -1));
	case LUA_TNUMBER:
		return encode_number(e, place);
	case LUA_TSTRING:
		return encode_string(e, place);
	case LUA_TTABLE:
		return encode_table(e, place);
	case LUA_TLIGHTUSERDATA:
		if (!lua_touserdata(e->L, -1))
			return json_null();
		break;
	case LUA_TNIL:
		return refuse(e, place, "nil; JSON's null is json.null");
	}
	return refuse(e, place, "neither boolean, number, string nor table");
}

/* Return: text to be freed. Raises when the value at idx is no JSON, or the options are wrong. */
static char *encode_at(lua_State *L, int idx, size_t *len)
{
	static const char *const keys[] = {"indent", NULL};
	struct place top = {0};
	struct error err = {.code = 0};
	struct encoder e = {.L = L, .err = &err};
	lua_Integer indent = 0;
	json_t *json;
	char *text;

	glue_check_keys(L, idx + 1, "json", keys);
	if (lua_istable(L, idx + 1)) {
		lua_getfield(L, idx + 1, "indent");
		indent = luaL_optinteger(L, -1, 0);
		luaL_argcheck(L, indent >= 0 && indent <= 31, idx + 1, "indent: 0 to 31 blanks");
	}
	luaL_checkany(L, idx);
	luaL_checkstack(L, 4 * MAX_DEPTH, "json");
	luaL_getmetatable(L, ARRAY);
	e.array = lua_gettop(L);
	lua_pushvalue(L, idx);
	json = encode_value(&e, &top);
	if (!json)
		luaL_error(L, "%s", err.code ? err.text : "json: out of memory");
	text = json_dumps(json, JSON_INDENT(indent) | JSON_SORT_KEYS | JSON_ENCODE_ANY |
					(indent ? 0 : JSON_COMPACT));
	json_decref(json);
	if (!text)
		luaL_error(L, "json: out of memory");
	*len = strlen(text);
	return text;
}

static int l_json_encode(lua_State *L)
{
	size_t len;
	char *text;

	lua_settop(L, 2);
	text = encode_at(L, 1, &len);
	lua_pushlstring(L, text, len);
	free(text);
	return 1;
}

static int l_json_write(lua_State *L)
{
	const char *path = luaL_checkstring(L, 1);
	struct error err;
	char *text;
	size_t len;
	int failed;

	lua_settop(L, 3);
	text = encode_at(L, 2, &len);
	text[len] = '\n'; /* in place of its NUL */
	failed = save_file(path, text, len + 1, &err);
	free(text);
	if (failed)
		return glue_fail(L, &err);
	lua_pushboolean(L, 1);
	return 1;
}

/* --- JSON to Lua: pushing may raise, so a box, which is collected, owns the json_t --- */

static json_t **new_box(lua_State *L)
{
	json_t **box = lua_newuserdatauv(L, sizeof(*box), 0);

	*box = NULL;
	luaL_setmetatable(L, BOX);
	return box;
}

static int l_json_box_gc(lua_State *L)
{
	json_t **box = luaL_checkudata(L, 1, BOX);

	json_decref(*box);
	*box = NULL;
	return 0;
}

static void push_json(lua_State *L, json_t *json);

static void push_array(lua_State *L, json_t *json)
{
	size_t i;
	json_t *item;

	lua_createtable(L, json_array_size(json), 0);
	luaL_setmetatable(L, ARRAY);
	json_array_foreach(json, i, item) {
		push_json(L, item);
		lua_rawseti(L, -2, i + 1);
	}
}

static void push_object(lua_State *L, json_t *json)
{
	const char *key;
	json_t *item;

	lua_createtable(L, 0, json_object_size(json));
	json_object_foreach(json, key, item) {
		lua_pushstring(L, key);
		push_json(L, item);
		lua_rawset(L, -3);
	}
}

static void push_json(lua_State *L, json_t *json)
{
	luaL_checkstack(L, 4, "json");
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		push_object(L, json);
		break;
	case JSON_ARRAY:
		push_array(L, json);
		break;
	case JSON_STRING:
		lua_pushlstring(L, json_string_value(json), json_string_length(json));
		break;
	case JSON_INTEGER:
		lua_pushinteger(L, json_integer_value(json));
		break;
	case JSON_REAL:
		lua_pushnumber(L, json_real_value(json));
		break;
	case JSON_NULL:
		lua_pushlightuserdata(L, NULL);
		break;
	default:
		lua_pushboolean(L, json_is_true(json));
	}
}

static int l_json_decode(lua_State *L)
{
	size_t len;
	const char *text = luaL_checklstring(L, 1, &len);
	json_t **box = new_box(L);
	json_error_t problem;
	struct error err;

	*box = json_loadb(text, len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL,
			  &problem);
	if (!*box) {
		error_set(&err, EINVAL, "line %d column %d: %s", problem.line, problem.column,
			  problem.text);
		return glue_fail(L, &err);
	}
	push_json(L, *box);
	return 1;
}

/* --- Series: recognised without making a value of each number --- */

/* Return: where a number of JSON ends, or NULL where there is none, or one that may be 1e18 or more. */
static const char *skip_number(const char *at)
{
	const char *digits;

	at += *at == '-';
	digits = at;
	while (isdigit((unsigned char)*at))
		at++;
	if (at == digits || at - digits > 18 || (*digits == '0' && at - digits > 1))
		return NULL;
	if (*at == '.') {
		for (digits = ++at; isdigit((unsigned char)*at); at++)
			;
		if (at == digits)
			return NULL;
	}
	if (at[0] != 'e' || at[1] != '-')
		return at;
	for (digits = at += 2; isdigit((unsigned char)*at); at++)
		;
	return at == digits ? NULL : at;
}

/* Return: where a list of least to most numbers ends, or NULL. */
static const char *skip_row(const char *at, lua_Integer least, lua_Integer most)
{
	lua_Integer n = 0;

	if (*at != '[')
		return NULL;
	do {
		at = skip_number(at + 1);
		n++;
	} while (at && *at == ',');
	return at && *at == ']' && n >= least && n <= most ? at + 1 : NULL;
}

static int l_json_rows(lua_State *L)
{
	size_t len;
	const char *text = luaL_checklstring(L, 1, &len), *at;
	lua_Integer from = luaL_checkinteger(L, 2);
	lua_Integer least = luaL_checkinteger(L, 3), most = luaL_checkinteger(L, 4);

	luaL_argcheck(L, from >= 1 && (size_t)from <= len + 1, 2, "outside of the text");
	at = text + from - 1;
	if (*at != '[')
		return 0;
	do
		at = skip_row(at + 1, least, most);
	while (at && *at == ',');
	if (!at || *at != ']')
		return 0;
	lua_pushinteger(L, at + 1 - text + 1);
	return 1;
}

static int l_json_array(lua_State *L)
{
	if (lua_isnoneornil(L, 1)) {
		lua_settop(L, 0);
		lua_newtable(L);
	}
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	luaL_setmetatable(L, ARRAY);
	return 1;
}

static const luaL_Reg functions[] = {
	/*
	 * json.encode(value [, {indent=2}]) -> text, keys sorted. A table with the keys 1..n is a list,
	 * any other an object, an empty one {} unless marked by json.array. Raises, naming the place, on
	 * what JSON does not have: NaN, infinity, functions, mixed keys, holes, text that is not UTF-8.
	 */
	{"encode", l_json_encode},
	/*
	 * json.decode(text) -> value; nil, "line 1 column 5: reason", 22. Lists come marked as such;
	 * null is json.null; integers beyond 64 bits and repeated keys are errors.
	 */
	{"decode", l_json_decode},
	/*
	 * json.rows(text, from, least, most) -> where it ends (the place after it), if at place `from` of the text
	 * stands a list of one or more lists of `least` to `most` numbers, each below 1e18 in size, as json.write
	 * writes them: without blanks, exponents negative. Nil where anything else does, which may be JSON all the same.
	 */
	{"rows", l_json_rows},
	/* json.array([t]) -> t, marked as a list also when it is empty. */
	{"array", l_json_array},
	/*
	 * json.write(path, value [, {indent=2}]) -> true; the whole file or, on failure, the old one:
	 * written beside its name, synced, renamed. nil, "path: No space left on device", 28.
	 */
	{"write", l_json_write},
	{NULL, NULL},
};

/* json.null stands for null: a value that is true in conditions, equal only to itself. */
int luaopen_memlua_json(lua_State *L)
{
	luaL_newmetatable(L, BOX);
	lua_pushcfunction(L, l_json_box_gc);
	lua_setfield(L, -2, "__gc");
	luaL_newmetatable(L, ARRAY);
	luaL_newlib(L, functions);
	lua_pushlightuserdata(L, NULL);
	lua_setfield(L, -2, "null");
	return 1;
}
