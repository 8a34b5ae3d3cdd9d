// SPDX-License-Identifier: GPL-2.0
/*
 * memlua: Lua with bindings for memory cgroups, BPF memory policies and native tenants.
 *
 * This file is the outermost layer: it chooses between being a guest's init and a Lua host, and
 * turns what the script did into an exit status.
 */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/embed.h"
#include "core/environment.h"
#include "core/error.h"
#include "core/guest.h"
#include "core/interrupt.h"
#include "core/notice.h"
#include "core/terminal.h"
#include "core/trusted.h"
#include "lua/interrupt.h"
#include "lua/settings.h"
#include "options.h"
#include "repl.h"
#include "core/script.h"
#include "core/status.h"

int luaopen_memlua_cgroup(lua_State *L);
int luaopen_memlua_gauge(lua_State *L);
int luaopen_memlua_host(lua_State *L);
int luaopen_memlua_hostwait(lua_State *L);
int luaopen_memlua_json(lua_State *L);
int luaopen_memlua_oom(lua_State *L);
int luaopen_memlua_policy(lua_State *L);
int luaopen_memlua_vm(lua_State *L);
int luaopen_memlua_watch(lua_State *L);
int luaopen_memlua_worker(lua_State *L);

static const luaL_Reg native_modules[] = {
	{"memlua.cgroup", luaopen_memlua_cgroup},
	{"memlua.gauge", luaopen_memlua_gauge},
	{"memlua.host", luaopen_memlua_host},
	{"memlua.hostwait", luaopen_memlua_hostwait},
	{"memlua.json", luaopen_memlua_json},
	{"memlua.oom", luaopen_memlua_oom},
	{"memlua.policy", luaopen_memlua_policy},
	{"memlua.vm", luaopen_memlua_vm},
	{"memlua.watch", luaopen_memlua_watch},
	{"memlua.worker", luaopen_memlua_worker},
	{NULL, NULL},
};

static pid_t owner; /* of the Lua state */

/* --- errors --- */

/* A table with a status or a message is a deliberate end and needs no traceback; the rest does. */
static int add_traceback(lua_State *L)
{
	const char *message = lua_tostring(L, 1);

	if (!message) {
		if (lua_istable(L, 1))
			return 1;
		message = luaL_tolstring(L, 1, NULL);
	}
	luaL_traceback(L, L, message, 1);
	return 1;
}

static int status_of(lua_State *L, int idx)
{
	int status = STATUS_FAILED, isint;

	if (lua_istable(L, idx)) {
		lua_getfield(L, idx, "status");
		lua_Integer given = lua_tointegerx(L, -1, &isint);

		if (isint && given >= 0 && given <= 255)
			status = given;
		lua_pop(L, 1);
	}
	return status;
}

static void print_error(lua_State *L, int idx)
{
	const char *message;

	idx = lua_absindex(L, idx);
	if (lua_istable(L, idx) && lua_getfield(L, idx, "message") == LUA_TSTRING)
		message = lua_tostring(L, -1);
	else
		message = luaL_tolstring(L, idx, NULL);
	message = lua_pushfstring(L, "memlua: %s\n", message);
	terminal_wrap(stderr, message, 0, 2, terminal_width(STDERR_FILENO));
	lua_settop(L, idx);
}

/* Calls the function below its nargs arguments; prints what went wrong. Return: the exit status. */
static int call(lua_State *L, int nargs)
{
	int base = lua_gettop(L) - nargs, status = STATUS_DONE, result;

	lua_pushcfunction(L, add_traceback);
	lua_insert(L, base);
	result = lua_pcall(L, nargs, 0, base);
	lua_remove(L, base);
	if (memlua_interrupted) { /* whatever else happened on the way */
		if (result == LUA_OK)
			lua_pushnil(L);
		lua_interrupt_push(L);
		lua_replace(L, -2);
		result = LUA_ERRRUN;
	}
	if (result != LUA_OK) {
		status = result == LUA_ERRMEM ? STATUS_RESOURCES : status_of(L, -1);
		if (status != STATUS_DONE)
			print_error(L, -1);
		lua_pop(L, 1);
	}
	return status;
}

/* --- the Lua state --- */

/*
 * The chunk of an embedded module by its file's name. Bytecode loads in a sixth of the instructions, but is of one
 * release of Lua: where the machine's is another one than memlua was built with, the source is compiled.
 * Return: as luaL_loadbuffer(), or -1 when there is no such file.
 */
static int load_embedded(lua_State *L, const char *module, const char *name)
{
	bool is_same_lua = strstr(lua_ident, LUA_COPYRIGHT);
	size_t size;
	const char *code =
		embed_find(is_same_lua ? lua_pushfstring(L, "byte/%s", name) : name, &size);

	if (!code)
		return -1;
	return luaL_loadbuffer(L, code, size, lua_pushfstring(L, "=%s.lua", module));
}

