// SPDX-License-Identifier: GPL-2.0
#include "upcall.h"

void upcall_push(lua_State *L, enum upcall which)
{
	lua_getglobal(L, "require");
	lua_pushstring(L, upcall_targets[which].module);
	lua_call(L, 1, 1);
	lua_getfield(L, -1, upcall_targets[which].name);
	lua_remove(L, -2);
}
