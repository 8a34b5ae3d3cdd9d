// SPDX-License-Identifier: GPL-2.0
#include "environment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "notice.h"
#include "trusted.h"

/* What is searched; an empty entry means the working folder, but in Lua's the default. */
static const struct path {
	const char *name;
	char separator;
} paths[] = {
	{"PATH", ':'},      {"LUA_PATH", ';'},      {"LUA_PATH_5_4", ';'},
	{"LUA_CPATH", ';'}, {"LUA_CPATH_5_4", ';'},
};

static const char *const ignored[] = {"LUA_INIT", "LUA_INIT_5_4"};

/* What the dynamic loader has obeyed by now: lists of folders, and of libraries. */
static const struct loaded {
	const char *name;
	bool folders;
} loaded[] = {{"LD_LIBRARY_PATH", true}, {"LD_PRELOAD", false}, {"LD_AUDIT", false}};

/* "/a/?.lua" and "/a/?/init.lua" look into /a. Return: -1 with the reason. */
static int check_entry(const char *entry, struct error *err)
{
	CLEANUP_FREE char *folder = NULL;
	char *pattern;

	if (*entry != '/')
		return error_set(err, EPERM, "'%s': not as root: a relative path", entry);
	folder = strdup(entry);
	if (!folder)
		return error_set(err, ENOMEM, "%s", strerror(ENOMEM));
	pattern = strchr(folder, '?');
	if (pattern) {
		*pattern = '\0';
		*strrchr(folder, '/') = '\0';
	}
	return trusted_folder(*folder ? folder : "/", err);
}

/* Rewrites the variable without what root should not search. */
static int filter(const struct path *p, struct error *err)
{
	const char *value = getenv(p->name);
	CLEANUP_FREE char *copy = value ? strdup(value) : NULL,
			  *kept = value ? calloc(1, strlen(value) + 2) : NULL;
	char *rest = copy, *entry;
	const char separator[] = {p->separator, '\0'};
	bool first = true;
	struct error why;

	if (!value)
		return 0;
	if (!copy || !kept)
		return error_set(err, ENOMEM, "%s: %s", p->name, strerror(ENOMEM));
	while ((entry = strsep(&rest, separator))) {
		bool is_default = !*entry && p->separator == ';';

		if (!is_default && check_entry(entry, &why)) {
			notice("%s: left out: %s", p->name, why.text);
			continue;
		}
		if (!first)
			strcat(kept, separator);
		strcat(kept, entry);
		first = false;
	}
	return setenv(p->name, kept, 1) ?
		       error_set(err, errno, "%s: %s", p->name, strerror(errno)) :
		       0;
}

/* A library without a slash is searched where LD_LIBRARY_PATH says, and where the system has its own. */
static int check_library(char *library, struct error *err)
{
	char *slash = strrchr(library, '/');

	if (!slash)
		return 0;
	if (*library != '/')
		return error_set(err, EPERM, "%s: not as root: a relative path", library);
	*slash = '\0';
	if (trusted_folder(slash == library ? "/" : library, err))
		return -1;
	*slash = '/';
	return trusted_file(library, err);
}

static int check_loaded(const struct loaded *l, struct error *err)
{
	const char *value = getenv(l->name);
	CLEANUP_FREE char *copy = value && *value ? strdup(value) : NULL;
	char *rest = copy, *entry;

	while (copy && (entry = strsep(&rest, l->folders ? ":;" : ": "))) {
		if (!*entry && !l->folders)
			continue;
		if (l->folders ? check_entry(entry, err) : check_library(entry, err)) {
			error_prefix(err, "%s", l->name);
			return -1;
		}
	}
	return 0;
}

int environment_secure(struct error *err)
{
	if (geteuid() != 0)
		return 0;
	for (size_t i = 0; i < sizeof(loaded) / sizeof(*loaded); i++)
		if (check_loaded(&loaded[i], err))
			return -1;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (filter(&paths[i], err))
			return -1;
	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		if (getenv(ignored[i]))
			notice("%s: ignored: memlua runs what its command line says", ignored[i]);
	return 0;
}

void environment_hold_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			_exit(EXIT_FAILURE);
}
