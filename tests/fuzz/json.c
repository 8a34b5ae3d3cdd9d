// SPDX-License-Identifier: GPL-2.0
/* Results that come from a guest or another machine: JSON into Lua, and what was understood back into JSON. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "fuzz.h"

int luaopen_memlua_json(lua_State *L);

static const char round_trip[] =
	"local json, text = ... local after = json.rows(text, 1, 1, 3) "
	"for _, row in ipairs(after and assert(json.decode(text:sub(1, after - 1))) or {}) do "
	"assert(#row >= 1 and #row <= 3) "
	"for _, x in ipairs(row) do assert(math.type(x) and math.abs(x) <= 1e18) end end "
	"local value, why = json.decode(text) "
	"if value == nil then assert(why == nil or #why > 0) return end "
	"local again = json.encode(value) if again then assert(json.encode(json.decode(again)) == again) end";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static lua_State *L;

	if (!L) {
		L = luaL_newstate();
		MUST(L);
		luaL_openlibs(L);
		luaL_requiref(L, "memlua.json", luaopen_memlua_json, 0);
		MUST(!luaL_loadstring(L, round_trip));
	}
	lua_pushvalue(L, -1);
	lua_pushvalue(L, -3);
	lua_pushlstring(L, (const char *)data, size);
	MUST(!lua_pcall(L, 2, 0, 0));
	return 0;
}
