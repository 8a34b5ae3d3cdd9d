// SPDX-License-Identifier: GPL-2.0
/* memlua.host: temporary folders. */
#include "host_scratch.h"

#include <limits.h>
#include <unistd.h>

#include "../core/error.h"
#include "../core/scratch.h"
#include "glue.h"

#define METATABLE "memlua.scratch"

struct folder {
	int lock;    /* -1: closed */
	pid_t owner; /* a worker's copy of the handle removes nothing */
	char path[PATH_MAX];
};

/*
 * host.scratch() -> a handle to a new empty folder in $TMPDIR or /tmp, of a name that nobody can know before, which only
 * this user may enter | nil, reason, errno. It goes, with all that is in it, when the handle is closed; that of a killed
 * memlua goes with the next one that makes such a folder.
 */
static int l_host_scratch(lua_State *L)
{
	struct folder *folder = lua_newuserdatauv(L, sizeof(*folder), 0);
	struct error err;

	folder->lock = -1;
	folder->owner = getpid();
	luaL_setmetatable(L, METATABLE);
	folder->lock = scratch_make(SCRATCH_FILES, folder->path, sizeof(folder->path), &err);
	return folder->lock < 0 ? glue_fail(L, &err) : 1;
}

static int l_scratch_path(lua_State *L)
{
	const struct folder *folder = luaL_checkudata(L, 1, METATABLE);

	lua_pushstring(L, folder->path);
	return 1;
}

static int l_scratch_close(lua_State *L)
{
	struct folder *folder = luaL_checkudata(L, 1, METATABLE);

	if (folder->lock < 0)
		return 0;
	if (folder->owner == getpid())
		scratch_remove(folder->path);
	close(folder->lock);
	folder->lock = -1;
	return 0;
}

static const luaL_Reg methods[] = {
	/* s:path() -> the folder's name */
	{"path", l_scratch_path},
	/* s:close(): idempotent. */
	{"close", l_scratch_close},
	{NULL, NULL},
};

void host_scratch_add(lua_State *L)
{
	glue_handle(L, METATABLE, methods, l_scratch_close);
	lua_pushcfunction(L, l_host_scratch);
	lua_setfield(L, -2, "scratch");
}
