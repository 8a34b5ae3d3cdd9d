/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_UPCALL_H
#define MEMLUA_UPCALL_H

#include <lua.h>

/*
 * What the bindings ask of the Lua library above them. They don't know its modules: which function answers is said in
 * host/upcalls.c, once for all.
 */
enum upcall {
	UPCALL_ENTER, /* f(): the first use of the kernel; see host.enter() */
	/* f(run, step, exit, mark): runs a function in the copy of the state that a worker is */
	UPCALL_CHILD,
	UPCALL_REFUSE, /* f(): raises: that is for the script, not for such a copy */
	UPCALL_POLICY, /* f(table) -> a policy in Lua; see policy.lua() */
	UPCALLS,
};

/** The functions, by enum upcall. */
extern const struct upcall_target {
	const char *module, *name;
} upcall_targets[UPCALLS];

/** upcall_push() - push the function that answers; what its module raises while it is loaded passes. */
void upcall_push(lua_State *L, enum upcall which);

#endif
