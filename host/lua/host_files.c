// SPDX-License-Identifier: GPL-2.0
/* memlua.host: its files and folders. */
#include "host_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/collect.h"
#include "../core/dial.h"
#include "../core/error.h"
#include "../core/save.h"
#include "glue.h"

/* Return: whether the folder is there, now or already; @made: whether now. Else errno is that of the attempt to make it. */
static bool make_folder(const char *path, bool *made)
{
	int code = mkdir(path, 0777) ? errno : 0;
	struct stat st;

	*made = !code;
	if (code && !stat(path, &st) && S_ISDIR(st.st_mode))
		code = 0;
	errno = code;
	return !code;
}

/*
 * host.mkdir(path) -> "made" or "exists" | nil, reason, errno. Makes the folders above it too. What exists may be
 * somebody else's: for a folder of one's own in a place where others write see host.scratch.
 */
static int l_host_mkdir(lua_State *L)
{
	char path[PATH_MAX];
	size_t size;
	const char *given = luaL_checklstring(L, 1, &size);
	bool made = false;

	luaL_argcheck(L, size && size < sizeof(path), 1, "must be a path");
	memcpy(path, given, size + 1);
	for (char *slash = path + 1; slash; *slash++ = '/') {
		slash = strchr(slash, '/');
		if (slash)
			*slash = '\0';
		if (!make_folder(path, &made))
			return luaL_fileresult(L, 0, path);
		if (!slash)
			break;
	}
	lua_pushstring(L, made ? "made" : "exists");
	return 1;
}

/*
 * host.is_private(path) -> true | false, why: whether a file or folder is this user's (where sudo made root of another,
 * that one's, too) or root's, and nobody else may write it. A link is judged by what it leads to.
 */
static int l_host_is_private(lua_State *L)
{
	const char *path = luaL_checkstring(L, 1), *sudo = getenv("SUDO_UID");
	struct stat st;
	bool own;

	if (stat(path, &st))
		return luaL_fileresult(L, 0, path);
	own = !st.st_uid || st.st_uid == geteuid() ||
	      (!geteuid() && sudo && st.st_uid == strtoul(sudo, NULL, 10));
	if (own && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return lua_pushboolean(L, 1), 1;
	lua_pushboolean(L, 0);
	if (own)
		lua_pushliteral(L, "others may write it");
	else
		lua_pushfstring(L, "it belongs to another user (uid %d)", (int)st.st_uid);
	return 2;
}

static int l_host_unlock(lua_State *L)
{
	luaL_Stream *lock = luaL_checkudata(L, 1, LUA_FILEHANDLE);

	return luaL_fileresult(L, !fclose(lock->f), NULL);
}

/*
 * host.lock(folder) -> a handle that keeps the folder for itself until it is closed, or the process ends | nil, reason,
 * errno: 11 where another one has it. Where the file system knows no locks (flock(2)) it keeps nobody out.
 */
static int l_host_lock(lua_State *L)
{
	const char *path = luaL_checkstring(L, 1);
	luaL_Stream *lock = lua_newuserdatauv(L, sizeof(*lock), 0);
	int fd, code;

	lock->closef = NULL; /* closed, as yet */
	luaL_setmetatable(L, LUA_FILEHANDLE);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || (flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) ||
	    !(lock->f = fdopen(fd, "r"))) {
		code = errno;
		if (fd >= 0)
			close(fd);
		errno = code;
		return luaL_fileresult(L, 0, path);
	}
	lock->closef = l_host_unlock;
	return 1;
}

/* host.kind(path) -> "file", "folder", "link" or "other" (a device, a pipe, a socket) | nil, reason, errno */
static int l_host_kind(lua_State *L)
{
	const char *path = luaL_checkstring(L, 1);
	struct stat st;

	if (lstat(path, &st))
		return luaL_fileresult(L, 0, path);
	lua_pushstring(L, S_ISREG(st.st_mode) ? "file" :
			  S_ISDIR(st.st_mode) ? "folder" :
			  S_ISLNK(st.st_mode) ? "link" :
						"other");
	return 1;
}

/* host.chmod(path, mode) -> true | nil, reason, errno: its permissions, a number as 0x1ff or tonumber("1777", 8). */
static int l_host_chmod(lua_State *L)
{
	const char *path = luaL_checkstring(L, 1);

	return luaL_fileresult(L, !chmod(path, luaL_checkinteger(L, 2)), path);
}

/*
 * host.collect(from, to, bytes) -> { files=, bytes= of those that were taken, others= how many were left, left_out= the first of
 * these and why } | nil, reason, errno: copies what programs have left in a folder: plain files of the names that a run's
 * folder takes, three folders deep at most and `bytes` in all.
 */
static int l_host_collect(lua_State *L)
{
	struct collected sum;
	struct error err;

	if (collect_folder(luaL_checkstring(L, 1), luaL_checkstring(L, 2), luaL_checkinteger(L, 3),
			   &sum, &err))
		return glue_fail(L, &err);
	lua_createtable(L, 0, 4);
	lua_pushinteger(L, sum.files), lua_setfield(L, -2, "files");
	lua_pushinteger(L, sum.bytes), lua_setfield(L, -2, "bytes");
	lua_pushinteger(L, sum.others), lua_setfield(L, -2, "others");
	lua_pushstring(L, *sum.left_out ? sum.left_out : NULL), lua_setfield(L, -2, "left_out");
	return 1;
}

/* host.answers(port or path) -> whether a server takes connections at that TCP port of this machine, or UNIX socket. */
static int l_host_answers(lua_State *L)
{
	lua_Integer port;

	if (lua_type(L, 1) == LUA_TSTRING)
		return lua_pushboolean(L, dial_socket(lua_tostring(L, 1))), 1;
	port = luaL_checkinteger(L, 1);
	luaL_argcheck(L, port > 0 && port < 1 << 16, 1, "must be a port, 1 to 65535");
	lua_pushboolean(L, dial_port(port));
	return 1;
}

/*
 * host.save(path, text) -> true | nil, reason, errno: the whole file or, on failure, the old one: written beside its
 * name, synced, renamed.
 */
static int l_host_save(lua_State *L)
{
	size_t size;
	const char *path = luaL_checkstring(L, 1), *text = luaL_checklstring(L, 2, &size);
	struct error err;

	if (save_file(path, text, size, &err))
		return glue_fail(L, &err);
	lua_pushboolean(L, 1);
	return 1;
}

const luaL_Reg host_files[] = {
	{"mkdir", l_host_mkdir},
	{"is_private", l_host_is_private},
	{"lock", l_host_lock},
	{"kind", l_host_kind},
	{"save", l_host_save},
	{"chmod", l_host_chmod},
	{"collect", l_host_collect},
	{"answers", l_host_answers},
	{NULL, NULL},
};
