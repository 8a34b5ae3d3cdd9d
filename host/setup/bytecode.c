// SPDX-License-Identifier: GPL-2.0
/*
 * Compiles a module of Lua for embed.sh, with the Lua that memlua itself is linked with:
 *   bytecode CHUNKNAME FILE > BYTECODE
 * The debugging information stays: tracebacks name lines, and policies in Lua their upvalues.
 */
#include <lauxlib.h>
#include <lua.h>

#include <stdio.h>
#include <stdlib.h>

static int write_part(lua_State *L, const void *part, size_t size, void *file)
{
	return fwrite(part, 1, size, file) != size;
}

/* The text is read here: luaL_loadfile() would name the chunk by the file. */
static char *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	FILE *memory = file ? open_memstream(&text, size) : NULL;
	char part[4096];
	size_t n;
	int failed;

	while (memory && (n = fread(part, 1, sizeof(part), file)) > 0)
		fwrite(part, 1, n, memory);
	failed = file && ferror(file);
	if (file)
		fclose(file);
	if (memory && (fclose(memory) || failed)) {
		free(text);
		return NULL;
	}
	return text;
}

int main(int argc, char **argv)
{
	lua_State *L = luaL_newstate();
	size_t size = 0;
	char *text = L && argc == 3 ? read_file(argv[2], &size) : NULL;
	int failed = 1;

	if (!text)
		fprintf(stderr, "bytecode: %s: not read\n", argc == 3 ? argv[2] : "CHUNKNAME FILE");
	else if (luaL_loadbufferx(L, text, size, argv[1], "t") != LUA_OK)
		fprintf(stderr, "bytecode: %s\n", lua_tostring(L, -1));
	else
		failed = lua_dump(L, write_part, stdout, 0) || fflush(stdout);
	free(text);
	if (L)
		lua_close(L);
	return failed;
}
