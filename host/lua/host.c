// SPDX-License-Identifier: GPL-2.0
/* memlua.host: the machine that the script runs on. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../core/embed.h"
#include "../core/cgroup_root.h"
#include "../core/clock.h"
#include "../core/error.h"
#include "../core/facts.h"
#include "../core/guest.h"
#include "../core/interface.h"
#include "../core/interrupt.h"
#include "../core/kernlog.h"
#include "../core/kmod.h"
#include "../core/nearest.h"
#include "../core/terminal.h"
#include "../core/script.h"
#include "../core/units.h"
#include "glue.h"
#include "host_files.h"
#include "host_scratch.h"
#include "interrupt.h"
#include "settings.h"
#include "upcall.h"

static void set_text(lua_State *L, const char *key, const char *value)
{
	if (!*value)
		return;
	lua_pushstring(L, value);
	lua_setfield(L, -2, key);
}

/*
 * host.facts() -> {release, arch, cpu, cpus, memory, swap, page_size, hz, tick_ns, clocksource, thp,
 * mglru}: memory, swap and page_size in bytes, tick_ns the length of a jiffy, hz that of
 * user-visible times. What the kernel doesn't tell is absent.
 */
static int l_host_facts(lua_State *L)
{
	struct facts f;

	facts_read(&f);
	lua_newtable(L);
	set_text(L, "release", f.release);
	set_text(L, "arch", f.arch);
	set_text(L, "cpu", f.cpu);
	set_text(L, "clocksource", f.clocksource);
	set_text(L, "thp", f.thp);
	set_text(L, "mglru", f.mglru);
	glue_setfield_u64(L, "cpus", f.cpus);
	glue_setfield_u64(L, "memory", f.memory);
	glue_setfield_u64(L, "swap", f.swap);
	glue_setfield_u64(L, "page_size", f.page_size);
	glue_setfield_u64(L, "hz", f.hz);
	if (f.tick_ns)
		glue_setfield_u64(L, "tick_ns", f.tick_ns);
	return 1;
}

/* host.installed_module() -> the path of memlua's module where dkms or modules_install put it for the running kernel | nil */
static int l_host_installed_module(lua_State *L)
{
	char path[512];

	if (!kmod_find_installed(path, sizeof(path)))
		return 0;
	lua_pushstring(L, path);
	return 1;
}

/* host.monotonic() -> seconds of CLOCK_MONOTONIC, the clock of all times that memlua reports */
static int l_host_monotonic(lua_State *L)
{
	lua_pushnumber(L, facts_monotonic());
	return 1;
}

/* host.sleep(seconds) -> true, or false when a signal asked memlua to end. Raises on a negative. */
static int l_host_sleep(lua_State *L)
{
	double seconds = luaL_checknumber(L, 1);

	luaL_argcheck(L, seconds >= 0 && seconds < 1e9, 1, "must be 0 or more seconds");
	lua_pushboolean(L, !interrupt_poll(NULL, 0, clock_ns() + seconds_to_ns(seconds)));
	return 1;
}

/*
 * host.give_up_after(seconds) -> the seconds that were left of the time set before, 0 if none was. memlua ends with
 * status 124 then; 0: never. In the microVM nothing is set: the host looks at its own clock.
 */
static int l_host_give_up_after(lua_State *L)
{
	double seconds = luaL_checknumber(L, 1);

	luaL_argcheck(L, seconds >= 0, 1, "must be 0 or more seconds");
	lua_pushnumber(L, guest_active() ? 0 : interrupt_after(seconds));
	return 1;
}

/* host.interrupted() -> whether a signal or the time asked memlua to end */
static int l_host_interrupted(lua_State *L)
{
	lua_pushboolean(L, memlua_interrupted != 0);
	return 1;
}

/*
 * host.until_signal(f, ...) -> whether SIGINT, SIGTERM or SIGHUP ended f(...). It is answered by that: memlua goes on.
 * For a script that is to be ended so, such as guard.lua; anywhere else a signal ends the whole script, whatever it
 * catches, with status 5, and the end of its time with status 124. Errors are f's.
 */
static int l_host_until_signal(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TFUNCTION);
	return lua_interrupt_answer(L);
}

/*
 * host.isatty(fd) -> whether descriptor 0, 1 or 2 is a terminal. In the microVM: whether it is one on the
 * host.
 */
static int l_host_isatty(lua_State *L)
{
	int fd = luaL_checkinteger(L, 1);

	luaL_argcheck(L, fd >= 0 && fd <= 2, 1, "must be 0, 1 or 2");
	lua_pushboolean(L, terminal_is(fd));
	return 1;
}

/* host.setenv(name, value): for what memlua starts later; value nil takes it away */
static int l_host_setenv(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1), *value = luaL_optstring(L, 2, NULL);

	if (value ? setenv(name, value, 1) : unsetenv(name))
		return luaL_error(L, "%s: %s", name, strerror(errno));
	return 0;
}

