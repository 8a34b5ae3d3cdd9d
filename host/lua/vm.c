// SPDX-License-Identifier: GPL-2.0
/* memlua.vm: the microVM. The choice of kernel, accelerator and clock is made in Lua (memlua.machine.way). */
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "../core/error.h"
#include "../core/vm.h"
#include "../core/vm_results.h"
#include "glue.h"
#include "interrupt.h"

static const char *text_field(lua_State *L, const char *key)
{
	const char *text;

	lua_getfield(L, 1, key);
	text = luaL_optstring(L, -1, NULL);
	return text; /* stays on the stack, so stays alive */
}

static bool flag_field(lua_State *L, const char *key)
{
	bool flag;

	lua_getfield(L, 1, key);
	flag = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return flag;
}

/*
 * vm.run{image=, spec=, out=, append=, kvm=, qemu=, virtual_clock=, watched=, interactive=, cpus=, memory=, boot_timeout=, timeout=}
 * -> the exit status of the command in the guest [, the signal that killed it, whether the guest's kernel sent it for
 * want of memory] | nil, reason, errno, exit status
 * image: the kernel's file; qemu: the first number of its version (an old one mistakes an instruction); spec: JSON for
 * the guest; out: folder that takes the results; memory in bytes; watched: whether standard error is a terminal that
 * shows how the boot goes on; interactive: whether standard input goes to the command; times in seconds. Blocks until
 * the guest has ended.
 */
static int l_vm_run(lua_State *L)
{
	static const char *const known[] = {"image",       "qemu", "spec",          "out",
					    "append",      "kvm",  "virtual_clock", "watched",
					    "interactive", "cpus", "memory",        "boot_timeout",
					    "timeout",     NULL};
	struct vm_config config = {0};
	struct vm_end end;
	struct error err;
	char self[PATH_MAX];
	ssize_t len;

	luaL_checktype(L, 1, LUA_TTABLE);
	glue_check_keys(L, 1, "vm.run", known);
	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len < 0)
		return luaL_error(L, "/proc/self/exe: can't be read");
	self[len] = '\0';
	config.init = self;
	config.image = text_field(L, "image");
	config.spec = text_field(L, "spec");
	config.out = text_field(L, "out");
	config.append = text_field(L, "append");
	luaL_argcheck(L, config.image && config.spec, 1, "needs image and spec");
	config.kvm = flag_field(L, "kvm");
	config.qemu = glue_size(L, 1, "qemu", 0);
	config.virtual_clock = flag_field(L, "virtual_clock");
	config.watched = flag_field(L, "watched");
	config.interactive = flag_field(L, "interactive");
	config.cpus = glue_size(L, 1, "cpus", 1);
	config.memory = glue_size(L, 1, "memory", 2ULL << 30);
	config.boot_timeout = glue_duration(L, 1, "boot_timeout", 120);
	config.timeout = glue_duration(L, 1, "timeout", 0);
	if (!vm_run(&config, &end, &err)) {
		/* An interrupt was the guest's to answer, and its status tells how. */
		lua_interrupt_forget(L);
		lua_pushinteger(L, end.status);
		if (!end.signal)
			return 1;
		lua_pushinteger(L, end.signal);
		lua_pushboolean(L, end.oom);
		return 3;
	}
	glue_fail(L, &err);
	lua_pushinteger(L, end.status);
	return 4;
}

/* vm.virtiofsd() -> the path of the daemon that shares the root file system | nil */
static int l_vm_virtiofsd(lua_State *L)
{
	bool rust;

	lua_pushstring(L, vm_virtiofsd(&rust)); /* NULL pushes nil */
	return 1;
}

/*
 * vm.unpack(folder, archive) -> true [, what was left out] | nil, reason, errno. Takes the bytes of a tar archive as
 * what a microVM sends back: only files of a run's folder come through, see host/core/vm_results.h.
 */
static int l_vm_unpack(lua_State *L)
{
	const char *folder = luaL_checkstring(L, 1), *data, *left_out;
	struct results *results;
	struct error err;
	size_t size;
	int failed;

	data = luaL_checklstring(L, 2, &size);
	results = results_open(folder, &err);
	if (!results)
		return glue_fail(L, &err);
	failed = results_feed(results, data, size, &err) || results_finish(results, &err);
	lua_pushboolean(L, 1);
	left_out = results_left_out(results);
	/* NULL pushes nil; no more than a line, which Lua has memory for */
	lua_pushstring(L, left_out);
	results_close(results);
	return failed ? glue_fail(L, &err) : 2;
}

static const luaL_Reg functions[] = {
	{"run", l_vm_run},
	{"unpack", l_vm_unpack},
	{"virtiofsd", l_vm_virtiofsd},
	{NULL, NULL},
};

int luaopen_memlua_vm(lua_State *L)
{
	luaL_newlib(L, functions);
	return 1;
}
