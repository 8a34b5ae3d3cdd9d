// SPDX-License-Identifier: GPL-2.0
/* Which functions of the Lua library the bindings call; see lua/upcall.h. */
#include "lua/upcall.h"

const struct upcall_target upcall_targets[UPCALLS] = {
	[UPCALL_ENTER] = {"memlua.experiment.entry", "enter"},
	[UPCALL_CHILD] = {"memlua.base.child", "run"},
	[UPCALL_REFUSE] = {"memlua.base.child", "refuse"},
	[UPCALL_POLICY] = {"memlua.policy.definition", "new"},
};