/* host.cwd() -> the working folder | nil, reason, errno */
static int l_host_cwd(lua_State *L)
{
	char path[PATH_MAX];
	struct error err;

	if (!getcwd(path, sizeof(path))) {
		error_set(&err, errno, "working folder: %s", strerror(errno));
		return glue_fail(L, &err);
	}
	lua_pushstring(L, path);
	return 1;
}

/* host.executable() -> the path of this memlua */
static int l_host_executable(lua_State *L)
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path));

	if (len <= 0)
		return luaL_error(L, "/proc/self/exe: %s", strerror(errno));
	lua_pushlstring(L, path, len);
	return 1;
}

/* host.shipped(name) -> the path of a script that comes with memlua, or nil: "protected" or "scripts/protected.lua" */
static int l_host_shipped(lua_State *L)
{
	char *path = script_shipped(luaL_checkstring(L, 1));

	lua_pushstring(L, path); /* nil for NULL */
	free(path);
	return 1;
}

/* host.shipped_names() -> list of the names of the scripts that come with memlua, sorted */
static int l_host_shipped_names(lua_State *L)
{
	char **names = script_shipped_names();

	lua_newtable(L);
	for (size_t i = 0; names && names[i]; i++) {
		lua_pushstring(L, names[i]);
		lua_seti(L, -2, i + 1);
		free(names[i]);
	}
	free(names);
	return 1;
}

/* host.is_root() -> whether this process has root's rights */
static int l_host_is_root(lua_State *L)
{
	lua_pushboolean(L, geteuid() == 0);
	return 1;
}

static int terminal_size(lua_State *L, unsigned int (*measure)(int fd))
{
	int fd = luaL_optinteger(L, 1, STDOUT_FILENO);
	unsigned int n;

	luaL_argcheck(L, fd == 1 || fd == 2, 1, "must be 1 or 2");
	n = measure(fd);
	if (!n)
		return 0;
	lua_pushinteger(L, n);
	return 1;
}

/* host.columns(fd) -> width in characters of the terminal that descriptor 1 (default) or 2 is | nil: it is none */
static int l_host_columns(lua_State *L)
{
	return terminal_size(L, terminal_columns);
}

/* host.rows(fd) -> its height in lines | nil */
static int l_host_rows(lua_State *L)
{
	return terminal_size(L, terminal_rows);
}

/* host.parse_size("512M") -> bytes | nil, reason, errno. Binary K M G T; a bare number is bytes. */
static int l_host_parse_size(lua_State *L)
{
	struct error err;
	uint64_t bytes;

	if (parse_size(luaL_checkstring(L, 1), &bytes, &err))
		return glue_fail(L, &err);
	lua_pushinteger(L, bytes);
	return 1;
}

/* host.parse_duration("200ms") -> seconds | nil, reason, errno. A bare number is seconds. */
static int l_host_parse_duration(lua_State *L)
{
	struct error err;
	double seconds;

	if (parse_duration(luaL_checkstring(L, 1), &seconds, &err))
		return glue_fail(L, &err);
	lua_pushnumber(L, seconds);
	return 1;
}

/* host.nearest(name, {known, ...}) -> the known name that looks most like it or begins with it, or nil */
static int l_host_nearest(lua_State *L)
{
	lua_Integer n = luaL_len(L, 2);
	const char **known = lua_newuserdatauv(L, (n + 1) * sizeof(*known), 0), *nearest;

	for (lua_Integer i = 0; i < n; i++) {
		if (lua_geti(L, 2, i + 1) != LUA_TSTRING)
			luaL_error(L, "host.nearest: word %d is not a string", (int)i + 1);
		known[i] = lua_tostring(L, -1); /* the list keeps it alive */
		lua_pop(L, 1);
	}
	known[n] = NULL;
	nearest = nearest_name(luaL_checkstring(L, 1), known);
	lua_pushstring(L, nearest); /* NULL pushes nil */
	return 1;
}

/* host.cgroup_mount() -> where the cgroup v2 hierarchy with the memory controller is | nil, "reason; remedy", errno */
static int l_host_cgroup_mount(lua_State *L)
{
	struct error err;
	char *path = cgroup_mount(&err);

	if (!path)
		return glue_fail(L, &err);
	lua_pushstring(L, path);
	free(path);
	return 1;
}

/* host.libbpf() -> the version of libbpf that memlua runs with, e.g. "1.4" */
static int l_host_libbpf(lua_State *L)
{
	lua_pushstring(L, facts_libbpf());
	return 1;
}

/* host.has_ops() -> whether the kernel's own BTF has memcg_bpf_ops (a patched kernel) */
static int l_host_has_ops(lua_State *L)
{
	lua_pushboolean(L, interface_of_kernel() != NULL);
	return 1;
}

/*
 * host.interface([file]) -> the interface of the memcg_bpf_ops in the kernel's own BTF ("RFC v6"), whether memlua
 * knows it, and whether it bears that a cgroup is removed while attached; nil where there is none. `file`: of another kernel, raw BTF or an ELF file with it; not readable: nil, reason, errno
 */
