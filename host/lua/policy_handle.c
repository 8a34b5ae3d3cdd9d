// SPDX-License-Identifier: GPL-2.0
/* The handle of a policy, for all files that have methods of it. */
#include "policy_handle.h"

#include <lauxlib.h>

struct policy *policy_check(lua_State *L, int idx)
{
	struct policy_box *box = luaL_checkudata(L, idx, POLICY_HANDLE);

	if (!box->policy)
		luaL_error(L, "policy: used after detach");
	return box->policy;
}