/* A searcher for the library that is embedded in the binary: "memlua.plot" is lua/memlua/plot.lua. */
static int search_embedded(lua_State *L)
{
	const char *module = luaL_checkstring(L, 1);
	const char *path = luaL_gsub(L, module, ".", "/");
	const char *forms[] = {"lua/%s.lua", "lua/%s/init.lua"};

	for (size_t i = 0; i < 2; i++) {
		const char *name = lua_pushfstring(L, forms[i], path);
		int loaded = load_embedded(L, module, name);

		if (loaded < 0)
			continue;
		if (loaded != LUA_OK)
			return lua_error(L);
		lua_pushstring(L, name);
		return 2;
	}
	lua_pushfstring(L, "no embedded module '%s'", module);
	return 1;
}

/* Modules that scripts may want and not every machine has -> the package of Debian that they are in. */
static const struct {
	const char *module, *package;
} packaged[] = {
	{"socket", "lua-socket"}, {"socket.core", "lua-socket"}, {"socket.unix", "lua-socket"},
	{"mime", "lua-socket"},   {"ltn12", "lua-socket"},
};

/* The last searcher: what nobody has found, and which package would have it. */
static int search_packaged(lua_State *L)
{
	const char *module = luaL_checkstring(L, 1);

	for (size_t i = 0; i < sizeof(packaged) / sizeof(*packaged); i++) {
		if (strcmp(packaged[i].module, module))
			continue;
		lua_createtable(L, 0, 2);
		lua_pushinteger(L, STATUS_FAILED);
		lua_setfield(L, -2, "status");
		lua_pushfstring(L, "%s: this Lua module is not installed; apt-get install %s",
				module, packaged[i].package);
		lua_setfield(L, -2, "message");
		return lua_error(L);
	}
	return 0;
}

/* Drops the relative entries of package.path or cpath, and puts `first` before the rest. */
static void set_search_path(lua_State *L, const char *field, const char *first)
{
	const char *entry, *end, *separator;
	luaL_Buffer path;

	lua_getglobal(L, "package");
	lua_getfield(L, -1, field);
	entry = lua_tostring(L, -1);
	luaL_buffinit(L, &path);
	luaL_addstring(&path, first);
	separator = *first ? ";" : "";
	for (; *entry; entry = *end ? end + 1 : end) {
		end = strchrnul(entry, ';');
		if (*entry != '/')
			continue;
		luaL_addstring(&path, separator);
		luaL_addlstring(&path, entry, end - entry);
		separator = ";";
	}
	luaL_pushresult(&path);
	lua_setfield(L, -3, field);
	lua_pop(L, 2);
}

/* Where the script's own modules are; "" where there are none, or others could put some there for root. */
static const char *modules_of(lua_State *L, const char *script)
{
	const char *slash = script ? strrchr(script, '/') : NULL, *folder = ".";
	struct error err;

	if (!script)
		return "";
	if (slash)
		folder = slash == script ? "/" : lua_pushlstring(L, script, slash - script);
	if (trusted_folder(folder, &err)) {
		notice("no modules are taken from the script's folder: %s", err.text);
		return "";
	}
	return lua_pushfstring(L, "%s/?.lua", folder);
}

/* memlua runs as root: no module is taken from where the user stands, but from the script's folder. */
static void set_search_paths(lua_State *L, const char *script)
{
	const char *own = modules_of(L, script);

	set_search_path(L, "path", own);
	set_search_path(L, "cpath", "");
	lua_settop(L, 0);
}

/*
 * os.exit() that closes the state unless the script says otherwise. C's exit() alone would leave behind what the
 * script's handles stand for, the module in the kernel for one. A worker of kind "lua" is a copy of the state, in
 * which there is nothing to close.
 */
static int exit_and_close(lua_State *L)
{
	lua_interrupt_stop();
	lua_settop(L, 2);
	if (memlua_interrupted && getpid() == owner) {
		lua_pushinteger(L, lua_interrupt_status());
		lua_replace(L, 1);
	}
	if (lua_isnil(L, 2) || getpid() != owner) {
		lua_pushboolean(L, getpid() == owner);
		lua_replace(L, 2);
	}
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, 2, 0);
	return 0;
}

static void replace_exit(lua_State *L)
{
	lua_getglobal(L, "os");
	lua_getfield(L, -1, "exit");
	lua_pushcclosure(L, exit_and_close, 1);
	lua_setfield(L, -2, "exit");
	lua_pop(L, 1);
}

static void open_library(lua_State *L, const char *script)
{
	luaL_openlibs(L);
	replace_exit(L);
	lua_interrupt_open(L);
	set_search_paths(L, script);
	luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
	luaL_setfuncs(L, native_modules, 0);
	lua_pop(L, 1);

	lua_getglobal(L, "package");
	lua_getfield(L, -1, "searchers");
	for (lua_Integer i = luaL_len(L, -1); i >= 2; i--) {
		lua_geti(L, -1, i);
		lua_seti(L, -2, i + 1);
	}
	lua_pushcfunction(L, search_embedded); /* second: after preload, before the file system */
	lua_seti(L, -2, 2);
	lua_pushcfunction(L, search_packaged);
	lua_seti(L, -2, luaL_len(L, -2) + 1);
	lua_pop(L, 2);
}