static int l_host_interface(lua_State *L)
{
	const char *path = luaL_optstring(L, 1, NULL);
	const struct interface *found;
	struct error err;

	if (!path)
		found = interface_of_kernel();
	else if (interface_of_file(path, &found, &err))
		return glue_fail(L, &err);
	if (!found)
		return 0;
	lua_pushstring(L, found->name);
	lua_pushboolean(L, found != &interface_unknown);
	lua_pushboolean(L, found->bears_removal);
	return 3;
}

/*
 * host.kernel_log() -> the kernel's log, "<LEVEL>[SECONDS] TEXT" a line, seconds since boot; nil, reason, errno where
 * only root may read it
 */
static int l_host_kernel_log(lua_State *L)
{
	struct error err;
	char *text = kernlog_read(&err);

	if (!text)
		return glue_fail(L, &err);
	lua_pushstring(L, text);
	free(text);
	return 1;
}

/* host.embedded(name [, most]) -> the contents of a file that is built into memlua, its first `most` bytes at most, or nil */
static int l_host_embedded(lua_State *L)
{
	size_t size, most = luaL_optinteger(L, 2, LUA_MAXINTEGER);
	const void *data = embed_find(luaL_checkstring(L, 1), &size);

	if (data)
		lua_pushlstring(L, data, size < most ? size : most);
	else
		lua_pushnil(L);
	return 1;
}

/* host.embedded_names() -> {name, ...} of all such files */
static int l_host_embedded_names(lua_State *L)
{
	lua_newtable(L);
	for (const struct embedded *e = embed_table; e->name; e++) {
		lua_pushstring(L, e->name);
		lua_seti(L, -2, luaL_len(L, -2) + 1);
	}
	return 1;
}

/*
 * host.enter(): call before the first use of the kernel. On a machine that can't run the experiment it
 * boots the microVM, runs this script there and exits with its status; else it returns the way,
 * "native" or "module". Raises {status=4} when there is no way. See
 * memlua.machine.way.
 */
static int l_host_enter(lua_State *L)
{
	glue_need_script(L);
	upcall_push(L, UPCALL_ENTER);
	lua_call(L, 0, 1);
	return 1;
}

/*
 * host.options() -> {declaration, ...}: memlua's own options, as option.parse takes them, each with taken = "first",
 * "run", "report" or "print" (who takes it), excludes = the name of one that contradicts it, more = what memlua(1) says
 * beside its help.
 */
static int l_host_options(lua_State *L)
{
	settings_push_declarations(L);
	return 1;
}

static const luaL_Reg functions[] = {
	{"facts", l_host_facts},
	{"installed_module", l_host_installed_module},
	{"monotonic", l_host_monotonic},
	{"sleep", l_host_sleep},
	{"give_up_after", l_host_give_up_after},
	{"interrupted", l_host_interrupted},
	{"until_signal", l_host_until_signal},
	{"isatty", l_host_isatty},
	{"is_root", l_host_is_root},
	{"setenv", l_host_setenv},
	{"cwd", l_host_cwd},
	{"executable", l_host_executable},
	{"shipped", l_host_shipped},
	{"shipped_names", l_host_shipped_names},
	{"columns", l_host_columns},
	{"rows", l_host_rows},
	{"parse_size", l_host_parse_size},
	{"parse_duration", l_host_parse_duration},
	{"nearest", l_host_nearest},
	{"cgroup_mount", l_host_cgroup_mount},
	{"has_ops", l_host_has_ops},
	{"interface", l_host_interface},
	{"kernel_log", l_host_kernel_log},
	{"libbpf", l_host_libbpf},
	{"embedded", l_host_embedded},
	{"embedded_names", l_host_embedded_names},
	{"enter", l_host_enter},
	{"options", l_host_options},
	{NULL, NULL},
};

/*
 * host.settings: memlua's own options as given, e.g. {runs=5, vm=true}; keys with "_" for "-".
 * host.argv: memlua's whole command line, argv[0] first. host.in_guest: whether this is the microVM.
 * host.version: memlua's. host.page_size: bytes.
 */
int luaopen_memlua_host(lua_State *L)
{
	luaL_newlib(L, functions);
	luaL_setfuncs(L, host_files, 0);
	host_scratch_add(L);
	lua_getfield(L, LUA_REGISTRYINDEX, "memlua.settings");
	lua_setfield(L, -2, "settings");
	lua_getfield(L, LUA_REGISTRYINDEX, "memlua.argv");
	lua_setfield(L, -2, "argv");
	lua_pushboolean(L, guest_active());
	lua_setfield(L, -2, "in_guest");
	lua_pushliteral(L, MEMLUA_VERSION);
	lua_setfield(L, -2, "version");
	lua_pushinteger(L, sysconf(_SC_PAGESIZE));
	lua_setfield(L, -2, "page_size");
	return 1;
}
