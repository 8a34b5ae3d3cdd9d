// SPDX-License-Identifier: GPL-2.0
/* Which functions of the Lua library the bindings call; see lua/upcall.h. */
#include <lauxlib.h>

#include "lua/upcall.h"

const struct upcall_target upcall_targets[UPCALLS] = {
	[UPCALL_ENTER] = {"memlua.experiment.entry", "enter"},
	[UPCALL_CHILD] = {"memlua.base.child", "run"},
	[UPCALL_REFUSE] = {"memlua.base.child", "refuse"},
};

void upcall_push(lua_State *L, enum upcall which)
{
	lua_getglobal(L, "require");
	lua_pushstring(L, upcall_targets[which].module);
	lua_call(L, 1, 1);
	lua_getfield(L, -1, upcall_targets[which].name);
	lua_remove(L, -2);
}