static void push_words(lua_State *L, int n, char **words)
{
	lua_createtable(L, n, 1);
	for (int i = 0; i < n; i++) {
		lua_pushstring(L, words[i]);
		lua_seti(L, -2, i + 1);
	}
}

/* A script's own words name it by its path, whatever it was called by. */
static void set_arg(lua_State *L, const struct options *options, const struct script *script)
{
	push_words(L, options->argc, options->argv);
	if (options->script) {
		lua_pushstring(L, script->path ? script->path : options->script);
		lua_seti(L, -2, 0);
	}
	lua_setglobal(L, "arg");
}

static int run_chunk(lua_State *L, int loaded)
{
	if (loaded != LUA_OK) {
		print_error(L, -1);
		lua_pop(L, 1);
		return STATUS_FAILED;
	}
	return call(L, 0);
}

static int run_script(lua_State *L, const struct options *options, const struct script *script)
{
	if (!strcmp(options->script, "-"))
		return run_chunk(L, luaL_loadfile(L, NULL));
	if (script->code)
		return run_chunk(L, luaL_loadbuffer(L, script->code, script->size, "=command"));
	return run_chunk(L, luaL_loadfile(L, script->path));
}

/*
 * --vm -e CODE: hand over before anything runs here. A script is handed over at its first use of the kernel,
 * once its own options are known: among them where the results go.
 */
static int enter_vm(lua_State *L)
{
	lua_getglobal(L, "require");
	lua_pushliteral(L, "memlua.host");
	lua_call(L, 1, 1);
	lua_getfield(L, -1, "enter");
	lua_call(L, 0, 0);
	return 0;
}

/* The settings are on top. In the microVM the host's clock counts, which the host looks at. */
static void start_timeout(lua_State *L)
{
	if (lua_getfield(L, -1, "timeout") == LUA_TNUMBER && !guest_active())
		interrupt_after(lua_tonumber(L, -1));
	lua_pop(L, 1);
}

static int run(const struct options *options, const struct script *script, int argc, char **argv)
{
	int status = STATUS_DONE;
	lua_State *L = luaL_newstate();

	if (!L) {
		fprintf(stderr, "memlua: not enough memory for Lua\n");
		return STATUS_RESOURCES;
	}
	open_library(L, script->path);
	set_arg(L, options, script);
	settings_push(L, options->values);
	lua_pushboolean(L, options->interactive);
	lua_setfield(L, -2, "interactive");
	start_timeout(L);
	lua_setfield(L, LUA_REGISTRYINDEX, "memlua.settings");
	push_words(L, argc, argv);
	lua_setfield(L, LUA_REGISTRYINDEX, "memlua.argv");
	owner = getpid();
	if (options_value(options, "vm") && !options->script) {
		lua_pushcfunction(L, enter_vm);
		status = call(L, 0);
	}
	for (int i = 0; i < options->ncode && status == STATUS_DONE; i++)
		/* Named by its text, as load() names it: a policy is made from its functions' source. */
		status = run_chunk(L, luaL_loadbuffer(L, options->code[i], strlen(options->code[i]),
						      options->code[i]));
	if (options->script && status == STATUS_DONE)
		status = run_script(L, options, script);
	if (options->interactive && status == STATUS_DONE)
		status = repl(L);
	lua_interrupt_stop();
	lua_close(L);
	if (fflush(stdout) || ferror(stdout)) {
		int code = errno;

		if (code != EPIPE) /* `memlua help | head`: the reader has had enough */
			perror("memlua: standard output");
		return status ? status : code == ENOSPC ? STATUS_RESOURCES : STATUS_FAILED;
	}
	return status;
}

static int memlua(int argc, char **argv)
{
	struct options options;
	struct script script = {};
	struct error err;
	bool quiet;
	int status;

	if (options_parse(&options, argc, argv, &status))
		return status;
	/* in the microVM the host has said it */
	quiet = options_value(&options, "quiet") || guest_active();
	if (options.script && strcmp(options.script, "-") &&
	    !script_find(options.script, quiet, &script))
		return STATUS_FAILED;
	if (options_value(&options, "quiet"))
		setenv("MEMLUA_QUIET", "1", 1); /* for notice() */
	if (environment_secure(&err) || (script.path && trusted_file(script.path, &err))) {
		fprintf(stderr, "memlua: %s\n", err.text);
		free(script.path);
		return STATUS_FAILED;
	}
	interrupt_install(lua_interrupt_notify);
	status = run(&options, &script, argc, argv);
	free(script.path);
	return status;
}

int main(int argc, char **argv)
{
	environment_hold_streams();
	if (getpid() == 1 && guest_wanted())
		return guest_init(memlua);
	return memlua(argc, argv);
}
